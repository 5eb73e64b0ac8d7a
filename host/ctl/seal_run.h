// SealRun: any number of hashes through the host's seal stream: one signed batch, or one signed
// Merkle root and its chunks. What the rate or a broken link held back is sent again; a batch that
// the core has begun is never ordered twice.
#ifndef INTAGLIO_HOST_CTL_SEAL_RUN_H_
#define INTAGLIO_HOST_CTL_SEAL_RUN_H_

#include <string>
#include <vector>

#include "host/ctl/key_file.h"
#include "host/ctl/report.h"
#include "host/ctl/session.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::host {

struct SealOrder {
  std::string credential_id;
  Bytes core_instance;
  Bytes authorisation_id;
  uint64_t sequence = 0;
  core::v1::HashAlgorithm hash_algorithm = core::v1::HASH_ALGORITHM_SHA256;
  std::vector<Bytes> hashes;
  size_t frame = 1000;  // hashes sent at a time
};

struct SealedHashes {
  std::vector<Bytes> signatures;      // in order; empty where it failed
  std::vector<std::string> failures;  // why, by Reason; empty where it did not
  Report summary;
};

// Failures of the stream; failures of single frames or hashes are in the result.
StatusOr<SealedHashes> RunSeal(const SealOrder& order, const SigningKey& client, Session& session);

// What goes into the stream: the batch signed once, and each frame of it.
class SealFrames final {
 public:
  static StatusOr<SealFrames> Create(const SealOrder& order, const SigningKey& client);
  size_t count() const { return count_; }
  // First hash of a frame, and how many it has.
  size_t FirstOf(size_t frame) const { return frame * order_->frame; }
  size_t SizeOf(size_t frame) const;
  void Fill(size_t frame, v1::SealFrame& out) const;

 private:
  explicit SealFrames(const SealOrder& order) : order_(&order) {}

  const SealOrder* order_;
  size_t count_ = 1;
  std::string batch_;
  std::string client_signature_;
  std::vector<std::vector<Digest>> paths_;  // of a batch with a root
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_SEAL_RUN_H_
