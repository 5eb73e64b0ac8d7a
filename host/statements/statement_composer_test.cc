#include "host/statements/statement_composer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/domain/usecase_reasons.h"
#include "intaglio/core/v1/statements.pb.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing_support::FailsNaming;
using testing_support::IsOk;

StateOrderFields SomeOrder(StateAction action) {
  return {.order_id = Bytes(32, 1),
          .core_instance = Bytes(16, 2),
          .action = action,
          .issuer_key_id = Bytes(16, 3),
          .serial = Bytes{0x4d, 0x00},
          .reason = RevocationReason::kPrivilegeWithdrawn,
          .issued_at = {1000},
          .expires_at = {2000}};
}

core::v1::StateOrder Parsed(ByteView octets) {
  core::v1::StateOrder message;
  EXPECT_TRUE(ParseCanonical(octets, message));
  return message;
}

class StatementComposerTest : public testing::Test {
 protected:
  StatementComposer composer_;
};

TEST_F(StatementComposerTest, ReadsTheOrdersItComposes) {
  const Bytes octets = composer_.ComposeStateOrder(SomeOrder(StateAction::kRevoke));
  // privilegeWithdrawn is CRLReason 9 and 10 in the schema.
  EXPECT_EQ(Parsed(octets).reason(), 10);
  const auto fields = composer_.ReadStateOrder(octets);
  ASSERT_THAT(fields, IsOk());
  EXPECT_EQ(fields->order_id, Bytes(32, 1));
  EXPECT_EQ(fields->core_instance, Bytes(16, 2));
  EXPECT_EQ(fields->action, StateAction::kRevoke);
  EXPECT_EQ(fields->issuer_key_id, Bytes(16, 3));
  EXPECT_EQ(fields->serial, (Bytes{0x4d, 0x00}));
  EXPECT_EQ(fields->reason, RevocationReason::kPrivilegeWithdrawn);
  EXPECT_EQ(fields->issued_at.ms, 1000);
  EXPECT_EQ(fields->expires_at.ms, 2000);
}

TEST_F(StatementComposerTest, OnlyARevocationHasAReason) {
  const Bytes octets = composer_.ComposeStateOrder(SomeOrder(StateAction::kSuspend));
  EXPECT_EQ(Parsed(octets).reason(), 0);
  EXPECT_EQ(composer_.ReadStateOrder(octets)->reason, RevocationReason::kCertificateHold);
  core::v1::StateOrder revoke = Parsed(octets);
  revoke.set_action(core::v1::STATE_ACTION_REVOKE);
  EXPECT_THAT(composer_.ReadStateOrder(SerializeCanonical(revoke)),
              FailsNaming(kFieldInvalid.id, "reason"));
}

TEST_F(StatementComposerTest, RefusesUnknownActionsAndReasons) {
  core::v1::StateOrder order = Parsed(composer_.ComposeStateOrder(SomeOrder(StateAction::kRevoke)));
  order.set_action(static_cast<core::v1::StateAction>(9));
  EXPECT_THAT(composer_.ReadStateOrder(SerializeCanonical(order)),
              FailsNaming(kFieldInvalid.id, "order.action"));
  order.set_action(core::v1::STATE_ACTION_REVOKE);
  order.set_reason(static_cast<core::v1::RevocationReason>(3));  // cACompromise is not ordered here
  EXPECT_THAT(composer_.ReadStateOrder(SerializeCanonical(order)),
              FailsNaming(kFieldInvalid.id, "reason"));
}

TEST_F(StatementComposerTest, RefusesOctetsThatAreNotCanonical) {
  const Bytes octets = composer_.ComposeStateOrder(SomeOrder(StateAction::kRevoke));
  Bytes unknown = octets;
  unknown.insert(unknown.end(), {0x98, 0x06, 0x01});  // field 99
  Bytes repeated = octets;
  repeated.insert(repeated.end(), octets.begin(), octets.end());
  Bytes padded = octets;
  padded.insert(padded.end(), {0x20, 0x81, 0x00});  // action 1 again, in two octets
  const Bytes cut(octets.begin(), octets.end() - 1);
  for (const Bytes& each : {unknown, repeated, padded, cut, Bytes{0xff}}) {
    EXPECT_THAT(composer_.ReadStateOrder(each), FailsNaming(kFieldInvalid.id, "canonical"));
    EXPECT_THAT(composer_.ReadSignerRevocation(each), FailsNaming(kFieldInvalid.id, "canonical"));
  }
}

TEST_F(StatementComposerTest, FindsUnknownFieldsAtAnyDepth) {
  core::v1::IssuanceOrder order;
  order.mutable_subject()->set_country("EE");
  EXPECT_TRUE(ParseCanonical(SerializeCanonical(order), order));
  order.mutable_subject()
      ->GetReflection()
      ->MutableUnknownFields(order.mutable_subject())
      ->AddVarint(99, 1);
  core::v1::IssuanceOrder read;
  EXPECT_FALSE(ParseCanonical(SerializeCanonical(order), read));
  core::v1::IssuanceOrder listed;
  core::v1::Authenticator& inner = *listed.add_authenticators();
  inner.GetReflection()->MutableUnknownFields(&inner)->AddVarint(99, 1);
  EXPECT_FALSE(ParseCanonical(SerializeCanonical(listed), read));
}

TEST_F(StatementComposerTest, ReadsTheSignersRevocation) {
  const Bytes octets = composer_.ComposeSignerRevocation(
      {Bytes(16, 2), Bytes(16, 3), Bytes{0x4d}, RevocationReason::kUnspecified, {5}});
  const auto fields = composer_.ReadSignerRevocation(octets);
  ASSERT_THAT(fields, IsOk());
  EXPECT_EQ(fields->serial, Bytes{0x4d});
  EXPECT_EQ(fields->reason, RevocationReason::kUnspecified);
  EXPECT_EQ(fields->requested_at.ms, 5);
  core::v1::SignerRevocation message;
  ASSERT_TRUE(ParseCanonical(octets, message));
  message.clear_reason();
  EXPECT_THAT(composer_.ReadSignerRevocation(SerializeCanonical(message)),
              FailsNaming(kFieldInvalid.id, "reason"));
}

// Different contexts keep a proof for one act worthless for another.
TEST_F(StatementComposerTest, EveryStatementBeginsWithItsOwnContext) {
  Application application;
  application.id = "a";
  std::vector<std::string> contexts;
  for (const Bytes& octets :
       {composer_.ComposeApplication(application, Bytes(32, 1)),
        composer_.ComposeOrder(application, {}), composer_.ComposeAcceptance({}),
        composer_.ComposeStateOrder({}), composer_.ComposeSignerRevocation({})}) {
    ASSERT_EQ(octets[0], 0x0a);  // field 1, a string
    contexts.push_back(AsString(ByteView(octets).subspan(2, octets[1])));
  }
  EXPECT_THAT(contexts,
              testing::ElementsAre("intaglio/application/v1", "intaglio/issuance-order/v1",
                                   "intaglio/acceptance/v1", "intaglio/state-order/v1",
                                   "intaglio/signer-revocation/v1"));
}

}  // namespace
}  // namespace intaglio::host
