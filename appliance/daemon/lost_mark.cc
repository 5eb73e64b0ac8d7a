#include "appliance/daemon/lost_mark.h"

#include "appliance/anchor/reasons.h"

namespace intaglio::appliance {
namespace {

// The object: one of these, then the mark if there was one.
constexpr uint8_t kForgotten = 0, kKept = 1;

StatusOr<tokens::KeyLabel> Label() { return tokens::KeyLabel::Create("intaglio-lost-anchor"); }

// What is kept; a crash may have left what was forgotten beside it.
StatusOr<std::optional<Bytes>> ReadKept(tokens::TokenKeys& token) {
  ASSIGN_OR_RETURN(const auto label, Label());
  ASSIGN_OR_RETURN(const auto values, token.ReadData(label));
  for (const Bytes& each : values) {
    if (each.front() == kKept) return std::optional<Bytes>(Bytes(each.begin() + 1, each.end()));
  }
  return std::optional<Bytes>();
}

}  // namespace

Status KeepLostMark(tokens::TokenKeys& token, AnchorPort& anchor) {
  ASSIGN_OR_RETURN(const auto kept, ReadKept(token));
  // One without a mark says only that there was none when it was made.
  if (kept && !kept->empty()) return OkStatus();
  const auto mark = anchor.Read();
  // What cannot be reached today may hold the lost core's only mark, and Found() would overwrite
  // it.
  if (!mark.ok() && !Is(mark.status(), kAnchorBroken)) return mark.status();
  Bytes octets = {kKept};
  if (mark.ok() && *mark && (*mark)->sequence > 0) {
    octets = Concat({octets, EncodeMark(**mark)});
  }
  ASSIGN_OR_RETURN(const auto label, Label());
  return token.ReplaceData(label, octets);
}

StatusOr<std::optional<AnchorMark>> FindLostMark(tokens::TokenKeys& token) {
  ASSIGN_OR_RETURN(const auto kept, ReadKept(token));
  if (!kept || kept->empty()) return std::optional<AnchorMark>();
  ASSIGN_OR_RETURN(const AnchorMark mark, DecodeMark(*kept));
  return std::optional<AnchorMark>(mark);
}

Status ForgetLostMark(tokens::TokenKeys& token) {
  ASSIGN_OR_RETURN(const auto kept, ReadKept(token));
  if (!kept) return OkStatus();
  ASSIGN_OR_RETURN(const auto label, Label());
  return token.ReplaceData(label, {&kForgotten, 1});
}

}  // namespace intaglio::appliance
