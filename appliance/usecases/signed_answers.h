// SignedAnswers: signatures already made, for a host that lost the answer and asks again with the
// very same payload and proof.
//
// Kept until the payload expires, within so many octets for each key and in all; what is oldest
// goes first, of the key's own before anybody else's. An answer that went early is lost to a host
// that lost it too: the signer then agrees anew. Thread-safe.
#ifndef INTAGLIO_APPLIANCE_USECASES_SIGNED_ANSWERS_H_
#define INTAGLIO_APPLIANCE_USECASES_SIGNED_ANSWERS_H_

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "appliance/domain/ids.h"
#include "base/clock.h"

namespace intaglio::appliance {

class SignedAnswers final {
 public:
  struct Limits {
    size_t octets_per_key;
    size_t octets_in_all;
  };
  static constexpr Limits kLimits{size_t{4} << 20, size_t{256} << 20};

  struct Answer {
    KeyId key_id;
    Digest asked{};  // over payload, proof and record
    std::vector<Bytes> signatures;
    BootTime forget_at;
  };

  explicit SignedAnswers(const Limits& limits) : limits_(limits) {}

  // One that is larger than a key may have is not kept at all.
  void Keep(const Nonce& nonce, Answer answer, BootTime now);
  // The signatures, or none.
  std::vector<Bytes> Find(const Nonce& nonce, const Digest& asked, BootTime now) const;
  // What is held, as it is counted.
  size_t octets() const;

 private:
  struct Entry {
    Answer answer;
    size_t octets;
    uint64_t number;
  };
  struct OfKey {
    size_t octets = 0;
    std::set<uint64_t> numbers;
  };
  void Erase(uint64_t number);

  const Limits limits_;
  mutable std::mutex mutex_;
  uint64_t next_number_ = 0;
  size_t octets_ = 0;
  std::map<Nonce, Entry> entries_;
  std::map<uint64_t, Nonce> by_age_;
  std::set<std::pair<BootTime, uint64_t>> by_expiry_;
  std::map<KeyId, OfKey> per_key_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SIGNED_ANSWERS_H_
