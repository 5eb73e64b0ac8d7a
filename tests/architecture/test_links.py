#!/usr/bin/env python3
"""cmake/component.cmake must accept an allowed link and refuse every planted forbidden one."""
import os
import subprocess
import sys
import tempfile

ROOT = sys.argv[1]

HEAD = """cmake_minimum_required(VERSION 3.25)
project(planted LANGUAGES CXX)
include(%s/cmake/component.cmake)
file(WRITE ${CMAKE_BINARY_DIR}/x.cc "")
set(X ${CMAKE_BINARY_DIR}/x.cc)
add_library(OpenSSL::Crypto INTERFACE IMPORTED)
add_library(MbedTLS::mbedcrypto INTERFACE IMPORTED)
component(b ZONE base LAYER 0 SOURCES ${X})
component(core_low ZONE appliance LAYER 0 SOURCES ${X} DEPS b)
component(core_high ZONE appliance LAYER 3 SOURCES ${X} DEPS core_low)
component(pkcs11 ZONE tokens_pkcs11 LAYER 0 SOURCES ${X} DEPS b)
component(fake ZONE base LAYER 0 TESTONLY SOURCES ${X})
%%s
cmake_language(DEFER CALL check_layers)
""" % ROOT

PLANTS = [
    ("component(h ZONE host LAYER 0 SOURCES ${X} DEPS b)", None),
    ("component(h ZONE host LAYER 0 SOURCES ${X} DEPS core_low)", "may not link zone appliance"),
    ("component(h ZONE host LAYER 0 SOURCES ${X} DEPS pkcs11)", "may not link zone tokens_pkcs11"),
    ("component(a ZONE appliance LAYER 1 SOURCES ${X} EXTERNAL OpenSSL::Crypto)", "must never link"),
    ("component(h ZONE host LAYER 1 SOURCES ${X} EXTERNAL MbedTLS::mbedcrypto)", "must never link"),
    ("component(a ZONE appliance LAYER 1 SOURCES ${X} DEPS core_high)", "links upward"),
    ("component(p ZONE base LAYER 0 SOURCES ${X} DEPS fake)", "test-only"),
    ("component(p ZONE nowhere LAYER 0 SOURCES ${X})", "unknown ZONE"),
]


def main():
    failures = 0
    for plant, expected in PLANTS:
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "CMakeLists.txt"), "w", encoding="utf-8") as file:
                file.write(HEAD % plant)
            result = subprocess.run(["cmake", "-S", root, "-B", root + "/b"], capture_output=True,
                                    text=True)
            output = " ".join((result.stdout + result.stderr).split())
            ok = result.returncode == 0 if expected is None else (
                result.returncode != 0 and expected in output)
            if not ok:
                print(f"FAILED: {plant}: wanted {expected}, got {output[-600:]}")
                failures += 1
    print(f"{len(PLANTS) - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
