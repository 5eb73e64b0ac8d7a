// ActivationTable: the activations that are outstanding, by nonce. In memory alone: they die with
// the process, so a crash can lose one and never repeat one.
//
// Bounded for each key, for each signer and in all, so that nobody's activations crowd out another
// signer's before the whole table is full, and its memory has an end. Thread-safe.
#ifndef INTAGLIO_APPLIANCE_USECASES_ACTIVATION_TABLE_H_
#define INTAGLIO_APPLIANCE_USECASES_ACTIVATION_TABLE_H_

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "appliance/policy/sole_control_policy.h"

namespace intaglio::appliance {

class ActivationTable final {
 public:
  struct Limits {
    size_t per_key;
    size_t per_signer;
    size_t in_all;
  };
  static constexpr Limits kLimits{16, 64, 100'000};

  explicit ActivationTable(const Limits& limits) : limits_(limits) {}

  // kTooManyActivations. What has expired at `now` no longer counts.
  Status Add(const Nonce& nonce, const std::string& signer_id,
             const OutstandingActivation& activation, BootTime now);
  // kSadSpent if the nonce is not outstanding, kSadMismatch if it is for another payload.
  StatusOr<OutstandingActivation> Find(const Nonce& nonce, const Digest& payload_digest,
                                       BootTime now) const;
  // True for exactly one caller per nonce.
  bool Spend(const Nonce& nonce);

 private:
  struct Entry {
    OutstandingActivation activation;
    std::string signer_id;
  };
  using Entries = std::map<Nonce, Entry>;
  void Erase(Entries::iterator entry);

  const Limits limits_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::set<std::pair<BootTime, Nonce>> by_expiry_;
  std::map<KeyId, size_t> per_key_;
  std::map<std::string, size_t> per_signer_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_ACTIVATION_TABLE_H_
