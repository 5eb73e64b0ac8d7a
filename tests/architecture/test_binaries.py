#!/usr/bin/env python3
"""The shape of the core's binary: what it imports, how it is hardened, what is not in it.

Usage: test_binaries.py BIN_DIR HARDENED(yes|no)
"""
import os
import re
import subprocess
import sys

BIN, HARDENED = sys.argv[1], sys.argv[2] == "yes"
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
    headers = run("readelf", "-W", "-l", CORE) + run("readelf", "-W", "-d", CORE) + run("readelf", "-h", CORE)
    if "GNU_RELRO" not in headers or not re.search(r"BIND_NOW|FLAGS_1.*NOW", headers):
        failures.append("the core is not linked with full RELRO")
    if "DYN (Position-Independent Executable" not in headers and "Type:                              DYN" not in headers:
        failures.append("the core is not a position-independent executable")
    if HARDENED and "__stack_chk_fail" not in run("nm", "-D", CORE):
        failures.append("the core has no stack protector")
    for failure in failures:
        print("FAILED:", failure)
    print(f"{6 - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
