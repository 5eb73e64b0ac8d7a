// PeerRole: the role a client certificate names.
#ifndef INTAGLIO_HOST_GRPC_PEER_ROLE_H_
#define INTAGLIO_HOST_GRPC_PEER_ROLE_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>

namespace intaglio::host {

// The organizationalUnit of a PEM certificate's subject; empty unless there is exactly one.
std::string RoleOfCertificate(std::string_view pem);
// The role of the peer of a call; empty if it showed no certificate.
std::string PeerRole(const grpc::ServerContextBase& context);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_PEER_ROLE_H_
