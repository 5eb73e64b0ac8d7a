// A signer's credential as the host tells it, and what of it can be verified here.
#ifndef INTAGLIO_HOST_CTL_CREDENTIAL_ACCESS_H_
#define INTAGLIO_HOST_CTL_CREDENTIAL_ACCESS_H_

#include <string>

#include "host/ctl/session.h"
#include "intaglio/host/v1/types.pb.h"

namespace intaglio::host {

// The credential. kAnswerInvalid if the host answers another one; Call()'s failures.
StatusOr<host::v1::Credential> FetchCredential(const std::string& id, Session& session);

// The credential with a certificate whose signatures verify up to the last certificate of its
// chain. kAnswerInvalid.
StatusOr<host::v1::Credential> FetchCertified(const std::string& id, Session& session);

// The same of a credential at hand. kAnswerInvalid.
Status CheckCertified(const host::v1::Credential& credential);

// The octets of the key id. kArgumentInvalid.
StatusOr<Bytes> KeyIdOf(const std::string& credential_id);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_CREDENTIAL_ACCESS_H_
