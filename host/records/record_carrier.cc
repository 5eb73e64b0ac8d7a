#include "host/records/record_carrier.h"

#include "base/log.h"

namespace intaglio::host {
namespace {

constexpr size_t kBatch = 100;
// The core's answer for a key that is gone: nothing of it needs to be carried any more.
constexpr std::string_view kKeyDestroyedName = "KEY_DESTROYED";
constexpr uint32_t kForGood = 0x7fffffff;

}  // namespace

StatusOr<size_t> RecordCarrier::Run(const std::function<bool()>& stopping) {
  ASSIGN_OR_RETURN(const uint32_t epoch, core_.RecordEpoch());
  ASSIGN_OR_RETURN(const size_t service_keys, RunHome(RecordHome::kServiceKey, epoch, stopping));
  ASSIGN_OR_RETURN(const size_t credentials, RunHome(RecordHome::kCredential, epoch, stopping));
  return service_keys + credentials;
}

StatusOr<size_t> RecordCarrier::RunHome(RecordHome home, uint32_t epoch,
                                        const std::function<bool()>& stopping) {
  size_t carried = 0;
  KeptRecord after{.home = home};
  while (!stopping()) {
    ASSIGN_OR_RETURN(const auto batch, store_.RecordsToCarry(home, epoch, after, kBatch));
    if (batch.empty()) break;
    ASSIGN_OR_RETURN(const size_t done, CarryBatch(batch, epoch));
    carried += done;
    after = batch.back();
  }
  return carried;
}

StatusOr<size_t> RecordCarrier::CarryBatch(const std::vector<KeptRecord>& batch, uint32_t epoch) {
  std::vector<Bytes> records;
  for (const KeptRecord& each : batch) records.push_back(each.sealed_record);
  ASSIGN_OR_RETURN(const auto answers, core_.Reseal(records));
  std::vector<RecordStorePort::Replacement> replacements;
  std::vector<KeptRecord> present, gone;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!answers[i].ok()) {
      if (ReasonNameOf(answers[i].status()) == kKeyDestroyedName) {
        gone.push_back(batch[i]);
      } else {
        LogFailure("records.reseal", answers[i].status());
      }
      continue;
    }
    KeptRecord carried = batch[i];
    carried.sealed_record = *answers[i];
    if (carried.sealed_record != batch[i].sealed_record) {
      replacements.push_back({batch[i], carried.sealed_record});
    }
    present.push_back(std::move(carried));
  }
  if (!replacements.empty()) {
    RETURN_IF_ERROR(store_.ReplaceRecords(replacements));
    // Handed in again: this tells the core that the host has them.
    records.clear();
    for (const KeptRecord& each : present) records.push_back(each.sealed_record);
    ASSIGN_OR_RETURN(const auto confirmed, core_.Reseal(records));
    std::vector<KeptRecord> counted;
    for (size_t i = 0; i < present.size(); ++i) {
      if (confirmed[i].ok()) counted.push_back(std::move(present[i]));
    }
    present = std::move(counted);
  }
  if (!present.empty()) RETURN_IF_ERROR(store_.SettleRecords(present, epoch));
  if (!gone.empty()) RETURN_IF_ERROR(store_.SettleRecords(gone, kForGood));
  return present.size() + gone.size();
}

}  // namespace intaglio::host
