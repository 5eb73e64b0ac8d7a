// TwoReadings: a certificate of each profile as host/x509 builds it, and both judges of it: the
// host's lint and the core's gate, each with its own parser. For tests only.
#ifndef INTAGLIO_TESTS_INTEGRATION_TWO_READINGS_H_
#define INTAGLIO_TESTS_INTEGRATION_TWO_READINGS_H_

#include <memory>
#include <string>
#include <vector>

#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/key_record.h"
#include "appliance/domain/statements.h"
#include "base/status.h"
#include "host/policy/lint.h"
#include "host/policy/profile.h"
#include "host/x509/ca_description.h"

namespace intaglio::testing_support {

enum class Gate { kSubscriber, kResponder, kAuthority };

// A certificate that both accept, and what it is judged with.
struct Original {
  std::string name;
  Gate gate = Gate::kSubscriber;
  const host::ProfileSpec* profile = nullptr;  // of subscribers
  Bytes tbs;
  appliance::IssuanceOrder order;  // of subscribers
  appliance::KeyRecord key;        // the certificate's own
  appliance::Serial serial;        // that the core drew
};

struct HostReading {
  Status status;
  std::vector<host::LintFinding> findings;  // empty also where nothing can be parsed
};

class TwoReadings final {
 public:
  TwoReadings();

  // One of each profile, of each form.
  const std::vector<Original>& originals() const { return originals_; }
  // The core's answer to `tbs` where `original` was due, the order naming `ordered`.
  Status Core(const Original& original, ByteView tbs, const appliance::Subject& ordered) const;
  // The host's.
  HostReading Host(const Original& original, ByteView tbs) const;

 private:
  // What is certified and how.
  struct SubscriberPlan {
    const char* name;
    host::CertificatePolicy policy;
    host::StatusPromise status;
    appliance::KeyPurpose purpose;
  };
  void AddSubscriber(const SubscriberPlan& plan);
  void AddResponder();
  void AddAuthority();
  appliance::KeyRecord Key(appliance::KeyPurpose purpose, uint8_t number) const;

  std::unique_ptr<const host::CaDescription> root_;
  std::unique_ptr<const host::CaDescription> ca_;
  appliance::KeyRecord ca_key_;
  appliance::TbsFacts ca_facts_;
  std::vector<Original> originals_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_TWO_READINGS_H_
