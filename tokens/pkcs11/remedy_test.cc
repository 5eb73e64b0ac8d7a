#include "tokens/pkcs11/remedy.h"

#include <gtest/gtest.h>

#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

Remedy Of(const Reason& reason, Absence absence = Absence::kAnswer) {
  return RemedyOf(Fail(reason, "x"), absence);
}

TEST(Remedy, NothingIsDoneForWhatIsWellOrAVerdict) {
  EXPECT_EQ(RemedyOf(OkStatus(), Absence::kFault), Remedy::kNone);
  for (const Reason* verdict :
       {&kSignatureWrong, &kSignatureUnverifiable, &kSealBroken, &kPublicKeyInvalid,
        &kTokenInputInvalid, &kKeyUseRefused, &kKeyExists, &kKeyAmbiguous, &kOriginMismatch,
        &kStorageKeyUntrusted, &kMechanismRefused, &kTemplateRefused}) {
    EXPECT_EQ(Of(*verdict), Remedy::kNone) << verdict->name;
  }
}

TEST(Remedy, EachFaultHasItsOwn) {
  for (const Reason* gone : {&kSessionLost, &kNotLoggedIn, &kTokenGone, &kTokenNotFound}) {
    EXPECT_EQ(Of(*gone), Remedy::kFindAgain) << gone->name;
  }
  EXPECT_EQ(Of(kDeviceError), Remedy::kReinitialise);
  EXPECT_EQ(Of(kKeyHandleInvalid), Remedy::kReinitialise);
  EXPECT_EQ(Of(kTokenFailure), Remedy::kReinitialiseRarely);
  EXPECT_EQ(Of(kTokenBusy), Remedy::kOtherToken);
  EXPECT_EQ(Of(kOwnSignatureWrong), Remedy::kOtherToken);
}

TEST(Remedy, NoPinIsEverTriedAgain) {
  for (const Reason* pin :
       {&kPinIncorrect, &kPinLocked, &kPinExpired, &kPinMalformed, &kPinFinalTry}) {
    EXPECT_EQ(Of(*pin), Remedy::kStop) << pin->name;
  }
}

TEST(Remedy, AMissingKeyIsAFaultOnlyWhereItIsKnownToExist) {
  EXPECT_EQ(Of(kKeyNotFound, Absence::kAnswer), Remedy::kNone);
  EXPECT_EQ(Of(kKeyNotFound, Absence::kFault), Remedy::kReinitialiseRarely);
}

}  // namespace
}  // namespace intaglio::tokens
