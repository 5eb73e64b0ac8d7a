#include "host/daemon/host_process.h"

#include <signal.h>
#include <time.h>

#include "attestation/registry/qscd_registry.h"
#include "base/log.h"
#include "host/core_link/core_port_adapter.h"
#include "host/daemon/public_content.h"
#include "host/domain/usecase_reasons.h"
#include "host/statements/statement_composer.h"
#include "host/store/sql_store.h"

namespace intaglio::host {
namespace {

constexpr Duration kTaskEvery = 10 * kSecond;

bool StopSignalled(Duration wait) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const timespec limit{wait / 1000, wait % 1000 * 1'000'000};
  return sigtimedwait(&signals, nullptr, &limit) > 0;
}

// What must happen though nobody asks: a fresh CRL and OCSP answers signed ahead. Failures are
// logged and tried again.
void DoPeriodicTasks(StatusService& status) {
  const Status crl = status.KeepCrlFresh();
  if (Is(crl, kServiceNotReady)) return;  // there is no CA yet
  if (!crl.ok()) LogFailure("crl.periodic", crl);
  for (;;) {
    const auto done = status.PresignOcsp();
    if (!done.ok()) {
      LogFailure("ocsp.presign", done.status());
      return;
    }
    if (*done == 0) return;
  }
}

}  // namespace

Status RunHost(const HostSettings& settings) {
  SystemClock clock;
  SystemRng rng;
  ASSIGN_OR_RETURN(const auto registry,
                   attestation::QscdRegistry::FromFile(settings.qscd_registry));
  ASSIGN_OR_RETURN(const auto device_roots,
                   attestation::TrustStore::Create(settings.device_roots, {}));
  RETURN_IF_ERROR(registry.Find(settings.terms.qscd_entry_id).status());
  ASSIGN_OR_RETURN(const auto store, SqlStore::Open(settings.database));
  ASSIGN_OR_RETURN(const auto link, CoreLink::Create(settings.core));
  LinkedCore core(*link);
  StatementComposer statements;
  const Terms& terms = settings.terms;

  StatusService status(*store, core, terms, clock);
  Enrolment enrolment({*store, core, statements, terms, clock, rng});
  Issuance issuance({*store, core, statements, registry, device_roots, terms, clock, rng});
  Signing signing(*store, core);
  Revocation revocation({*store, core, statements, status, clock, rng});
  Administration administration({*store, core, status, terms, clock});
  StoredContent content(*store, status, terms);

  ASSIGN_OR_RETURN(const auto http, HttpServer::Start(settings.http, content, clock));
  ASSIGN_OR_RETURN(
      const auto grpc,
      GrpcServer::Start(settings.grpc, {enrolment, issuance, signing, revocation, administration,
                                        core, *store, registry, terms, clock}));
  LogInfo("host.ready", {{"grpc_port", std::to_string(grpc->port())},
                         {"http_port", std::to_string(http->port())}});
  do {
    DoPeriodicTasks(status);
  } while (!StopSignalled(kTaskEvery));
  LogInfo("host.stopping");
  grpc->Stop();
  http->Stop();
  return OkStatus();
}

}  // namespace intaglio::host
