// HostSettings: intaglio-host's configuration as checked values.
#ifndef INTAGLIO_HOST_DAEMON_SETTINGS_H_
#define INTAGLIO_HOST_DAEMON_SETTINGS_H_

#include <string>
#include <vector>

#include "host/core_link/core_link.h"
#include "host/domain/terms.h"
#include "host/grpc/grpc_server.h"
#include "host/http/http_server.h"

namespace intaglio::host {

struct HostSettings {
  std::string database;
  std::string journal_dir;
  GrpcServerConfig grpc;
  HttpServerConfig http;
  CoreLinkConfig core;
  Terms terms;
  std::string qscd_registry;
  std::vector<Bytes> device_roots;  // DER
  std::string operations_listen;    // empty: no metrics
};

// Reads and checks the file: its owner and mode before its content, then every field. kHostConfig
// naming the field, and ReadFile's Reasons.
StatusOr<HostSettings> LoadHostSettings(const std::string& path);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DAEMON_SETTINGS_H_
