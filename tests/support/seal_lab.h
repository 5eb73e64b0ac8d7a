// SealLab: the whole path of a seal in one process: a client's connection, the host's stream over
// mutual TLS, the link, the core, a real token. The key's record is sealed by the lab, the rest is
// as in production.
#ifndef INTAGLIO_TESTS_SUPPORT_SEAL_LAB_H_
#define INTAGLIO_TESTS_SUPPORT_SEAL_LAB_H_

#include <memory>
#include <string>
#include <vector>

#include "host/ctl/connection.h"
#include "host/ctl/profile.h"
#include "host/grpc/seal_service.h"
#include "host/sealing/sealing.h"
#include "host/store/sql_store.h"
#include "tests/integration/hostile_host.h"
#include "tests/support/seal_test_key.h"

namespace grpc {
class Server;
}

namespace intaglio::testing_support {

class SealLab final {
 public:
  explicit SealLab(appliance::KeyAlgorithm algorithm);
  ~SealLab();

  HostileHost& core() { return core_; }
  const SealTestKey& key() const { return key_; }
  std::string credential() const { return key_.record().key_id.hex(); }
  host::SqlStore& store() { return *store_; }
  // Where a client with this role finds the host. Roles: seal-client, administrator, auditor.
  host::Profile ProfileOf(const std::string& role) const;
  std::unique_ptr<host::Connection> Connect(const std::string& role) const;
  // Two controllers' authorisation of the lab's client.
  appliance::SealAuthorisationId Authorise(uint64_t most_signatures, uint32_t most_per_minute);
  // A path in the lab's folder.
  std::string Path(const std::string& file) const { return folder_.path() + "/" + file; }

 private:
  void MakeTls();
  void Serve();

  TemporaryFolder folder_;
  HostileHost core_;
  SealTestKey key_;
  std::unique_ptr<host::SqlStore> store_;
  std::unique_ptr<host::CoreLink> link_;
  std::unique_ptr<host::LinkedSeals> seals_;
  std::unique_ptr<host::Sealing> sealing_;
  SystemClock clock_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_SEAL_LAB_H_
