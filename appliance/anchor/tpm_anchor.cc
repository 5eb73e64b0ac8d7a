#include "appliance/anchor/tpm_anchor.h"

#include "appliance/anchor/reasons.h"
#include "appliance/anchor/tpm_nv.h"

namespace intaglio::appliance {
namespace {

using Kind = TpmNv::Kind;

uint32_t MarkIndex(const TpmPlace& place) { return place.nv_index + 1; }

Status EnsureDefined(TpmNv& tpm, uint32_t index, Kind kind, size_t octets) {
  ASSIGN_OR_RETURN(const bool defined, tpm.IsDefined(index, kind, octets));
  return defined ? OkStatus() : tpm.Define(index, kind, octets);
}

Status Disagree(uint64_t counter, uint64_t marked) {
  return Fail(kAnchorBroken, "the TPM's counter is " + std::to_string(counter) +
                                 ", the mark beside it is for " + std::to_string(marked) +
                                 "; somebody wrote to the TPM");
}

}  // namespace

Status TpmAnchor::Found() {
  ASSIGN_OR_RETURN(const auto tpm, TpmNv::Connect(place_.tcti));
  RETURN_IF_ERROR(EnsureDefined(*tpm, place_.nv_index, Kind::kCounter, sizeof(uint64_t)));
  RETURN_IF_ERROR(EnsureDefined(*tpm, MarkIndex(place_), Kind::kOctets, kMarkOctets));
  // A counter can be read once it has been raised.
  RETURN_IF_ERROR(tpm->Increment(place_.nv_index));
  ASSIGN_OR_RETURN(const auto counter, tpm->ReadCounter(place_.nv_index));
  if (!counter) return Fail(kAnchorUnavailable, "TPM: a raised counter cannot be read");
  AnchorMark mark;
  mark.counter = *counter;
  return tpm->Write(MarkIndex(place_), EncodeMark(mark));
}

StatusOr<std::optional<AnchorMark>> TpmAnchor::Read() {
  ASSIGN_OR_RETURN(const auto tpm, TpmNv::Connect(place_.tcti));
  ASSIGN_OR_RETURN(const bool counts,
                   tpm->IsDefined(place_.nv_index, Kind::kCounter, sizeof(uint64_t)));
  ASSIGN_OR_RETURN(const bool marks, tpm->IsDefined(MarkIndex(place_), Kind::kOctets, kMarkOctets));
  if (!counts || !marks) return std::optional<AnchorMark>();
  ASSIGN_OR_RETURN(const auto counter, tpm->ReadCounter(place_.nv_index));
  ASSIGN_OR_RETURN(const auto octets, tpm->Read(MarkIndex(place_), kMarkOctets));
  if (!counter || !octets) return std::optional<AnchorMark>();
  ASSIGN_OR_RETURN(const AnchorMark mark, DecodeMark(*octets));
  if (mark.counter == *counter) return std::optional<AnchorMark>(mark);
  // Advance() ended between its two steps.
  if (mark.counter != *counter + 1) return Disagree(*counter, mark.counter);
  RETURN_IF_ERROR(tpm->Increment(place_.nv_index));
  return std::optional<AnchorMark>(mark);
}

Status TpmAnchor::Advance(const AnchorMark& mark) {
  ASSIGN_OR_RETURN(const auto before, Read());
  if (!before || before->counter + 1 != mark.counter) {
    return Disagree(before ? before->counter : 0, mark.counter);
  }
  ASSIGN_OR_RETURN(const auto tpm, TpmNv::Connect(place_.tcti));
  RETURN_IF_ERROR(tpm->Write(MarkIndex(place_), EncodeMark(mark)));
  return tpm->Increment(place_.nv_index);
}

}  // namespace intaglio::appliance
