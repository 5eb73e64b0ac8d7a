// Commands: what security officers order the core to do, as values.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_COMMANDS_H_
#define INTAGLIO_APPLIANCE_DOMAIN_COMMANDS_H_

#include <string>
#include <variant>
#include <vector>

#include "appliance/domain/ids.h"
#include "appliance/domain/key_record.h"
#include "appliance/domain/roster.h"
#include "base/clock.h"

namespace intaglio::appliance {

struct GenerateServiceKey {
  KeyPurpose purpose = KeyPurpose::kCaIssuing;
  KeyAlgorithm algorithm = KeyAlgorithm::kP256;
  std::string label;
};
struct InstallCaCertificate {
  KeyId ca_key_id;
  Bytes certificate;
};
struct ConfirmTime {
  WallTime observed_at;
};

// These change what the officers have decided about the core: its CoreIdentity.
struct ChangeRoster {
  uint64_t roster_version = 0;  // the version this makes
  std::vector<Officer> roster;  // all of it
  uint32_t commands_need = 2;
};
struct SetQscdEntry {
  QscdEntry entry;
};
struct ApproveConfiguration {
  Digest configuration_sha256{};
};
struct SetTrustAnchors {
  std::vector<Bytes> device_roots;  // DER
};
struct PinHosts {
  std::vector<PinnedHost> hosts;
};
// A new record key, before the present one is 90 days old.
struct BeginEpoch {};
// An old record key's end, though records may still need it.
struct DestroyEpoch {
  uint32_t epoch = 0;
};
struct ApproveUpgrade {
  ApprovedUpgrade upgrade;
};

struct Command {
  CoreInstance core_instance;
  Nonce nonce;
  WallTime issued_at;
  WallTime expires_at;
  std::variant<GenerateServiceKey, InstallCaCertificate, ConfirmTime, ChangeRoster, SetQscdEntry,
               ApproveConfiguration, SetTrustAnchors, PinHosts, ApproveUpgrade, BeginEpoch,
               DestroyEpoch>
      act;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_COMMANDS_H_
