// MetricsServer: the core's and its token's state for Prometheus, at /metrics. [R-SYS-1]
//
// The core has no port but the link, so the host tells what the core says of itself. It is asked
// when somebody scrapes, at most every kOldest: many scrapers cost the core no more than one. A
// core that does not answer shows as intaglio_core_up 0 and nothing else, never as old figures.
// Counters begin again at the core's start, as Prometheus expects. Plain HTTP without names or
// digests of persons: for the operator's network.
#ifndef INTAGLIO_HOST_OPERATIONS_METRICS_SERVER_H_
#define INTAGLIO_HOST_OPERATIONS_METRICS_SERVER_H_

#include <memory>
#include <string>

#include "base/clock.h"
#include "host/ports/core_port.h"

namespace intaglio::host {

class MetricsServer final {
 public:
  // `listen`: "127.0.0.1:9464"; port 0 lets the system choose. `core` outlives it.
  // kOperationsListen.
  static StatusOr<std::unique_ptr<MetricsServer>> Start(const std::string& listen, CorePort& core,
                                                        const Clock& clock);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const;
  static constexpr Duration kOldest = 2 * kSecond;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_OPERATIONS_METRICS_SERVER_H_
