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

TEST(Unasked, IsNeverOkAndNeverAVerdict) {
  for (const Absence absence : {Absence::kAnswer, Absence::kFault}) {
    // A state that has just changed and has no reason yet, and verdicts of another time.
    for (const Status& stale : {OkStatus(), Fail(kKeyNotFound, ""), Fail(kSignatureWrong, ""),
                                Fail(kKeyExists, ""), Fail(kSealBroken, "")}) {
      const Status said = Unasked(stale, absence);
      EXPECT_FALSE(said.ok());
      EXPECT_NE(RemedyOf(said, absence), Remedy::kNone) << said;
    }
    // What a person must see is said as it is.
    EXPECT_TRUE(Is(Unasked(Fail(kPinIncorrect, ""), absence), kPinIncorrect));
    EXPECT_TRUE(Is(Unasked(Fail(kDeviceError, ""), absence), kDeviceError));
  }
}

}  // namespace
}  // namespace intaglio::tokens
