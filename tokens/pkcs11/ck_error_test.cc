#include "tokens/pkcs11/ck_error.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

TEST(CkError, OkIsOk) { EXPECT_THAT(FromCk("C_Sign", CKR_OK), IsOk()); }

TEST(CkError, EachCauseHasItsReason) {
  const struct {
    CK_RV rv;
    const Reason& reason;
  } kCases[] = {{CKR_SESSION_HANDLE_INVALID, kSessionLost},
                {CKR_SESSION_CLOSED, kSessionLost},
                {CKR_OPERATION_ACTIVE, kSessionLost},
                {CKR_USER_NOT_LOGGED_IN, kNotLoggedIn},
                {CKR_TOKEN_NOT_PRESENT, kTokenGone},
                {CKR_DEVICE_REMOVED, kTokenGone},
                {CKR_SLOT_ID_INVALID, kTokenGone},
                {CKR_DEVICE_ERROR, kDeviceError},
                {CKR_HOST_MEMORY, kDeviceError},
                {CKR_CRYPTOKI_NOT_INITIALIZED, kDeviceError},
                {CKR_DEVICE_MEMORY, kTokenFull},
                {CKR_SESSION_COUNT, kSessionLimit},
                {CKR_PIN_INCORRECT, kPinIncorrect},
                {CKR_PIN_LOCKED, kPinLocked},
                {CKR_PIN_EXPIRED, kPinExpired},
                {CKR_PIN_LEN_RANGE, kPinMalformed},
                {CKR_KEY_HANDLE_INVALID, kKeyHandleInvalid},
                {CKR_OBJECT_HANDLE_INVALID, kKeyHandleInvalid},
                {CKR_MECHANISM_INVALID, kMechanismRefused},
                {CKR_FUNCTION_NOT_SUPPORTED, kMechanismRefused},
                {CKR_TEMPLATE_INCONSISTENT, kTemplateRefused},
                {CKR_ATTRIBUTE_VALUE_INVALID, kTemplateRefused},
                {CKR_KEY_UNEXTRACTABLE, kKeyUseRefused},
                {CKR_ATTRIBUTE_SENSITIVE, kKeyUseRefused},
                {CKR_WRAPPED_KEY_INVALID, kWrappedKeyInvalid},
                {CKR_ENCRYPTED_DATA_INVALID, kSealBroken},
                {CKR_SIGNATURE_INVALID, kSignatureWrong},
                {CKR_SIGNATURE_LEN_RANGE, kSignatureUnverifiable},
                {CKR_ARGUMENTS_BAD, kArgumentsRefused},
                {CKR_CANT_LOCK, kModuleInvalid},
                {CKR_CRYPTOKI_ALREADY_INITIALIZED, kModuleInUse},
                {CKR_USER_ALREADY_LOGGED_IN, kTokenInUse},
                {CKR_GENERAL_ERROR, kTokenFailure}};
  for (const auto& c : kCases) EXPECT_THAT(FromCk("C_X", c.rv), FailsWith(c.reason)) << c.rv;
}

TEST(CkError, DetailNamesFunctionAndCause) {
  EXPECT_THAT(FromCk("C_Login", CKR_PIN_INCORRECT),
              FailsNaming(kPinIncorrect.id, "C_Login: CKR_PIN_INCORRECT"));
}

TEST(CkError, EveryOtherValueFailsClosed) {
  EXPECT_THAT(FromCk("C_Sign", CKR_VENDOR_DEFINED | 7),
              FailsNaming(kTokenFailure.id, "CKR 0x80000007"));
  for (CK_RV rv = 1; rv < 0x400; ++rv) EXPECT_FALSE(FromCk("C_X", rv).ok()) << rv;
}

TEST(CkError, OnlySessionFaultsCallForANewSession) {
  for (const CK_RV rv : {CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_DEVICE_ERROR,
                         CKR_TOKEN_NOT_PRESENT}) {
    EXPECT_TRUE(IsSessionFault(FromCk("C_X", rv))) << rv;
  }
  for (const CK_RV rv :
       {CKR_OK, CKR_PIN_INCORRECT, CKR_KEY_HANDLE_INVALID, CKR_SIGNATURE_INVALID}) {
    EXPECT_FALSE(IsSessionFault(FromCk("C_X", rv))) << rv;
  }
}

TEST(TokenReasons, IdsAreUniqueAndInOrder) {
  std::set<std::string_view> names;
  std::string_view last;
  for (const Reason* reason : kTokenReasons) {
    EXPECT_LT(last, reason->id);
    EXPECT_EQ(reason->id.substr(0, 4), "TOK-");
    EXPECT_TRUE(names.insert(reason->name).second) << reason->name;
    last = reason->id;
  }
}

}  // namespace
}  // namespace intaglio::tokens
