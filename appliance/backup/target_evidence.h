// TargetEvidence: does the evidence show that a key lives in the token of a device whose root the
// officers pinned?
//
// The core's own reading, with the strict DER reader and Mbed TLS; the host's verifier is other
// code over another library. It takes the one form that the core's producer writes: one signature,
// its certificate in it. Pure but for the time of day that Mbed TLS reads. Thread-safe.
#ifndef INTAGLIO_APPLIANCE_BACKUP_TARGET_EVIDENCE_H_
#define INTAGLIO_APPLIANCE_BACKUP_TARGET_EVIDENCE_H_

#include <vector>

#include "base/bytes.h"

namespace intaglio::appliance {

// Whether evidence of a software token or a simulator counts: in a lab alone.
enum class SimulatedDevices { kRefused, kAccepted };

// kEvidenceUnreadable, kEvidenceUntrusted, kEvidenceMismatch if no element is of `target_spki`,
// kTargetKeyWeak naming the claim.
Status VerifyTargetEvidence(ByteView evidence, ByteView target_spki,
                            const std::vector<Bytes>& device_roots, SimulatedDevices simulated);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_TARGET_EVIDENCE_H_
