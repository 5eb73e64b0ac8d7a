// GuardedCore: the one place where the error state is enforced. Stands between the link and the
// dispatcher: in the error state only the status and a self-test pass; a self-test is carried out
// here.
#ifndef INTAGLIO_APPLIANCE_HEALTH_GUARDED_CORE_H_
#define INTAGLIO_APPLIANCE_HEALTH_GUARDED_CORE_H_

#include "appliance/health/self_test.h"
#include "appliance/link/frame_handler.h"

namespace intaglio::appliance {

class GuardedCore final : public FrameHandler {
 public:
  // All outlive this.
  GuardedCore(FrameHandler& core, SelfTest& self_test, const ErrorState& errors)
      : core_(core), self_test_(self_test), errors_(errors) {}

  // As Dispatcher::Handle; kErrorState is an answer. Thread-safe.
  StatusOr<Bytes> Handle(uint64_t connection, ByteView frame) override;
  void Closed(uint64_t connection) override { core_.Closed(connection); }

 private:
  FrameHandler& core_;
  SelfTest& self_test_;
  const ErrorState& errors_;
};

// A journal that puts the core into its error state when it cannot be written.
class WatchedJournal final : public JournalPort {
 public:
  WatchedJournal(JournalPort& journal, ErrorState& errors) : journal_(journal), errors_(errors) {}
  StatusOr<JournalHead> Append(const Event& event) override;
  Status AppendSoon(const Event& event) override;
  JournalHead Head() override { return journal_.Head(); }
  StatusOr<std::vector<Bytes>> Read(uint64_t sequence, size_t max, size_t max_octets) override {
    return journal_.Read(sequence, max, max_octets);
  }

 private:
  JournalPort& journal_;
  ErrorState& errors_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HEALTH_GUARDED_CORE_H_
