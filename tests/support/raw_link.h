// RawLink: one end of the link without its manners: a blocking TLS connection over OpenSSL that
// sends any octets it is told to. For tests that attack either end with valid keys.
#ifndef INTAGLIO_TESTS_SUPPORT_RAW_LINK_H_
#define INTAGLIO_TESTS_SUPPORT_RAW_LINK_H_

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret_bytes.h"

namespace intaglio::testing_support {

// Every failure of a RawLink; the detail says which.
inline constexpr Reason kRawLinkFailed{"TST-0001", "RAW_LINK_FAILED",
                                       absl::StatusCode::kUnavailable, Redaction::kPublic,
                                       "a raw connection failed"};

// A certificate and its key, PEM.
struct LinkIdentity {
  std::string certificate_pem;
  std::string private_key_pem;

  Bytes certificate() const { return ToBytes(certificate_pem); }
  SecretBytes private_key() const { return SecretBytes::CopyOf(AsBytes(private_key_pem)); }
};
enum class LinkKeyKind { kP256, kP384, kRsa3072 };
enum class LinkValidity { kNow, kExpired };
// A new key and a self-signed certificate.
LinkIdentity MakeLinkIdentity(const std::string& name, LinkKeyKind kind, LinkValidity validity);
// `victim`'s certificate with a key that claims its public half and holds `thief`'s private half.
LinkIdentity ForgeLinkIdentity(const LinkIdentity& victim, const LinkIdentity& thief);

// How a RawLink speaks TLS. The defaults are the link's own.
struct RawLinkConfig {
  LinkIdentity identity;  // empty: shows no certificate
  int min_version = 0x0303;
  int max_version = 0x0303;
  std::string suites = "ECDHE-ECDSA-AES256-GCM-SHA384";  // of TLS 1.2
};

// For one thread at a time.
class RawLink final {
 public:
  // `endpoint` is a Unix socket's path or "127.0.0.1:7443".
  static StatusOr<std::unique_ptr<RawLink>> Connect(const std::string& endpoint,
                                                    const RawLinkConfig& config);
  // No TLS: octets go as they are.
  static StatusOr<std::unique_ptr<RawLink>> ConnectPlain(const std::string& endpoint);
  ~RawLink();
  RawLink(const RawLink&) = delete;
  RawLink& operator=(const RawLink&) = delete;

  // Everything, or a failure if the peer takes nothing for ten seconds.
  Status Send(ByteView octets);
  // As much as the peer takes until it has taken nothing for `patience`; how much that is. What is
  // left must be sent next.
  StatusOr<size_t> SendSome(ByteView octets, Duration patience);
  Status SendFrame(ByteView body);
  // The next frame's body.
  StatusOr<Bytes> ReceiveFrame(Duration patience);
  // True if the peer closes within `patience`; what comes before is thrown away.
  bool PeerCloses(Duration patience);
  // Says that it closes, then closes.
  void Close();
  // Closes without a word.
  void Drop();

 private:
  friend class RawLinkServer;
  struct Impl;
  explicit RawLink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The header of a frame that claims `length` octets, and a whole frame.
Bytes RawHeader(uint32_t length);
Bytes RawFrame(ByteView body);

// A core that is none: accepts connections at a Unix socket, one by one.
class RawLinkServer final {
 public:
  static StatusOr<std::unique_ptr<RawLinkServer>> Listen(const std::string& path,
                                                         const RawLinkConfig& config);
  ~RawLinkServer();
  RawLinkServer(const RawLinkServer&) = delete;
  RawLinkServer& operator=(const RawLinkServer&) = delete;

  // The next connection, its handshake done.
  StatusOr<std::unique_ptr<RawLink>> Accept(Duration patience);

 private:
  RawLinkServer(int fd, std::string path, RawLinkConfig config);
  const int fd_;
  const std::string path_;
  const RawLinkConfig config_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_RAW_LINK_H_
