// Wire: the gRPC schema's messages to and from the host's values, and Status to grpc::Status.
#ifndef INTAGLIO_HOST_GRPC_WIRE_H_
#define INTAGLIO_HOST_GRPC_WIRE_H_

#include <grpcpp/grpcpp.h>

#include "host/domain/application.h"
#include "host/domain/credential.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {

namespace hpb = ::intaglio::host::v1;
namespace cpb = ::intaglio::core::v1;

// Code, and google.rpc.Status with an ErrorInfo as details; redacted as the Reason says.
grpc::Status ToGrpc(const Status& status);

void Fill(const Application& from, hpb::Application& to);
// `chain`: issuing CA and what is above it; `now` tells whether the certificate has expired.
void Fill(const Credential& from, const std::vector<Bytes>& chain, WallTime now,
          hpb::Credential& to);
// Nothing for a natural person's application. kFieldInvalid for half of a seal's.
StatusOr<std::optional<SealSubject>> SealOf(const hpb::CreateApplicationRequest& from);
NaturalPerson FromProto(const hpb::NaturalPerson& from);
ApprovedOctets FromProto(const cpb::SignedStatement& from);
OfficerApproval FromProto(const cpb::Approval& from);
AuthenticatorProof FromProto(const cpb::Proof& from);
// The request has been checked: the enumerator exists and is not UNSPECIFIED.
CertificatePolicy FromProto(hpb::CertificatePolicy from);
RevocationReason FromProto(cpb::RevocationReason from);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_WIRE_H_
