#include "hardware-sim/ctl/load.h"

#include <iterator>
#include <thread>

namespace intaglio::sim {
namespace {

using Clock = std::chrono::steady_clock;

double MsSince(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

class Signer final {
 public:
  Signer(const CK_FUNCTION_LIST& module, const SecretBytes& pin) : f_(module), pin_(pin) {}
  ~Signer() { Forget(); }
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  void Forget() {
    if (session_ != CK_INVALID_HANDLE) f_.C_CloseSession(session_);
    session_ = CK_INVALID_HANDLE;
  }

  CK_RV Begin() {
    if (session_ != CK_INVALID_HANDLE) return CKR_OK;
    CK_SLOT_ID slot = 0;
    if (const CK_RV rv = FindSlot(&slot); rv != CKR_OK) return rv;
    CK_RV rv =
        f_.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_);
    if (rv != CKR_OK) return rv;
    rv = f_.C_Login(session_, CKU_USER, const_cast<CK_BYTE*>(pin_.Expose().data()), pin_.size());
    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? MakeKey() : rv;
  }

  // Octets that no other signature of this signer is of.
  CK_RV Sign(uint64_t count) {
    for (size_t i = 0; i < sizeof count; ++i) digest_[i] = static_cast<CK_BYTE>(count >> 8 * i);
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    if (const CK_RV rv = f_.C_SignInit(session_, &mechanism, secret_); rv != CKR_OK) return rv;
    size_ = sizeof signature_;
    return f_.C_Sign(session_, digest_, sizeof digest_, signature_, &size_);
  }

  CK_RV Verify() {
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    if (const CK_RV rv = f_.C_VerifyInit(session_, &mechanism, open_); rv != CKR_OK) return rv;
    return f_.C_Verify(session_, digest_, sizeof digest_, signature_, size_);
  }

 private:
  CK_RV FindSlot(CK_SLOT_ID* out) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = std::size(slots);
    if (const CK_RV rv = f_.C_GetSlotList(CK_TRUE, slots, &count); rv != CKR_OK) return rv;
    CK_RV last = CKR_TOKEN_NOT_PRESENT;
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_TOKEN_INFO token{};
      last = f_.C_GetTokenInfo(slots[i], &token);
      *out = slots[i];
      if (last == CKR_OK && (token.flags & CKF_TOKEN_INITIALIZED) != 0) return CKR_OK;
    }
    return last == CKR_OK ? CKR_TOKEN_NOT_RECOGNIZED : last;
  }

  CK_RV MakeKey() {
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_BYTE curve[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    CK_ATTRIBUTE open[] = {
        {CKA_TOKEN, &no, 1}, {CKA_EC_PARAMS, curve, sizeof curve}, {CKA_VERIFY, &yes, 1}};
    CK_ATTRIBUTE secret[] = {{CKA_TOKEN, &no, 1}, {CKA_SIGN, &yes, 1}};
    CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    return f_.C_GenerateKeyPair(session_, &mechanism, open, std::size(open), secret,
                                std::size(secret), &open_, &secret_);
  }

  const CK_FUNCTION_LIST& f_;
  const SecretBytes& pin_;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE open_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE secret_ = CK_INVALID_HANDLE;
  CK_BYTE digest_[32] = {};
  CK_BYTE signature_[256] = {};
  CK_ULONG size_ = 0;
};

}  // namespace

std::vector<Sample> SignUntil(const CK_FUNCTION_LIST& module, const SecretBytes& pin,
                              Clock::time_point began, const std::atomic<bool>& stop) {
  Signer signer(module, pin);
  std::vector<Sample> out;
  for (uint64_t count = 0; !stop; ++count) {
    Sample sample{.at_ms = MsSince(began)};
    sample.rv = signer.Begin();
    const double signing = MsSince(began);
    if (sample.rv == CKR_OK) sample.rv = signer.Sign(count);
    sample.latency_ms = MsSince(began) - signing;
    if (sample.rv == CKR_OK) {
      const CK_RV verified = signer.Verify();
      sample.wrong = verified == CKR_SIGNATURE_INVALID || verified == CKR_SIGNATURE_LEN_RANGE;
      if (!sample.wrong && verified != CKR_FUNCTION_NOT_SUPPORTED) sample.rv = verified;
    }
    out.push_back(sample);
    if (sample.rv == CKR_OK) continue;
    signer.Forget();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return out;
}

}  // namespace intaglio::sim
