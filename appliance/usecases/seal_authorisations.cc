#include "appliance/usecases/seal_authorisations.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "base/log.h"

namespace intaglio::appliance {

SealingCore SealingCoreOf(const CoreServices& services) {
  const auto identity = services.identity.Get();
  return {identity->instance, identity->instance_epoch};
}

Status JournalWarnings(const CoreServices& services, SealLedger& ledger, const KeyId& key_id,
                       const SealAuthorisationId& id, const SealWarnings& due) {
  Event event{
      .type = EventType::kSealQuotaWarning, .key_id = key_id, .statement_digest = id.octets};
  for (const auto& [is_due, note] : {std::pair(due.of_quota, "80 % of the quota"),
                                     std::pair(due.of_end, "80 % of the window")}) {
    if (!is_due) continue;
    event.note = note;
    if (const auto line = services.journal.Append(event); !line.ok()) {
      ledger.Untold(key_id, id, due);
      return line.status();
    }
    LogWarn("seal.nearly_spent", {{"authorisation", id.hex()}, {"note", note}});
  }
  return due.any() ? ledger.Warned(key_id, id, due) : OkStatus();
}

StatusOr<SealAuthorisations::Begun> SealAuthorisations::Begin(ByteView record) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, record));
  RETURN_IF_ERROR(SealPolicy::MayUse(key.record, key.row, now));
  ASSIGN_OR_RETURN(const Nonce nonce, DrawId<Nonce>(services_.rng));
  const BootTime boot_now = services_.clock.SinceBoot();
  std::lock_guard lock(mutex_);
  std::erase_if(nonces_, [&](const auto& each) { return boot_now >= each.second.until; });
  const auto of_this_key = [&](const auto& each) {
    return each.second.key_id == key.record.key_id;
  };
  const auto older = [](const auto& a, const auto& b) { return a.second.until < b.second.until; };
  // Whoever draws many takes nobody's place but those of the same key, until there are very many.
  if (std::ranges::count_if(nonces_, of_this_key) >= static_cast<ptrdiff_t>(kMostNoncesPerKey)) {
    auto oldest = nonces_.end();
    for (auto each = nonces_.begin(); each != nonces_.end(); ++each) {
      if (of_this_key(*each) && (oldest == nonces_.end() || older(*each, *oldest))) oldest = each;
    }
    nonces_.erase(oldest);
  }
  if (nonces_.size() >= kMostNonces) nonces_.erase(std::ranges::min_element(nonces_, older));
  nonces_[nonce] = {key.record.key_id, boot_now + kNonceLife};
  return Begun{nonce, SealingCoreOf(services_)};
}

StatusOr<SealAuthorisationId> SealAuthorisations::Enter(const Input& input) {
  const SealAuthorisationId id{Sha256(input.octets)};
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, input.record));
  const auto before = ledger_.Find(key.record.key_id, id);
  if (before.ok()) return id;
  if (!Is(before.status(), kSealUnauthorised)) return before.status();
  const SealAuthorisation& authorisation = input.authorisation;
  RETURN_IF_ERROR(CheckAddress(services_, authorisation.core_instance));
  RETURN_IF_ERROR(CheckNonce(authorisation.nonce, authorisation.key_id));
  std::vector<VerifiedProof> proofs;
  for (const Proof& each : input.proofs) {
    ASSIGN_OR_RETURN(VerifiedProof proof, proofs_.Check(key.record, input.octets, each));
    proofs.push_back(std::move(proof));
  }
  RETURN_IF_ERROR(SealPolicy::CheckAuthorisation({.record = key.record,
                                                  .row = key.row,
                                                  .core = SealingCoreOf(services_),
                                                  .authorisation_id = id,
                                                  .authorisation = authorisation,
                                                  .proofs = proofs,
                                                  .now = now}));
  if (!Spend(authorisation.nonce)) return Fail(kSealNonce, "used at the same time");
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kSealAuthorised,
                               .key_id = key.record.key_id,
                               .statement_digest = id.octets,
                               .statement = input.octets,
                               .proofs = input.proof_octets})
                      .status());
  RETURN_IF_ERROR(ledger_.Enter(key.record.key_id, id, input.octets, now));
  return id;
}

StatusOr<std::vector<SealLedger::Standing>> SealAuthorisations::List(const KeyId& key_id) {
  // None is left, and why is better said than found out.
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(auto standings, ledger_.List(key_id, now));
  for (const SealLedger::Standing& each : standings) {
    RETURN_IF_ERROR(JournalWarnings(services_, ledger_, key_id, each.id, each.due));
  }
  return standings;
}

Status SealAuthorisations::Withdraw(const KeyId& key_id, const SealAuthorisationId& id) {
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  // The row first: it must hold even when the journal cannot be written. The caller is told, asks
  // again, and the line is written then.
  RETURN_IF_ERROR(ledger_.Withdraw(key_id, id));
  return services_.journal
      .Append({.type = EventType::kSealTakenBack, .key_id = key_id, .statement_digest = id.octets})
      .status();
}

Status SealAuthorisations::CheckNonce(const Nonce& nonce, const KeyId& key_id) {
  std::lock_guard lock(mutex_);
  const auto found = nonces_.find(nonce);
  if (found != nonces_.end() && found->second.key_id == key_id &&
      services_.clock.SinceBoot() < found->second.until) {
    return OkStatus();
  }
  return Fail(kSealNonce, "ask for a nonce and let the controllers sign again");
}

bool SealAuthorisations::Spend(const Nonce& nonce) {
  std::lock_guard lock(mutex_);
  return nonces_.erase(nonce) == 1;
}

}  // namespace intaglio::appliance
