// LostMark: the line that the anchor of a lost core marked last, kept in the token while a new core
// takes its place.
//
// A new core founds the anchor anew, so `init` puts the mark before aside first; however often
// init is run, the first one's find stays. A core in service forgets it: what is lost next is its
// own. The mark shows a copy of the journal that was cut off or rewritten below it. Stateless.
#ifndef INTAGLIO_APPLIANCE_DAEMON_LOST_MARK_H_
#define INTAGLIO_APPLIANCE_DAEMON_LOST_MARK_H_

#include <optional>

#include "appliance/anchor/anchor.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::appliance {

// Before the anchor is founded anew. An anchor that cannot be read holds no mark. The token's
// Reasons.
Status KeepLostMark(tokens::TokenKeys& token, AnchorPort& anchor);
// Nothing if none was put aside, or there was none. The token's Reasons, kAnchorBroken.
StatusOr<std::optional<AnchorMark>> FindLostMark(tokens::TokenKeys& token);
// The token's Reasons.
Status ForgetLostMark(tokens::TokenKeys& token);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_LOST_MARK_H_
