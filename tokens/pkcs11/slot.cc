#include "tokens/pkcs11/slot.h"

#include "tokens/pkcs11/ck_error.h"

namespace intaglio::tokens {
namespace {

// Fields of CK_TOKEN_INFO are padded with blanks; some modules pad with NUL.
template <size_t N>
std::string Field(const unsigned char (&field)[N]) {
  size_t size = N;
  while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == 0)) --size;
  return std::string(reinterpret_cast<const char*>(field), size);
}

std::string Version(const CK_VERSION& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

// The smaller of two limits that may not be told.
std::optional<size_t> MostSessions(const CK_TOKEN_INFO& found) {
  std::optional<size_t> out;
  for (const CK_ULONG limit : {found.ulMaxSessionCount, found.ulMaxRwSessionCount}) {
    if (limit == CK_EFFECTIVELY_INFINITE || limit == CK_UNAVAILABLE_INFORMATION) continue;
    if (!out || limit < *out) out = limit;
  }
  return out;
}

}  // namespace

StatusOr<SlotToken> ReadSlot(const CK_FUNCTION_LIST& ck, CK_SLOT_ID slot) {
  CK_TOKEN_INFO found{};
  RETURN_IF_ERROR(FromCk("C_GetTokenInfo", ck.C_GetTokenInfo(slot, &found)));
  SlotToken out;
  out.slot = slot;
  out.flags = found.flags;
  out.token.label = Field(found.label);
  out.token.serial = Field(found.serialNumber);
  out.token.manufacturer = Field(found.manufacturerID);
  out.token.model = Field(found.model);
  out.token.hardware_version = Version(found.hardwareVersion);
  out.token.firmware_version = Version(found.firmwareVersion);
  out.most_sessions = MostSessions(found);
  return out;
}

StatusOr<std::vector<SlotToken>> ReadSlots(const CK_FUNCTION_LIST& ck) {
  std::vector<CK_SLOT_ID> slots;
  CK_ULONG count = 0;
  CK_RV rv = CKR_BUFFER_TOO_SMALL;
  // A token plugged in between the two calls makes the list longer than it was announced.
  for (int attempt = 0; attempt < 4 && rv == CKR_BUFFER_TOO_SMALL; ++attempt) {
    RETURN_IF_ERROR(FromCk("C_GetSlotList", ck.C_GetSlotList(CK_TRUE, nullptr, &count)));
    slots.resize(count);
    rv = ck.C_GetSlotList(CK_TRUE, slots.data(), &count);
  }
  RETURN_IF_ERROR(FromCk("C_GetSlotList", rv));
  slots.resize(count);
  std::vector<SlotToken> out;
  for (const CK_SLOT_ID slot : slots) {
    auto token = ReadSlot(ck, slot);
    if (token.ok()) out.push_back(std::move(token).value());
  }
  return out;
}

}  // namespace intaglio::tokens
