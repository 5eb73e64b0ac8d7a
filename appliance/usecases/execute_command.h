// ExecuteCommand: what M of N security officers order the core to do. [EN 419 241-1 dual control]
#ifndef INTAGLIO_APPLIANCE_USECASES_EXECUTE_COMMAND_H_
#define INTAGLIO_APPLIANCE_USECASES_EXECUTE_COMMAND_H_

#include <map>
#include <mutex>

#include "appliance/policy/approved.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class ExecuteCommand final {
 public:
  explicit ExecuteCommand(const CoreServices& services) : services_(services) {}

  // A nonce for the next command, good for 24 hours of this boot. kTooManyActivations when 64 are
  // outstanding. Thread-safe.
  StatusOr<Nonce> Begin();

  struct Outcome {
    Bytes record;  // sealed, if the command made or changed one
    Bytes spki;
    KeyId key_id;
  };
  // `ca_record` is the sealed record an InstallCaCertificate changes; empty otherwise.
  // kWrongCore, kStatementExpired, kCommandNonce, ApprovalCheck's Reasons, IssuancePolicy's for a
  // CA certificate. A command is carried out once. Thread-safe.
  StatusOr<Outcome> Execute(const Signed<Command>& command, ByteView ca_record);

 private:
  StatusOr<Outcome> Do(const GenerateServiceKey& act, Event& event);
  StatusOr<Outcome> Do(const InstallCaCertificate& act, ByteView ca_record, Event& event);
  StatusOr<Outcome> Do(const ConfirmTime& act, Event& event);
  bool Spend(const Nonce& nonce);

  const CoreServices& services_;
  std::mutex mutex_;
  std::map<Nonce, BootTime> outstanding_;  // nonce -> expiry
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_EXECUTE_COMMAND_H_
