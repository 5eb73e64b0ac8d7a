// StatusPolicy: may this CRL or OCSP answer be signed? Only if it says what the core's rows say.
// [DESIGN 5 "Status gate"; EN 319 411-1 CSS-6.3.10-09, OVR-6.6.3-02]
#ifndef INTAGLIO_APPLIANCE_POLICY_STATUS_POLICY_H_
#define INTAGLIO_APPLIANCE_POLICY_STATUS_POLICY_H_

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "appliance/der/crl_walker.h"
#include "appliance/der/ocsp_response_data.h"
#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/key_record.h"
#include "appliance/domain/rows.h"
#include "appliance/policy/sign_permit.h"
#include "base/status.h"

namespace intaglio::appliance {

// Proof that a list's entries and the core's rows were the same, from the first to the last. Only a
// merge that has come to its end makes one.
class CompleteList final {
 public:
  CompleteList(CompleteList&&) noexcept = default;
  CompleteList& operator=(CompleteList&&) noexcept = default;
  CompleteList(const CompleteList&) = delete;
  CompleteList& operator=(const CompleteList&) = delete;

 private:
  friend class CrlMerge;
  CompleteList() = default;
};

// Entries of a CRL against the core's rows, both ascending, as they pass: any number in no memory.
class CrlMerge final {
 public:
  // Rows strictly after a serial, at most so many.
  using Rows = std::function<StatusOr<std::vector<RevokedRow>>(const Serial& after, size_t most)>;
  explicit CrlMerge(Rows rows) : rows_(std::move(rows)) {}

  // kCrlHidesRevocation, kCrlUnknownEntry, kCrlContradictsRow; the rows' Reasons.
  Status Take(const CrlEntry& entry);
  // kCrlHidesRevocation for a row after the last entry. Once.
  StatusOr<CompleteList> Finish();

 private:
  // The first row not yet matched; nothing at the end.
  StatusOr<const RevokedRow*> Current();

  const Rows rows_;
  std::vector<RevokedRow> page_;
  size_t next_ = 0;
  Serial after_;
  bool done_ = false;
};

class StatusPolicy final {
 public:
  struct CrlInput {
    const CrlFacts& facts;
    const CompleteList& complete;
    const CaRow& ca_row;
    const KeyRecord& ca_key;
    const TbsFacts& ca_certificate;
    WallTime now;
  };
  // kKeyPurpose, kCrlIssuer, kCrlScope, kCrlThisUpdate, kCrlNextUpdate, kCrlLast, kCrlNumberOrder,
  // kCrlExpiredCerts.
  static StatusOr<SignPermit> JudgeCrl(const CrlInput& input);

  struct OcspInput {
    std::span<const OcspResponseData> responses;
    std::span<const Digest> digests;  // SHA-256 of each one's octets, in the same order
    const KeyRecord& status_key;
    const TbsFacts& ca_certificate;
    std::function<StatusOr<std::optional<SerialRow>>(const Serial&)> find_serial;
    WallTime now;
  };
  // Aborts unless there is one digest for each answer. kKeyPurpose, kOcspResponder, kOcspIssuer,
  // kOcspTime, kOcspNextUpdate, kOcspHidesRevocation,
  // kOcspContradictsRow, kOcspNotIssued, kOcspArchiveCutoff; find_serial's Reasons.
  static StatusOr<SignPermit> JudgeOcsp(const OcspInput& input);

  static constexpr Duration kClockTolerance = 5 * kMinute;
  static constexpr Duration kLongestCrl = 48 * kHour;
  static constexpr Duration kLongestOcsp = 24 * kHour;
  static constexpr uint64_t kLargestNumberStep = 1000;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_STATUS_POLICY_H_
