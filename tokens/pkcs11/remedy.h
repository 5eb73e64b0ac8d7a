// Remedy: what helps against which failure of a token, as one table.
//
// Asked after the Token has already replaced a lost session and repeated the call: what is left
// takes more than a new session, or cannot be helped.
#ifndef INTAGLIO_TOKENS_PKCS11_REMEDY_H_
#define INTAGLIO_TOKENS_PKCS11_REMEDY_H_

#include "base/status.h"

namespace intaglio::tokens {

enum class Remedy {
  kNone,                // the caller's own business, or a verdict: repairing changes nothing
  kFindAgain,           // look for the token in its slots, log in anew; else as below
  kReinitialise,        // finalise and initialise the module
  kReinitialiseRarely,  // the same, but not for each of many: the answer may well be the truth
  kOtherToken,          // nothing here to repair; another token may do it
  kStop,                // a person must help; asking again makes it worse
};

// What a missing key means to an operation.
enum class Absence {
  kAnswer,  // what was asked
  kFault,   // the key is known to exist, so the module has lost sight of it
};

// kNone for OK. A Reason without a row is kNone: only what is known to help is done.
Remedy RemedyOf(const Status& status, Absence absence);

// What a caller gets from a token that could not be asked, `why` being the last that was wrong with
// it. Never OK and never a verdict, whatever `why` is: a stale one must not pass for an answer, nor
// a state that is just changing for a proof that verified.
Status Unasked(const Status& why, Absence absence);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_REMEDY_H_
