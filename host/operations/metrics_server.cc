#include "host/operations/metrics_server.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "host/operations/reasons.h"

namespace intaglio::host {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr const char* kTokenStates[] = {"healthy", "degraded", "recovering", "failed",
                                        "pin-refused"};

MetricFamily One(MetricType type, std::string name, std::string help, double value) {
  ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return {std::move(name), std::move(help), type, {metric}};
}

template <class Number>
MetricFamily Gauge(std::string name, std::string help, Number value) {
  return One(MetricType::Gauge, std::move(name), std::move(help), static_cast<double>(value));
}

template <class Number>
MetricFamily Counter(std::string name, std::string help, Number value) {
  return One(MetricType::Counter, std::move(name), std::move(help), static_cast<double>(value));
}

// One series for each state, of which one is 1.
MetricFamily TokenState(const std::string& now) {
  MetricFamily family{
      "intaglio_token_state", "State of the core's token; one is 1", MetricType::Gauge, {}};
  for (const char* state : kTokenStates) {
    ClientMetric metric;
    metric.label = {{"state", state}};
    metric.gauge.value = now == state ? 1 : 0;
    family.metric.push_back(metric);
  }
  return family;
}

std::vector<MetricFamily> FamiliesOf(const CoreStatus& core) {
  const TokenStanding& token = core.token;
  return {
      Gauge("intaglio_core_error_state", "1 while the core refuses every act",
            core.error_state.empty() ? 0 : 1),
      Gauge("intaglio_core_time_confirmed", "0 while time-bound acts wait for officers",
            core.time_confirmed ? 1 : 0),
      Gauge("intaglio_core_boot_count", "Starts of the core", core.boot_count),
      Gauge("intaglio_core_instance_epoch", "Restores of the core, from 1", core.instance_epoch),
      Gauge("intaglio_core_record_epoch", "Epoch of the record key that seals now",
            core.record_epoch),
      Gauge("intaglio_core_qscd_valid_until_seconds", "End of the core's own QSCD entry, Unix time",
            core.qscd_valid_until.ms / kSecond),
      Gauge("intaglio_core_state_free_percent", "Free share of the state folder's file system",
            core.state_free_percent),
      Gauge("intaglio_journal_sequence", "Last line on the core's disk", core.journal_sequence),
      Gauge("intaglio_journal_exported_sequence", "Last line this host has confirmed",
            core.exported_sequence),
      TokenState(token.state),
      Gauge("intaglio_token_sessions_open", "Sessions with the token", token.sessions_open),
      Counter("intaglio_token_sessions_discarded_total", "Sessions given up after an error",
              token.sessions_discarded),
      Counter("intaglio_token_logins_total", "Logins to the token", token.logins),
      Counter("intaglio_token_reinitialisations_total", "Times the module was initialised anew",
              token.reinitialisations),
      Counter("intaglio_token_fail_overs_total", "Calls that another token answered",
              token.fail_overs),
      Counter("intaglio_token_recoveries_total", "Times the token came back", token.recoveries),
      Gauge("intaglio_token_last_recovery_seconds", "What the last recovery took",
            static_cast<double>(token.last_recovery_ms) / kSecond),
      Counter("intaglio_token_key_cache_hits_total", "Uses of a key already unwrapped",
              token.cache_hits),
      Counter("intaglio_token_key_cache_misses_total", "Keys unwrapped", token.cache_misses),
      Counter("intaglio_token_key_cache_evictions_total", "Unwrapped keys destroyed for others",
              token.cache_evictions),
  };
}

// Thread-safe: the server asks on threads of its own.
class CoreFamilies final : public prometheus::Collectable {
 public:
  CoreFamilies(CorePort& core, const Clock& clock) : core_(core), clock_(clock) {}

  std::vector<MetricFamily> Collect() const override {
    const std::lock_guard lock(mutex_);
    const BootTime now = clock_.SinceBoot();
    if (!asked_at_ || now - *asked_at_ >= MetricsServer::kOldest) {
      const auto status = core_.DescribeCore();
      families_ = status.ok() ? FamiliesOf(*status) : std::vector<MetricFamily>();
      families_.push_back(
          Gauge("intaglio_core_up", "1 if the core answers this host", status.ok() ? 1 : 0));
      asked_at_ = clock_.SinceBoot();
    }
    return families_;
  }

 private:
  CorePort& core_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::optional<BootTime> asked_at_;
  mutable std::vector<MetricFamily> families_;
};

}  // namespace

struct MetricsServer::Impl {
  Impl(const std::string& listen, CorePort& core, const Clock& clock)
      : families(std::make_shared<CoreFamilies>(core, clock)), exposer(listen, 2) {
    exposer.RegisterCollectable(families);  // which it does not own
  }
  const std::shared_ptr<CoreFamilies> families;
  prometheus::Exposer exposer;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsServer::~MetricsServer() = default;

int MetricsServer::port() const { return impl_->exposer.GetListeningPorts().front(); }

StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(const std::string& listen,
                                                              CorePort& core, const Clock& clock) {
  try {
    auto impl = std::make_unique<Impl>(listen, core, clock);
    return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
  } catch (const std::exception& error) {
    return Fail(kOperationsListen, "operations_listen: " + listen + ": " + error.what());
  }
}

}  // namespace intaglio::host
