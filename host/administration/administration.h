// Administration: hands the security officers' commands to the core and keeps what it answers.
#ifndef INTAGLIO_HOST_ADMINISTRATION_ADMINISTRATION_H_
#define INTAGLIO_HOST_ADMINISTRATION_ADMINISTRATION_H_

#include <string>
#include <vector>

#include "base/clock.h"
#include "host/domain/terms.h"
#include "host/ports/core_port.h"
#include "host/ports/store_port.h"
#include "host/status/status_service.h"

namespace intaglio::host {

struct AdministrationServices {
  StorePort& store;
  CorePort& core;
  StatusService& status;
  const Terms& terms;
  const Clock& clock;
};

class Administration final {
 public:
  explicit Administration(const AdministrationServices& services) : services_(services) {}

  // What a command is about, as far as the host must know: which key it makes or changes.
  struct CommandView {
    std::optional<ServiceKeyPurpose> generates;
    std::string installs_on;  // CA key id in hexadecimal; empty otherwise
  };
  StatusOr<CoreKey> Execute(const ApprovedOctets& command, const CommandView& view);
  struct AttestedKey {
    Bytes evidence;
    Bytes spki;
  };
  StatusOr<AttestedKey> Attest(const std::string& key_id, ByteView nonce);

  StatusOr<PublishedCrl> PublishCrl() { return services_.status.PublishCrl(); }

  struct Activation {
    std::string ca_key_id;
    Bytes ca_certificate;
    std::vector<Bytes> chain;  // up to and including the root
    std::string status_key_id;
  };
  struct Activated {
    Bytes responder_certificate;
    uint64_t crl_number = 0;
  };
  // Verifies the chain, keeps it, has a responder certificate issued and the first CRL published.
  // May be asked for again. kEvidenceMismatch (another key, no root, not valid now),
  // kServiceNotReady, kHostConfig for an issuer name that does not fit the boundary;
  // VerifyCertificate's Reasons and the lint's.
  StatusOr<Activated> ActivateCa(const Activation& activation);
  // Has a new responder certificate issued once less than 30 days are left: status must not end
  // because nobody was asked. OK before there is a CA.
  Status KeepResponderFresh();

 private:
  StatusOr<ServiceKey> FindKey(const std::string& id, ServiceKeyPurpose purpose);
  StatusOr<Bytes> IssueResponder(const ServiceKey& ca, const ServiceKey& status);

  const AdministrationServices services_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_ADMINISTRATION_ADMINISTRATION_H_
