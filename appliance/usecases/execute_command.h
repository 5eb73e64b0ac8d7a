// ExecuteCommand: what M of N security officers order the core to do. [EN 419 241-1 dual control]
#ifndef INTAGLIO_APPLIANCE_USECASES_EXECUTE_COMMAND_H_
#define INTAGLIO_APPLIANCE_USECASES_EXECUTE_COMMAND_H_

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "appliance/policy/approved.h"
#include "appliance/usecases/commands/identity_change.h"
#include "appliance/usecases/record_epochs.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class ExecuteCommand final {
 public:
  // `version` of this program: an upgrade starts from it.
  ExecuteCommand(const CoreServices& services, RecordEpochs& epochs, std::string version)
      : services_(services),
        epochs_(epochs),
        version_(std::move(version)),
        identity_change_(services.state, services.journal, services.identity) {}

  // A nonce for the next command, good for 24 hours of this boot unless 64 more are drawn
  // meanwhile: the oldest goes. Thread-safe.
  StatusOr<Nonce> Begin();

  struct Outcome {
    Bytes record;  // sealed, if the command made or changed one
    Bytes spki;
    KeyId key_id;
  };
  // `ca_record` is the sealed record an InstallCaCertificate changes; empty otherwise.
  // kWrongCore, kStatementExpired, kCommandNonce, ApprovalCheck's Reasons, IssuancePolicy's for a
  // CA certificate, Decide's for what changes the core's identity. A command is carried out once:
  // repeated after a lost answer it is kCommandNonce, and the core's status shows what it did. One
  // at a time, so that the officers who approve are those of the roster it meets. Thread-safe.
  StatusOr<Outcome> Execute(const Signed<Command>& command, ByteView ca_record);

 private:
  // Each writes the journal's line before the rows follow: a change without a line cannot be.
  StatusOr<Outcome> Do(const GenerateServiceKey& act, Event event);
  StatusOr<Outcome> Do(const InstallCaCertificate& act, ByteView ca_record, Event event);
  StatusOr<Outcome> Do(const ConfirmTime& act, Event event);
  StatusOr<Outcome> Do(const BeginEpoch& act, Event event);
  StatusOr<Outcome> Do(const DestroyEpoch& act, Event event);
  // Every act that changes the core's identity.
  template <class Act>
  StatusOr<Outcome> Change(const Act& act, Event event);
  bool Spend(const Nonce& nonce);

  const CoreServices& services_;
  RecordEpochs& epochs_;
  const std::string version_;
  std::mutex executing_;
  IdentityChange identity_change_;  // under executing_
  std::mutex mutex_;
  std::map<Nonce, BootTime> outstanding_;  // nonce -> expiry
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_EXECUTE_COMMAND_H_
