// The one translation from what a PKCS#11 module returns to Reasons.
//
// Total: a value the standard does not know, a vendor's too, is kTokenFailure.
#ifndef INTAGLIO_TOKENS_PKCS11_CK_ERROR_H_
#define INTAGLIO_TOKENS_PKCS11_CK_ERROR_H_

#include <string>
#include <string_view>

#include "base/status.h"
#include "tokens/pkcs11/cryptoki.h"

namespace intaglio::tokens {

// "CKR_PIN_INCORRECT", or "CKR 0x80000001" for a value without a name.
std::string CkName(CK_RV rv);

// OK for CKR_OK, else the Reason of `rv` with "C_Sign: CKR_…" as its detail.
Status FromCk(std::string_view function, CK_RV rv);

// True if a fresh, logged-in session may well succeed where this one failed: such a session is
// discarded, never reused.
bool IsSessionFault(const Status& status);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_CK_ERROR_H_
