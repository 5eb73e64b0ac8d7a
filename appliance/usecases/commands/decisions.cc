#include "appliance/usecases/commands/decisions.h"

#include <algorithm>

#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/reasons.h"
#include "appliance/usecases/commands/roster_rules.h"

namespace intaglio::appliance {

StatusOr<CoreIdentity> Decide(const ChangeRoster& act, const DecisionFacts& facts) {
  if (act.roster_version != facts.before.roster_version + 1) {
    return Fail(kRosterVersion,
                "the roster is version " + std::to_string(facts.before.roster_version) +
                    ", the command makes version " + std::to_string(act.roster_version));
  }
  RETURN_IF_ERROR(CheckRoster(act.roster, act.commands_need));
  CoreIdentity after = facts.before;
  after.roster_version = act.roster_version;
  after.roster = act.roster;
  after.commands_need = act.commands_need;
  return after;
}

StatusOr<CoreIdentity> Decide(const SetQscdEntry& act, const DecisionFacts& facts) {
  CoreIdentity after = facts.before;
  after.qscd_entry = act.entry;
  return after;
}

StatusOr<CoreIdentity> Decide(const ApproveConfiguration& act, const DecisionFacts& facts) {
  CoreIdentity after = facts.before;
  after.configuration_sha256 = act.configuration_sha256;
  return after;
}

StatusOr<CoreIdentity> Decide(const SetTrustAnchors& act, const DecisionFacts& facts) {
  for (const Bytes& root : act.device_roots) RETURN_IF_ERROR(ReadCertificate(root).status());
  CoreIdentity after = facts.before;
  after.device_roots = act.device_roots;
  return after;
}

StatusOr<CoreIdentity> Decide(const PinHosts& act, const DecisionFacts& facts) {
  const auto& before = facts.before.pinned_hosts;
  const bool lasts = std::any_of(act.hosts.begin(), act.hosts.end(), [&](const PinnedHost& next) {
    return next.until.ms == 0 &&
           std::any_of(before.begin(), before.end(), [&](const PinnedHost& now) {
             return now.certificate_sha256 == next.certificate_sha256 &&
                    Stands(now.until, facts.now);
           });
  });
  if (!lasts) {
    return Fail(kPinsUnsafe,
                "keep a certificate that is pinned now, without an end; take it off by the next "
                "command, once the host has connected with the new one");
  }
  CoreIdentity after = facts.before;
  after.pinned_hosts = act.hosts;
  return after;
}

StatusOr<CoreIdentity> Decide(const ApproveUpgrade& act, const DecisionFacts& facts) {
  if (act.upgrade.from_version != facts.version) {
    return Fail(kUpgradeMismatch, "this core is version " + facts.version +
                                      ", the command starts from " + act.upgrade.from_version);
  }
  CoreIdentity after = facts.before;
  after.upgrade = act.upgrade;
  return after;
}

}  // namespace intaglio::appliance
