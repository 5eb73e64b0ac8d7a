// TlsSession: one TLS 1.2 connection over a non-blocking socket, with a pinned peer. Mbed TLS stays
// behind this header.
#ifndef INTAGLIO_APPLIANCE_LINK_TLS_SESSION_H_
#define INTAGLIO_APPLIANCE_LINK_TLS_SESSION_H_

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

// Whether a peer's certificate, by its SHA-256, is accepted at this moment. Thread-safe.
using PeerJudge = std::function<bool(const Digest& certificate_sha256)>;

// Own certificate and key and which peer is accepted; made once, shared by all connections.
class TlsIdentity final {
 public:
  // PEM each. `judge` decides on peers; if it is empty, `pinned_peer_pem` is the only one accepted.
  // kLinkConfig naming what cannot be used.
  static StatusOr<std::unique_ptr<TlsIdentity>> Create(ByteView certificate_pem,
                                                       const SecretBytes& private_key_pem,
                                                       ByteView pinned_peer_pem, PeerJudge judge);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

 private:
  friend class TlsSession;
  struct Impl;
  explicit TlsIdentity(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What a step needs before it can go on.
enum class TlsStep { kDone, kWantRead, kWantWrite, kClosed };

// Used by one thread. The descriptor is the caller's.
class TlsSession final {
 public:
  static StatusOr<std::unique_ptr<TlsSession>> Create(TlsIdentity& identity, int fd);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // kDone once the handshake is complete and the peer's certificate is one that is accepted, octet
  // for octet. kLinkHandshake, kLinkPeerUnknown.
  StatusOr<TlsStep> Handshake();
  // Reads up to `buffer`; `size` says how much. kLinkBroken; kLinkPeerUnknown once the peer's
  // certificate is no longer accepted.
  StatusOr<TlsStep> Read(std::span<uint8_t> buffer, size_t& size);
  // Writes some of `octets`; `size` says how much. After kWantWrite the same octets must come
  // again.
  StatusOr<TlsStep> Write(ByteView octets, size_t& size);
  void CloseNotify();

 private:
  struct Impl;
  explicit TlsSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_TLS_SESSION_H_
