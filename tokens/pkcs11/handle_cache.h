// HandleCache: the handles a session keeps alive, by name, the least recently used given up first.
//
// What it gives up is returned to be destroyed; it never calls the token itself. Used by the thread
// that has the session, or under the pool's lock.
#ifndef INTAGLIO_TOKENS_PKCS11_HANDLE_CACHE_H_
#define INTAGLIO_TOKENS_PKCS11_HANDLE_CACHE_H_

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokens/pkcs11/cache_counters.h"
#include "tokens/pkcs11/cryptoki.h"

namespace intaglio::tokens {

// Who destroys the object behind a cached handle.
enum class ObjectOwner { kSession, kToken };

class HandleCache final {
 public:
  HandleCache(size_t capacity, CacheCounters& counters)
      : capacity_(capacity), counters_(counters) {}

  // The handle of `name`, if it was made from exactly `source` (a wrapped key's octets; empty for
  // what is no wrapped key).
  std::optional<CK_OBJECT_HANDLE> Find(std::string_view name, ByteView source = {});
  // Neither counts nor makes it recent.
  bool Holds(std::string_view name) const { return index_.find(name) != index_.end(); }
  // Returns the session objects to destroy: the one that `handle` displaced, if any.
  std::vector<CK_OBJECT_HANDLE> Insert(std::string_view name, CK_OBJECT_HANDLE handle,
                                       ObjectOwner owner, ByteView source = {});
  // Forgets the name; the object, if it is the session's own, is to be destroyed.
  std::vector<CK_OBJECT_HANDLE> Remove(std::string_view name);
  std::vector<CK_OBJECT_HANDLE> Clear();
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string name;
    Bytes source;
    CK_OBJECT_HANDLE handle;
    ObjectOwner owner;
  };

  const size_t capacity_;
  CacheCounters& counters_;
  std::list<Entry> entries_;  // most recently used first
  // The names live in the entries, which a list does not move.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_HANDLE_CACHE_H_
