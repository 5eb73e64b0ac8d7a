// SealResults: signatures of the latest frames, for a host that lost an answer. Bounded in octets
// and in time; a frame that has been forgotten cannot be signed again, for its batch has been
// begun.
#ifndef INTAGLIO_APPLIANCE_USECASES_SEAL_RESULTS_H_
#define INTAGLIO_APPLIANCE_USECASES_SEAL_RESULTS_H_

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::appliance {

// What became of each hash of a frame, in order: a DER ECDSA-Sig-Value or RSA octets, or why not.
using SealOutcome = std::vector<StatusOr<Bytes>>;

class SealResults final {
 public:
  explicit SealResults(const Clock& clock) : clock_(clock) {}
  // A frame: SHA-256 of its batch's octets, and its chunk (0 without one).
  using Frame = std::pair<Digest, uint32_t>;

  // Null if it is not, or no longer, known. Thread-safe.
  std::shared_ptr<const SealOutcome> Find(const Frame& frame);
  void Keep(const Frame& frame, std::shared_ptr<const SealOutcome> outcome);

  static constexpr size_t kMostOctets = size_t{64} << 20;
  static constexpr Duration kLife = 10 * kMinute;

 private:
  struct Kept {
    std::shared_ptr<const SealOutcome> outcome;
    size_t octets = 0;
  };
  struct Line {
    Frame frame;
    BootTime until;
  };
  void DropFirst();

  const Clock& clock_;
  std::mutex mutex_;
  std::map<Frame, Kept> kept_;
  std::deque<Line> line_;  // oldest first
  size_t octets_ = 0;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SEAL_RESULTS_H_
