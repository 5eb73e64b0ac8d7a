#include "appliance/usecases/activation_table.h"

#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

template <class Counts, class Key>
size_t CountOf(const Counts& counts, const Key& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

template <class Counts, class Key>
void CountDown(Counts& counts, const Key& key) {
  const auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

}  // namespace

Status ActivationTable::Add(const Nonce& nonce, const std::string& signer_id,
                            const OutstandingActivation& activation, BootTime now) {
  std::lock_guard lock(mutex_);
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    Erase(entries_.find(by_expiry_.begin()->second));
  }
  if (entries_.size() >= limits_.in_all) {
    return Fail(kTooManyActivations, "in the whole core; wait until some expire");
  }
  if (CountOf(per_key_, activation.key_id) >= limits_.per_key) {
    return Fail(kTooManyActivations, "for this key; use or let expire what is outstanding");
  }
  if (CountOf(per_signer_, signer_id) >= limits_.per_signer) {
    return Fail(kTooManyActivations, "for this signer; use or let expire what is outstanding");
  }
  entries_.emplace(nonce, Entry{activation, signer_id});
  by_expiry_.emplace(activation.expires_at, nonce);
  ++per_key_[activation.key_id];
  ++per_signer_[signer_id];
  return OkStatus();
}

StatusOr<OutstandingActivation> ActivationTable::Find(const Nonce& nonce,
                                                      const Digest& payload_digest,
                                                      BootTime now) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(nonce);
  if (found == entries_.end() || now >= found->second.activation.expires_at) {
    return Fail(kSadSpent, "ask for a new activation");
  }
  if (found->second.activation.payload_digest != payload_digest) {
    return Fail(kSadMismatch, "ask for a new activation with the hashes to be signed");
  }
  return found->second.activation;
}

bool ActivationTable::Spend(const Nonce& nonce) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(nonce);
  if (found == entries_.end()) return false;
  Erase(found);
  return true;
}

void ActivationTable::Erase(Entries::iterator entry) {
  by_expiry_.erase({entry->second.activation.expires_at, entry->first});
  CountDown(per_key_, entry->second.activation.key_id);
  CountDown(per_signer_, entry->second.signer_id);
  entries_.erase(entry);
}

}  // namespace intaglio::appliance
