// Commands: every bound of statements.proto, and the acts this core does not carry out.
#include "appliance/records/command_codec.h"

#include <gtest/gtest.h>

#include <functional>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "tests/support/p256_signer.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;
using testing_support::P256Signer;
using Change = std::function<void(pb::Command&)>;

std::string Fill(char octet, size_t size) { return std::string(size, octet); }

class CommandCodecTest : public ::testing::Test {
 protected:
  static pb::Command Empty() {
    pb::Command command;
    command.set_context("intaglio/command/v1");
    command.set_core_instance(Fill(2, 16));
    command.set_nonce(Fill(7, 32));
    command.set_issued_at_ms(1000);
    command.set_expires_at_ms(2000);
    return command;
  }
  static Status Decode(const pb::Command& command) {
    return DecodeCommand(SerializeCanonical(command)).status();
  }
  // The honest act decodes, and with the change it is refused naming the field.
  static void ExpectBound(const Change& act, const Change& change, const std::string& field) {
    pb::Command command = Empty();
    act(command);
    EXPECT_TRUE(Decode(command).ok()) << Decode(command);
    change(command);
    const Status refused = Decode(command);
    EXPECT_TRUE(Is(refused, kStatementInvalid)) << field << ": " << refused;
    EXPECT_NE(DetailOf(refused).find(field), std::string::npos) << refused;
  }
  void AddEntry(pb::ChangeRoster& act) const {
    pb::RosterEntry& entry = *act.add_entries();
    entry.set_officer_id(AsString(officer_.id()));
    entry.set_role(pb::ROLE_AUDITOR);
    entry.set_name("Anna");
    entry.set_spki(AsString(officer_.spki()));
  }
  const P256Signer officer_, other_;
};

TEST_F(CommandCodecTest, ARosterEntryIsWhole) {
  const Change act = [this](pb::Command& command) {
    AddEntry(*command.mutable_change_roster());
    command.mutable_change_roster()->set_roster_version(2);
    command.mutable_change_roster()->set_commands_need(2);
  };
  const auto entry = [](const std::function<void(pb::RosterEntry&)>& change) {
    return [change](pb::Command& command) {
      change(*command.mutable_change_roster()->mutable_entries(0));
    };
  };
  ExpectBound(
      act, [](auto& c) { c.mutable_change_roster()->clear_entries(); }, "entries");
  ExpectBound(
      act,
      [this](auto& c) {
        for (int i = 0; i < 256; ++i) AddEntry(*c.mutable_change_roster());
      },
      "entries");
  ExpectBound(act, entry([](auto& e) { e.clear_role(); }), "role");
  ExpectBound(act, entry([](auto& e) { e.clear_name(); }), "name");
  ExpectBound(act, entry([](auto& e) { e.set_name(Fill('a', 65)); }), "name");
  ExpectBound(act, entry([](auto& e) { e.set_name("An\nna"); }), "name");
  ExpectBound(act, entry([](auto& e) { e.set_until_ms(-1); }), "until_ms");
  ExpectBound(act, entry([](auto& e) { e.set_officer_id(Fill(1, 31)); }), "officer_id");
  ExpectBound(act, entry([](auto& e) { e.set_spki("no key"); }), "spki");
  // The id of one key beside another.
  ExpectBound(act, entry([this](auto& e) { e.set_spki(AsString(other_.spki())); }), "spki");
}

TEST_F(CommandCodecTest, DecisionsStayWithinTheirBounds) {
  const Change qscd = [](pb::Command& command) {
    command.mutable_set_qscd_entry()->mutable_entry()->set_entry_id("lab-1");
    command.mutable_set_qscd_entry()->mutable_entry()->set_valid_until_ms(1);
  };
  ExpectBound(
      qscd, [](auto& c) { c.mutable_set_qscd_entry()->clear_entry(); }, "set_qscd_entry");
  ExpectBound(
      qscd, [](auto& c) { c.mutable_set_qscd_entry()->mutable_entry()->set_entry_id("a b"); },
      "entry_id");
  ExpectBound(
      qscd, [](auto& c) { c.mutable_set_qscd_entry()->mutable_entry()->clear_valid_until_ms(); },
      "valid_until_ms");
  const Change anchors = [](pb::Command& command) {
    for (char i = 0; i < 16; ++i) {
      command.mutable_set_trust_anchors()->add_device_roots(std::string(1, i));
    }
  };
  ExpectBound(
      anchors, [](auto& c) { c.mutable_set_trust_anchors()->add_device_roots("x"); },
      "device_roots");
  ExpectBound(
      anchors, [](auto& c) { c.mutable_set_trust_anchors()->set_device_roots(0, Fill('a', 4097)); },
      "device_roots");
  const Change pins = [](pb::Command& command) {
    for (char i = 0; i < 8; ++i) {
      command.mutable_pin_hosts()->add_hosts()->set_certificate_sha256(Fill(i, 32));
    }
  };
  ExpectBound(
      pins,
      [](auto& c) { c.mutable_pin_hosts()->add_hosts()->set_certificate_sha256(Fill(9, 32)); },
      "hosts");
  ExpectBound(
      pins, [](auto& c) { c.mutable_pin_hosts()->mutable_hosts(0)->set_until_ms(-1); }, "until_ms");
  const Change upgrade = [](pb::Command& command) {
    command.mutable_approve_upgrade()->set_from_version("1.0.0");
    command.mutable_approve_upgrade()->set_to_version("1.1.0");
    command.mutable_approve_upgrade()->set_program_sha256(Fill(1, 32));
  };
  ExpectBound(
      upgrade, [](auto& c) { c.mutable_approve_upgrade()->clear_to_version(); }, "to_version");
  ExpectBound(
      upgrade, [](auto& c) { c.mutable_approve_upgrade()->set_from_version("1.0\""); },
      "from_version");
  ExpectBound(
      upgrade, [](auto& c) { c.mutable_approve_upgrade()->set_program_sha256(Fill(1, 31)); },
      "program_sha256");
}

TEST_F(CommandCodecTest, AnApprovalIsWholeAndThereAreFew) {
  pb::Command command = Empty();
  command.mutable_confirm_time()->set_observed_at_ms(5);
  pb::SignedStatement message;
  message.set_statement(AsString(SerializeCanonical(command)));
  for (int i = 0; i < 16; ++i) message.add_approvals()->set_officer_id(Fill(1, 32));
  const auto taken = TakeSignedCommand(message);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->approvals.size(), 16u);
  pb::SignedStatement proofs;
  ASSERT_TRUE(proofs.ParseFromArray(taken->proofs.data(), static_cast<int>(taken->proofs.size())));
  EXPECT_EQ(proofs.approvals_size(), 16);
  EXPECT_EQ(proofs.statement(), "");
  message.mutable_approvals(3)->set_officer_id(Fill(1, 31));
  EXPECT_TRUE(Is(TakeSignedCommand(message).status(), kStatementInvalid));
  message.mutable_approvals(3)->set_officer_id(Fill(1, 32));
  message.add_approvals();
  EXPECT_TRUE(Is(TakeSignedCommand(message).status(), kStatementInvalid));
}

}  // namespace
}  // namespace intaglio::appliance
