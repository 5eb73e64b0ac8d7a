#include "appliance/usecases/proof_check.h"

#include <algorithm>

#include "appliance/authenticator/authenticator_rules.h"
#include "appliance/authenticator/verify_proof.h"
#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

// Keys remembered for wrong proofs. An attacker who spreads misses over more keys than this gains
// five tries a key, each of which still needs a forged signature.
constexpr size_t kMostKeys = 100'000;

// Wrong, and not merely misshapen: somebody tries what the signer did not agree to.
bool IsWrong(const Status& verdict) {
  return Is(verdict, kSignatureWrong) || Is(verdict, kAssertionRelyingParty) ||
         Is(verdict, kAssertionPresence) || Is(verdict, kAssertionClientData) ||
         Is(verdict, kAssertionCopied);
}

}  // namespace

AuthenticatorId IdOf(const Authenticator& authenticator) { return {Sha256(authenticator.spki)}; }

bool IsRemoved(const KeyRow& row, const AuthenticatorId& authenticator) {
  return std::find(row.removed_authenticators.begin(), row.removed_authenticators.end(),
                   authenticator) != row.removed_authenticators.end();
}

Status CheckNotRemoved(const KeyRow& row, const AuthenticatorId& authenticator) {
  if (!IsRemoved(row, authenticator)) return OkStatus();
  return Fail(kAuthenticatorWithdrawn, "authenticator " + authenticator.hex());
}

std::string DescribeProof(const VerifiedProof& proof) {
  std::string out = std::string(NameOf(proof.kind())) + " " + proof.authenticator_id().hex();
  if (IsWebAuthn(proof.kind())) out += ", counter " + std::to_string(proof.counter());
  return out;
}

StatusOr<VerifiedProof> ProofCheck::Check(const KeyRecord& record, ByteView statement,
                                          const Proof& proof) {
  RETURN_IF_ERROR(CheckBackOff(record.key_id));
  const auto bound =
      std::find_if(record.authenticators.begin(), record.authenticators.end(),
                   [&](const Authenticator& each) { return IdOf(each) == proof.authenticator_id; });
  if (bound == record.authenticators.end()) {
    return Fail(kAuthenticatorUnknown, "authenticator " + proof.authenticator_id.hex());
  }
  ASSIGN_OR_RETURN(const auto row, services_.state.FindKey(record.key_id));
  if (!row) return Fail(kRecordStale, "the core has no row for key " + record.key_id.hex());
  RETURN_IF_ERROR(CheckNotRemoved(*row, proof.authenticator_id));
  const Digest digest = Sha256(statement);
  const auto facts = VerifyProof(*bound, digest, proof,
                                 [&](ByteView spki, const Digest& over, ByteView signature) {
                                   return services_.token.VerifyEs256(spki, over, signature);
                                 });
  if (IsWrong(facts.status())) CountMiss(record.key_id);
  RETURN_IF_ERROR(facts.status());
  Forget(record.key_id);
  return VerifiedProof(VerifiedProof::Facts{record.key_id, proof.authenticator_id, digest,
                                            facts->kind, facts->counter});
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
