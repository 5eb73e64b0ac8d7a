// Call: one call of a PKCS#11 function, as far as the simulator looks into it.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_CALL_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_CALL_H_

#include <p11-kit/pkcs11.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "hardware-sim/faults/functions.h"

namespace intaglio::sim {

// Points into the caller's arguments; lives as long as the call.
struct Call {
  Function function{};
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  std::optional<CK_SLOT_ID> slot;  // as the application names it
  const CK_MECHANISM* mechanism = nullptr;
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;  // the key, or the object in question
  std::span<const CK_ATTRIBUTE> making;  // the template of the new (private or secret) object
  std::span<const CK_ATTRIBUTE> making_public;  // C_GenerateKeyPair only
  std::span<CK_ATTRIBUTE> reading;              // C_GetAttributeValue
  std::vector<CK_ULONG> room;                   // the size of each of its buffers
  CK_BYTE* out = nullptr;                       // C_Sign, C_SignFinal, C_GenerateRandom
  CK_ULONG* out_size = nullptr;                 // C_Sign, C_SignFinal
  CK_ULONG random_size = 0;                     // C_GenerateRandom
  CK_SESSION_HANDLE* opened = nullptr;          // C_OpenSession
  CK_USER_TYPE user = 0;                        // C_Login
  ByteView pin;                                 // C_Login
};

// Makes the call of the wrapped module. Runs at most once, on the caller's thread.
using Forward = std::function<CK_RV()>;

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_CALL_H_
