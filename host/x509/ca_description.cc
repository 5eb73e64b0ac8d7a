#include "host/x509/ca_description.h"

#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"

namespace intaglio::host {

StatusOr<CaDescription> CaDescription::Create(ByteView certificate_der) {
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeCertificate(certificate_der));
  constexpr uint32_t kNeeded = kKeyUsageKeyCertSign | kKeyUsageCrlSign;
  if (!facts.basic_constraints || !facts.basic_constraints->ca) {
    return Fail(kNotACa, "basicConstraints does not say CA:TRUE");
  }
  if ((facts.key_usage.value_or(0) & kNeeded) != kNeeded) {
    return Fail(kNotACa, "keyUsage lacks keyCertSign or cRLSign");
  }
  if (!facts.subject_key_id || facts.subject_key_id->empty()) {
    return Fail(kNotACa, "subjectKeyIdentifier is missing");
  }
  if (facts.key_algorithm != KeyAlgorithm::kEcP256) return Fail(kNotACa, "the key is not P-256");
  CaDescription ca;
  ca.certificate_ = ToBytes(certificate_der);
  ASSIGN_OR_RETURN(ca.subject_name_, SubjectNameOf(certificate_der));
  ca.key_id_ = *facts.subject_key_id;
  ca.spki_ = facts.spki;
  ASSIGN_OR_RETURN(ca.public_key_, PublicKeyBits(facts.spki));
  ca.validity_ = facts.validity;
  ASSIGN_OR_RETURN(const X509Ptr parsed, ParseCertificate(certificate_der));
  ca.verification_key_.reset(X509_get_pubkey(parsed.get()), EVP_PKEY_free);
  if (!ca.verification_key_) return OpensslFail(kNotACa, "the public key does not parse");
  return ca;
}

}  // namespace intaglio::host
