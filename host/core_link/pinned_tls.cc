#include "host/core_link/pinned_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "host/core_link/reasons.h"

namespace intaglio::host {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;

// What OpenSSL has to say, drained.
Status Bad(const std::string& what) {
  char text[160] = {};
  const unsigned long error = ERR_peek_last_error();
  if (error != 0) ERR_error_string_n(error, text, sizeof text);
  ERR_clear_error();
  return Fail(kCoreLinkConfig, error == 0 ? what : what + " (" + text + ")");
}

BioPtr Reading(ByteView octets) {
  return BioPtr(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

// A daemon has nobody to ask.
int NoPassword(char*, int, int, void*) { return -1; }

X509Ptr OneCertificate(ByteView pem) {
  const BioPtr in = Reading(pem);
  X509Ptr first(PEM_read_bio_X509(in.get(), nullptr, NoPassword, nullptr));
  const X509Ptr second(PEM_read_bio_X509(in.get(), nullptr, NoPassword, nullptr));
  if (second) first.reset();
  return first;
}

Bytes DerOf(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

// Empty unless the file holds one certificate or two, and nothing but certificates.
std::vector<Bytes> PinnedCertificates(ByteView pem) {
  constexpr size_t kMostPinned = 2;
  const BioPtr in = Reading(pem);
  std::vector<Bytes> out;
  while (const X509Ptr next{PEM_read_bio_X509(in.get(), nullptr, NoPassword, nullptr)}) {
    out.push_back(DerOf(next.get()));
    if (out.size() > kMostPinned || out.back().empty()) return {};
  }
  return out;
}

bool SetProtocol(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES256-GCM-SHA384") == 1 &&
         SSL_CTX_set1_groups_list(context, "P-256") == 1 &&
         SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256:ECDSA+SHA384") == 1;
}

}  // namespace

StatusOr<std::unique_ptr<PinnedTls>> PinnedTls::Create(ByteView certificate_pem,
                                                       const SecretBytes& private_key_pem,
                                                       ByteView pinned_peer_pem) {
  ERR_clear_error();
  std::unique_ptr<PinnedTls> out(new PinnedTls);
  out->pinned_ = PinnedCertificates(pinned_peer_pem);
  if (out->pinned_.empty()) return Bad("core.pinned_peer is not one PEM certificate, or two");
  ERR_clear_error();
  const X509Ptr certificate = OneCertificate(certificate_pem);
  if (!certificate) return Bad("core.certificate is not one PEM certificate");
  const BioPtr in = Reading(private_key_pem.Expose());
  const KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, NoPassword, nullptr));
  if (!key) return Bad("core.private_key is not an unencrypted PEM key");
  char group[16] = {};
  size_t group_size = 0;
  if (EVP_PKEY_get_group_name(key.get(), group, sizeof group, &group_size) != 1 ||
      std::string_view(group, group_size) != "prime256v1") {
    return Bad("core.private_key is not a P-256 key");
  }
  ERR_clear_error();
  out->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = out->context_.get();
  if (context == nullptr || !SetProtocol(context)) return Bad("TLS could not be initialised");
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return Bad("core.private_key does not belong to core.certificate");
  }
  // The pin decides, no chain and no date does; the handshake proves possession of the key.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, Judge, out.get());
  ERR_clear_error();
  return out;
}

int PinnedTls::Judge(X509_STORE_CTX* store, void* self) {
  const X509* const shown = X509_STORE_CTX_get0_cert(store);
  if (shown != nullptr && static_cast<const PinnedTls*>(self)->Pins(DerOf(shown))) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

bool PinnedTls::Pins(const Bytes& certificate) const {
  return std::find(pinned_.begin(), pinned_.end(), certificate) != pinned_.end();
}

bool PinnedTls::IsPinned(const SSL* session) const {
  const X509Ptr shown(SSL_get1_peer_certificate(session));
  return shown != nullptr && Pins(DerOf(shown.get()));
}

}  // namespace intaglio::host
