#include "appliance/journal/export_journal.h"

#include "appliance/journal/reasons.h"

namespace intaglio::appliance {
namespace {

// Segments whose every line is at or below `sequence`; never the newest.
size_t WholeSegments(const std::vector<uint64_t>& segments, uint64_t sequence) {
  size_t count = 0;
  while (count + 1 < segments.size() && segments[count + 1] - 1 <= sequence) ++count;
  return count;
}

}  // namespace

StatusOr<uint64_t> ExportJournal::ExportedSequence() {
  ASSIGN_OR_RETURN(const auto exported, state_.LoadExported());
  return exported ? exported->sequence : 0;
}

StatusOr<uint32_t> ExportJournal::FreePercent() const {
  ASSIGN_OR_RETURN(const StorageLevel level, journal_.Storage());
  return 100 - level.used_percent;
}

Status ExportJournal::Confirm(uint64_t sequence, const Digest& chain_hash) {
  const std::lock_guard lock(mutex_);
  const JournalHead head = journal_.Head();
  if (sequence == 0 || sequence > head.sequence) {
    return Fail(kExportDiffers, "the host has sequence " + std::to_string(sequence) +
                                    ", this journal ends at " + std::to_string(head.sequence));
  }
  ASSIGN_OR_RETURN(const uint64_t before, ExportedSequence());
  ASSIGN_OR_RETURN(const JournalHead ours, journal_.HeadAt(sequence));
  if (ours.chain_hash != chain_hash) {
    return Fail(kExportDiffers, "sequence " + std::to_string(sequence) + " has chain hash " +
                                    ToHex(ours.chain_hash) + " here, the host has " +
                                    ToHex(chain_hash));
  }
  if (sequence <= before) return OkStatus();
  RETURN_IF_ERROR(state_.StoreExported(ours));
  // A line for each batch would itself have to be exported, and so on.
  ASSIGN_OR_RETURN(const auto segments, journal_.Segments());
  if (WholeSegments(segments, sequence) == WholeSegments(segments, before)) return OkStatus();
  Event event;
  event.type = EventType::kExportConfirmed;
  event.content_digest = chain_hash;
  event.note = "up to sequence " + std::to_string(sequence);
  return journal_.Append(event).status();
}

StatusOr<size_t> ExportJournal::Prune(uint64_t before) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const uint64_t exported, ExportedSequence());
  if (before == 0 || before > exported + 1) {
    return Fail(kPruneRefused, "a host has confirmed lines up to " + std::to_string(exported) +
                                   "; give at most --before " + std::to_string(exported + 1));
  }
  const auto last = journal_.Standing().last_checkpoint;
  ASSIGN_OR_RETURN(const auto segments, journal_.Segments());
  const size_t count = before < 2 ? 0 : WholeSegments(segments, before - 1);
  if (count == 0) return size_t{0};
  // Reading begins at a checkpoint, which must stay.
  if (!last || last->sequence < segments[count]) {
    return Fail(kPruneRefused, "no checkpoint covers " + SegmentName(segments[count]) +
                                   " yet; start the core once");
  }
  Event event;
  event.type = EventType::kExportConfirmed;
  event.count = static_cast<uint32_t>(count);
  event.note = "segments before " + SegmentName(segments[count]) +
               " removed; a host confirmed up to sequence " + std::to_string(exported);
  RETURN_IF_ERROR(journal_.Append(event).status());
  for (size_t i = 0; i < count; ++i) RETURN_IF_ERROR(journal_.RemoveSegment(segments[i]));
  return count;
}

}  // namespace intaglio::appliance
