// Dual control: what a host with the link's TLS key, or fewer officers than it takes, can make of
// commands. Raw frames; each attack has its control, the same frame with the one thing made right.
// Requirements R-SYS-1, R-QSC-4; EN 419 241-1 dual control.
#include "appliance/usecases/commands/roster_rules.h"
#include "tests/integration/adversary_fixture.h"

namespace intaglio::testing_support {
namespace {

using Officers = std::vector<const P256Signer*>;
using Fill = std::function<void(pb::Command&)>;

void AddEntry(pb::ChangeRoster& act, const P256Signer& signer, pb::Role role,
              const std::string& name, int64_t until_ms) {
  pb::RosterEntry& entry = *act.add_entries();
  entry.set_officer_id(AsString(signer.id()));
  entry.set_role(role);
  entry.set_name(name);
  entry.set_spki(AsString(signer.spki()));
  entry.set_until_ms(until_ms);
}

class CommandAdversaryTest : public AdversaryTest {
 protected:
  CoreFixture& core() { return host_.core(); }
  Officers both() { return {&core().security(0), &core().security(1)}; }
  pb::CoreRequest Request(const Fill& fill, const Officers& officers) {
    return host_.CommandRequest(fill, {}, officers);
  }
  pb::StatusResponse CoreStatus() {
    pb::CoreRequest request;
    request.mutable_status();
    return host_.Ask(request).status();
  }
  // The roster as it is, one version on.
  pb::ChangeRoster SameRoster() {
    const auto identity = core().identity();
    pb::ChangeRoster act;
    act.set_roster_version(identity.roster_version + 1);
    act.set_commands_need(identity.commands_need);
    AddEntry(act, core().security(0), pb::ROLE_SECURITY_OFFICER, "security-1", 0);
    AddEntry(act, core().security(1), pb::ROLE_SECURITY_OFFICER, "security-2", 0);
    AddEntry(act, core().registration(0), pb::ROLE_REGISTRATION_OFFICER, "registration-1", 0);
    AddEntry(act, core().registration(1), pb::ROLE_REGISTRATION_OFFICER, "registration-2", 0);
    AddEntry(act, core().revocation(), pb::ROLE_REVOCATION_OFFICER, "revocation-1", 0);
    return act;
  }
  static Fill Roster(const pb::ChangeRoster& act) {
    return [act](pb::Command& command) { *command.mutable_change_roster() = act; };
  }
  static Fill Qscd(const std::string& entry_id) {
    return [entry_id](pb::Command& command) {
      auto& entry = *command.mutable_set_qscd_entry()->mutable_entry();
      entry.set_entry_id(entry_id);
      entry.set_valid_until_ms(1'900'000'000'000);
    };
  }
  P256Signer new_officer_, third_;
};

TEST_F(CommandAdversaryTest, OneOfficerIsNotEnough) {
  ExpectRefused(Request(Roster(SameRoster()), {&core().security(0)}), "APPROVALS_MISSING");
  ExpectRefused(Request(Roster(SameRoster()), {}), "APPROVALS_MISSING");
  // Nor twice the same one.
  ExpectRefused(Request(Roster(SameRoster()), {&core().security(0), &core().security(0)}),
                "APPROVALS_MISSING");
  EXPECT_EQ(CoreStatus().roster_version(), 1u);
  EXPECT_TRUE(Lines(pb::EVENT_TYPE_ROSTER_CHANGED).empty());
  ExpectDone(Request(Roster(SameRoster()), both()));  // Control.
  EXPECT_EQ(CoreStatus().roster_version(), 2u);
}

TEST_F(CommandAdversaryTest, TheLineOfAChangeHoldsStatementApprovalsAndOfficers) {
  const pb::CoreRequest request = Request(Roster(SameRoster()), both());
  ExpectDone(request);
  const auto lines = Lines(pb::EVENT_TYPE_ROSTER_CHANGED);
  ASSERT_EQ(lines.size(), 1u);
  const auto& command = request.execute_command().command();
  EXPECT_EQ(lines[0].statement(), command.statement());
  EXPECT_EQ(lines[0].statement_digest(), AsString(appliance::Sha256(AsBytes(command.statement()))));
  pb::SignedStatement proofs;
  ASSERT_TRUE(proofs.ParseFromString(lines[0].proofs()));
  ASSERT_EQ(proofs.approvals_size(), 2);
  EXPECT_EQ(proofs.approvals(1).signature(), command.approvals(1).signature());
  EXPECT_EQ(lines[0].officers_size(), 2);
}

TEST_F(CommandAdversaryTest, TheOfficersOfTheNewRosterDoNotMakeThemselves) {
  pb::ChangeRoster act = SameRoster();
  act.mutable_entries(0)->set_officer_id(AsString(new_officer_.id()));
  act.mutable_entries(0)->set_spki(AsString(new_officer_.spki()));
  act.mutable_entries(1)->set_officer_id(AsString(third_.id()));
  act.mutable_entries(1)->set_spki(AsString(third_.spki()));
  ExpectRefused(Request(Roster(act), {&new_officer_, &third_}), "OFFICER_UNKNOWN");
  ExpectRefused(Request(Roster(act), {&core().security(0), &third_}), "OFFICER_UNKNOWN");
  ExpectDone(Request(Roster(act), both()));  // Control; and now it is the other way round.
  ExpectRefused(Request(Qscd("lab-2"), both()), "OFFICER_UNKNOWN");
  ExpectDone(Request(Qscd("lab-2"), {&new_officer_, &third_}));
}

TEST_F(CommandAdversaryTest, ACommandIsCarriedOutOnce) {
  const pb::CoreRequest request = Request(Qscd("lab-2"), both());
  ExpectDone(request);
  ExpectRefused(request, "COMMAND_NONCE");
  // What a host that lost the answer sees.
  EXPECT_EQ(CoreStatus().qscd_entry().entry_id(), "lab-2");
  EXPECT_EQ(Lines(pb::EVENT_TYPE_QSCD_ENTRY_SET).size(), 1u);
  // A nonce of nobody's.
  ExpectRefused(Request(
                    [](pb::Command& command) {
                      Qscd("lab-3")(command);
                      command.set_nonce(std::string(32, 'n'));
                    },
                    both()),
                "COMMAND_NONCE");
}

TEST_F(CommandAdversaryTest, ACommandForAnotherCoreOrAnotherTimeIsRefused) {
  ExpectRefused(Request(
                    [](pb::Command& command) {
                      Qscd("lab-2")(command);
                      command.set_core_instance(std::string(16, 'c'));
                    },
                    both()),
                "WRONG_CORE");
  const pb::CoreRequest late = Request(Qscd("lab-2"), both());
  core().clock().Advance(kHour);
  ExpectRefused(late, "STATEMENT_EXPIRED");
  EXPECT_EQ(CoreStatus().qscd_entry().entry_id(), "lab-softhsm");
  ExpectDone(Request(Qscd("lab-2"), both()));  // Control.
}

TEST_F(CommandAdversaryTest, OctetsChangedAfterSigningAreRefused) {
  const pb::CoreRequest honest = Request(Qscd("lab-2"), both());
  pb::CoreRequest changed = honest;
  pb::Command command;
  ASSERT_TRUE(command.ParseFromString(honest.execute_command().command().statement()));
  command.mutable_set_qscd_entry()->mutable_entry()->set_entry_id("lab-9");
  changed.mutable_execute_command()->mutable_command()->set_statement(
      AsString(appliance::SerializeCanonical(command)));
  ExpectRefused(changed, "SIGNATURE_WRONG");
  // A signature taken from another command.
  pb::CoreRequest swapped = honest;
  *swapped.mutable_execute_command()->mutable_command()->mutable_approvals(1) =
      Request(Qscd("lab-3"), both()).execute_command().command().approvals(1);
  ExpectRefused(swapped, "SIGNATURE_WRONG");
  // An unknown field beside what was signed.
  pb::CoreRequest extended = honest;
  extended.mutable_execute_command()->mutable_command()->mutable_statement()->append(
      "\xf8\x07\x01");
  ExpectRefused(extended, "STATEMENT_INVALID");
  ExpectDone(honest);  // Control: what was refused spent no nonce.
}

TEST_F(CommandAdversaryTest, OnePersonWithTwoKeysIsOnePerson) {
  pb::ChangeRoster act = SameRoster();
  AddEntry(act, new_officer_, pb::ROLE_SECURITY_OFFICER, "security-1", 0);
  act.mutable_entries(0)->set_until_ms(core().clock().Now().ms + kDay);
  ExpectDone(Request(Roster(act), both()));
  // The old key and the new key of one officer.
  ExpectRefused(Request(Qscd("lab-2"), {&core().security(0), &new_officer_}), "APPROVALS_MISSING");
  // Controls: either with another person.
  ExpectDone(Request(Qscd("lab-2"), {&core().security(0), &core().security(1)}));
  ExpectDone(Request(Qscd("lab-3"), {&new_officer_, &core().security(1)}));
  // A registration officer's two keys do not make two either.
  pb::ChangeRoster next = act;
  next.set_roster_version(3);
  AddEntry(next, third_, pb::ROLE_REGISTRATION_OFFICER, "registration-1", 0);
  ExpectDone(Request(Roster(next), both()));
  const pb::IssuanceOrder order = host_.Order(mari_);
  ExpectRefused(GenerateRequest(host_.Approve(order, {&core().registration(0), &third_})),
                "APPROVALS_MISSING");
  ExpectDone(GenerateRequest(host_.Approve(order, {&core().registration(1), &third_})));
}

TEST_F(CommandAdversaryTest, AnExpiredKeyApprovesNothing) {
  pb::ChangeRoster act = SameRoster();
  AddEntry(act, new_officer_, pb::ROLE_SECURITY_OFFICER, "security-1", 0);
  act.mutable_entries(0)->set_until_ms(core().clock().Now().ms + kMinute);
  ExpectDone(Request(Roster(act), both()));
  core().clock().Advance(kMinute - 1);
  ExpectDone(Request(Qscd("lab-2"), both()));  // Control: a moment before.
  core().clock().Advance(1);
  ExpectRefused(Request(Qscd("lab-3"), both()), "OFFICER_EXPIRED");
  // Nor when the clock is set back, not even to confirm the time.
  core().clock().SetWall(core().clock().Now() - kHour);
  ExpectRefused(Request(
                    [&](pb::Command& command) {
                      command.mutable_confirm_time()->set_observed_at_ms(core().clock().Now().ms);
                    },
                    both()),
                "OFFICER_EXPIRED");
  ExpectDone(Request(
      [&](pb::Command& command) {
        command.mutable_confirm_time()->set_observed_at_ms(core().clock().Now().ms);
      },
      {&new_officer_, &core().security(1)}));
}

TEST_F(CommandAdversaryTest, ARosterThatLocksTheCoreOutIsRefused) {
  const auto refused = [&](const std::function<void(pb::ChangeRoster&)>& change,
                           const std::string& reason) {
    pb::ChangeRoster act = SameRoster();
    change(act);
    ExpectRefused(Request(Roster(act), both()), reason);
  };
  const int64_t soon = core().clock().Now().ms + kDay;
  refused([](auto& act) { act.set_commands_need(3); }, "ROSTER_UNSAFE");
  refused([](auto& act) { act.set_commands_need(1); }, "ROSTER_UNSAFE");
  refused([](auto& act) { act.set_commands_need(0); }, "ROSTER_UNSAFE");
  refused([&](auto& act) { act.mutable_entries(0)->set_until_ms(soon); }, "ROSTER_UNSAFE");
  refused([&](auto& act) { act.mutable_entries(2)->set_until_ms(soon); }, "ROSTER_UNSAFE");
  refused([&](auto& act) { act.mutable_entries(4)->set_until_ms(1); }, "ROSTER_UNSAFE");
  refused([](auto& act) { act.mutable_entries()->RemoveLast(); }, "ROSTER_UNSAFE");
  // Two names for one key; one name under two roles; the same name for both officers.
  refused(
      [&](auto& act) {
        AddEntry(act, core().security(0), pb::ROLE_SECURITY_OFFICER, "security-3", 0);
      },
      "ROSTER_AMBIGUOUS");
  refused([&](auto& act) { AddEntry(act, third_, pb::ROLE_REGISTRATION_OFFICER, "security-1", 0); },
          "ROSTER_AMBIGUOUS");
  refused([](auto& act) { act.mutable_entries(1)->set_name("security-1"); }, "ROSTER_UNSAFE");
  // A version that does not follow; an id of another key.
  refused([](auto& act) { act.set_roster_version(1); }, "ROSTER_VERSION");
  refused([](auto& act) { act.set_roster_version(3); }, "ROSTER_VERSION");
  refused([&](auto& act) { act.mutable_entries(0)->set_officer_id(AsString(third_.id())); },
          "STATEMENT_INVALID");
  refused([](auto& act) { act.clear_entries(); }, "STATEMENT_INVALID");
  EXPECT_EQ(CoreStatus().roster_version(), 1u);
  ExpectDone(Request(Roster(SameRoster()), both()));  // Control.
}

TEST_F(CommandAdversaryTest, AnotherRolesOfficerSignsNoCommand) {
  ExpectRefused(Request(Qscd("lab-2"), {&core().security(0), &core().registration(0)}),
                "OFFICER_UNKNOWN");
  ExpectRefused(Request(Qscd("lab-2"), {&core().registration(0), &core().registration(1)}),
                "OFFICER_UNKNOWN");
  ExpectRefused(Request(Qscd("lab-2"), {&core().security(0), &core().revocation()}),
                "OFFICER_UNKNOWN");
  // Nor a security officer an order.
  ExpectRefused(GenerateRequest(host_.Approve(host_.Order(mari_), both())), "OFFICER_UNKNOWN");
  ExpectDone(Request(Qscd("lab-2"), both()));  // Control.
}

TEST_F(CommandAdversaryTest, ARosterChangedMidwayRefusesWhatTheOldOneWouldApprove) {
  const pb::CoreRequest prepared = Request(Qscd("lab-2"), both());
  pb::ChangeRoster act = SameRoster();
  act.mutable_entries(0)->set_officer_id(AsString(new_officer_.id()));
  act.mutable_entries(0)->set_spki(AsString(new_officer_.spki()));
  ExpectDone(Request(Roster(act), both()));
  ExpectRefused(prepared, "OFFICER_UNKNOWN");
  // And the prepared roster of the old version does not come back.
  ExpectRefused(Request(Roster(SameRoster()), both()), "OFFICER_UNKNOWN");
}

TEST_F(CommandAdversaryTest, TrustAnchorsAreCertificates) {
  const auto anchors = [&](const std::vector<Bytes>& roots) {
    return Request(
        [&](pb::Command& command) {
          auto& act = *command.mutable_set_trust_anchors();
          for (const Bytes& root : roots) act.add_device_roots(AsString(root));
        },
        both());
  };
  const Bytes root = host::TestPki().root().certificate;
  EXPECT_NE(HostileHost::ReasonOf(host_.Ask(anchors({ToBytes("no certificate")}))), "");
  ExpectRefused(anchors({root, root}), "STATEMENT_INVALID");
  ExpectDone(anchors({root}));  // Control.
  EXPECT_EQ(core().identity().device_roots, std::vector<Bytes>{root});
  EXPECT_EQ(Lines(pb::EVENT_TYPE_TRUST_ANCHORS_SET).size(), 1u);
  ExpectDone(anchors({}));
  EXPECT_TRUE(core().identity().device_roots.empty());
}

TEST_F(CommandAdversaryTest, AnUpgradeStartsFromTheRunningProgram) {
  const auto upgrade = [&](const std::string& from) {
    return Request(
        [&](pb::Command& command) {
          auto& act = *command.mutable_approve_upgrade();
          act.set_from_version(from);
          act.set_to_version("1.1.0");
          act.set_program_sha256(std::string(32, 'p'));
        },
        both());
  };
  ExpectRefused(upgrade("0.9.0"), "UPGRADE_MISMATCH");
  ExpectRefused(upgrade("1.0.0-rc"), "STATEMENT_INVALID");
  EXPECT_FALSE(core().identity().upgrade.has_value());
  ExpectDone(upgrade("1.0.0"));  // Control.
  ASSERT_TRUE((*core().state().LoadInstance())->identity.upgrade.has_value());
  EXPECT_EQ((*core().state().LoadInstance())->identity.upgrade->to_version, "1.1.0");
}

TEST_F(CommandAdversaryTest, AConfigurationIsApprovedByItsDigest) {
  const Digest digest = appliance::Sha256(AsBytes("another file"));
  const auto approve = [&](const std::string& octets) {
    return Request(
        [&](pb::Command& command) {
          command.mutable_approve_configuration()->set_configuration_sha256(octets);
        },
        both());
  };
  ExpectRefused(approve("short"), "STATEMENT_INVALID");
  ExpectDone(approve(AsString(digest)));  // Control.
  EXPECT_EQ((*core().state().LoadInstance())->identity.configuration_sha256, digest);
  EXPECT_EQ(Lines(pb::EVENT_TYPE_CONFIGURATION_APPROVED).size(), 1u);
}

TEST_F(CommandAdversaryTest, HostCertificatesAreReplacedWithOverlapAndNeverAllAtOnce) {
  const LinkIdentity next = MakeLinkIdentity("host", LinkKeyKind::kP256, LinkValidity::kNow);
  const Digest old_pin = HostileHost::PinOf(host_.link_identity()),
               new_pin = HostileHost::PinOf(next);
  const auto pins = [&](const std::vector<std::pair<Digest, int64_t>>& hosts) {
    return Request(
        [&](pb::Command& command) {
          for (const auto& [digest, until] : hosts) {
            auto& host = *command.mutable_pin_hosts()->add_hosts();
            host.set_certificate_sha256(AsString(digest));
            host.set_until_ms(until);
          }
        },
        both());
  };
  const int64_t soon = core().clock().Now().ms + kMinute;
  EXPECT_FALSE(host_.ConnectAs(next).ok());
  // A wrong digest must not shut the host out, at once or later.
  ExpectRefused(pins({{new_pin, 0}}), "PINS_UNSAFE");
  ExpectRefused(pins({{new_pin, 0}, {old_pin, soon}}), "PINS_UNSAFE");
  ExpectRefused(pins({{old_pin, 0}, {old_pin, 0}}), "STATEMENT_INVALID");
  ExpectRefused(pins({}), "STATEMENT_INVALID");
  ExpectDone(pins({{old_pin, 0}, {new_pin, 0}}));  // Control.
  auto fresh = host_.ConnectAs(next);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  ExpectDone(host_.Ask(Request(Qscd("lab-2"), both())));
  const auto old_link = host_.Connect();
  // The old one has a minute left; then its connections end, and it makes no new ones.
  ExpectDone(pins({{new_pin, 0}, {old_pin, soon}}));
  pb::CoreRequest status;
  status.mutable_status();
  ExpectDone(host_.AskOver(*old_link, status));
  core().clock().Advance(kMinute);
  EXPECT_FALSE(host_.ConnectAs(host_.link_identity()).ok());
  status.set_id(7);
  (void)old_link->SendFrame(appliance::SerializeCanonical(status));
  EXPECT_TRUE(old_link->PeerCloses(20 * kSecond));
  ExpectDone(host_.AskOver(**fresh, status));
}

}  // namespace
}  // namespace intaglio::testing_support
