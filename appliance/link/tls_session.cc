#include "appliance/link/tls_session.h"

#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <sys/socket.h>

#include <mutex>

#include "appliance/link/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr int kSuites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, 0};
constexpr mbedtls_ecp_group_id kCurves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};
constexpr int kHashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_NONE};

std::string ErrorText(int code) {
  char text[160] = {};
  mbedtls_strerror(code, text, sizeof text);
  return text;
}

// Mbed TLS wants PEM with its terminating zero counted.
Bytes ZeroTerminated(ByteView pem) {
  Bytes out = ToBytes(pem);
  out.push_back(0);
  return out;
}

int SendTo(void* context, const unsigned char* octets, size_t size) {
  const ssize_t n = send(*static_cast<int*>(context), octets, size, MSG_NOSIGNAL);
  if (n >= 0) return static_cast<int>(n);
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE
                                                                   : MBEDTLS_ERR_NET_SEND_FAILED;
}

int ReceiveFrom(void* context, unsigned char* octets, size_t size) {
  const ssize_t n = recv(*static_cast<int*>(context), octets, size, 0);
  if (n >= 0) return static_cast<int>(n);
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ
                                                                   : MBEDTLS_ERR_NET_RECV_FAILED;
}

}  // namespace

struct TlsIdentity::Impl {
  mbedtls_ssl_config config;
  mbedtls_x509_crt certificate;
  mbedtls_x509_crt pinned;
  mbedtls_pk_context key;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context drbg;
  PeerJudge judge;
  std::mutex drbg_mutex;  // Debian's build has no threading layer of its own

  Impl() {
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&certificate);
    mbedtls_x509_crt_init(&pinned);
    mbedtls_pk_init(&key);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
  }
  ~Impl() {
    mbedtls_ssl_config_free(&config);
    mbedtls_x509_crt_free(&certificate);
    mbedtls_x509_crt_free(&pinned);
    mbedtls_pk_free(&key);
    mbedtls_ctr_drbg_free(&drbg);
    mbedtls_entropy_free(&entropy);
  }

  static int Random(void* context, unsigned char* out, size_t size) {
    auto* self = static_cast<Impl*>(context);
    std::lock_guard lock(self->drbg_mutex);
    return mbedtls_ctr_drbg_random(&self->drbg, out, size);
  }

  static Digest DigestOf(const mbedtls_x509_crt& shown) {
    Digest digest{};
    // Of octets in memory this cannot fail; if it did, no certificate has the digest of zeros.
    if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), shown.raw.p, shown.raw.len,
                   digest.data()) != 0) {
      digest.fill(0);
    }
    return digest;
  }

  bool IsPinned(const mbedtls_x509_crt& shown) const {
    if (judge) return judge(DigestOf(shown));
    return Equal({shown.raw.p, shown.raw.len}, {pinned.raw.p, pinned.raw.len});
  }

  // Only the peer's own certificate counts, whatever it sends above it.
  static int JudgePeer(void* context, mbedtls_x509_crt* shown, int depth, uint32_t* flags) {
    const auto* self = static_cast<const Impl*>(context);
    *flags = depth > 0 || self->IsPinned(*shown) ? 0 : MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    return 0;
  }

  Status Load(ByteView certificate_pem, const SecretBytes& key_pem, ByteView pinned_pem) {
    const Bytes own = ZeroTerminated(certificate_pem);
    if (mbedtls_x509_crt_parse(&certificate, own.data(), own.size()) != 0) {
      return Fail(kLinkConfig, "link.certificate is not one PEM certificate");
    }
    const Bytes peer = ZeroTerminated(pinned_pem);
    if (mbedtls_x509_crt_parse(&pinned, peer.data(), peer.size()) != 0 || pinned.next != nullptr) {
      return Fail(kLinkConfig, "link.pinned_peer is not one PEM certificate");
    }
    SecretBytes secret(key_pem.size() + 1);
    std::copy(key_pem.Expose().begin(), key_pem.Expose().end(), secret.ExposeMutable().begin());
    if (mbedtls_pk_parse_key(&key, secret.Expose().data(), secret.size(), nullptr, 0) != 0 ||
        mbedtls_pk_get_type(&key) != MBEDTLS_PK_ECKEY ||
        mbedtls_pk_ec(key)->grp.id != MBEDTLS_ECP_DP_SECP256R1) {
      return Fail(kLinkConfig, "link.private_key is not an unencrypted P-256 key in PEM");
    }
    if (mbedtls_pk_check_pair(&certificate.pk, &key) != 0) {
      return Fail(kLinkConfig, "link.private_key does not belong to link.certificate");
    }
    return OkStatus();
  }

  Status Configure() {
    if (mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, nullptr, 0) != 0 ||
        mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
      return Fail(kLinkConfig, "TLS could not be initialised");
    }
    mbedtls_ssl_conf_rng(&config, Random, this);
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(&config, kSuites);
    mbedtls_ssl_conf_curves(&config, kCurves);
    mbedtls_ssl_conf_sig_hashes(&config, kHashes);
    // A certificate is demanded; the pin judges it, no chain and no date does. The handshake itself
    // proves possession of its key.
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(&config, JudgePeer, this);
    mbedtls_ssl_conf_cert_req_ca_list(&config, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    mbedtls_ssl_conf_session_tickets(&config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    mbedtls_ssl_conf_renegotiation(&config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_ca_chain(&config, &pinned, nullptr);
    if (mbedtls_ssl_conf_own_cert(&config, &certificate, &key) != 0) {
      return Fail(kLinkConfig, "link.certificate cannot be used");
    }
    return OkStatus();
  }
};

TlsIdentity::TlsIdentity(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsIdentity::~TlsIdentity() = default;

StatusOr<std::unique_ptr<TlsIdentity>> TlsIdentity::Create(ByteView certificate_pem,
                                                           const SecretBytes& private_key_pem,
                                                           ByteView pinned_peer_pem,
                                                           PeerJudge judge) {
  auto impl = std::make_unique<Impl>();
  impl->judge = std::move(judge);
  RETURN_IF_ERROR(impl->Load(certificate_pem, private_key_pem, pinned_peer_pem));
  RETURN_IF_ERROR(impl->Configure());
  return std::unique_ptr<TlsIdentity>(new TlsIdentity(std::move(impl)));
}

struct TlsSession::Impl {
  mbedtls_ssl_context ssl;
  TlsIdentity::Impl* identity = nullptr;
  int fd = -1;
  Digest peer{};  // of the certificate shown
  Impl() { mbedtls_ssl_init(&ssl); }
  ~Impl() { mbedtls_ssl_free(&ssl); }
};

TlsSession::TlsSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsSession::~TlsSession() = default;

StatusOr<std::unique_ptr<TlsSession>> TlsSession::Create(TlsIdentity& identity, int fd) {
  auto impl = std::make_unique<Impl>();
  impl->identity = identity.impl_.get();
  impl->fd = fd;
  if (const int rc = mbedtls_ssl_setup(&impl->ssl, &identity.impl_->config); rc != 0) {
    return Fail(kLinkHandshake, ErrorText(rc));
  }
  mbedtls_ssl_set_bio(&impl->ssl, &impl->fd, SendTo, ReceiveFrom, nullptr);
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(impl)));
}

StatusOr<TlsStep> TlsSession::Handshake() {
  const int rc = mbedtls_ssl_handshake(&impl_->ssl);
  if (rc == MBEDTLS_ERR_SSL_WANT_READ) return TlsStep::kWantRead;
  if (rc == MBEDTLS_ERR_SSL_WANT_WRITE) return TlsStep::kWantWrite;
  if (rc == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE) {
    return Fail(kLinkPeerUnknown, "no certificate was shown");
  }
  if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
    return Fail(kLinkPeerUnknown, "another certificate was shown");
  }
  if (rc != 0) return Fail(kLinkHandshake, ErrorText(rc));
  // Judged again on what the finished handshake holds: nothing above may have let another pass.
  const mbedtls_x509_crt* peer = mbedtls_ssl_get_peer_cert(&impl_->ssl);
  if (peer == nullptr || !impl_->identity->IsPinned(*peer)) {
    return Fail(kLinkPeerUnknown, "the handshake ended without the pinned certificate");
  }
  impl_->peer = TlsIdentity::Impl::DigestOf(*peer);
  return TlsStep::kDone;
}

StatusOr<TlsStep> TlsSession::Read(std::span<uint8_t> buffer, size_t& size) {
  size = 0;
  if (impl_->identity->judge && !impl_->identity->judge(impl_->peer)) {
    return Fail(kLinkPeerUnknown, "its certificate was taken off");
  }
  const int rc = mbedtls_ssl_read(&impl_->ssl, buffer.data(), buffer.size());
  if (rc > 0) {
    size = static_cast<size_t>(rc);
    return TlsStep::kDone;
  }
  if (rc == MBEDTLS_ERR_SSL_WANT_READ) return TlsStep::kWantRead;
  if (rc == MBEDTLS_ERR_SSL_WANT_WRITE) return TlsStep::kWantWrite;
  if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return TlsStep::kClosed;
  // Without a notice the end may be an attacker's cut.
  return Fail(kLinkBroken, rc == 0 ? "the peer closed without a notice" : ErrorText(rc));
}

StatusOr<TlsStep> TlsSession::Write(ByteView octets, size_t& size) {
  size = 0;
  const int rc = mbedtls_ssl_write(&impl_->ssl, octets.data(), octets.size());
  if (rc > 0) {
    size = static_cast<size_t>(rc);
    return TlsStep::kDone;
  }
  if (rc == MBEDTLS_ERR_SSL_WANT_READ) return TlsStep::kWantRead;
  if (rc == MBEDTLS_ERR_SSL_WANT_WRITE || rc == 0) return TlsStep::kWantWrite;
  return Fail(kLinkBroken, ErrorText(rc));
}

void TlsSession::CloseNotify() { (void)mbedtls_ssl_close_notify(&impl_->ssl); }

}  // namespace intaglio::appliance
