#include "base/secret_bytes.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace intaglio {

void Wipe(std::span<uint8_t> memory) {
  if (!memory.empty()) explicit_bzero(memory.data(), memory.size());
}

SecretBytes::SecretBytes(size_t size) : size_(size) {
  if (size == 0) return;
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  mapped_ = (size + page - 1) / page * page;
  void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // Without memory for a secret there is no safe way on.
  if (memory == MAP_FAILED) abort();
  // Locking may exceed the process's limit; the page stays out of dumps and is wiped all the same.
  (void)mlock(memory, mapped_);
  (void)madvise(memory, mapped_, MADV_DONTDUMP);
  data_ = static_cast<uint8_t*>(memory);
}

SecretBytes SecretBytes::CopyOf(ByteView source) {
  SecretBytes out(source.size());
  std::copy(source.begin(), source.end(), out.data_);
  return out;
}

SecretBytes SecretBytes::WipeAndTake(Bytes& source) {
  SecretBytes out = CopyOf(source);
  Wipe(source);
  source.clear();
  return out;
}

SecretBytes SecretBytes::WipeAndTake(std::string& source) {
  SecretBytes out = CopyOf(AsBytes(source));
  Wipe({reinterpret_cast<uint8_t*>(source.data()), source.size()});
  source.clear();
  return out;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Free();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { Free(); }

void SecretBytes::Free() {
  if (data_ == nullptr) return;
  Wipe({data_, mapped_});
  (void)munlock(data_, mapped_);
  munmap(data_, mapped_);
  data_ = nullptr;
  size_ = mapped_ = 0;
}

}  // namespace intaglio
