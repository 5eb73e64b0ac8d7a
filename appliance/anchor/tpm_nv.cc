#include "appliance/anchor/tpm_nv.h"

#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "appliance/anchor/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kCounterOctets = 8;
constexpr int kMostTries = 20;
constexpr std::chrono::milliseconds kBetweenTries{50};

Status Failed(const char* command, TSS2_RC code) {
  char text[32];
  snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(code));
  return Fail(kAnchorUnavailable, std::string("TPM: ") + command + ": code " + text);
}

// A response code of format one, without the number of the handle, session or parameter.
bool IsFormatOne(TSS2_RC code, TSS2_RC wanted) { return (code & 0xBF) == wanted; }

// The TPM asks to be asked again: it is busy, or spares its NV memory.
bool AsksAgain(TSS2_RC code) {
  return code == TPM2_RC_RETRY || code == TPM2_RC_YIELDED || code == TPM2_RC_NV_RATE ||
         code == TPM2_RC_TESTING || code == TPM2_RC_NV_UNAVAILABLE;
}

template <class Command>
TSS2_RC Repeat(const Command& command) {
  TSS2_RC code = command();
  for (int i = 1; i < kMostTries && AsksAgain(code); ++i) {
    std::this_thread::sleep_for(kBetweenTries);
    code = command();
  }
  return code;
}

// An empty password.
TSS2L_SYS_AUTH_COMMAND Password() {
  TSS2L_SYS_AUTH_COMMAND out{};
  out.count = 1;
  out.auths[0].sessionHandle = TPM2_RH_PW;
  return out;
}

TPMA_NV AttributesOf(TpmNv::Kind kind) {
  const TPMA_NV type = kind == TpmNv::Kind::kCounter ? TPM2_NT_COUNTER : TPM2_NT_ORDINARY;
  return type << TPMA_NV_TPM2_NT_SHIFT | TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA;
}

}  // namespace

StatusOr<std::unique_ptr<TpmNv>> TpmNv::Connect(const std::string& tcti) {
  std::unique_ptr<TpmNv> out(new TpmNv);
  TSS2_RC code = Tss2_TctiLdr_Initialize(tcti.c_str(), &out->tcti_);
  if (code != TSS2_RC_SUCCESS) {
    out->tcti_ = nullptr;
    return Fail(kAnchorUnavailable,
                "no TPM at '" + tcti + "': " + DetailOf(Failed("connecting", code)));
  }
  const size_t size = Tss2_Sys_GetContextSize(0);
  out->sys_octets_.resize(size / sizeof(uint64_t) + 1);
  auto* context = reinterpret_cast<TSS2_SYS_CONTEXT*>(out->sys_octets_.data());
  TSS2_ABI_VERSION version = TSS2_ABI_VERSION_CURRENT;
  code = Tss2_Sys_Initialize(context, size, out->tcti_, &version);
  if (code != TSS2_RC_SUCCESS) return Failed("Tss2_Sys_Initialize", code);
  out->sys_ = context;
  return out;
}

TpmNv::~TpmNv() {
  if (sys_ != nullptr) Tss2_Sys_Finalize(sys_);
  if (tcti_ != nullptr) Tss2_TctiLdr_Finalize(&tcti_);
}

StatusOr<bool> TpmNv::IsDefined(uint32_t index, Kind kind, size_t octets) {
  TPM2B_NV_PUBLIC found{};
  TPM2B_NAME name{};
  name.size = sizeof name.name;
  const TSS2_RC code =
      Repeat([&] { return Tss2_Sys_NV_ReadPublic(sys_, index, nullptr, &found, &name, nullptr); });
  if (IsFormatOne(code, TPM2_RC_HANDLE)) return false;
  if (code != TSS2_RC_SUCCESS) return Failed("NV_ReadPublic", code);
  const TPMA_NV type = found.nvPublic.attributes & TPMA_NV_TPM2_NT_MASK;
  const bool fits = type == (AttributesOf(kind) & TPMA_NV_TPM2_NT_MASK) &&
                    found.nvPublic.dataSize >= octets &&
                    (found.nvPublic.attributes & TPMA_NV_CLEAR_STCLEAR) == 0 &&
                    (found.nvPublic.attributes & TPMA_NV_ORDERLY) == 0;
  if (fits) return true;
  return Fail(kAnchorBroken, "NV index " + std::to_string(index) +
                                 " of the TPM is somebody else's; choose another nv_index");
}

Status TpmNv::Define(uint32_t index, Kind kind, size_t octets) {
  TPM2B_NV_PUBLIC wanted{};
  wanted.nvPublic.nvIndex = index;
  wanted.nvPublic.nameAlg = TPM2_ALG_SHA256;
  wanted.nvPublic.attributes = AttributesOf(kind);
  wanted.nvPublic.dataSize =
      static_cast<uint16_t>(kind == Kind::kCounter ? kCounterOctets : octets);
  const TPM2B_AUTH empty{};
  const TSS2L_SYS_AUTH_COMMAND password = Password();
  TSS2L_SYS_AUTH_RESPONSE answer{};
  const TSS2_RC code = Repeat([&] {
    return Tss2_Sys_NV_DefineSpace(sys_, TPM2_RH_OWNER, &password, &empty, &wanted, &answer);
  });
  return code == TSS2_RC_SUCCESS ? OkStatus() : Failed("NV_DefineSpace", code);
}

Status TpmNv::Increment(uint32_t index) {
  const TSS2L_SYS_AUTH_COMMAND password = Password();
  TSS2L_SYS_AUTH_RESPONSE answer{};
  const TSS2_RC code =
      Repeat([&] { return Tss2_Sys_NV_Increment(sys_, index, index, &password, &answer); });
  return code == TSS2_RC_SUCCESS ? OkStatus() : Failed("NV_Increment", code);
}

Status TpmNv::Write(uint32_t index, ByteView octets) {
  TPM2B_MAX_NV_BUFFER content{};
  if (octets.size() > sizeof content.buffer) return Failed("NV_Write: too long", 0);
  content.size = static_cast<uint16_t>(octets.size());
  std::copy(octets.begin(), octets.end(), content.buffer);
  const TSS2L_SYS_AUTH_COMMAND password = Password();
  TSS2L_SYS_AUTH_RESPONSE answer{};
  const TSS2_RC code = Repeat(
      [&] { return Tss2_Sys_NV_Write(sys_, index, index, &password, &content, 0, &answer); });
  return code == TSS2_RC_SUCCESS ? OkStatus() : Failed("NV_Write", code);
}

StatusOr<std::optional<Bytes>> TpmNv::Read(uint32_t index, size_t octets) {
  const TSS2L_SYS_AUTH_COMMAND password = Password();
  TSS2L_SYS_AUTH_RESPONSE answer{};
  TPM2B_MAX_NV_BUFFER content{};
  const TSS2_RC code = Repeat([&] {
    content.size = sizeof content.buffer;
    return Tss2_Sys_NV_Read(sys_, index, index, &password, static_cast<uint16_t>(octets), 0,
                            &content, &answer);
  });
  if (code == TPM2_RC_NV_UNINITIALIZED) return std::optional<Bytes>();
  if (code != TSS2_RC_SUCCESS) return Failed("NV_Read", code);
  return std::optional<Bytes>(Bytes(content.buffer, content.buffer + content.size));
}

StatusOr<std::optional<uint64_t>> TpmNv::ReadCounter(uint32_t index) {
  ASSIGN_OR_RETURN(const auto octets, Read(index, kCounterOctets));
  if (!octets) return std::optional<uint64_t>();
  uint64_t value = 0;
  for (const uint8_t octet : *octets) value = value << 8 | octet;
  return std::optional<uint64_t>(value);
}

}  // namespace intaglio::appliance
