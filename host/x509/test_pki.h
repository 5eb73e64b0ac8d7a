// TestPki: a root, an issuing CA and a responder with their keys in memory, for tests only.
//
// Built with the production builders; keys are fresh each time.
#ifndef INTAGLIO_HOST_X509_TEST_PKI_H_
#define INTAGLIO_HOST_X509_TEST_PKI_H_

#include <memory>
#include <string>

#include "host/x509/ca_description.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

inline constexpr WallTime kTestNow{1795000000000};  // 2026-11-18T11:06:40Z

// An authority of the test world.
struct TestAuthority {
  PkeyPtr key;
  Bytes certificate;
  std::unique_ptr<const CaDescription> ca;
};

class TestPki final {
 public:
  // Aborts where the builders fail.
  TestPki();

  const TestAuthority& root() const { return root_; }
  const TestAuthority& ca() const { return ca_; }

  // A request for QCP-n-qscd that lints clean, for `spki`.
  SubscriberRequest Subscriber(ByteView spki) const;
  // The finished certificate for `key`.
  Bytes SubscriberCertificate(EVP_PKEY* key) const;
  Bytes ResponderCertificate(EVP_PKEY* key) const;

 private:
  TestAuthority root_;
  TestAuthority ca_;
};

// A fresh key; aborts on failure.
PkeyPtr NewTestKey();
Bytes SpkiOfTestKey(EVP_PKEY* key);
Serial TestSerial(uint32_t number);
Validity TestValidity(Duration length);
NaturalPerson TestPerson();
RepositoryUrls TestUrls();

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_TEST_PKI_H_
