#include "tests/support/seal_lab.h"

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "host/x509/ceremony.h"
#include "host/x509/machine_certificates.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.grpc.pb.h"

namespace intaglio::testing_support {
namespace {

void MustBeOk(const Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "seal lab: %s\n", std::string(status.message()).c_str());
  abort();
}
template <class T>
T Must(StatusOr<T> value) {
  MustBeOk(value.status());
  return *std::move(value);
}

host::Serial DrawnSerial() {
  SystemRng rng;
  return Must(host::DrawSerial(rng));
}

}  // namespace

SealLab::SealLab(appliance::KeyAlgorithm algorithm) : key_(core_.core(), algorithm) {
  // People's tools go by the real clock.
  core_.core().clock().Advance(clock_.Now() - core_.core().clock().Now());
  store_ = Must(host::SqlStore::Open(Path("host.db")));
  host::Credential credential;
  credential.id = this->credential();
  credential.application_id = std::string(32, 'a');
  credential.sealed_record = key_.Sealed();
  credential.spki = key_.record().spki;
  credential.state = host::CertificateState::kActive;
  MustBeOk(store_->Update(
      [&](host::StoreTransaction& store) { return store.PutCredential(credential); }));
  host::CoreLinkConfig config;
  config.unix_socket = core_.link_socket();
  config.certificate_pem = core_.link_identity().certificate();
  config.private_key_pem = core_.link_identity().private_key();
  config.pinned_peer_pem = core_.core_certificate_pem();
  link_ = Must(host::CoreLink::Create(config));
  seals_ = std::make_unique<host::LinkedSeals>(*link_);
  sealing_ = std::make_unique<host::Sealing>(*store_, *seals_);
  MakeTls();
  Serve();
}

SealLab::~SealLab() {
  server_->Shutdown();
  server_->Wait();
  link_->Stop();
}

void SealLab::MakeTls() {
  const WallTime now = clock_.Now();
  const host::PkeyPtr ca_key = Must(host::GenerateP256Key());
  const Bytes root = Must(host::MakeRoot(ca_key.get(), {"EE", "Lab", "", "TLS"},
                                         {now - kDay, now + kDay}, DrawnSerial()));
  const host::CaDescription ca = Must(host::CaDescription::Create(root));
  MustBeOk(WriteFile(Path("ca.pem"), AsBytes(host::CertificateToPem(root)), 0644));
  for (const std::string who : {"server", "seal-client", "administrator", "auditor"}) {
    const auto purpose = who == "server" ? host::TlsPurpose::kServer : host::TlsPurpose::kClient;
    const host::PkeyPtr key = Must(host::GenerateP256Key());
    const Bytes spki = Must(host::SpkiOf(key.get()));
    const Bytes certificate =
        Must(host::MakeTlsCertificate({ca_key.get(), ca}, {DrawnSerial(),
                                                           who,
                                                           who,
                                                           spki,
                                                           {{host::AltNameKind::kIp, "127.0.0.1"}},
                                                           purpose,
                                                           {now - kHour, now + kHour}}));
    MustBeOk(WriteFile(Path(who + ".pem"), AsBytes(host::CertificateToPem(certificate)), 0644));
    MustBeOk(WriteFile(Path(who + ".key"), Must(host::PrivateKeyToPem(key.get())).Expose(), 0600));
  }
}

void SealLab::Serve() {
  const auto read = [&](const char* file) {
    return AsString(Must(ReadFile(Path(file), FileTrust::kAnyMode, 65536)));
  };
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = read("ca.pem");
  tls.pem_key_cert_pairs.push_back({read("server.key"), read("server.pem")});
  service_ = host::MakeSealService({*sealing_, *seals_, *store_, clock_});
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  if (!server_) abort();
}

host::Profile SealLab::ProfileOf(const std::string& role) const {
  return {"127.0.0.1:" + std::to_string(port_), Path("ca.pem"), Path(role + ".pem"),
          Path(role + ".key")};
}

std::unique_ptr<host::Connection> SealLab::Connect(const std::string& role) const {
  return Must(host::Connection::Open(ProfileOf(role), 30 * kSecond));
}

appliance::SealAuthorisationId SealLab::Authorise(uint64_t most_signatures,
                                                  uint32_t most_per_minute) {
  const auto connection = Connect("administrator");
  host::v1::BeginAuthorisationRequest begin;
  begin.set_credential_id(credential());
  const auto begun = Must(
      connection->Call<host::v1::BeginAuthorisationResponse>("Sealing/BeginAuthorisation", begin));
  appliance::Nonce nonce;
  appliance::Assign(AsBytes(begun.nonce()), nonce);
  auto authorisation = key_.Authorisation(nonce);
  authorisation.set_most_signatures(most_signatures);
  authorisation.set_most_per_minute(most_per_minute);
  const Bytes octets = appliance::SerializeCanonical(authorisation);
  host::v1::AuthoriseRequest request;
  request.set_credential_id(credential());
  request.set_authorisation(AsString(octets));
  for (const size_t i : {0, 1}) {
    auto& proof = *request.add_proofs();
    proof.set_authenticator_id(AsString(key_.controller(i).id()));
    proof.set_es256(AsString(key_.controller(i).Sign(octets)));
  }
  const auto response =
      Must(connection->Call<host::v1::AuthoriseResponse>("Sealing/Authorise", request));
  appliance::SealAuthorisationId id;
  appliance::Assign(AsBytes(response.authorisation_id()), id);
  return id;
}

}  // namespace intaglio::testing_support
