// TpmAnchor: the mark in a TPM 2.0: a counter index that the TPM never lets go back, and beside it,
// at the next index, the mark itself. Copies of the core's folder and of its token's folder, put
// back together, show a lower counter than the TPM.
#ifndef INTAGLIO_APPLIANCE_ANCHOR_TPM_ANCHOR_H_
#define INTAGLIO_APPLIANCE_ANCHOR_TPM_ANCHOR_H_

#include <string>

#include "appliance/anchor/anchor.h"

namespace intaglio::appliance {

// "device:/dev/tpmrm0" and 0x01800000 to 0x01bffffe.
struct TpmPlace {
  std::string tcti;
  uint32_t nv_index = 0;
};

class TpmAnchor final : public AnchorPort {
 public:
  static constexpr std::string_view kKind = "tpm-nv";
  explicit TpmAnchor(TpmPlace place) : place_(std::move(place)) {}

  std::string_view kind() const override { return kKind; }
  // An index pair of an earlier core is taken over: its counter goes on.
  Status Found() override;
  StatusOr<std::optional<AnchorMark>> Read() override;
  // The mark is written before the counter goes up; Read() finishes what a crash cut short.
  Status Advance(const AnchorMark& mark) override;

 private:
  const TpmPlace place_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_ANCHOR_TPM_ANCHOR_H_
