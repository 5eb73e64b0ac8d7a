#include "appliance/anchor/anchor.h"

#include <string>

#include "appliance/anchor/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr std::string_view kMagic = "IJA1";
constexpr size_t kNumberOctets = 8;

void AppendNumber(uint64_t number, Bytes& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(number >> shift));
}

uint64_t TakeNumber(ByteView& rest) {
  uint64_t number = 0;
  for (const uint8_t octet : rest.first(kNumberOctets)) number = number << 8 | octet;
  rest = rest.subspan(kNumberOctets);
  return number;
}

std::string Number(uint64_t number) { return std::to_string(number); }

}  // namespace

Bytes EncodeMark(const AnchorMark& mark) {
  Bytes out = ToBytes(kMagic);
  for (const uint64_t each : {mark.counter, mark.boot_count, mark.sequence})
    AppendNumber(each, out);
  out.insert(out.end(), mark.chain_hash.begin(), mark.chain_hash.end());
  return out;
}

StatusOr<AnchorMark> DecodeMark(ByteView octets) {
  if (octets.size() != kMarkOctets || !Equal(octets.first(kMagic.size()), AsBytes(kMagic))) {
    return Fail(kAnchorBroken,
                "it holds " + Number(octets.size()) + " octets that are no mark of this core");
  }
  ByteView rest = octets.subspan(kMagic.size());
  AnchorMark mark;
  mark.counter = TakeNumber(rest);
  mark.boot_count = TakeNumber(rest);
  mark.sequence = TakeNumber(rest);
  ASSIGN_OR_RETURN(mark.chain_hash, ToDigest(rest));
  return mark;
}

Status CheckAnchor(const AnchorCase& anchor) {
  const std::string kind(anchor.kind);
  const auto& last = anchor.last_checkpoint;
  const bool ours = last && last->anchor_kind == anchor.kind;
  if (!anchor.mark) {
    if (!ours) return OkStatus();
    return Fail(kAnchorMissing, "the journal's last checkpoint has counter " +
                                    Number(last->anchor_counter) + " of the " + kind +
                                    " anchor, and there is none; put back the token or TPM that "
                                    "belongs to this state, or restore the core from its backup");
  }
  const AnchorMark& mark = *anchor.mark;
  if (mark.boot_count > anchor.rows_boot_count) {
    return Fail(kRowsRolledBack, "the rows know of " + Number(anchor.rows_boot_count) +
                                     " starts, the " + kind + " anchor of " +
                                     Number(mark.boot_count) +
                                     "; put back the newest copy of the rows");
  }
  if (mark.sequence == 0) {
    // Founded, and the core ended before the first checkpoint was told.
    if (!ours || last->anchor_counter == mark.counter + 1) return OkStatus();
    return Fail(kAnchorBehind, "the " + kind +
                                   " anchor was founded anew, the journal is at counter " +
                                   Number(last->anchor_counter) + "; put back the right anchor");
  }
  // Another kind: the configuration changed back to an anchor that an earlier time left.
  if (!ours) return OkStatus();
  if (last->anchor_counter == mark.counter || last->anchor_counter == mark.counter + 1) {
    return OkStatus();
  }
  return Fail(kAnchorBehind, "the journal's last checkpoint has counter " +
                                 Number(last->anchor_counter) + ", the " + kind + " anchor " +
                                 Number(mark.counter) +
                                 "; an older copy of the token's folder was put back: restore the "
                                 "newest");
}

}  // namespace intaglio::appliance
