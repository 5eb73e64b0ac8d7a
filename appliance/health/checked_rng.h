// CheckedRng: random octets whose generator is watched. What repeats as random octets never would
// is not handed out, and the core goes into its error state. [SP 800-90B 4.4]
#ifndef INTAGLIO_APPLIANCE_HEALTH_CHECKED_RNG_H_
#define INTAGLIO_APPLIANCE_HEALTH_CHECKED_RNG_H_

#include "appliance/health/error_state.h"
#include "base/rng.h"

namespace intaglio::appliance {

// The repetition count and adaptive proportion tests over octets with 8 bits of entropy each. The
// cut-offs take one false alarm in 2^64 octets. Not thread-safe.
class EntropyTests final {
 public:
  // kRngUnhealthy.
  Status Feed(ByteView octets);

 private:
  bool RepetitionHolds(uint8_t octet);
  bool ProportionHolds(uint8_t octet);

  int last_ = -1;
  unsigned repeated_ = 0;
  uint8_t window_first_ = 0;
  unsigned window_at_ = 0;
  unsigned window_seen_ = 0;
};

// Thread-safe.
class CheckedRng final : public Rng {
 public:
  // Both outlive this.
  CheckedRng(Rng& source, ErrorState& errors) : source_(source), errors_(errors) {}
  // The source's Reasons, kRngUnhealthy; `out` is wiped then.
  Status Fill(std::span<uint8_t> out) override;

 private:
  Rng& source_;
  ErrorState& errors_;
  std::mutex mutex_;
  EntropyTests tests_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HEALTH_CHECKED_RNG_H_
