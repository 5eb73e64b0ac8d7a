#!/usr/bin/env python3
"""No release contains the simulator: asking for it is refused, and the release preset does not ask."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = sys.argv[1]


def refused(*options):
    with tempfile.TemporaryDirectory() as build:
        result = subprocess.run(["cmake", "-S", ROOT, "-B", build, "-DINTAGLIO_SIM=ON", *options],
                                capture_output=True, text=True)
        return result.returncode != 0 and "never shipped" in " ".join(result.stderr.split())


def main():
    failures = []
    for build_type in ("Release", "RelWithDebInfo", "MinSizeRel"):
        if not refused(f"-DCMAKE_BUILD_TYPE={build_type}"):
            failures.append(f"INTAGLIO_SIM=ON was not refused in a {build_type} build")
    with open(os.path.join(ROOT, "CMakePresets.json"), encoding="utf-8") as file:
        presets = {p["name"]: p for p in json.load(file)["configurePresets"]}
    if presets["release"]["cacheVariables"].get("INTAGLIO_SIM") != "OFF":
        failures.append("the release preset does not switch the simulator off")
    for failure in failures:
        print("FAILED: " + failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
