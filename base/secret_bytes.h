// SecretBytes: octets that must not reach a log, a core dump, the swap or another owner.
//
// Lives in its own pages: locked, left out of core dumps, wiped when freed. Move-only; equality
// takes constant time; there is no way to print it. Expose() is the only door to the content, so
// every reader of a secret can be found by searching for that word.
#ifndef INTAGLIO_BASE_SECRET_BYTES_H_
#define INTAGLIO_BASE_SECRET_BYTES_H_

#include <cstddef>

#include "base/bytes.h"

namespace intaglio {

class SecretBytes final {
 public:
  SecretBytes() = default;
  // `size` zero octets, to be filled through ExposeMutable().
  explicit SecretBytes(size_t size);
  // Copies `source`; wiping the source is the caller's business (see WipeAndTake).
  static SecretBytes CopyOf(ByteView source);
  // Copies `source`, then wipes and empties it.
  static SecretBytes WipeAndTake(Bytes& source);
  static SecretBytes WipeAndTake(std::string& source);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  ByteView Expose() const { return {data_, size_}; }
  std::span<uint8_t> ExposeMutable() { return {data_, size_}; }

  friend bool operator==(const SecretBytes& a, const SecretBytes& b) {
    return ConstantTimeEqual(a.Expose(), b.Expose());
  }

 private:
  void Free();

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t mapped_ = 0;
};

// Overwrites memory in a way the compiler keeps.
void Wipe(std::span<uint8_t> memory);

}  // namespace intaglio

#endif  // INTAGLIO_BASE_SECRET_BYTES_H_
