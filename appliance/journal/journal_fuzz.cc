// Takes any octets for a segment: reading must end, and what it accepts must be a chain.
#include <cstdlib>

#include "appliance/journal/chain_verifier.h"
#include "appliance/journal/frame_reader.h"
#include "appliance/journal/journal_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using namespace intaglio;
  using namespace intaglio::appliance;
  const ByteView input(octets, size);
  MemorySource source(input);
  FrameReader reader(source, 0);
  ChainVerifier chain(JournalHead{});
  uint64_t expected_offset = 0;
  for (;;) {
    const auto frame = reader.Next();
    if (!frame.ok()) break;
    if (frame->offset != expected_offset) abort();
    if (frame->kind == Frame::Kind::kTorn) {
      if (frame->offset + frame->torn_octets != size) abort();
      (void)HidesEntries(frame->torn, chain.head());
    }
    if (frame->kind != Frame::Kind::kEntry) break;
    expected_offset += kFrameHeaderOctets + frame->entry.size();
    const JournalHead before = chain.head();
    const std::string line = DescribeEntry(frame->entry);
    for (const char c : line) {
      if (c < 0x20 || c > 0x7e) abort();
    }
    if (chain.Accept(frame->entry).ok() && chain.head().sequence != before.sequence + 1) abort();
  }
  (void)HidesEntries(input, JournalHead{});
  return 0;
}
