// TestDevices: device roots and attestation certificates for tests. OpenSSL.
#ifndef INTAGLIO_APPLIANCE_BACKUP_TEST_DEVICES_H_
#define INTAGLIO_APPLIANCE_BACKUP_TEST_DEVICES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/bytes.h"

namespace intaglio::appliance {

class TestKeyPair final {
 public:
  TestKeyPair() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {}
  explicit TestKeyPair(ByteView spki) : key_(nullptr, EVP_PKEY_free) {
    const unsigned char* at = spki.data();
    key_.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  }
  EVP_PKEY* get() const { return key_.get(); }
  Bytes Spki() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
  }
  Bytes SignDigest(const Digest& digest) const {
    std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
        EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY_sign_init(context.get());
    EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256());
    Bytes out(128);
    size_t size = out.size();
    EVP_PKEY_sign(context.get(), out.data(), &size, digest.data(), digest.size());
    out.resize(size);
    return out;
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

// A maker of devices: its root, and the certificates of its devices' attestation keys.
class TestMaker final {
 public:
  TestMaker() { root_ = Issue("Test device root", key_, "critical,CA:TRUE", "keyCertSign", ""); }
  const Bytes& root() const { return root_; }
  Bytes Certify(const TestKeyPair& attestation_key) const {
    return Issue("Test attestation key", attestation_key, "critical,CA:FALSE", "digitalSignature",
                 "1.2.3.999.3.0");
  }
  // For a key that must not attest.
  Bytes CertifyForAnotherUse(const TestKeyPair& key) const {
    return Issue("Test attestation key", key, "critical,CA:FALSE", "digitalSignature",
                 "1.2.3.999.3.1");
  }

 private:
  static void Extend(X509* certificate, int nid, const std::string& value) {
    if (value.empty()) return;
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  Bytes Issue(const char* name, const TestKeyPair& subject, const std::string& constraints,
              const std::string& usage, const std::string& extended) const {
    std::unique_ptr<X509, void (*)(X509*)> out(X509_new(), X509_free);
    X509_set_version(out.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(out.get()), 1 + static_cast<long>(extended.size()));
    X509_gmtime_adj(X509_getm_notBefore(out.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(out.get()), 3600 * 24);
    const auto set_name = [](X509_NAME* target, const char* text) {
      X509_NAME_add_entry_by_txt(target, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
    };
    set_name(X509_get_subject_name(out.get()), name);
    set_name(X509_get_issuer_name(out.get()), "Test device root");
    X509_set_pubkey(out.get(), subject.get());
    Extend(out.get(), NID_basic_constraints, constraints);
    Extend(out.get(), NID_key_usage, "critical," + usage);
    Extend(out.get(), NID_ext_key_usage, extended);
    X509_sign(out.get(), key_.get(), EVP_sha256());
    unsigned char* der = nullptr;
    const int size = i2d_X509(out.get(), &der);
    Bytes octets(der, der + size);
    OPENSSL_free(der);
    return octets;
  }

  TestKeyPair key_;
  Bytes root_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_TEST_DEVICES_H_
