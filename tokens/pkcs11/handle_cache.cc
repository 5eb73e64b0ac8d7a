#include "tokens/pkcs11/handle_cache.h"

namespace intaglio::tokens {

std::optional<CK_OBJECT_HANDLE> HandleCache::Find(std::string_view name, ByteView source) {
  const auto found = index_.find(name);
  if (found == index_.end() || !Equal(found->second->source, source)) {
    counters_.misses.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  counters_.hits.fetch_add(1, std::memory_order_relaxed);
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->handle;
}

std::vector<CK_OBJECT_HANDLE> HandleCache::Insert(std::string_view name, CK_OBJECT_HANDLE handle,
                                                  ObjectOwner owner, ByteView source) {
  std::vector<CK_OBJECT_HANDLE> displaced = Remove(name);
  if (entries_.size() >= capacity_ && !entries_.empty()) {
    const std::string oldest = entries_.back().name;
    for (const CK_OBJECT_HANDLE object : Remove(oldest)) displaced.push_back(object);
    counters_.evictions.fetch_add(1, std::memory_order_relaxed);
  }
  entries_.push_front({std::string(name), ToBytes(source), handle, owner});
  index_[entries_.front().name] = entries_.begin();
  return displaced;
}

std::vector<CK_OBJECT_HANDLE> HandleCache::Remove(std::string_view name) {
  std::vector<CK_OBJECT_HANDLE> out;
  const auto found = index_.find(name);
  if (found == index_.end()) return out;
  const auto entry = found->second;
  if (entry->owner == ObjectOwner::kSession) out.push_back(entry->handle);
  index_.erase(found);  // first: its key is the entry's own name
  entries_.erase(entry);
  return out;
}

std::vector<CK_OBJECT_HANDLE> HandleCache::Clear() {
  std::vector<CK_OBJECT_HANDLE> out;
  for (const Entry& entry : entries_) {
    if (entry.owner == ObjectOwner::kSession) out.push_back(entry.handle);
  }
  index_.clear();
  entries_.clear();
  return out;
}

}  // namespace intaglio::tokens
