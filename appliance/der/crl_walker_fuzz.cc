// Takes any octets for a TBSCertList, cut in two ways: both walks end, say the same, and hand out
// ascending serials made of the octets given. The first octet chooses the size of the pieces.
#include <algorithm>
#include <cstdlib>

#include "appliance/crypto/hash.h"
#include "appliance/der/crl_walker.h"

namespace {

using namespace intaglio;             // NOLINT: a fuzzer is a file of its own
using namespace intaglio::appliance;  // NOLINT

void MustHold(bool claim) {
  if (!claim) abort();
}

struct Walked {
  StatusOr<CrlFacts> facts = CrlFacts{};
  std::vector<CrlEntry> entries;
};

Status Feed(CrlWalker& walker, ByteView octets, size_t piece) {
  while (!octets.empty()) {
    const size_t size = std::min(piece, octets.size());
    RETURN_IF_ERROR(walker.Feed(octets.first(size)));
    octets = octets.subspan(size);
  }
  return OkStatus();
}

Walked Walk(ByteView octets, size_t piece) {
  Walked out;
  auto walker = CrlWalker::Create(octets.size(), [&](const CrlEntry& entry) {
    MustHold(!entry.serial.octets.empty() && entry.serial.octets.size() <= 20);
    if (!out.entries.empty()) {
      const Bytes& before = out.entries.back().serial.octets;
      const Bytes& now = entry.serial.octets;
      MustHold(before.size() < now.size() || (before.size() == now.size() && before < now));
    }
    out.entries.push_back(entry);
    return OkStatus();
  });
  if (!walker.ok()) {
    out.facts = walker.status();
    return out;
  }
  const Status fed = Feed(**walker, octets, piece);
  out.facts = (*walker)->Finish();
  MustHold(fed.ok() || !out.facts.ok());
  if (!fed.ok()) out.facts = fed;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  if (size < 2) return 0;
  const ByteView list(octets + 1, size - 1);
  const Walked cut = Walk(list, size_t{octets[0]} + 1);
  const Walked whole = Walk(list, list.size());
  MustHold(cut.facts.ok() == whole.facts.ok() && cut.entries.size() == whole.entries.size());
  MustHold(ReasonIdOf(cut.facts.status()) == ReasonIdOf(whole.facts.status()));
  if (!whole.facts.ok()) return 0;
  MustHold(whole.facts->entries == whole.entries.size());
  MustHold(whole.facts->tbs_sha256 == Sha256(list) && cut.facts->tbs_sha256 == Sha256(list));
  MustHold(cut.facts->extensions.number == whole.facts->extensions.number);
  return 0;
}
