// ActivationModel: what the core must answer about keys of natural persons, said again in plain
// maps and without a line of the core's own judging. The test drives both and compares.
//
// For each attempt the model names every reason there is to refuse it. None: the core must do it.
// Some: the core must refuse, for one of them; which one it finds first is its own business.
#ifndef INTAGLIO_TESTS_INTEGRATION_ACTIVATION_MODEL_H_
#define INTAGLIO_TESTS_INTEGRATION_ACTIVATION_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"

namespace intaglio::testing_support {

using Faults = std::set<std::string>;  // names of Reasons

class ActivationModel final {
 public:
  enum class State { kUsable, kSuspended, kBlocked, kRevoked };
  struct Key {
    State state = State::kUsable;
    uint64_t version = 2;  // of the newest record
    // Authenticators in the record of each version.
    std::map<uint64_t, std::set<int>> bound_in{{2, {0}}};
    std::set<int> removed;    // for good
    int64_t held_at = -1;     // of the latest suspension or block
    int misses = 0;           // wrong proofs in a row
    int64_t wait = 0;         // of the last shutting
    int64_t shut_until = 0;   // boot time
    uint64_t signatures = 0;  // that the core may have made
    const std::set<int>& bound() const { return bound_in.at(version); }
  };
  struct Activation {
    int key = 0;
    uint64_t version = 0;
    int64_t expires_at = 0;  // boot time
    int boot = 0;
    bool spent = false;
    // What it was spent with: the very request, and only that, is answered again.
    std::string request;
    size_t hashes = 0;
  };

  void AddKey() { keys_.emplace_back(); }
  Key& key(int at) { return keys_.at(static_cast<size_t>(at)); }
  const std::vector<Key>& keys() const { return keys_; }
  std::vector<Activation>& activations() { return activations_; }
  int boot() const { return boot_; }
  void Restart() {
    ++boot_;
    for (Key& each : keys_) {
      each.misses = 0;
      each.wait = 0;
      each.shut_until = 0;
    }
  }

  static Faults OfState(State state) {
    switch (state) {
      case State::kUsable:
        return {};
      case State::kSuspended:
        return {"KEY_SUSPENDED"};
      case State::kBlocked:
        return {"KEY_BLOCKED"};
      case State::kRevoked:
        break;
    }
    return {"KEY_DESTROYED"};
  }

  Faults Begin(int key_at, uint64_t version, int64_t now) const {
    const Key& key = keys_.at(static_cast<size_t>(key_at));
    Faults out = OfState(key.state);
    if (version < key.version) out.insert("RECORD_STALE");
    int outstanding = 0;
    for (const Activation& each : activations_) {
      outstanding +=
          each.key == key_at && !each.spent && each.boot == boot_ && each.expires_at > now;
    }
    if (outstanding >= kMostPerKey) out.insert("TOO_MANY_ACTIVATIONS");
    return out;
  }

  // How a proof was made.
  struct Proof {
    int authenticator = 0;
    bool over_this = true;  // over these very octets, by that authenticator's key
  };
  // `repeats`: the very request that spent the activation.
  Faults Finish(const Activation& activation, int key_at, uint64_t version, const Proof& proof,
                const std::string& request, int64_t now, bool& repeats) const {
    const Key& key = keys_.at(static_cast<size_t>(key_at));
    Faults out = OfState(key.state);
    if (version < key.version) out.insert("RECORD_STALE");
    if (key.removed.contains(proof.authenticator)) out.insert("AUTHENTICATOR_REMOVED");
    const bool alive = activation.boot == boot_ && now < activation.expires_at;
    repeats = out.empty() && alive && activation.spent && activation.request == request;
    if (repeats) return out;
    if (!alive || activation.spent) out.insert("SAD_SPENT");
    if (activation.key != key_at || activation.version != version) out.insert("SAD_MISMATCH");
    const Faults by_proof = OfProof(key, version, proof, now);
    out.insert(by_proof.begin(), by_proof.end());
    return out;
  }

  // Against the record that is handed in.
  static Faults OfProof(const Key& key, uint64_t version, const Proof& proof, int64_t now) {
    Faults out;
    if (now < key.shut_until) out.insert("PROOF_BACK_OFF");
    if (!key.bound_in.at(version).contains(proof.authenticator))
      out.insert("AUTHENTICATOR_UNKNOWN");
    if (key.removed.contains(proof.authenticator)) out.insert("AUTHENTICATOR_REMOVED");
    if (!proof.over_this) out.insert("SIGNATURE_WRONG");
    return out;
  }

  // What a judged proof does to the next ones.
  static void Judged(Key& key, const std::string& reason, int64_t now) {
    if (reason.empty()) {
      key.misses = 0;
      key.wait = 0;
      key.shut_until = 0;
    } else if (reason == "SIGNATURE_WRONG" && ++key.misses == kFreeTries) {
      key.misses = 0;
      key.wait = key.wait == 0 ? 15 * kMinute : std::min<int64_t>(key.wait * 2, kDay);
      key.shut_until = now + key.wait;
    }
  }

  static constexpr int kMostPerKey = 16;
  static constexpr int kFreeTries = 5;

 private:
  std::vector<Key> keys_;
  std::vector<Activation> activations_;
  int boot_ = 0;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_ACTIVATION_MODEL_H_
