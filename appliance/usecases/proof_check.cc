#include "appliance/usecases/proof_check.h"

#include <algorithm>

#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

// Keys remembered for wrong proofs. An attacker who spreads misses over more keys than this gains
// five tries a key, each of which still needs a forged ECDSA signature.
constexpr size_t kMostKeys = 100'000;

}  // namespace

StatusOr<VerifiedProof> ProofCheck::Check(const KeyRecord& record, ByteView statement,
                                          const Proof& proof) {
  RETURN_IF_ERROR(CheckBackOff(record.key_id));
  const auto bound = std::find_if(record.authenticators.begin(), record.authenticators.end(),
                                  [&](const Authenticator& each) {
                                    return Sha256(each.spki) == proof.authenticator_id.octets;
                                  });
  if (bound == record.authenticators.end()) {
    return Fail(kAuthenticatorUnknown, "authenticator " + proof.authenticator_id.hex());
  }
  if (!SignatureFromDer(proof.es256)) {
    return Fail(kProofMalformed, "not a DER ECDSA-Sig-Value for P-256");
  }
  const Digest digest = Sha256(statement);
  const Status verdict = services_.token.VerifyEs256(bound->spki, digest, proof.es256);
  if (Is(verdict, kSignatureWrong)) CountMiss(record.key_id);
  RETURN_IF_ERROR(verdict);
  Forget(record.key_id);
  return VerifiedProof(record.key_id, proof.authenticator_id, digest);
}

Status ProofCheck::CheckBackOff(const KeyId& key_id) {
  std::lock_guard lock(mutex_);
  const auto found = misses_.find(key_id);
  const BootTime now = services_.clock.SinceBoot();
  if (found == misses_.end() || now >= found->second.shut_until) return OkStatus();
  return Fail(kProofBackOff, "try again in " +
                                 std::to_string((found->second.shut_until - now) / kSecond + 1) +
                                 " seconds");
}

void ProofCheck::CountMiss(const KeyId& key_id) {
  std::lock_guard lock(mutex_);
  const BootTime now = services_.clock.SinceBoot();
  if (misses_.size() >= kMostKeys) {
    std::erase_if(misses_,
                  [&](const auto& each) { return now >= each.second.last + kLongestWait; });
    if (misses_.size() >= kMostKeys) misses_.erase(misses_.begin());
  }
  Misses& misses = misses_[key_id];
  misses.last = now;
  if (++misses.count < kFreeTries) return;
  misses.count = 0;
  misses.wait = misses.wait == 0 ? kFirstWait : std::min(misses.wait * 2, kLongestWait);
  misses.shut_until = now + misses.wait;
}

void ProofCheck::Forget(const KeyId& key_id) {
  std::lock_guard lock(mutex_);
  misses_.erase(key_id);
}

}  // namespace intaglio::appliance
