#include "host/x509/test_pki.h"

#include <cstdio>
#include <cstdlib>

#include "host/x509/ceremony.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

template <class T>
T Must(StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "test PKI: %s\n", std::string(value.status().message()).c_str());
    std::abort();
  }
  return *std::move(value);
}

TestAuthority Authority(PkeyPtr key, Bytes certificate) {
  auto ca = std::make_unique<const CaDescription>(Must(CaDescription::Create(certificate)));
  return {std::move(key), std::move(certificate), std::move(ca)};
}

IssuerName TestIssuer(std::string common_name) {
  return {"EE", "Intaglio Lab", "NTREE-12345678", std::move(common_name)};
}

}  // namespace

PkeyPtr NewTestKey() { return Must(GenerateP256Key()); }

Bytes SpkiOfTestKey(EVP_PKEY* key) { return Must(SpkiOf(key)); }

Serial TestSerial(uint32_t number) {
  Bytes octets(16, 0x4d);
  for (size_t i = 0; i < 4; ++i) octets[12 + i] = static_cast<uint8_t>(number >> (24 - 8 * i));
  return Must(Serial::Create(octets));
}

Validity TestValidity(Duration length) { return {kTestNow, kTestNow + length}; }

NaturalPerson TestPerson() {
  return {.country = "EE",
          .given_name = "Märt",
          .surname = "Õunapuu",
          .common_name = "Märt Õunapuu",
          .serial_number = "PNOEE-38001085718",
          .pseudonym = ""};
}

RepositoryUrls TestUrls() {
  return {.ca_issuers = "http://ca.example/ca/issuing.cer",
          .ocsp = "http://ca.example/ocsp",
          .crl = "http://ca.example/crl/1.crl",
          .pds = "https://ca.example/doc/pds_en.pdf",
          .pds_language = "en",
          .cps = "https://ca.example/doc/cps.pdf"};
}

TestPki::TestPki() {
  PkeyPtr root_key = NewTestKey();
  Bytes root = Must(MakeRoot(root_key.get(), TestIssuer("LAB - not qualified Root"),
                             {kTestNow - kDay, kTestNow + 7300 * kDay}, TestSerial(1)));
  root_ = Authority(std::move(root_key), std::move(root));
  PkeyPtr ca_key = NewTestKey();
  const Bytes spki = SpkiOfTestKey(ca_key.get());
  const Bytes tbs = Must(BuildCaTbs({.root = *root_.ca,
                                     .serial = TestSerial(2),
                                     .subject = TestIssuer("LAB - not qualified CA"),
                                     .spki = spki,
                                     .validity = {kTestNow - kDay, kTestNow + 3650 * kDay},
                                     .root_certificate_url = "http://ca.example/ca/root.cer",
                                     .root_crl_url = "http://ca.example/crl/root.crl"}));
  Bytes certificate = Must(SignCertificate(tbs, root_.key.get()));
  ca_ = Authority(std::move(ca_key), std::move(certificate));
}

SubscriberRequest TestPki::Subscriber(ByteView spki) const {
  return {.profile = *Must(CurrentProfile(CertificatePolicy::kQcpNQscd)),
          .ca = *ca_.ca,
          .serial = TestSerial(100),
          .subject = TestPerson(),
          .spki = spki,
          .validity = TestValidity(730 * kDay),
          .urls = TestUrls()};
}

Bytes TestPki::SubscriberCertificate(EVP_PKEY* key) const {
  const Bytes spki = SpkiOfTestKey(key);
  return Must(SignCertificate(Must(BuildSubscriberTbs(Subscriber(spki))), ca_.key.get()));
}

Bytes TestPki::ResponderCertificate(EVP_PKEY* key) const {
  const Bytes spki = SpkiOfTestKey(key);
  const Bytes tbs = Must(BuildOcspResponderTbs({.ca = *ca_.ca,
                                                .serial = TestSerial(50),
                                                .subject = TestIssuer("OCSP responder"),
                                                .spki = spki,
                                                .validity = TestValidity(90 * kDay)}));
  return Must(SignCertificate(tbs, ca_.key.get()));
}

}  // namespace intaglio::host
