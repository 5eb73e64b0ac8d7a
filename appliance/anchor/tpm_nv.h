// TpmNv: two kinds of TPM 2.0 NV index: a counter that only goes up, and plain octets. One
// connection to the TPM, closed with the object. Not thread-safe.
#ifndef INTAGLIO_APPLIANCE_ANCHOR_TPM_NV_H_
#define INTAGLIO_APPLIANCE_ANCHOR_TPM_NV_H_

#include <tss2/tss2_sys.h>
#include <tss2/tss2_tctildr.h>

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace intaglio::appliance {

class TpmNv final {
 public:
  enum class Kind { kCounter, kOctets };

  // `tcti` as libtss2-tctildr reads it. Everything here fails with kAnchorUnavailable, naming the
  // command and the TPM's code.
  static StatusOr<std::unique_ptr<TpmNv>> Connect(const std::string& tcti);
  ~TpmNv();
  TpmNv(const TpmNv&) = delete;
  TpmNv& operator=(const TpmNv&) = delete;

  // Whether the index is there; kAnchorBroken if it is of another kind or size.
  StatusOr<bool> IsDefined(uint32_t index, Kind kind, size_t octets);
  // Makes it, under the owner's empty authorisation. Whoever reaches the TPM may read and write it:
  // what a counter protects is that it cannot go back.
  Status Define(uint32_t index, Kind kind, size_t octets);
  Status Increment(uint32_t index);
  Status Write(uint32_t index, ByteView octets);
  // Nothing if it was defined and never written.
  StatusOr<std::optional<Bytes>> Read(uint32_t index, size_t octets);
  StatusOr<std::optional<uint64_t>> ReadCounter(uint32_t index);

 private:
  TpmNv() = default;

  TSS2_TCTI_CONTEXT* tcti_ = nullptr;
  std::vector<uint64_t> sys_octets_;  // the context's memory, aligned
  TSS2_SYS_CONTEXT* sys_ = nullptr;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_ANCHOR_TPM_NV_H_
