// AttestKeys: evidence of where keys were born, composed from the core's own records and signed by
// the attestation key. [DESIGN 6; R-QSC-2, R-SYS-3]
#ifndef INTAGLIO_APPLIANCE_USECASES_ATTEST_KEYS_H_
#define INTAGLIO_APPLIANCE_USECASES_ATTEST_KEYS_H_

#include <optional>
#include <string>

#include "appliance/usecases/services.h"
#include "attestation/produce/evidence_producer.h"

namespace intaglio::appliance {

// What evidence says of this core beside its keys.
struct PlatformFacts {
  std::string software_name;
  std::string software_version;
  uint64_t boot_count = 0;
  Bytes measurement;       // SHA-256 of the core's own program file, self-reported
  bool simulated = false;  // a LAB boundary: evidence says so itself
};

class AttestKeys final {
 public:
  // `producer` is absent until the console has installed the device certificate.
  AttestKeys(const CoreServices& services, std::optional<attestation::EvidenceProducer> producer,
             KeyRecord attestation_key, PlatformFacts platform)
      : services_(services),
        producer_(std::move(producer)),
        attestation_key_(std::move(attestation_key)),
        platform_(std::move(platform)) {}

  // DER evidence for 1 to 16 keys of this core and a verifier's nonce of 16 to 64 octets.
  // kDeviceUncertified, kRequestInvalid, OpenKey's Reasons. Thread-safe.
  StatusOr<Bytes> Run(const std::vector<Bytes>& records, ByteView nonce);

 private:
  StatusOr<attestation::PlatformClaims> DescribePlatform();
  StatusOr<attestation::KeyClaims> DescribeStorageKey();

  const CoreServices& services_;
  const std::optional<attestation::EvidenceProducer> producer_;
  const KeyRecord attestation_key_;
  const PlatformFacts platform_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_ATTEST_KEYS_H_
