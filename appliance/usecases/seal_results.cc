#include "appliance/usecases/seal_results.h"

namespace intaglio::appliance {

std::shared_ptr<const SealOutcome> SealResults::Find(const Frame& frame) {
  std::lock_guard lock(mutex_);
  const BootTime now = clock_.SinceBoot();
  while (!line_.empty() && now >= line_.front().until) DropFirst();
  const auto found = kept_.find(frame);
  return found == kept_.end() ? nullptr : found->second.outcome;
}

void SealResults::Keep(const Frame& frame, std::shared_ptr<const SealOutcome> outcome) {
  size_t octets = sizeof(Kept) + sizeof(Line);
  for (const auto& each : *outcome) octets += sizeof(each) + (each.ok() ? each->capacity() : 128);
  std::lock_guard lock(mutex_);
  if (!kept_.emplace(frame, Kept{std::move(outcome), octets}).second) return;
  line_.push_back({frame, clock_.SinceBoot() + kLife});
  octets_ += octets;
  while (octets_ > kMostOctets && line_.size() > 1) DropFirst();
}

void SealResults::DropFirst() {
  const auto found = kept_.find(line_.front().frame);
  octets_ -= found->second.octets;
  kept_.erase(found);
  line_.pop_front();
}

}  // namespace intaglio::appliance
