// CorePort: the signing core, as the host's use cases see it. Sealed records are octets the host
// keeps and cannot read. Every call may fail with a Reason of the core's (APL-…) or of the link's.
// Blocks; thread-safe.
#ifndef INTAGLIO_HOST_PORTS_CORE_PORT_H_
#define INTAGLIO_HOST_PORTS_CORE_PORT_H_

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/domain/application.h"

namespace intaglio::host {

// An entry of the core's roster, as the core says.
struct CoreOfficer {
  Bytes officer_id;
  int role = 0;  // number of Role in statements.proto
  std::string name;
  Bytes spki;
  WallTime until;  // 0: no end
};

// Of the core's token; the counts since the core's start.
struct TokenStanding {
  std::string state;  // "healthy", "degraded", "recovering", "failed", "pin-refused"
  uint32_t sessions_open = 0;
  uint64_t sessions_discarded = 0;
  uint64_t logins = 0;
  uint64_t reinitialisations = 0;
  uint64_t fail_overs = 0;
  uint64_t recoveries = 0;
  uint32_t last_recovery_ms = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  uint64_t cache_evictions = 0;
};

struct CoreStatus {
  Bytes core_instance;
  Bytes boot_id;
  uint64_t boot_count = 0;
  std::string version;
  WallTime now;
  bool time_confirmed = false;
  uint64_t journal_sequence = 0;
  Bytes journal_head;
  uint32_t commands_need = 0;
  uint64_t roster_version = 0;
  std::vector<CoreOfficer> roster;
  std::string qscd_entry_id;
  WallTime qscd_valid_until;
  uint32_t instance_epoch = 0;
  std::string error_state;  // why every act is refused; empty: none is
  uint32_t record_epoch = 0;
  std::string anchor;
  uint64_t exported_sequence = 0;
  uint32_t state_free_percent = 0;
  TokenStanding token = {};
};

struct CoreKey {
  Bytes record;  // sealed
  Bytes spki;
  Bytes key_id;
};

struct CoreCertificate {
  Bytes certificate;
  Bytes record;
};

// Hands octets on, in order.
using OctetSink = std::function<Status(ByteView)>;
// Writes all octets to the sink it is given.
using OctetSource = std::function<Status(const OctetSink&)>;

class CorePort {
 public:
  virtual ~CorePort() = default;
  virtual StatusOr<CoreStatus> DescribeCore() = 0;
  virtual StatusOr<Bytes> BeginCommand() = 0;
  virtual StatusOr<CoreKey> ExecuteCommand(const ApprovedOctets& command, ByteView ca_record) = 0;
  virtual StatusOr<CoreKey> GenerateSignerKey(const ApprovedOctets& order) = 0;
  virtual StatusOr<Bytes> Attest(const std::vector<Bytes>& records, ByteView nonce) = 0;
  virtual StatusOr<Bytes> DrawSerial(ByteView ca_record) = 0;
  struct IssueInput {
    Bytes ca_record;
    Bytes subject_record;
    ApprovedOctets order;
    Bytes tbs;
    Bytes audit_head;
  };
  virtual StatusOr<CoreCertificate> IssueCertificate(const IssueInput& input) = 0;
  struct ResponderInput {
    Bytes ca_record;
    Bytes status_record;
    Bytes tbs;
  };
  virtual StatusOr<Bytes> IssueResponderCertificate(const ResponderInput& input) = 0;
  virtual StatusOr<Bytes> BeginActivation(ByteView record, const std::string& session_id,
                                          const std::vector<Digest>& dtbsr) = 0;
  struct ProvenInput {
    Bytes record;
    Bytes octets;  // the payload or statement the proof is over
    AuthenticatorProof proof;
    std::vector<AuthenticatorProof> more_proofs = {};  // of a seal key's other controllers
  };
  virtual StatusOr<std::vector<Bytes>> Sign(const ProvenInput& input) = 0;
  // The same two without a thread that waits: `done` is called once, here or later on the link's
  // thread, where it must not block. An implementation without one calls it here.
  template <class T>
  using Done = std::function<void(StatusOr<T>)>;
  virtual void BeginActivationAsync(ByteView record, const std::string& session_id,
                                    const std::vector<Digest>& dtbsr, const Done<Bytes>& done) {
    done(BeginActivation(record, session_id, dtbsr));
  }
  virtual void SignAsync(const ProvenInput& input, const Done<std::vector<Bytes>>& done) {
    done(Sign(input));
  }
  virtual StatusOr<Bytes> AcceptCertificate(const ProvenInput& input) = 0;
  virtual StatusOr<WallTime> RevokeBySigner(const ProvenInput& input) = 0;
  virtual StatusOr<WallTime> ChangeState(const ApprovedOctets& order) = 0;
  virtual Status BlockKey(ByteView key_id) = 0;
  // The CA's signature over a TBSCertList of `size` octets.
  virtual StatusOr<Bytes> SignCrl(ByteView ca_record, uint64_t size, const OctetSource& tbs) = 0;
  struct OcspInput {
    Bytes ca_record;
    Bytes status_record;
    std::vector<Bytes> response_data;
  };
  virtual StatusOr<std::vector<Bytes>> SignOcsp(const OcspInput& input) = 0;
  virtual StatusOr<std::vector<Bytes>> ReadJournal(uint64_t from_sequence, uint32_t most) = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_CORE_PORT_H_
