// Attestation certificates of other vendors' devices, verified into the same proof as our own
// evidence, so that one appraisal judges both.
//
// Such a certificate answers no nonce: it says that a key was born in a device, not when somebody
// asked. So appraisal takes it only where an officers' order names it by its digest
// (AppraisalRequest::named_digest).
#ifndef INTAGLIO_ATTESTATION_DEVICES_DEVICE_ATTESTATION_H_
#define INTAGLIO_ATTESTATION_DEVICES_DEVICE_ATTESTATION_H_

#include <span>
#include <string_view>
#include <vector>

#include "attestation/devices/device_format.h"
#include "attestation/verify/verified_evidence.h"

namespace intaglio::attestation {

// The formats of this release: a new vendor is a line here, in device_attestation.cc.
std::span<const DeviceFormat* const> DeviceFormats();

struct DeviceAttestation {
  Bytes certificate;  // DER, of the attested key
  std::vector<Bytes>
      chain;  // DER, between it and the root, in any order; the root may be among them
};
// The first CERTIFICATE block, or the one DER value, is the attested key's; the others its chain.
// kDeviceChainLength, kDeviceUnrecognised.
StatusOr<DeviceAttestation> ReadDeviceAttestation(ByteView file);

// Reads it as the one format whose arc it has, and verifies every signature up to a pinned root,
// each certificate valid at `at`. The device key that signed is ak_spki(), its certificate
// ak_certificate(). kDeviceUnrecognised, the format's Reasons, kAkCertificateInvalid,
// kAkChainUntrusted, kAkExpired, kAkNotYetValid, kAkDistrusted, kDeviceChainLength. Thread-safe.
StatusOr<VerifiedEvidence> VerifyDeviceAttestation(const DeviceAttestation& attestation,
                                                   const TrustStore& device_roots, WallTime at);

// The format's name, without verifying anything. kDeviceUnrecognised, kDeviceExtensionRepeated.
StatusOr<std::string_view> FormatOf(const DeviceAttestation& attestation);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_DEVICES_DEVICE_ATTESTATION_H_
