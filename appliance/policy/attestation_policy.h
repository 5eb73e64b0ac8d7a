// AttestationPolicy: the attestation key signs evidence that the core composed from its own
// records, and nothing a caller hands in.
#ifndef INTAGLIO_APPLIANCE_POLICY_ATTESTATION_POLICY_H_
#define INTAGLIO_APPLIANCE_POLICY_ATTESTATION_POLICY_H_

#include "appliance/domain/key_record.h"
#include "appliance/policy/sign_permit.h"
#include "base/status.h"

namespace intaglio::appliance {

class AttestationPolicy final {
 private:
  // They compose evidence; no one else can ask.
  friend class AttestKeys;
  friend class RestoreEvidence;
  static SignPermit PermitEvidence(const KeyRecord& attestation_key, const Digest& tbs_digest) {
    return SignPermit(attestation_key.key_id, {MessageDigest::Sha256(tbs_digest)});
  }
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_ATTESTATION_POLICY_H_
