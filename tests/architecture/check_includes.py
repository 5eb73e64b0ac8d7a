#!/usr/bin/env python3
"""Checks what each file includes against the house rules. Usage: check_includes.py ROOT

Prints one line a violation and exits 1 if there is any.
"""
import os
import re
import sys

# First matching prefix decides a file's zone.
ZONES = [
    ("base/", "base"),
    ("tokens/pkcs11/", "tokens_pkcs11"),
    ("tokens/provision/", "tokens_pkcs11"),
    ("tokens/openssl/", "tokens_openssl"),
    ("attestation/model/", "att_model"),
    ("attestation/produce/", "att_produce"),
    ("attestation/", "att_verify"),
    ("appliance/", "appliance"),
    ("host/", "host"),
    ("hardware-sim/", "sim"),
    ("tests/", "tests"),
]

# The zones whose headers a zone may include.
MAY_INCLUDE = {
    "base": {"base"},
    "tokens_pkcs11": {"base", "tokens_pkcs11"},
    "tokens_openssl": {"base", "tokens_openssl"},
    "att_model": {"base", "att_model"},
    "att_produce": {"base", "att_model", "att_produce"},
    "att_verify": {"base", "att_model", "att_verify"},
    "appliance": {"base", "tokens_pkcs11", "att_model", "att_produce", "appliance"},
    "host": {"base", "tokens_openssl", "att_model", "att_verify", "host"},
    "sim": {"base", "sim"},
}

# Layers inside the two big zones: a folder includes only folders of its own rank or below.
LAYERS = {
    "appliance": {"hardening": 0, "domain": 0, "crypto": 0, "der": 0, "authenticator": 1, "policy": 1, "usecases": 2, "backup": 9, "pin": 0, "zeroise": 3,
                  "anchor": 3, "records": 3,
                  "state": 3, "journal": 3, "token": 3, "link": 3, "health": 4, "daemon": 9},
    "host": {"domain": 0, "policy": 1, "enrolment": 2, "issuance": 2, "sealing": 2, "signing": 2,
             "revocation": 2, "status": 2, "administration": 2, "records": 2, "ports": 2, "x509": 1, "core_link": 3,
             "store": 3, "statements": 3, "journal": 4, "recovery": 5, "operations": 3, "grpc": 3, "http": 3, "daemon": 9, "ctl": 9},
}

# Who may include other people's headers, by pattern.
LIBRARIES = [
    (re.compile(r"^openssl/"), ("host/", "tokens/openssl/", "attestation/verify/",
                                "attestation/devices/", "tests/")),
    (re.compile(r"^mbedtls/"), ("appliance/", "attestation/produce/", "tests/")),
    (re.compile(r"pkcs11\.h$"), ("tokens/pkcs11/", "tokens/provision/", "tokens/openssl/",
                                 "hardware-sim/", "tests/")),
    (re.compile(r"^lmdb\.h$"), ("appliance/state/", "tests/")),
    (re.compile(r"^tss2/"), ("appliance/anchor/", "tests/")),
    (re.compile(r"^(soci/|sqlite3\.h)"), ("host/store/", "tests/")),
    (re.compile(r"^grpc"), ("host/grpc/", "host/daemon/", "host/ctl/", "tests/")),
    (re.compile(r"^prometheus/"), ("host/operations/",)),
    (re.compile(r"^boost/"), ("host/http/", "host/core_link/", "host/daemon/", "tests/")),
    # Schemas stay in adapters and daemons; domain, judges and use cases speak values.
    (re.compile(r"\.pb\.h$"), ("appliance/records/", "appliance/state/", "appliance/journal/",
                               "appliance/link/", "appliance/health/", "appliance/backup/", "appliance/daemon/", "host/statements/",
                               "host/journal/", "host/recovery/",
                               "host/core_link/", "host/grpc/", "host/store/", "host/daemon/",
                               "host/ctl/", "attestation/registry/", "hardware-sim/", "tests/")),
]

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
# ResponseData is RFC 6960's own term.
ALLOWED_NAMES = re.compile(r"ocsp_response_data")
# Other people's headers that are usually quoted.
FOREIGN = ("absl/", "mbedtls/", "google/")
BANNED_NAMES = re.compile(r"(^|[_/])(util|utils|helper|helpers|manager|common|misc|data|info)(\.|_|/)")


def zone_of(path):
    for prefix, zone in ZONES:
        if path.startswith(prefix):
            return zone
    return None


def is_test(path):
    return path.startswith("tests/") or re.search(r"_(test|fuzz)\.cc$|(^|/|_)test_|_test_", path)


def check_file(root, path, errors):
    zone = zone_of(path)
    if BANNED_NAMES.search(path) and not ALLOWED_NAMES.search(path):
        errors.append(f"{path}: the name says nothing; name what it holds")
    with open(os.path.join(root, path), encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted, header = match.group(1) == '"', match.group(2)
            where = f"{path}:{number}"
            for pattern, allowed in LIBRARIES:
                if pattern.search(header) and not is_test(path) and not path.startswith(allowed):
                    errors.append(f"{where}: {header} may not be included here")
            if not quoted or header.endswith(".pb.h") or header.startswith(FOREIGN):
                continue
            if not os.path.exists(os.path.join(root, header)):
                errors.append(f"{where}: {header} is not rooted at the repository")
                continue
            other = zone_of(header)
            if is_test(path) or zone == "tests":
                continue
            if other == "tests":
                errors.append(f"{where}: production code includes the tests' {header}")
            elif other not in MAY_INCLUDE[zone]:
                errors.append(f"{where}: zone {zone} may not include {header} of zone {other}")
            elif zone == other and zone in LAYERS:
                ranks = LAYERS[zone]
                own, its = path.split("/")[1], header.split("/")[1]
                for folder in (own, its):
                    if folder not in ranks:
                        errors.append(f"{where}: folder {zone}/{folder} has no layer; name it in "
                                      "tests/architecture/check_includes.py")
                        return
                if ranks[its] > ranks[own]:
                    errors.append(f"{where}: {own} (layer {ranks[own]}) includes upward "
                                  f"{header} (layer {ranks[its]})")


def main():
    root = sys.argv[1]
    errors = []
    count = 0
    for prefix, _ in ZONES:
        for folder, _, files in os.walk(os.path.join(root, prefix.split("/")[0])):
            for name in sorted(files):
                if not name.endswith((".h", ".cc")):
                    continue
                path = os.path.relpath(os.path.join(folder, name), root)
                if zone_of(path) and path.startswith(prefix) and next(
                        p for p, _ in ZONES if path.startswith(p)) == prefix:
                    check_file(root, path, errors)
                    count += 1
    for error in errors:
        print(error)
    print(f"{count} files read, {len(errors)} violations")
    return 1 if errors or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
