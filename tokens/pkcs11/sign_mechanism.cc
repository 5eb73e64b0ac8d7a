#include "tokens/pkcs11/sign_mechanism.h"

#include <algorithm>

namespace intaglio::tokens {
namespace {

struct HashForms {
  HashAlgorithm algorithm;
  CK_MECHANISM_TYPE hash;
  CK_RSA_PKCS_MGF_TYPE mgf;
  std::array<uint8_t, 19> digest_info;  // DigestInfo up to the digest [RFC 8017 §9.2 note 1]
};

constexpr HashForms kForms[] = {
    {HashAlgorithm::kSha256,
     CKM_SHA256,
     CKG_MGF1_SHA256,
     {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
      0x05, 0x00, 0x04, 0x20}},
    {HashAlgorithm::kSha384,
     CKM_SHA384,
     CKG_MGF1_SHA384,
     {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
      0x05, 0x00, 0x04, 0x30}},
    {HashAlgorithm::kSha512,
     CKM_SHA512,
     CKG_MGF1_SHA512,
     {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
      0x05, 0x00, 0x04, 0x40}},
};

const HashForms& FormsOf(HashAlgorithm algorithm) { return kForms[static_cast<size_t>(algorithm)]; }
static_assert(kForms[static_cast<size_t>(HashAlgorithm::kSha512)].hash == CKM_SHA512);

}  // namespace

void SignMechanism::Prepare(const MessageDigest& digest) {
  const HashForms& forms = FormsOf(digest.algorithm());
  CK_BYTE* end = input_.data();
  if (shape_.signing == CKM_RSA_PKCS) end = std::ranges::copy(forms.digest_info, end).out;
  end = std::ranges::copy(digest.view(), end).out;
  input_size_ = end - input_.data();
  if (shape_.signing != CKM_RSA_PKCS_PSS) return;
  pss_ = {forms.hash, forms.mgf, digest.view().size()};
  mechanism_.pParameter = &pss_;
  mechanism_.ulParameterLen = sizeof pss_;
}

}  // namespace intaglio::tokens
