#include "appliance/daemon/record_keys.h"

#include "appliance/daemon/token_seal.h"
#include "appliance/domain/reasons.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

StatusOr<tokens::KeyLabel> LabelOf(uint32_t epoch) {
  return tokens::KeyLabel::Create("intaglio-record-" + std::to_string(epoch));
}

std::string ContextOf(uint32_t epoch) { return "intaglio/record-key/" + std::to_string(epoch); }

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
  RETURN_IF_ERROR(state.StoreEpoch(row));
  return made;
}

}  // namespace

Status RecordKeys::Found(tokens::TokenKeys& token, LmdbState& state, Rng& rng, WallTime now) {
  return MakeEpoch(token, state, rng, 1, now).status();
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
    RETURN_IF_ERROR(state.StoreEpoch(row));
  }
  return OkStatus();
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
  return state_.EraseEpoch(epoch);
}

}  // namespace intaglio::appliance
