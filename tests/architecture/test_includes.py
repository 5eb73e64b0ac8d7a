#!/usr/bin/env python3
"""The include check must pass on the tree and fail on every planted violation."""
import os
import subprocess
import sys
import tempfile

ROOT = sys.argv[1]
CHECK = os.path.join(ROOT, "tests/architecture/check_includes.py")

PLANTS = [
    ("appliance/domain/x.cc", "#include <openssl/evp.h>", "may not be included here"),
    ("appliance/link/x.cc", '#include "host/domain/y.h"', "may not include"),
    ("host/grpc/x.cc", '#include "tokens/pkcs11/y.h"', "may not include"),
    ("host/grpc/x.cc", '#include "appliance/domain/y.h"', "may not include"),
    ("appliance/policy/x.cc", '#include "appliance/usecases/y.h"', "includes upward"),
    ("appliance/usecases/x.cc", '#include "intaglio/core/v1/link.pb.h"', "may not be included here"),
    ("host/x509/x.cc", "#include <mbedtls/ssl.h>", "may not be included here"),
    ("host/signing/x.cc", "#include <p11-kit/pkcs11.h>", "may not be included here"),
    ("base/x.cc", '#include "tests/support/y.h"', "production code includes the tests'"),
    ("attestation/verify/x.cc", '#include "attestation/produce/y.h"', "may not include"),
    ("base/x.cc", '#include "nowhere.h"', "not rooted"),
    ("base/string_utils.cc", "#include <string>", "the name says nothing"),
]


def run(root):
    return subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)


def main():
    failures = 0
    clean = run(ROOT)
    print(clean.stdout, end="")
    if clean.returncode != 0:
        print("FAILED: the tree breaks its own rules")
        failures += 1
    for path, line, expected in PLANTS:
        with tempfile.TemporaryDirectory() as root:
            for name, text in ((path, line + "\n"), ("host/domain/y.h", ""),
                               ("tokens/pkcs11/y.h", ""), ("appliance/domain/y.h", ""),
                               ("appliance/usecases/y.h", ""), ("attestation/produce/y.h", ""),
                               ("tests/support/y.h", "")):
                full = os.path.join(root, name)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            result = run(root)
            if result.returncode == 0 or expected not in result.stdout:
                print(f"FAILED: {path} with {line} was not refused: {result.stdout}")
                failures += 1
    print(f"{len(PLANTS) + 1 - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
