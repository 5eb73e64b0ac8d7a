// CoreLink: the host's one connection to the core. Requests are pipelined and answered in any
// order; a lost link is opened again by itself. Thread-safe. [DESIGN 2]
//
// Nothing is ever sent twice: a request that was under way when the link broke fails with
// kCoreLinkLost, and whether to ask again is its caller's decision.
#ifndef INTAGLIO_HOST_CORE_LINK_CORE_LINK_H_
#define INTAGLIO_HOST_CORE_LINK_CORE_LINK_H_

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/secret_bytes.h"
#include "base/status.h"
#include "intaglio/core/v1/link.pb.h"

namespace intaglio::host {

struct CoreLinkConfig {
  std::string unix_socket;  // exactly one of the two
  std::string tcp_address;  // "10.0.0.2:7443" or "[2001:db8::1]:7443", numeric
  Bytes certificate_pem;
  SecretBytes private_key_pem;
  Bytes pinned_peer_pem;                    // one certificate, or the old and the new
  Duration timeout = 30 * kSecond;          // of one request, connecting included
  Duration connect_timeout = 10 * kSecond;  // of one attempt, handshake included
  size_t most_calls = 16'384;               // unanswered at once
};

class CoreLink final {
 public:
  using Callback = std::function<void(StatusOr<core::v1::CoreResponse>)>;

  // Starts connecting at once; the core need not be up yet. kCoreLinkConfig.
  static StatusOr<std::unique_ptr<CoreLink>> Create(const CoreLinkConfig& config);
  // Calls that are unanswered fail.
  ~CoreLink();
  // The same for calls from here on, so that threads that wait for the core come back. Idempotent.
  void Stop();
  CoreLink(const CoreLink&) = delete;
  CoreLink& operator=(const CoreLink&) = delete;

  // Sends `request` (its id is set here) and waits for its answer. The core's own refusals carry
  // its Reason. Before anything was sent: kCoreUnavailable or kCorePeerUnknown if no link came up
  // in time, kCoreFrameTooLarge, kCoreBusy. After, when the core may have acted: kCoreLinkLost,
  // kCoreTimeout, kCoreProtocol. Never call it from a Callback.
  StatusOr<core::v1::CoreResponse> Call(core::v1::CoreRequest request);
  StatusOr<core::v1::CoreResponse> Call(core::v1::CoreRequest request, Duration timeout);
  // The same without waiting: `callback` is called once, on the link's own thread or, for what is
  // refused at once, on the caller's; it must not block.
  void AsyncCall(core::v1::CoreRequest request, Callback callback);
  void AsyncCall(core::v1::CoreRequest request, Duration timeout, Callback callback);

 private:
  struct Impl;
  explicit CoreLink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CORE_LINK_CORE_LINK_H_
