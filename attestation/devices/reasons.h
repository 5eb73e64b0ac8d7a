// Why a vendor's attestation certificate was not read. Signature, chain and appraisal have the
// Reasons of attestation/verify.
#ifndef INTAGLIO_ATTESTATION_DEVICES_REASONS_H_
#define INTAGLIO_ATTESTATION_DEVICES_REASONS_H_

#include "base/reasons.h"

namespace intaglio::attestation {

#define INTAGLIO_ATTESTATION_DEVICES_REASONS(X)                                                    \
  X(kDeviceUnrecognised, "ATT-0130", "DEVICE_UNRECOGNISED", kPermissionDenied, kPublic,            \
    "the certificate is not an attestation of a device that this release reads")                   \
  X(kDeviceExtensionMissing, "ATT-0131", "DEVICE_EXTENSION_MISSING", kPermissionDenied, kPublic,   \
    "the device leaves out a fact that its attestations have")                                     \
  X(kDeviceExtensionRepeated, "ATT-0132", "DEVICE_EXTENSION_REPEATED", kPermissionDenied, kPublic, \
    "the device says something twice, or for two vendors")                                         \
  X(kDeviceExtensionUnknown, "ATT-0133", "DEVICE_EXTENSION_UNKNOWN", kPermissionDenied, kPublic,   \
    "the device says something that this release does not understand")                             \
  X(kDeviceExtensionInvalid, "ATT-0134", "DEVICE_EXTENSION_INVALID", kPermissionDenied, kPublic,   \
    "a fact of the device has not the form it should have")                                        \
  X(kDeviceCapability, "ATT-0135", "DEVICE_CAPABILITY", kPermissionDenied, kPublic,                \
    "the key may be used in a way that this release does not understand")                          \
  X(kDeviceChainLength, "ATT-0136", "DEVICE_CHAIN_LENGTH", kInvalidArgument, kPublic,              \
    "an attestation comes with 1 to 8 certificates between it and its root, each at most 16 KiB")

INTAGLIO_REASON_TABLE(kAttestationDevicesReasons, INTAGLIO_ATTESTATION_DEVICES_REASONS)

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_DEVICES_REASONS_H_
