#include "appliance/anchor/token_object_anchor.h"

#include <string>

#include "appliance/anchor/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr char kLabel[] = "intaglio-journal-anchor";

Status Unavailable(const Status& why) {
  return Fail(kAnchorUnavailable, std::string("the token: ") + std::string(why.message()));
}

}  // namespace

Status TokenObjectAnchor::Write(const AnchorMark& mark) {
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create(kLabel));
  const Status written = token_.ReplaceData(label, EncodeMark(mark));
  return written.ok() ? written : Unavailable(written);
}

Status TokenObjectAnchor::Found() { return Write(AnchorMark{}); }

StatusOr<std::optional<AnchorMark>> TokenObjectAnchor::Read() {
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create(kLabel));
  const auto values = token_.ReadData(label);
  if (!values.ok()) return Unavailable(values.status());
  // A crash may have left the mark before beside the newest.
  std::optional<AnchorMark> newest;
  for (const Bytes& each : *values) {
    ASSIGN_OR_RETURN(const AnchorMark mark, DecodeMark(each));
    if (!newest || mark.counter > newest->counter) newest = mark;
  }
  return newest;
}

Status TokenObjectAnchor::Advance(const AnchorMark& mark) {
  ASSIGN_OR_RETURN(const auto before, Read());
  if (!before || before->counter + 1 != mark.counter) {
    return Fail(kAnchorBroken, "it should stand before " + std::to_string(mark.counter) +
                                   (before ? " and stands at " + std::to_string(before->counter)
                                           : std::string(" and is gone")));
  }
  return Write(mark);
}

}  // namespace intaglio::appliance
