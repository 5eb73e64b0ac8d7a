// QscdEntry: one line of the list that says which device configurations are certified QSCDs.
//
// Evidence proves a key in a device; only the list makes the device a QSCD [Regulation (EU)
// 910/2014 Art 29–31]. The list is read by attestation/registry and judged against by
// attestation/verify, which is why the value lives here. Plain values.
#ifndef INTAGLIO_ATTESTATION_MODEL_QSCD_ENTRY_H_
#define INTAGLIO_ATTESTATION_MODEL_QSCD_ENTRY_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::attestation {

// A UTC calendar day.
using Date = std::chrono::sys_days;
// "2026-11-23" exactly, a day that exists. kDateInvalid. [RFC 3339 full-date]
StatusOr<Date> ParseDate(std::string_view text);
std::string ToText(Date date);
Date DateOf(WallTime time);

enum class QscdKind : uint8_t {
  kCertified,  // a device on the list of certified QSCDs
  kLab,        // a software token or simulator; never qualified
};

// What the source said when it was last checked; the passing of time is QscdState's part.
enum class QscdSourceStatus : uint8_t { kListed, kCancelled, kUnknown };

struct QscdEntry {
  std::string id;
  std::string product;
  std::string vendor;                 // equals the vendor claim
  Bytes hw_model;                     // equals the hwmodel claim, octet for octet
  std::string hw_version;             // equals the hwversion claim; empty: the device makes none
  std::string sw_name;                // equals the swname claim
  std::string sw_version;             // equals the swversion claim
  std::vector<std::string> serials;   // the inventory; empty: any serial
  std::string certificate_reference;  // of the conformity certificate; may be empty for kLab
  std::optional<Digest> report_hash;  // of the certification report; absent only for kLab
  QscdKind kind = QscdKind::kLab;
  Date valid_from;
  Date valid_until;  // the last day on which it holds
  QscdSourceStatus source_status = QscdSourceStatus::kUnknown;
  std::string source;  // where the status was read
  Date last_checked;
  std::vector<std::string> entered_by;  // two different people
};

enum class QscdState : uint8_t {
  kCertified,
  kExpiring,   // holds, but ends within kExpiringDays
  kLapsed,     // its last day is past
  kCancelled,  // the source said so, whatever the dates
  kUnknown,    // not yet valid, or the source could not say
};
inline constexpr int kExpiringDays = 180;

// The state of `entry` on `today`. A cancellation outweighs the dates, and unknown outweighs
// certified: only kCertified and kExpiring permit issuance.
QscdState StateOn(const QscdEntry& entry, Date today);
std::string_view NameOf(QscdState state);
std::string_view NameOf(QscdKind kind);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_MODEL_QSCD_ENTRY_H_
