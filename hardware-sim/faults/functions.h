// The functions of CK_FUNCTION_LIST: what each one acts on, and which operation it is a step of.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_FUNCTIONS_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_FUNCTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace intaglio::sim {

// What a function names first.
enum class Scope : uint8_t {
  kModule,  // nothing: the library itself
  kSlots,   // works whether or not a token is there
  kToken,   // a slot whose token must be there
  kSession,
};

// The operations of which a session has at most one each.
enum class Operation : uint8_t {
  kNone,
  kEncrypt,
  kDecrypt,
  kDigest,
  kSign,
  kVerify,
  kSignRecover,
  kVerifyRecover,
};
inline constexpr size_t kOperations = 8;

enum class Step : uint8_t { kNone, kStarts, kUses };

// X(name, scope, operation, step), in the order of CK_FUNCTION_LIST.
#define INTAGLIO_SIM_FUNCTIONS(X)                           \
  X(C_Initialize, kModule, kNone, kNone)                    \
  X(C_Finalize, kModule, kNone, kNone)                      \
  X(C_GetInfo, kModule, kNone, kNone)                       \
  X(C_GetFunctionList, kModule, kNone, kNone)               \
  X(C_GetSlotList, kSlots, kNone, kNone)                    \
  X(C_GetSlotInfo, kSlots, kNone, kNone)                    \
  X(C_GetTokenInfo, kToken, kNone, kNone)                   \
  X(C_GetMechanismList, kToken, kNone, kNone)               \
  X(C_GetMechanismInfo, kToken, kNone, kNone)               \
  X(C_InitToken, kToken, kNone, kNone)                      \
  X(C_InitPIN, kSession, kNone, kNone)                      \
  X(C_SetPIN, kSession, kNone, kNone)                       \
  X(C_OpenSession, kToken, kNone, kNone)                    \
  X(C_CloseSession, kSession, kNone, kNone)                 \
  X(C_CloseAllSessions, kToken, kNone, kNone)               \
  X(C_GetSessionInfo, kSession, kNone, kNone)               \
  X(C_GetOperationState, kSession, kNone, kNone)            \
  X(C_SetOperationState, kSession, kNone, kNone)            \
  X(C_Login, kSession, kNone, kNone)                        \
  X(C_Logout, kSession, kNone, kNone)                       \
  X(C_CreateObject, kSession, kNone, kNone)                 \
  X(C_CopyObject, kSession, kNone, kNone)                   \
  X(C_DestroyObject, kSession, kNone, kNone)                \
  X(C_GetObjectSize, kSession, kNone, kNone)                \
  X(C_GetAttributeValue, kSession, kNone, kNone)            \
  X(C_SetAttributeValue, kSession, kNone, kNone)            \
  X(C_FindObjectsInit, kSession, kNone, kNone)              \
  X(C_FindObjects, kSession, kNone, kNone)                  \
  X(C_FindObjectsFinal, kSession, kNone, kNone)             \
  X(C_EncryptInit, kSession, kEncrypt, kStarts)             \
  X(C_Encrypt, kSession, kEncrypt, kUses)                   \
  X(C_EncryptUpdate, kSession, kEncrypt, kUses)             \
  X(C_EncryptFinal, kSession, kEncrypt, kUses)              \
  X(C_DecryptInit, kSession, kDecrypt, kStarts)             \
  X(C_Decrypt, kSession, kDecrypt, kUses)                   \
  X(C_DecryptUpdate, kSession, kDecrypt, kUses)             \
  X(C_DecryptFinal, kSession, kDecrypt, kUses)              \
  X(C_DigestInit, kSession, kDigest, kStarts)               \
  X(C_Digest, kSession, kDigest, kUses)                     \
  X(C_DigestUpdate, kSession, kDigest, kUses)               \
  X(C_DigestKey, kSession, kDigest, kUses)                  \
  X(C_DigestFinal, kSession, kDigest, kUses)                \
  X(C_SignInit, kSession, kSign, kStarts)                   \
  X(C_Sign, kSession, kSign, kUses)                         \
  X(C_SignUpdate, kSession, kSign, kUses)                   \
  X(C_SignFinal, kSession, kSign, kUses)                    \
  X(C_SignRecoverInit, kSession, kSignRecover, kStarts)     \
  X(C_SignRecover, kSession, kSignRecover, kUses)           \
  X(C_VerifyInit, kSession, kVerify, kStarts)               \
  X(C_Verify, kSession, kVerify, kUses)                     \
  X(C_VerifyUpdate, kSession, kVerify, kUses)               \
  X(C_VerifyFinal, kSession, kVerify, kUses)                \
  X(C_VerifyRecoverInit, kSession, kVerifyRecover, kStarts) \
  X(C_VerifyRecover, kSession, kVerifyRecover, kUses)       \
  X(C_DigestEncryptUpdate, kSession, kEncrypt, kUses)       \
  X(C_DecryptDigestUpdate, kSession, kDecrypt, kUses)       \
  X(C_SignEncryptUpdate, kSession, kSign, kUses)            \
  X(C_DecryptVerifyUpdate, kSession, kDecrypt, kUses)       \
  X(C_GenerateKey, kSession, kNone, kNone)                  \
  X(C_GenerateKeyPair, kSession, kNone, kNone)              \
  X(C_WrapKey, kSession, kNone, kNone)                      \
  X(C_UnwrapKey, kSession, kNone, kNone)                    \
  X(C_DeriveKey, kSession, kNone, kNone)                    \
  X(C_SeedRandom, kSession, kNone, kNone)                   \
  X(C_GenerateRandom, kSession, kNone, kNone)               \
  X(C_GetFunctionStatus, kSession, kNone, kNone)            \
  X(C_CancelFunction, kSession, kNone, kNone)               \
  X(C_WaitForSlotEvent, kSlots, kNone, kNone)

#define INTAGLIO_SIM_ENUMERATOR(name, scope, operation, step) k##name,
enum class Function : uint8_t { INTAGLIO_SIM_FUNCTIONS(INTAGLIO_SIM_ENUMERATOR) };
#undef INTAGLIO_SIM_ENUMERATOR

struct FunctionTraits {
  std::string_view name;
  Scope scope;
  Operation operation;
  Step step;
};

#define INTAGLIO_SIM_TRAITS(name, scope, operation, step) \
  {#name, Scope::scope, Operation::operation, Step::step},
inline constexpr FunctionTraits kFunctions[] = {INTAGLIO_SIM_FUNCTIONS(INTAGLIO_SIM_TRAITS)};
#undef INTAGLIO_SIM_TRAITS
inline constexpr size_t kFunctionCount = sizeof kFunctions / sizeof kFunctions[0];

constexpr const FunctionTraits& TraitsOf(Function function) {
  return kFunctions[static_cast<size_t>(function)];
}
constexpr std::string_view NameOf(Function function) { return TraitsOf(function).name; }

// Whether a successful call leaves a new object behind.
constexpr bool MakesObjects(Function function) {
  switch (function) {
    case Function::kC_CreateObject:
    case Function::kC_CopyObject:
    case Function::kC_GenerateKey:
    case Function::kC_GenerateKeyPair:
    case Function::kC_UnwrapKey:
    case Function::kC_DeriveKey:
      return true;
    default:
      return false;
  }
}

// Whether a successful call answers a whole signature.
constexpr bool AnswersSignature(Function function) {
  return function == Function::kC_Sign || function == Function::kC_SignFinal;
}

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_FUNCTIONS_H_
