#include "appliance/usecases/signed_answers.h"

namespace intaglio::appliance {
namespace {

// What containers and allocator take beside the octets themselves, roughly.
constexpr size_t kPerAnswer = 512, kPerSignature = 48;

size_t OctetsOf(const std::vector<Bytes>& signatures) {
  size_t octets = kPerAnswer;
  for (const Bytes& each : signatures) octets += kPerSignature + each.size();
  return octets;
}

}  // namespace

void SignedAnswers::Keep(const Nonce& nonce, Answer answer, BootTime now) {
  const size_t octets = OctetsOf(answer.signatures);
  std::lock_guard lock(mutex_);
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    Erase(by_expiry_.begin()->second);
  }
  if (octets > limits_.octets_per_key || octets > limits_.octets_in_all) return;
  const KeyId key_id = answer.key_id;
  for (auto of_key = per_key_.find(key_id);
       of_key != per_key_.end() && of_key->second.octets + octets > limits_.octets_per_key;
       of_key = per_key_.find(key_id)) {
    Erase(*of_key->second.numbers.begin());
  }
  while (octets_ + octets > limits_.octets_in_all) Erase(by_age_.begin()->first);
  const uint64_t number = next_number_++;
  by_expiry_.emplace(answer.forget_at, number);
  by_age_.emplace(number, nonce);
  entries_.emplace(nonce, Entry{std::move(answer), octets, number});
  OfKey& of_key = per_key_[key_id];
  of_key.octets += octets;
  of_key.numbers.insert(number);
  octets_ += octets;
}

std::vector<Bytes> SignedAnswers::Find(const Nonce& nonce, const Digest& asked,
                                       BootTime now) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(nonce);
  if (found == entries_.end() || found->second.answer.asked != asked ||
      now >= found->second.answer.forget_at) {
    return {};
  }
  return found->second.answer.signatures;
}

size_t SignedAnswers::octets() const {
  std::lock_guard lock(mutex_);
  return octets_;
}

void SignedAnswers::Erase(uint64_t number) {
  const auto at = by_age_.find(number);
  const auto entry = entries_.find(at->second);
  const auto of_key = per_key_.find(entry->second.answer.key_id);
  of_key->second.octets -= entry->second.octets;
  of_key->second.numbers.erase(number);
  if (of_key->second.numbers.empty()) per_key_.erase(of_key);
  octets_ -= entry->second.octets;
  by_expiry_.erase({entry->second.answer.forget_at, number});
  entries_.erase(entry);
  by_age_.erase(at);
}

}  // namespace intaglio::appliance
