#include "host/x509/ceremony.h"

#include <openssl/ec.h>
#include <openssl/err.h>

#include "host/domain/certificate_facts.h"
#include "host/x509/certificate.h"
#include "host/x509/distinguished_name.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"
#include "host/x509/tbs_encoding.h"

namespace intaglio::host {

StatusOr<PkeyPtr> GenerateP256Key() {
  PkeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return OpensslFail(kOpensslFailed, "generating a P-256 key");
  return key;
}

StatusOr<Serial> DrawSerial(Rng& rng) {
  ASSIGN_OR_RETURN(Bytes octets, rng.Draw(16));
  octets[0] = static_cast<uint8_t>(0x40 | (octets[0] & 0x3f));
  return Serial::Create(octets);
}

StatusOr<Bytes> SignTbs(ByteView tbs, EVP_PKEY* key) {
  if (AlgorithmOf(key) != KeyAlgorithm::kEcP256) {
    return Fail(kSigningKeyUnacceptable, "the signing key is not P-256");
  }
  ERR_clear_error();
  DigestContextPtr context(EVP_MD_CTX_new());
  size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, tbs.data(), tbs.size()) != 1) {
    return OpensslFail(kOpensslFailed, "starting a signature");
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, tbs.data(), tbs.size()) != 1) {
    return OpensslFail(kOpensslFailed, "signing");
  }
  signature.resize(size);
  DigestContextPtr check(EVP_MD_CTX_new());
  if (!check || EVP_DigestVerifyInit(check.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestVerify(check.get(), signature.data(), size, tbs.data(), tbs.size()) != 1) {
    return OpensslFail(kOpensslFailed, "the own signature does not verify");
  }
  return signature;
}

StatusOr<Bytes> SignCertificate(ByteView tbs, EVP_PKEY* key) {
  ASSIGN_OR_RETURN(const Bytes signature, SignTbs(tbs, key));
  return AssembleCertificate(tbs, signature);
}

StatusOr<Bytes> MakeRoot(EVP_PKEY* key, const IssuerName& name, const Validity& validity,
                         const Serial& serial) {
  RETURN_IF_ERROR(CheckValidity(validity));
  ASSIGN_OR_RETURN(const Bytes subject, EncodeIssuerName(name));
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(key));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdentifier(spki));
  const Bytes tbs = EncodeTbs({
      .serial = serial,
      .issuer_name = subject,
      .subject_name = subject,
      .validity = validity,
      .spki = spki,
      .extensions =
          {
              SubjectKeyIdExtension(key_id),
              CaConstraintsExtension(PathLength::kUnlimited),
              KeyUsageExtension(kKeyUsageKeyCertSign | kKeyUsageCrlSign),
          },
  });
  ASSIGN_OR_RETURN(Bytes certificate, SignCertificate(tbs, key));
  RETURN_IF_ERROR(VerifyCertificate(certificate, certificate));
  return certificate;
}

}  // namespace intaglio::host
