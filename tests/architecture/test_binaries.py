#!/usr/bin/env python3
"""The shape of our binaries: what the core imports and does not contain, how all are hardened.

Usage: test_binaries.py BIN_DIR HARDENED(yes|no) BUILD_TYPE
"""
import os
import re
import subprocess
import sys
import tempfile

BIN, HARDENED = sys.argv[1], sys.argv[2] == "yes"
RELEASE = len(sys.argv) > 3 and sys.argv[3] == "Release"
PROGRAMS = ("intaglio-core", "intaglio-host", "intaglio")
CORE = os.path.join(BIN, "intaglio-core")

# Every library the core may import, by name without version. Nothing else, and all of these.
GOLDEN = {"libprotobuf", "libmbedtls", "libmbedx509", "libmbedcrypto", "liblmdb", "libtss2-sys",
          "libtss2-tctildr", "libstdc++", "libm",
          "libgcc_s", "libc", "ld-linux-x86-64"}
OPTIONAL = {"libasan", "libubsan", "libtsan", "libz", "libm", "libgcc_s", "ld-linux-x86-64", "libmbedx509"}
NEVER = ("libssl", "libcrypto", "libgrpc", "libsoci", "libsqlite3", "libp11", "libboost")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def imports(binary):
    names = re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", run("readelf", "-d", binary))
    return {re.sub(r"\.so.*$", "", name) for name in names}


def absl(name):
    return name.startswith("libabsl_")


def weaknesses(binary, hardened, release):
    """What of the binary's shape helps whoever gets into it."""
    segments = run("readelf", "-W", "-l", binary)
    dynamic = run("readelf", "-W", "-d", binary)
    imported = run("nm", "-D", binary)
    found = []
    if not re.search(r"Type:\s+DYN", run("readelf", "-h", binary)):
        found.append("is not a position-independent executable")
    if "GNU_RELRO" not in segments or not re.search(r"BIND_NOW|FLAGS_1.*NOW", dynamic):
        found.append("is not linked with full RELRO")
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", segments)
    if not stack or "E" in stack.group(1):
        found.append("has an executable stack")
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        found.append("looks for libraries beside the system's (RPATH)")
    if hardened and "__stack_chk_fail" not in imported:
        found.append("has no stack protector")
    if release and not re.search(r" U __\w+_chk\b", imported.replace("__stack_chk_fail", "")):
        found.append("was built without _FORTIFY_SOURCE")
    return found


def planted():
    """The check itself must be able to fail: a program with every weakness, and one with none."""
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        source, bad, good = (os.path.join(folder, name) for name in ("x.c", "bad", "good"))
        with open(source, "w") as out:
            out.write("#include <string.h>\n#include <stdio.h>\n"
                      "int main(int c, char** v) { char b[64]; if (c > 1) strcpy(b, v[1]); return puts(b); }\n")
        run("gcc", "-w", "-O2", "-U_FORTIFY_SOURCE", "-fno-stack-protector", "-no-pie", "-z", "execstack",
            "-Wl,-z,norelro,-z,lazy,-rpath,/tmp", source, "-o", bad)
        run("gcc", "-w", "-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-fstack-protector-all", "-fPIE", "-pie",
            "-Wl,-z,relro,-z,now,-z,noexecstack", source, "-o", good)
        found = weaknesses(bad, True, True)
        if len(found) != 6:
            failures.append(f"negative control: of six planted weaknesses only {found} were found")
        if weaknesses(good, True, True):
            failures.append(f"negative control: a hardened program {weaknesses(good, True, True)}")
    return failures


def main():
    failures = []
    found = imports(CORE)
    extra = {name for name in found if name not in GOLDEN | OPTIONAL and not absl(name)}
    missing = {name for name in GOLDEN - OPTIONAL if name not in found}
    if extra:
        failures.append(f"the core imports {sorted(extra)}; if that is right, say so in GOLDEN and DECISIONS.md")
    if missing:
        failures.append(f"the core no longer imports {sorted(missing)}; take them out of GOLDEN")
    # All libraries it loads, those of its libraries too.
    loaded = run("ldd", CORE)
    for name in NEVER:
        if name in loaded:
            failures.append(f"ldd intaglio-core shows {name}")
    symbols = run("nm", "-C", "--defined-only", CORE)
    for namespace in ("intaglio::host::", "intaglio::sim::"):
        if re.search(rf" [TtWw] .*\b{re.escape(namespace)}", symbols):
            failures.append(f"a symbol of {namespace} is in the core")
    # The check itself must be able to fail: the host does import what the core must not.
    if not {"libssl", "libcrypto"} & imports(os.path.join(BIN, "intaglio-host")):
        failures.append("negative control: libssl was not found in intaglio-host")
    for name in PROGRAMS:
        failures += [f"{name} {what}" for what in weaknesses(os.path.join(BIN, name), HARDENED, RELEASE)]
    failures += planted()
    for failure in failures:
        print("FAILED:", failure)
    print(f"{8 - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
