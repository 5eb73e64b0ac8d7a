// RosterFile: a roster as people write it, and what one changes of another.
//
// A roster file is JSON: {"commands_need": 2, "officers": [{"name": "Anna", "role":
// "security-officer", "public_key": "anna.pub.pem", "until": "2027-01-31"}]}. Key files are
// relative to it; `until` may be missing. Stateless.
#ifndef INTAGLIO_HOST_CTL_ROSTER_FILE_H_
#define INTAGLIO_HOST_CTL_ROSTER_FILE_H_

#include <string>

#include "base/bytes.h"
#include "host/ctl/report.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::host {

// From a roster file, or from a change-roster command as it was signed. Version 0 from a roster
// file. kArgumentInvalid naming the officer and the field; ReadPublicKey's and ReadStatement's
// Reasons.
StatusOr<core::v1::ChangeRoster> LoadRoster(const std::string& path);

// Who comes, who goes, whose role, name or end changes; the number who must agree, before and
// after. An entry is known by its key.
Report RosterChanges(const core::v1::ChangeRoster& before, const core::v1::ChangeRoster& after);

// 00:00 UTC of "2027-01-31". kArgumentInvalid.
StatusOr<int64_t> DateArgument(const std::string& flag, const std::string& text);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_ROSTER_FILE_H_
