// PinnedTls: the TLS settings of the host's end of the link: one version, one suite, one peer. The
// peer has one certificate, or two while its old one is being replaced.
#ifndef INTAGLIO_HOST_CORE_LINK_PINNED_TLS_H_
#define INTAGLIO_HOST_CORE_LINK_PINNED_TLS_H_

#include <openssl/ssl.h>

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace intaglio::host {

class PinnedTls final {
 public:
  // PEM each; `pinned_peer_pem` holds one certificate or two. kCoreLinkConfig naming what cannot be
  // used.
  static StatusOr<std::unique_ptr<PinnedTls>> Create(ByteView certificate_pem,
                                                     const SecretBytes& private_key_pem,
                                                     ByteView pinned_peer_pem);
  PinnedTls(const PinnedTls&) = delete;
  PinnedTls& operator=(const PinnedTls&) = delete;

  // For SSL_new(); must not outlive this.
  SSL_CTX* context() const { return context_.get(); }
  // True if the finished handshake's peer showed, octet for octet, a pinned certificate.
  bool IsPinned(const SSL* session) const;

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  PinnedTls() = default;
  bool Pins(const Bytes& certificate) const;
  static int Judge(X509_STORE_CTX* store, void* self);

  std::vector<Bytes> pinned_;  // DER
  std::unique_ptr<SSL_CTX, FreeContext> context_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CORE_LINK_PINNED_TLS_H_
