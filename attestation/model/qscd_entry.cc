#include "attestation/model/qscd_entry.h"

#include <cstdlib>

#include "attestation/model/reasons.h"

namespace intaglio::attestation {

StatusOr<Date> ParseDate(std::string_view text) {
  const auto fail = [&] {
    return Fail(kDateInvalid, "found '" + std::string(text.substr(0, 32)) + "'");
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return fail();
  int number[3] = {0, 0, 0};
  for (size_t i = 0, field = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++field;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return fail();
    number[field] = number[field] * 10 + (text[i] - '0');
  }
  const std::chrono::year_month_day day{std::chrono::year{number[0]},
                                        std::chrono::month{static_cast<unsigned>(number[1])},
                                        std::chrono::day{static_cast<unsigned>(number[2])}};
  if (!day.ok()) return fail();
  return Date(day);
}

std::string ToText(Date date) {
  return ToIso8601(WallTime{date.time_since_epoch().count() * kDay}).substr(0, 10);
}

Date DateOf(WallTime time) {
  return Date(std::chrono::floor<std::chrono::days>(std::chrono::milliseconds(time.ms)));
}

QscdState StateOn(const QscdEntry& entry, Date today) {
  if (entry.source_status == QscdSourceStatus::kCancelled) return QscdState::kCancelled;
  if (today > entry.valid_until) return QscdState::kLapsed;
  if (entry.source_status != QscdSourceStatus::kListed || today < entry.valid_from) {
    return QscdState::kUnknown;
  }
  if (entry.valid_until - today <= std::chrono::days(kExpiringDays)) return QscdState::kExpiring;
  return QscdState::kCertified;
}

std::string_view NameOf(QscdState state) {
  switch (state) {
    case QscdState::kCertified:
      return "certified";
    case QscdState::kExpiring:
      return "expiring";
    case QscdState::kLapsed:
      return "lapsed";
    case QscdState::kCancelled:
      return "cancelled";
    case QscdState::kUnknown:
      return "unknown";
  }
  std::abort();
}

std::string_view NameOf(QscdKind kind) { return kind == QscdKind::kLab ? "LAB" : "CERTIFIED"; }

}  // namespace intaglio::attestation
