// Reasons of attestation/registry. Append only; an id is never reused.
#ifndef INTAGLIO_ATTESTATION_REGISTRY_REASONS_H_
#define INTAGLIO_ATTESTATION_REGISTRY_REASONS_H_

#include "base/status.h"

namespace intaglio::attestation {

#define INTAGLIO_ATTESTATION_REGISTRY_REASONS(X)                                                  \
  X(kRegistrySyntax, "ATT-0800", "REGISTRY_SYNTAX", kInvalidArgument, kPublic,                    \
    "the QSCD register is not the textproto its schema describes")                                \
  X(kRegistrySize, "ATT-0801", "REGISTRY_SIZE", kInvalidArgument, kPublic,                        \
    "the QSCD register has 1 to 10,000 entries in at most 16 MiB")                                \
  X(kRegistryFieldMissing, "ATT-0802", "REGISTRY_FIELD_MISSING", kInvalidArgument, kPublic,       \
    "a required field of a register entry is empty")                                              \
  X(kRegistryIdInvalid, "ATT-0803", "REGISTRY_ID_INVALID", kInvalidArgument, kPublic,             \
    "an entry id is 1 to 64 characters of [A-Za-z0-9._-]")                                        \
  X(kRegistryIdRepeated, "ATT-0804", "REGISTRY_ID_REPEATED", kInvalidArgument, kPublic,           \
    "two register entries have one id")                                                           \
  X(kRegistryDateInvalid, "ATT-0805", "REGISTRY_DATE_INVALID", kInvalidArgument, kPublic,         \
    "a date of a register entry is not YYYY-MM-DD")                                               \
  X(kRegistryPeriodInvalid, "ATT-0806", "REGISTRY_PERIOD_INVALID", kInvalidArgument, kPublic,     \
    "a register entry ends before it begins")                                                     \
  X(kRegistryTwoPeople, "ATT-0807", "REGISTRY_TWO_PEOPLE", kInvalidArgument, kPublic,             \
    "a register entry needs exactly two different people in entered_by")                          \
  X(kRegistryReportHash, "ATT-0808", "REGISTRY_REPORT_HASH", kInvalidArgument, kPublic,           \
    "the report hash is not the 64 hexadecimal digits of a SHA-256 value")                        \
  X(kRegistryEnumUnspecified, "ATT-0809", "REGISTRY_ENUM_UNSPECIFIED", kInvalidArgument, kPublic, \
    "kind or status of a register entry is not specified")                                        \
  X(kRegistrySerials, "ATT-0810", "REGISTRY_SERIALS", kInvalidArgument, kPublic,                  \
    "the serials of a register entry are empty, repeated or more than 10,000")                    \
  X(kRegistryEntryNotFound, "ATT-0811", "REGISTRY_ENTRY_NOT_FOUND", kNotFound, kPublic,           \
    "the QSCD register has no entry of that id")

INTAGLIO_REASON_TABLE(kAttestationRegistryReasons, INTAGLIO_ATTESTATION_REGISTRY_REASONS)

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_REGISTRY_REASONS_H_
