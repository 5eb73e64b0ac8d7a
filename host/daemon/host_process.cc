#include "host/daemon/host_process.h"

#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "attestation/registry/qscd_registry.h"
#include "base/log.h"
#include "host/core_link/core_port_adapter.h"
#include "host/core_link/linked_authenticators.h"
#include "host/core_link/linked_seals.h"
#include "host/daemon/public_content.h"
#include "host/domain/usecase_reasons.h"
#include "host/journal/journal_mirror.h"
#include "host/operations/metrics_server.h"
#include "host/records/record_carrier.h"
#include "host/statements/statement_composer.h"
#include "host/store/sql_store.h"

namespace intaglio::host {
namespace {

constexpr Duration kTaskEvery = 10 * kSecond;
constexpr size_t kFewLines = 10;

// Returns on SIGTERM or SIGINT, which every thread blocks.
void WaitForStop() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int which = 0;
  while (sigwait(&signals, &which) != 0) continue;
}

// What must happen though nobody asks: a fresh CRL, OCSP answers signed ahead, a copy of the core's
// journal, records carried to a new record key. On a thread of
// its own, so that a core that does not answer cannot delay a stop signal's notice. Failures are
// logged and tried again.
class PeriodicTasks final {
 public:
  PeriodicTasks(StatusService& status, Revocation& revocation, Administration& administration,
                RecordCarrier& records, JournalMirror& journal)
      : status_(status),
        revocation_(revocation),
        administration_(administration),
        records_(records),
        journal_(journal),
        thread_([this] { Loop(); }) {}
  ~PeriodicTasks() { Stop(); }
  PeriodicTasks(const PeriodicTasks&) = delete;
  PeriodicTasks& operator=(const PeriodicTasks&) = delete;

  // Returns after the task in hand. Idempotent.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Loop() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      DoOnce();
      lock.lock();
      wake_.wait_for(lock, std::chrono::milliseconds(kTaskEvery), [this] { return stopping_; });
    }
  }
  bool stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  void PullJournal() {
    while (!stopping()) {
      const auto lines = journal_.PullOnce();
      if (!lines.ok()) LogFailure("journal.copy", lines.status());
      // Copying makes a line of its own at times; a handful is not worth another turn.
      if (!lines.ok() || *lines < kFewLines) return;
    }
  }
  void DoOnce() {
    // First what a crash left between the core and the status log, for a CRL without it is refused.
    const Status pending = revocation_.FinishPending();
    if (!pending.ok()) LogFailure("revocation.pending", pending);
    PullJournal();
    const auto carried = records_.Run([this] { return stopping(); });
    if (!carried.ok()) LogFailure("records.carry", carried.status());
    const Status responder = administration_.KeepResponderFresh();
    if (!responder.ok()) LogFailure("responder.periodic", responder);
    const Status crl = status_.KeepCrlFresh();
    if (Is(crl, kServiceNotReady)) return;  // there is no CA yet
    if (!crl.ok()) LogFailure("crl.periodic", crl);
    while (!stopping()) {
      const auto done = status_.PresignOcsp();
      if (!done.ok()) LogFailure("ocsp.presign", done.status());
      if (!done.ok() || *done == 0) return;
    }
  }

  StatusService& status_;
  Revocation& revocation_;
  Administration& administration_;
  RecordCarrier& records_;
  JournalMirror& journal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

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
  RecordCarrier records(core, *store);
  ASSIGN_OR_RETURN(const auto journal, JournalMirror::Open(settings.journal_dir, core));
  LinkedSeals linked_seals(*link);
  Sealing sealing(*store, linked_seals);
  const SealUseCases seals{sealing, linked_seals, *store, clock};
  LinkedAuthenticators linked_authenticators(*link);
  Authenticators authenticators(*store, core, linked_authenticators);
  const AuthenticatorUseCases authenticator_use_cases{authenticators, clock};
  StoredContent content(*store, status, terms);

  ASSIGN_OR_RETURN(const auto http, HttpServer::Start(settings.http, content, clock));
  ASSIGN_OR_RETURN(const auto grpc,
                   GrpcServer::Start(settings.grpc, {enrolment, issuance, signing, revocation,
                                                     administration, core, *store, registry, terms,
                                                     clock, &seals, &authenticator_use_cases}));
  std::unique_ptr<MetricsServer> metrics;
  if (!settings.operations_listen.empty()) {
    ASSIGN_OR_RETURN(metrics, MetricsServer::Start(settings.operations_listen, core, clock));
    LogInfo("host.metrics", {{"port", std::to_string(metrics->port())}});
  }
  LogInfo("host.ready", {{"grpc_port", std::to_string(grpc->port())},
                         {"http_port", std::to_string(http->port())}});
  PeriodicTasks tasks(status, revocation, administration, records, *journal);
  WaitForStop();
  LogInfo("host.stopping");
  grpc->Stop();
  http->Stop();
  link->Stop();
  metrics.reset();
  tasks.Stop();
  return OkStatus();
}

}  // namespace intaglio::host
