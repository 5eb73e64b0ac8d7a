// Authenticators: relays what is added to and removed from a signer's key. The core judges; the
// host keeps the record that the core answers.
#ifndef INTAGLIO_HOST_SIGNING_AUTHENTICATORS_H_
#define INTAGLIO_HOST_SIGNING_AUTHENTICATORS_H_

#include <string>

#include "host/ports/authenticator_port.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

class Authenticators final {
 public:
  Authenticators(StorePort& store, CorePort& core, AuthenticatorPort& authenticators)
      : store_(store), core_(core), authenticators_(authenticators) {}

  // What a statement about the credential's key must name.
  struct Place {
    Bytes core_instance;
    Bytes key_id;
    uint64_t record_version = 0;
  };
  // kCredentialUnknown. Thread-safe, as all of these.
  StatusOr<Place> Find(const std::string& credential_id);
  // The version of the record the core answered, which is kept. kCredentialUnknown, the core's
  // Reasons.
  StatusOr<uint64_t> Add(const std::string& credential_id, ByteView statement,
                         const AuthenticatorProof& proof);
  Status Remove(const std::string& credential_id, ByteView statement,
                const AuthenticatorProof& proof);
  Status RemoveByOrder(const std::string& credential_id, const ApprovedOctets& order);

 private:
  StatusOr<Credential> FindCredential(const std::string& credential_id);
  Status Audit(const Credential& credential, const char* authority);

  StorePort& store_;
  CorePort& core_;
  AuthenticatorPort& authenticators_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_SIGNING_AUTHENTICATORS_H_
