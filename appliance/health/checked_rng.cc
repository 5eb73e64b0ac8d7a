#include "appliance/health/checked_rng.h"

#include "appliance/health/reasons.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {
namespace {

constexpr unsigned kRepetitions = 9;  // 1 + 64 / 8
constexpr unsigned kWindow = 512;
// A binomial of 512 octets with 1 in 256 reaches 28 in less than one window of 2^64.
constexpr unsigned kProportion = 28;

}  // namespace

bool EntropyTests::RepetitionHolds(uint8_t octet) {
  repeated_ = octet == last_ ? repeated_ + 1 : 1;
  last_ = octet;
  return repeated_ < kRepetitions;
}

bool EntropyTests::ProportionHolds(uint8_t octet) {
  if (window_at_ == 0) {
    window_first_ = octet;
    window_seen_ = 0;
  }
  if (octet == window_first_) ++window_seen_;
  window_at_ = (window_at_ + 1) % kWindow;
  return window_seen_ < kProportion;
}

Status EntropyTests::Feed(ByteView octets) {
  bool repetition = true, proportion = true;
  for (const uint8_t each : octets) {
    repetition = RepetitionHolds(each) && repetition;
    proportion = ProportionHolds(each) && proportion;
  }
  if (!repetition) return Fail(kRngUnhealthy, "repetition count test: one octet 9 times running");
  if (!proportion)
    return Fail(kRngUnhealthy, "adaptive proportion test: one octet 28 times in 512");
  return OkStatus();
}

Status CheckedRng::Fill(std::span<uint8_t> out) {
  Status healthy = source_.Fill(out);
  if (healthy.ok()) {
    std::lock_guard lock(mutex_);
    healthy = tests_.Feed(out);
  }
  if (healthy.ok()) return OkStatus();
  Wipe(out);
  errors_.Enter(ErrorCause::kEntropy, healthy);
  return healthy;
}

}  // namespace intaglio::appliance
