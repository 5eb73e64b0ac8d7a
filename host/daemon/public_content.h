// StoredContent: what the HTTP server publishes, from the store and the status service.
#ifndef INTAGLIO_HOST_DAEMON_PUBLIC_CONTENT_H_
#define INTAGLIO_HOST_DAEMON_PUBLIC_CONTENT_H_

#include "host/domain/terms.h"
#include "host/http/http_server.h"
#include "host/ports/store_port.h"
#include "host/status/status_service.h"

namespace intaglio::host {

class StoredContent final : public PublicContent {
 public:
  StoredContent(StorePort& store, StatusService& status, const Terms& terms)
      : store_(store), status_(status), terms_(terms) {}

  PublicOctets AnswerOcsp(ByteView request) override;
  std::optional<PublicOctets> LatestCrl() override;
  std::optional<PublicOctets> CaCertificate() override;
  std::optional<PublicOctets> RootCertificate() override;
  std::optional<PublicOctets> Agreement() override;

 private:
  StorePort& store_;
  StatusService& status_;
  const Terms& terms_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DAEMON_PUBLIC_CONTENT_H_
