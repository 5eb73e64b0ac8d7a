#include "tokens/pkcs11/ck_error.h"

#include <stdio.h>

#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

struct Row {
  CK_RV rv;
  const char* name;
  const Reason* reason;
};

#define ROW(rv, reason) \
  Row { rv, #rv, &reason }

// An operation state that is not the one we left means the session is no longer ours to trust:
// those rows say kSessionLost too.
constexpr Row kRows[] = {
    ROW(CKR_CANCEL, kTokenFailure),
    ROW(CKR_HOST_MEMORY, kDeviceError),
    ROW(CKR_SLOT_ID_INVALID, kTokenGone),
    ROW(CKR_GENERAL_ERROR, kTokenFailure),
    ROW(CKR_FUNCTION_FAILED, kTokenFailure),
    ROW(CKR_ARGUMENTS_BAD, kArgumentsRefused),
    ROW(CKR_NEED_TO_CREATE_THREADS, kModuleInvalid),
    ROW(CKR_CANT_LOCK, kModuleInvalid),
    ROW(CKR_ATTRIBUTE_READ_ONLY, kTemplateRefused),
    ROW(CKR_ATTRIBUTE_SENSITIVE, kKeyUseRefused),
    ROW(CKR_ATTRIBUTE_TYPE_INVALID, kTemplateRefused),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID, kTemplateRefused),
    ROW(CKR_ACTION_PROHIBITED, kKeyUseRefused),
    ROW(CKR_DATA_INVALID, kArgumentsRefused),
    ROW(CKR_DATA_LEN_RANGE, kArgumentsRefused),
    ROW(CKR_DEVICE_ERROR, kDeviceError),
    ROW(CKR_DEVICE_MEMORY, kTokenFull),
    ROW(CKR_DEVICE_REMOVED, kTokenGone),
    ROW(CKR_ENCRYPTED_DATA_INVALID, kSealBroken),
    ROW(CKR_ENCRYPTED_DATA_LEN_RANGE, kSealBroken),
    ROW(CKR_FUNCTION_CANCELED, kTokenFailure),
    ROW(CKR_FUNCTION_NOT_PARALLEL, kTokenFailure),
    ROW(CKR_FUNCTION_NOT_SUPPORTED, kMechanismRefused),
    ROW(CKR_KEY_HANDLE_INVALID, kKeyHandleInvalid),
    ROW(CKR_KEY_SIZE_RANGE, kTemplateRefused),
    ROW(CKR_KEY_TYPE_INCONSISTENT, kKeyUseRefused),
    ROW(CKR_KEY_NOT_NEEDED, kArgumentsRefused),
    ROW(CKR_KEY_CHANGED, kArgumentsRefused),
    ROW(CKR_KEY_NEEDED, kArgumentsRefused),
    ROW(CKR_KEY_INDIGESTIBLE, kKeyUseRefused),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, kKeyUseRefused),
    ROW(CKR_KEY_NOT_WRAPPABLE, kKeyUseRefused),
    ROW(CKR_KEY_UNEXTRACTABLE, kKeyUseRefused),
    ROW(CKR_MECHANISM_INVALID, kMechanismRefused),
    ROW(CKR_MECHANISM_PARAM_INVALID, kMechanismRefused),
    ROW(CKR_OBJECT_HANDLE_INVALID, kKeyHandleInvalid),
    ROW(CKR_OPERATION_ACTIVE, kSessionLost),
    ROW(CKR_OPERATION_NOT_INITIALIZED, kSessionLost),
    ROW(CKR_PIN_INCORRECT, kPinIncorrect),
    ROW(CKR_PIN_INVALID, kPinMalformed),
    ROW(CKR_PIN_LEN_RANGE, kPinMalformed),
    ROW(CKR_PIN_EXPIRED, kPinExpired),
    ROW(CKR_PIN_LOCKED, kPinLocked),
    ROW(CKR_SESSION_CLOSED, kSessionLost),
    ROW(CKR_SESSION_COUNT, kSessionLimit),
    ROW(CKR_SESSION_HANDLE_INVALID, kSessionLost),
    ROW(CKR_SESSION_PARALLEL_NOT_SUPPORTED, kArgumentsRefused),
    ROW(CKR_SESSION_READ_ONLY, kSessionLost),
    ROW(CKR_SESSION_EXISTS, kTokenInUse),
    ROW(CKR_SESSION_READ_ONLY_EXISTS, kTokenInUse),
    ROW(CKR_SESSION_READ_WRITE_SO_EXISTS, kTokenInUse),
    ROW(CKR_SIGNATURE_INVALID, kSignatureWrong),
    ROW(CKR_SIGNATURE_LEN_RANGE, kSignatureUnverifiable),
    ROW(CKR_TEMPLATE_INCOMPLETE, kTemplateRefused),
    ROW(CKR_TEMPLATE_INCONSISTENT, kTemplateRefused),
    ROW(CKR_TOKEN_NOT_PRESENT, kTokenGone),
    ROW(CKR_TOKEN_NOT_RECOGNIZED, kTokenGone),
    ROW(CKR_TOKEN_WRITE_PROTECTED, kTemplateRefused),
    ROW(CKR_UNWRAPPING_KEY_HANDLE_INVALID, kKeyHandleInvalid),
    ROW(CKR_UNWRAPPING_KEY_SIZE_RANGE, kKeyUseRefused),
    ROW(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, kKeyUseRefused),
    ROW(CKR_USER_ALREADY_LOGGED_IN, kTokenInUse),
    ROW(CKR_USER_NOT_LOGGED_IN, kNotLoggedIn),
    ROW(CKR_USER_PIN_NOT_INITIALIZED, kPinMalformed),
    ROW(CKR_USER_TYPE_INVALID, kArgumentsRefused),
    ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, kTokenInUse),
    ROW(CKR_USER_TOO_MANY_TYPES, kTokenInUse),
    ROW(CKR_WRAPPED_KEY_INVALID, kWrappedKeyInvalid),
    ROW(CKR_WRAPPED_KEY_LEN_RANGE, kWrappedKeyInvalid),
    ROW(CKR_WRAPPING_KEY_HANDLE_INVALID, kKeyHandleInvalid),
    ROW(CKR_WRAPPING_KEY_SIZE_RANGE, kKeyUseRefused),
    ROW(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, kKeyUseRefused),
    ROW(CKR_RANDOM_SEED_NOT_SUPPORTED, kMechanismRefused),
    ROW(CKR_RANDOM_NO_RNG, kDeviceError),
    ROW(CKR_DOMAIN_PARAMS_INVALID, kTemplateRefused),
    ROW(CKR_BUFFER_TOO_SMALL, kArgumentsRefused),
    ROW(CKR_SAVED_STATE_INVALID, kArgumentsRefused),
    ROW(CKR_INFORMATION_SENSITIVE, kKeyUseRefused),
    ROW(CKR_STATE_UNSAVEABLE, kArgumentsRefused),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED, kDeviceError),
    ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED, kModuleInUse),
    ROW(CKR_MUTEX_BAD, kDeviceError),
    ROW(CKR_MUTEX_NOT_LOCKED, kDeviceError),
    ROW(CKR_FUNCTION_REJECTED, kKeyUseRefused),
};
#undef ROW

const Row* Find(CK_RV rv) {
  for (const Row& row : kRows) {
    if (row.rv == rv) return &row;
  }
  return nullptr;
}

}  // namespace

std::string CkName(CK_RV rv) {
  if (rv == CKR_OK) return "CKR_OK";
  if (const Row* row = Find(rv)) return row->name;
  char text[40];
  snprintf(text, sizeof text, "CKR 0x%lx", rv);
  return text;
}

Status FromCk(std::string_view function, CK_RV rv) {
  if (rv == CKR_OK) return OkStatus();
  const Row* row = Find(rv);
  return Fail(row ? *row->reason : kTokenFailure, std::string(function) + ": " + CkName(rv));
}

bool IsSessionFault(const Status& status) {
  return Is(status, kSessionLost) || Is(status, kNotLoggedIn) || Is(status, kTokenGone) ||
         Is(status, kDeviceError);
}

}  // namespace intaglio::tokens
