#include "host/ctl/seal_run.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

#include "host/ctl/connection.h"
#include "host/ctl/reasons.h"
#include "host/sealing/seal_tree.h"
#include "host/statements/statement_composer.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

constexpr Duration kPause = 5 * kSecond;
constexpr int kMostRounds = 720;  // an hour of pauses

// The core did nothing, and will later.
bool ComesLater(const pb::Failure& failure) {
  return failure.reason_name() == "SEAL_RATE" || failure.reason_name() == "CORE_UNAVAILABLE" ||
         failure.reason_name() == "CORE_BUSY";
}

class Run final {
 public:
  Run(const SealOrder& order, const SealFrames& frames, Session& session)
      : order_(order), frames_(frames), session_(session) {
    result_.signatures.resize(order.hashes.size());
    result_.failures.resize(order.hashes.size());
    for (size_t i = 0; i < frames.count(); ++i) todo_.push_back(i);
  }

  StatusOr<SealedHashes> Go() {
    ASSIGN_OR_RETURN(Connection* const host, session_.Host());
    for (int round = 0; !todo_.empty(); ++round) {
      if (round == kMostRounds) break;
      if (round > 0) std::this_thread::sleep_for(std::chrono::milliseconds(kPause));
      const std::deque<size_t> sent = std::exchange(todo_, {});
      size_t next = 0, taken = 0;
      RETURN_IF_ERROR(host->Seal(
          [&](hpb::SealFrame& frame) {
            if (next == sent.size()) return false;
            frames_.Fill(sent[next++], frame);
            return true;
          },
          [&](hpb::SealFrameResult& result) -> Status {
            if (taken == sent.size()) return Fail(kAnswerInvalid, "more results than frames");
            return Take(sent[taken++], result);
          }));
      if (taken != sent.size()) {
        return Fail(kAnswerInvalid, std::to_string(sent.size() - taken) + " frames unanswered");
      }
    }
    Summarise();
    return std::move(result_);
  }

 private:
  Status Take(size_t frame, hpb::SealFrameResult& result) {
    const size_t first = frames_.FirstOf(frame), size = frames_.SizeOf(frame);
    if (result.has_failure()) {
      if (ComesLater(result.failure())) {
        todo_.push_back(frame);
        session_.Progress("waiting: " + result.failure().detail());
        return OkStatus();
      }
      std::fill_n(result_.failures.begin() + static_cast<ptrdiff_t>(first), size,
                  result.failure().reason_name() + ": " + result.failure().detail());
      failed_ += size;
      return OkStatus();
    }
    if (static_cast<size_t>(result.sealed().results_size()) != size) {
      return Fail(kAnswerInvalid, std::to_string(size) + " signatures are wanted, got " +
                                      std::to_string(result.sealed().results_size()));
    }
    for (size_t i = 0; i < size; ++i) {
      const auto& each = result.sealed().results(static_cast<int>(i));
      result_.signatures[first + i] = ToBytes(each.signature());
      if (each.has_failure()) result_.failures[first + i] = each.failure().reason_name();
      ++(each.has_failure() ? failed_ : sealed_);
    }
    remaining_ = std::min(remaining_, result.sealed().remaining());
    nearly_spent_ |= result.sealed().nearly_spent();
    session_.Progress(std::to_string(sealed_) + " of " + std::to_string(order_.hashes.size()) +
                      " sealed");
    return OkStatus();
  }

  void Summarise() {
    for (const size_t frame : todo_) {
      failed_ += frames_.SizeOf(frame);
      std::fill_n(result_.failures.begin() + static_cast<ptrdiff_t>(frames_.FirstOf(frame)),
                  frames_.SizeOf(frame), "it waited too long");
    }
    Report& summary = result_.summary;
    summary.Number("sealed", static_cast<int64_t>(sealed_));
    summary.Number("failed", static_cast<int64_t>(failed_));
    if (sealed_ > 0) summary.Number("remaining", static_cast<int64_t>(remaining_));
    summary.Truth("nearly_spent", nearly_spent_);
  }

  const SealOrder& order_;
  const SealFrames& frames_;
  Session& session_;
  std::deque<size_t> todo_;
  SealedHashes result_;
  size_t sealed_ = 0;
  size_t failed_ = 0;
  uint64_t remaining_ = ~uint64_t{0};
  bool nearly_spent_ = false;
};

}  // namespace

StatusOr<SealFrames> SealFrames::Create(const SealOrder& order, const SigningKey& client) {
  SealFrames out(order);
  out.count_ = (order.hashes.size() + order.frame - 1) / order.frame;
  pb::SealBatch batch;
  batch.set_context("intaglio/seal-batch/v1");
  batch.set_core_instance(AsString(order.core_instance));
  batch.set_authorisation_id(AsString(order.authorisation_id));
  batch.set_sequence(order.sequence);
  batch.set_hash_algorithm(order.hash_algorithm);
  batch.set_count(order.hashes.size());
  if (out.count_ == 1) {
    for (const Bytes& each : order.hashes) batch.add_dtbsr(AsString(each));
  } else {
    const SealTree tree(order.hashes, order.frame);
    batch.set_merkle_root(AsString(tree.root()));
    batch.set_chunks(static_cast<uint32_t>(tree.chunks()));
    batch.set_chunk_hashes(static_cast<uint32_t>(order.frame));
    for (size_t i = 0; i < tree.chunks(); ++i) out.paths_.push_back(tree.PathOf(i));
  }
  const Bytes octets = SerializeCanonical(batch);
  out.batch_ = AsString(octets);
  ASSIGN_OR_RETURN(const Bytes signature, client.Sign(octets));
  out.client_signature_ = AsString(signature);
  return out;
}

size_t SealFrames::SizeOf(size_t frame) const {
  return std::min(order_->frame, order_->hashes.size() - FirstOf(frame));
}

void SealFrames::Fill(size_t frame, hpb::SealFrame& out) const {
  out.set_credential_id(order_->credential_id);
  out.set_batch(batch_);
  out.set_client_signature(client_signature_);
  if (paths_.empty()) return;
  pb::SealChunk& chunk = *out.mutable_chunk();
  chunk.set_index(static_cast<uint32_t>(frame));
  for (size_t i = 0; i < SizeOf(frame); ++i) {
    chunk.add_dtbsr(AsString(order_->hashes[FirstOf(frame) + i]));
  }
  for (const Digest& each : paths_[frame]) chunk.add_path(AsString(each));
}

StatusOr<SealedHashes> RunSeal(const SealOrder& order, const SigningKey& client, Session& session) {
  ASSIGN_OR_RETURN(const SealFrames frames, SealFrames::Create(order, client));
  return Run(order, frames, session).Go();
}

}  // namespace intaglio::host
