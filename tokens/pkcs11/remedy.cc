#include "tokens/pkcs11/remedy.h"

#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

struct Row {
  const Reason* cause;
  Remedy remedy;
};

constexpr Row kRows[] = {
    {&kSessionLost, Remedy::kFindAgain},
    {&kNotLoggedIn, Remedy::kFindAgain},
    {&kTokenGone, Remedy::kFindAgain},
    {&kTokenNotFound, Remedy::kFindAgain},
    {&kSessionLimit, Remedy::kFindAgain},
    // The module's own state is in doubt: only a new one is known to be good.
    {&kDeviceError, Remedy::kReinitialise},
    {&kKeyHandleInvalid, Remedy::kReinitialise},
    {&kModuleInvalid, Remedy::kReinitialise},
    {&kModuleUnloadable, Remedy::kReinitialise},
    // Some modules say this of a passing fault, some of a request they do not like.
    {&kTokenFailure, Remedy::kReinitialiseRarely},
    // A blob of a sealed record opens, unless the module cannot read its own wrapping key.
    {&kWrappedKeyInvalid, Remedy::kReinitialiseRarely},
    {&kTokenBusy, Remedy::kOtherToken},
    {&kTokenFull, Remedy::kOtherToken},
    {&kOwnSignatureWrong, Remedy::kOtherToken},
    {&kPinIncorrect, Remedy::kStop},
    {&kPinLocked, Remedy::kStop},
    {&kPinExpired, Remedy::kStop},
    {&kPinMalformed, Remedy::kStop},
    {&kPinFinalTry, Remedy::kStop},
};

}  // namespace

Remedy RemedyOf(const Status& status, Absence absence) {
  if (status.ok()) return Remedy::kNone;
  if (absence == Absence::kFault && Is(status, kKeyNotFound)) return Remedy::kReinitialiseRarely;
  for (const Row& row : kRows) {
    if (Is(status, *row.cause)) return row.remedy;
  }
  return Remedy::kNone;
}

Status Unasked(const Status& why, Absence absence) {
  if (RemedyOf(why, absence) != Remedy::kNone) return why;
  return Fail(kTokenGone, why.ok() ? "it was not asked: it is being looked after"
                                   : "it was not asked; the last that was wrong with it: " +
                                         std::string(ReasonNameOf(why)));
}

}  // namespace intaglio::tokens
