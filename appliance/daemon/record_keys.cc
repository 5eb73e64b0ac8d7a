#include "appliance/daemon/record_keys.h"

#include <algorithm>
#include <optional>

#include "appliance/daemon/token_seal.h"
#include "appliance/domain/reasons.h"
#include "appliance/state/row_codec.h"
#include "base/log.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

StatusOr<tokens::KeyLabel> LabelOf(uint32_t epoch) {
  return tokens::KeyLabel::Create("intaglio-record-" + std::to_string(epoch));
}

std::string ContextOf(uint32_t epoch) { return "intaglio/record-key/" + std::to_string(epoch); }

// Numbers are given out one after the other, so behind so many unused ones there are no more. More
// than one, because a program before copies were kept destroyed epochs without a trace.
constexpr uint32_t kUnusedInARow = 8;
// In place of the copy of a record key whose token key was destroyed.
constexpr uint8_t kDestroyedMark = 0;

StatusOr<tokens::KeyLabel> CopyLabelOf(uint32_t epoch) {
  return tokens::KeyLabel::Create("intaglio-record-key-" + std::to_string(epoch));
}

// What the token keeps of an epoch beside its key.
StatusOr<std::vector<Bytes>> ReadCopies(tokens::TokenKeys& token, uint32_t epoch) {
  ASSIGN_OR_RETURN(const tokens::KeyLabel label, CopyLabelOf(epoch));
  return token.ReadData(label);
}

Status KeepCopy(tokens::TokenKeys& token, const StoredEpoch& row) {
  ASSIGN_OR_RETURN(const tokens::KeyLabel label, CopyLabelOf(row.epoch));
  return token.ReplaceData(label, EncodeRow(row));
}

// The copy of a core before copies were kept, or of a restore that did not come to its end.
Status MendCopy(tokens::TokenKeys& token, const StoredEpoch& row) {
  ASSIGN_OR_RETURN(const auto copies, ReadCopies(token, row.epoch));
  const Bytes octets = EncodeRow(row);
  // Tokens that stand in for each other have one each.
  const bool whole = !copies.empty() && std::all_of(copies.begin(), copies.end(),
                                                    [&](const Bytes& c) { return c == octets; });
  if (whole) return OkStatus();
  return KeepCopy(token, row);
}

StatusOr<bool> HasTokenKey(tokens::TokenKeys& token, uint32_t epoch) {
  ASSIGN_OR_RETURN(const tokens::KeyLabel label, LabelOf(epoch));
  const Status found = token.FindSecretKey(label);
  if (Is(found, tokens::kKeyNotFound)) return false;
  RETURN_IF_ERROR(found);
  return true;
}

// Calls `visit(epoch, has_key, copies)` for every number that this token has had a record key of;
// the highest, or 0.
template <class Visitor>
StatusOr<uint32_t> VisitEpochs(tokens::TokenKeys& token, const Visitor& visit) {
  uint32_t highest = 0;
  for (uint32_t epoch = 1; epoch <= highest + kUnusedInARow; ++epoch) {
    ASSIGN_OR_RETURN(const bool has_key, HasTokenKey(token, epoch));
    ASSIGN_OR_RETURN(const auto copies, ReadCopies(token, epoch));
    if (!has_key && copies.empty()) continue;
    highest = epoch;
    RETURN_IF_ERROR(visit(epoch, has_key, copies));
  }
  return highest;
}

// The first of the copies that the token key opens.
std::optional<StoredEpoch> OpenCopy(tokens::TokenKeys& token, const tokens::KeyLabel& label,
                                    uint32_t epoch, const std::vector<Bytes>& copies) {
  for (const Bytes& each : copies) {
    auto row = DecodeEpoch(each);
    if (!row.ok() || row->epoch != epoch) continue;
    if (OpenInToken(token, {label, ContextOf(epoch)}, row->sealed_record_key).ok()) {
      return *std::move(row);
    }
  }
  return std::nullopt;
}

// A fresh record key, in its row before anything is sealed under it.
StatusOr<EpochKey> MakeEpoch(tokens::TokenKeys& token, LmdbState& state, Rng& rng, uint32_t epoch,
                             WallTime now) {
  ASSIGN_OR_RETURN(const tokens::KeyLabel label, LabelOf(epoch));
  // An earlier try that was cut short may have left the token key.
  RETURN_IF_ERROR(EnsureSecretKey(token, label));
  EpochKey made{epoch, SecretBytes(32)};
  RETURN_IF_ERROR(rng.Fill(made.key.ExposeMutable()));
  StoredEpoch row{epoch, {}, now};
  ASSIGN_OR_RETURN(row.sealed_record_key,
                   SealInToken(token, rng, {label, ContextOf(epoch)}, made.key));
  RETURN_IF_ERROR(KeepCopy(token, row));
  RETURN_IF_ERROR(state.StoreEpoch(row));
  return made;
}

}  // namespace

Status RecordKeys::Found(tokens::TokenKeys& token, LmdbState& state, Rng& rng, WallTime now) {
  ASSIGN_OR_RETURN(const uint32_t highest,
                   VisitEpochs(token, [](uint32_t, bool, const auto&) { return OkStatus(); }));
  return MakeEpoch(token, state, rng, highest + 1, now).status();
}

StatusOr<std::unique_ptr<RecordKeys>> RecordKeys::Open(tokens::TokenKeys& token, LmdbState& state,
                                                       Rng& rng) {
  ASSIGN_OR_RETURN(const auto epochs, state.LoadEpochs());
  if (epochs.empty())
    return Fail(kNotInitialised, "there is no record key; run intaglio-core init");
  std::vector<EpochKey> keys;
  for (const StoredEpoch& each : epochs) {
    ASSIGN_OR_RETURN(const tokens::KeyLabel label, LabelOf(each.epoch));
    const bool newest = each.epoch == epochs.back().epoch;
    auto key = OpenInToken(token, {label, ContextOf(each.epoch)}, each.sealed_record_key);
    if (!key.ok() && !newest && Is(token.FindSecretKey(label), tokens::kKeyNotFound)) {
      // The token key was destroyed and the core stopped before the row was.
      RETURN_IF_ERROR(state.EraseEpoch(each.epoch));
      continue;
    }
    RETURN_IF_ERROR(key.status());
    // The row is what counts; without its copy only the loss of the rows would be worse.
    if (const Status kept = MendCopy(token, each); !kept.ok()) LogFailure("record_key.copy", kept);
    keys.push_back({each.epoch, *std::move(key)});
  }
  return std::unique_ptr<RecordKeys>(new RecordKeys(token, state, rng, std::move(keys)));
}

StatusOr<std::vector<CarriedEpoch>> RecordKeys::Carry(tokens::TokenKeys& token, LmdbState& state) {
  ASSIGN_OR_RETURN(const auto epochs, state.LoadEpochs());
  std::vector<CarriedEpoch> out;
  for (const StoredEpoch& each : epochs) {
    ASSIGN_OR_RETURN(const tokens::KeyLabel label, LabelOf(each.epoch));
    ASSIGN_OR_RETURN(SecretBytes key,
                     OpenInToken(token, {label, ContextOf(each.epoch)}, each.sealed_record_key));
    out.push_back({each.epoch, std::move(key), each.created_at});
  }
  return out;
}

Status RecordKeys::Put(tokens::TokenKeys& token, LmdbState& state, Rng& rng,
                       const std::vector<CarriedEpoch>& carried) {
  for (const CarriedEpoch& each : carried) {
    ASSIGN_OR_RETURN(const tokens::KeyLabel label, LabelOf(each.epoch));
    RETURN_IF_ERROR(EnsureSecretKey(token, label));
    StoredEpoch row{each.epoch, {}, each.created_at};
    ASSIGN_OR_RETURN(row.sealed_record_key,
                     SealInToken(token, rng, {label, ContextOf(each.epoch)}, each.key));
    RETURN_IF_ERROR(KeepCopy(token, row));
    RETURN_IF_ERROR(state.StoreEpoch(row));
  }
  return OkStatus();
}

StatusOr<RecordKeys::Surviving> RecordKeys::FindSurviving(tokens::TokenKeys& token,
                                                          LmdbState& state) {
  Surviving out;
  const auto visit = [&](uint32_t epoch, bool has_key, const std::vector<Bytes>& copies) -> Status {
    ASSIGN_OR_RETURN(const auto own, state.LoadEpoch(epoch));
    if (own || !has_key) return OkStatus();  // without its key an epoch was destroyed
    ASSIGN_OR_RETURN(const tokens::KeyLabel label, LabelOf(epoch));
    if (auto row = OpenCopy(token, label, epoch, copies)) {
      out.epochs.push_back(*std::move(row));
    } else {
      out.unopened.push_back(epoch);
    }
    return OkStatus();
  };
  RETURN_IF_ERROR(VisitEpochs(token, visit).status());
  return out;
}

Status RecordKeys::OverwriteCopy(tokens::TokenKeys& token, uint32_t epoch) {
  ASSIGN_OR_RETURN(const auto copies, ReadCopies(token, epoch));
  if (copies.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const tokens::KeyLabel label, CopyLabelOf(epoch));
  return token.ReplaceData(label, {&kDestroyedMark, 1});
}

StatusOr<std::vector<EpochFacts>> RecordKeys::List() {
  ASSIGN_OR_RETURN(const auto epochs, state_.LoadEpochs());
  std::vector<EpochFacts> facts;
  for (const StoredEpoch& each : epochs) facts.push_back({each.epoch, each.created_at});
  return facts;
}

StatusOr<uint32_t> RecordKeys::Begin(WallTime now) {
  std::lock_guard lock(mutex_);
  const uint32_t next = sealer_.CurrentEpoch() + 1;
  ASSIGN_OR_RETURN(EpochKey key, MakeEpoch(token_, state_, rng_, next, now));
  sealer_.Add(std::move(key));
  return next;
}

Status RecordKeys::Destroy(uint32_t epoch) {
  std::lock_guard lock(mutex_);
  if (epoch == sealer_.CurrentEpoch()) {
    return Fail(kEpochInUse, "epoch " + std::to_string(epoch) + " is the one that seals");
  }
  ASSIGN_OR_RETURN(const auto row, state_.LoadEpoch(epoch));
  if (!row) return Fail(kEpochUnknown, "epoch " + std::to_string(epoch));
  // The token key first: once it is gone the records are, whatever happens to the row.
  sealer_.Remove(epoch);
  ASSIGN_OR_RETURN(const tokens::KeyLabel label, LabelOf(epoch));
  const Status destroyed = token_.DestroySecretKey(label);
  if (!destroyed.ok() && !Is(destroyed, tokens::kKeyNotFound)) return destroyed;
  if (const Status marked = OverwriteCopy(token_, epoch); !marked.ok()) {
    LogFailure("record_key.copy", marked);  // it opens under no key any more
  }
  return state_.EraseEpoch(epoch);
}

}  // namespace intaglio::appliance
