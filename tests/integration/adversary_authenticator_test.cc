// Line 1 of SECURITY.md, where the signer has several authenticators, passkeys among them, or a
// one-time key. Raw frames with the host's own TLS key; each attack has its control.
// Requirements R-QSC-3, R-QSC-4.
#include "host/x509/public_key.h"
#include "tests/integration/adversary_fixture.h"
#include "tests/support/authenticators.h"

namespace intaglio::testing_support {
namespace {

pb::Proof MessageOf(const appliance::Proof& proof) {
  pb::Proof out;
  out.set_authenticator_id(AsString(proof.authenticator_id.view()));
  if (const auto* es256 = std::get_if<appliance::Es256Proof>(&proof.method)) {
    out.set_es256(AsString(es256->signature));
  } else if (const auto* rs256 = std::get_if<appliance::Rs256Proof>(&proof.method)) {
    out.set_rs256(AsString(rs256->signature));
  } else {
    const auto& assertion = std::get<appliance::WebAuthnAssertion>(proof.method);
    out.mutable_webauthn()->set_authenticator_data(AsString(assertion.authenticator_data));
    out.mutable_webauthn()->set_client_data_json(AsString(assertion.client_data_json));
    out.mutable_webauthn()->set_signature(AsString(assertion.signature));
  }
  return out;
}

void Fill(const appliance::Authenticator& from, pb::Authenticator& to) {
  to.set_kind(static_cast<pb::AuthenticatorKind>(static_cast<int>(from.kind) + 1));
  to.set_spki(AsString(from.spki));
  if (!from.webauthn) return;
  to.mutable_webauthn()->set_rp_id(from.webauthn->rp_id);
  to.mutable_webauthn()->set_origin(from.webauthn->origin);
  to.mutable_webauthn()->set_credential_id(AsString(from.webauthn->credential_id));
  to.mutable_webauthn()->set_cose_key(AsString(from.webauthn->cose_key));
  to.mutable_webauthn()->set_aaguid(AsString(from.webauthn->aaguid));
}

class AuthenticatorAdversaryTest : public AdversaryTest {
 protected:
  // Mari's file key, her passkey and her RSA key, as two officers vouch for them.
  pb::IssuanceOrder Order() {
    pb::IssuanceOrder order = host_.Order(mari_);
    Fill(passkey_.Binding(), *order.add_authenticators());
    Fill(rsa_.Binding(), *order.add_authenticators());
    return order;
  }
  HostileHost::Signer Certified(const pb::IssuanceOrder& order, Duration lasts) {
    HostileHost::Signer signer = host_.NewKeyUnder(order);
    host::SubscriberRequest request = host_.HonestRequest(signer);
    request.validity.not_after = request.validity.not_before + lasts;
    const auto response = host_.Ask(host_.IssueRequest(signer, *host::BuildSubscriberTbs(request)));
    ExpectDone(response);
    signer.record[1] = ToBytes(response.issue_certificate().record());
    signer.certificate = ToBytes(response.issue_certificate().certificate());
    signer.serial = ToBytes(request.serial.octets());
    return signer;
  }
  HostileHost::Signer Accepted(const pb::IssuanceOrder& order, Duration lasts = kDay) {
    HostileHost::Signer signer = Certified(order, lasts);
    const auto response = host_.Ask(host_.AcceptRequest(signer, mari_));
    ExpectDone(response);
    signer.record[2] = ToBytes(response.accept_certificate().record());
    return signer;
  }
  pb::CoreRequest Sign(const Bytes& record, const Bytes& payload, const appliance::Proof& proof) {
    pb::CoreRequest request;
    request.mutable_sign()->set_record(AsString(record));
    request.mutable_sign()->set_payload(AsString(payload));
    *request.mutable_sign()->mutable_proof() = MessageOf(proof);
    return request;
  }
  Bytes Removal(const HostileHost::Signer& signer, const Digest& id) {
    const int64_t now = host_.core().clock().Now().ms;
    pb::RemoveAuthenticator statement;
    statement.set_context("intaglio/remove-authenticator/v1");
    statement.set_core_instance(AsString(host_.core().identity().instance.view()));
    statement.set_key_id(AsString(signer.key_id));
    statement.set_authenticator_id(AsString(id));
    statement.set_issued_at_ms(now);
    statement.set_expires_at_ms(now + kDay);
    return appliance::SerializeCanonical(statement);
  }
  pb::CoreRequest RemovalRequest(const Bytes& record, const Bytes& octets, const pb::Proof& proof) {
    pb::CoreRequest request;
    request.mutable_remove_authenticator()->set_record(AsString(record));
    request.mutable_remove_authenticator()->mutable_signer()->set_statement(AsString(octets));
    *request.mutable_remove_authenticator()->mutable_signer()->mutable_proof() = proof;
    return request;
  }
  pb::AddAuthenticator Addition(const HostileHost::Signer& signer, const P256Signer& added) {
    const int64_t now = host_.core().clock().Now().ms;
    pb::AddAuthenticator statement;
    statement.set_context("intaglio/add-authenticator/v1");
    statement.set_core_instance(AsString(host_.core().identity().instance.view()));
    statement.set_key_id(AsString(signer.key_id));
    statement.set_record_version(2);
    statement.mutable_authenticator()->set_kind(pb::AUTHENTICATOR_KIND_ES256_DEVICE);
    statement.mutable_authenticator()->set_spki(AsString(added.spki()));
    statement.set_issued_at_ms(now);
    statement.set_expires_at_ms(now + kMinute);
    return statement;
  }
  pb::CoreRequest AdditionRequest(const Bytes& record, const Bytes& octets,
                                  const pb::Proof& proof) {
    pb::CoreRequest request;
    request.mutable_add_authenticator()->set_record(AsString(record));
    request.mutable_add_authenticator()->set_statement(AsString(octets));
    *request.mutable_add_authenticator()->mutable_proof() = proof;
    return request;
  }
  const Passkey passkey_;
  const RsaSigner rsa_;
};

TEST_F(AuthenticatorAdversaryTest, Line1_AnAssertionForSomethingElseSignsNothing) {
  const auto mari = Accepted(Order());
  const Bytes& record = mari.record[2];
  const struct {
    AssertionPlan plan;
    const char* reason;
  } attacks[] = {{{.origin = "https://host.example"}, "ASSERTION_CLIENT_DATA"},
                 {{.cross_origin = "true"}, "ASSERTION_CLIENT_DATA"},
                 {{.type = "webauthn.create"}, "ASSERTION_CLIENT_DATA"},
                 {{.rp_id = "host.example"}, "ASSERTION_RELYING_PARTY"},
                 {{.flags = 0x01}, "ASSERTION_PRESENCE"},
                 {{.flags = 0x04}, "ASSERTION_PRESENCE"},
                 {{.flags = 0x0d}, "ASSERTION_COPIED"},
                 {{.flags = 0x45}, "ASSERTION_MALFORMED"}};
  for (const auto& each : attacks) {
    const Bytes payload = Payload(record, {wanted_});
    ExpectRefused(Sign(record, payload, passkey_.Prove(payload, each.plan)), each.reason);
    // Control: the same passkey, asked for the same payload, honestly.
    ExpectDone(Sign(record, payload, passkey_.Prove(payload)));
  }
}

TEST_F(AuthenticatorAdversaryTest, Line1_AnAssertionOverAnotherChallengeSignsNothing) {
  const auto mari = Accepted(Order());
  const Bytes& record = mari.record[2];
  const Bytes shown = Payload(record, {wanted_}), hidden = Payload(record, {other_});
  // What she agreed to on one screen, for what the host wants.
  ExpectRefused(Sign(record, hidden, passkey_.Prove(shown)), "ASSERTION_CLIENT_DATA");
  // Her agreement to a removal, an addition or the acceptance, as her agreement to sign.
  const Bytes removal = Removal(mari, mari_.id());
  ExpectRefused(Sign(record, hidden, passkey_.Prove(removal)), "ASSERTION_CLIENT_DATA");
  pb::CoreRequest accepted = host_.AcceptRequest(mari, mari_);
  pb::CoreRequest crossed = host_.SignRequest(record, hidden, mari_);
  *crossed.mutable_sign()->mutable_proof() = accepted.accept_certificate().proof();
  ExpectRefused(crossed, "SIGNATURE_WRONG");
  // Her agreement to sign, as one to add the thief or to remove herself.
  const Bytes addition = appliance::SerializeCanonical(Addition(mari, thief_));
  ExpectRefused(AdditionRequest(record, addition, MessageOf(passkey_.Prove(shown))),
                "ASSERTION_CLIENT_DATA");
  ExpectRefused(AdditionRequest(record, shown, MessageOf(passkey_.Prove(shown))),
                "STATEMENT_INVALID");
  ExpectDone(Sign(record, shown, passkey_.Prove(shown)));  // Control.
}

TEST_F(AuthenticatorAdversaryTest, Line1_ACredentialsKeyIsWorthNothingWithoutItsBrowser) {
  const auto mari = Accepted(Order());
  const Bytes& record = mari.record[2];
  const Bytes payload = Payload(record, {wanted_});
  ExpectRefused(Sign(record, payload,
                     {{passkey_.key().id()}, appliance::Es256Proof{passkey_.key().Sign(payload)}}),
                "PROOF_METHOD");
  ExpectRefused(Sign(record, payload, {{mari_.id()}, passkey_.Assert(payload)}), "PROOF_METHOD");
  ExpectRefused(Sign(record, payload, {{rsa_.key().id()}, passkey_.Assert(payload)}),
                "PROOF_METHOD");
  ExpectRefused(Sign(record, payload, {{rsa_.key().id()}, appliance::Rs256Proof{Bytes(256, 1)}}),
                "SIGNATURE_WRONG");
  ExpectDone(Sign(record, payload, rsa_.Prove(payload)));  // Control.
}

TEST_F(AuthenticatorAdversaryTest, Line1_ARemovedAuthenticatorDoesNothing) {
  const auto mari = Accepted(Order());
  const Bytes& record = mari.record[2];
  const Bytes old_payload = Payload(record, {wanted_});
  const Bytes removal = Removal(mari, mari_.id());
  const pb::Proof by_passkey = MessageOf(passkey_.Prove(removal));
  // A stranger's removal and one that was not agreed to do nothing.
  ExpectRefused(RemovalRequest(record, removal, MessageOf(thief_.Prove(removal))),
                "AUTHENTICATOR_UNKNOWN");
  ExpectRefused(RemovalRequest(record, Removal(mari, passkey_.key().id()), by_passkey),
                "ASSERTION_CLIENT_DATA");
  ExpectDone(RemovalRequest(record, removal, by_passkey));
  // The key, stolen later, with the very record it stands in.
  ExpectRefused(host_.SignRequest(record, old_payload, mari_), "AUTHENTICATOR_REMOVED");
  const Bytes addition = appliance::SerializeCanonical(Addition(mari, thief_));
  ExpectRefused(AdditionRequest(record, addition, MessageOf(mari_.Prove(addition))),
                "AUTHENTICATOR_REMOVED");
  ExpectRefused(host_.AcceptRequest(mari, mari_), "AUTHENTICATOR_REMOVED");
  const Bytes more = Removal(mari, passkey_.key().id());
  ExpectRefused(RemovalRequest(record, more, MessageOf(mari_.Prove(more))),
                "AUTHENTICATOR_REMOVED");
  // Controls: the journal has its line, and the other authenticators work.
  EXPECT_EQ(Lines(pb::EVENT_TYPE_AUTHENTICATOR_REMOVED).size(), 1u);
  ExpectDone(Sign(record, old_payload, passkey_.Prove(old_payload)));
}

TEST_F(AuthenticatorAdversaryTest, Line1_NobodyAddsAnAuthenticatorButOneThatIsBound) {
  const auto mari = Accepted(Order());
  const Bytes& record = mari.record[2];
  pb::AddAuthenticator theft = Addition(mari, thief_);
  const Bytes octets = appliance::SerializeCanonical(theft);
  ExpectRefused(AdditionRequest(record, octets, MessageOf(thief_.Prove(octets))),
                "AUTHENTICATOR_UNKNOWN");
  // What she agreed to, with another key in it; for another version; of another core.
  pb::AddAuthenticator agreed = Addition(mari, host_.core().security(0));
  const Bytes agreed_octets = appliance::SerializeCanonical(agreed);
  const pb::Proof proof = MessageOf(mari_.Prove(agreed_octets));
  ExpectRefused(AdditionRequest(record, octets, proof), "SIGNATURE_WRONG");
  theft.set_record_version(3);
  const Bytes later = appliance::SerializeCanonical(theft);
  ExpectRefused(AdditionRequest(record, later, MessageOf(mari_.Prove(later))), "ORDER_MISMATCH");
  theft.set_expires_at_ms(theft.issued_at_ms() + 31 * kMinute);
  const Bytes longer = appliance::SerializeCanonical(theft);
  ExpectRefused(AdditionRequest(record, longer, MessageOf(mari_.Prove(longer))),
                "STATEMENT_INVALID");
  // Control: what she agreed to; and the version before is no good any more.
  const auto added = host_.Ask(AdditionRequest(record, agreed_octets, proof));
  ExpectDone(added);
  ExpectRefused(host_.BeginRequest(record, {wanted_}), "RECORD_STALE");
  const auto lines = Lines(pb::EVENT_TYPE_AUTHENTICATOR_ADDED);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].statement(), AsString(agreed_octets));
  EXPECT_EQ(lines[0].proofs(), AsString(appliance::SerializeCanonical(proof)));
  EXPECT_EQ(lines[0].sealed_record(), added.add_authenticator().record());
}

TEST_F(AuthenticatorAdversaryTest, Line1_AnOneTimeKeySignsOneActivation) {
  pb::IssuanceOrder order = Order();
  order.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_ONE_TIME);
  const auto mari = Accepted(order, kHour);
  const Bytes& record = mari.record[2];
  const Bytes first = Payload(record, {wanted_}), second = Payload(record, {other_});
  const pb::CoreRequest sign = Sign(record, first, passkey_.Prove(first));
  const auto answer = host_.Ask(sign);
  ExpectDone(answer);
  ExpectRefused(Sign(record, second, passkey_.Prove(second)), "KEY_SPENT");
  ExpectRefused(host_.BeginRequest(record, {other_}), "KEY_SPENT");
  // An older record of the same key is stale, and a reinstatement brings nothing back.
  ExpectRefused(host_.BeginRequest(mari.record[1], {other_}), "RECORD_STALE");
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));
  ExpectRefused(host_.BeginRequest(record, {other_}), "KEY_SPENT");
  // Controls: the lost answer comes again, the key's end has its line.
  EXPECT_EQ(host_.Ask(sign).sign().signatures(0), answer.sign().signatures(0));
  EXPECT_TRUE(host::VerifyEs256(mari.spki, document_, AsBytes(answer.sign().signatures(0))));
  EXPECT_EQ(Lines(pb::EVENT_TYPE_KEY_DESTROYED).size(), 1u);
}

TEST_F(AuthenticatorAdversaryTest, Line2_AnOneTimeCertificateLastsADayAtMost) {
  pb::IssuanceOrder order = Order();
  order.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_ONE_TIME);
  const auto signer = host_.NewKeyUnder(order);
  host::SubscriberRequest request = host_.HonestRequest(signer);
  request.validity.not_after = request.validity.not_before + kDay + kMinute;
  EXPECT_NE(HostileHost::ReasonOf(
                host_.Ask(host_.IssueRequest(signer, *host::BuildSubscriberTbs(request)))),
            "");
  request.validity.not_after = request.validity.not_before + kDay;
  ExpectDone(host_.IssueRequest(signer, *host::BuildSubscriberTbs(request)));
}

TEST_F(AuthenticatorAdversaryTest, Line1_TenThousandHashesAndThirtyMinutesAreTheEnd) {
  const auto mari = Accepted(Order());
  const Bytes& record = mari.record[2];
  ExpectRefused(host_.BeginRequest(record, std::vector<Digest>(10'001, wanted_)),
                "TOO_MANY_HASHES");
  ExpectDone(host_.BeginRequest(record, std::vector<Digest>(10'000, wanted_)));
  pb::CoreRequest begin = host_.BeginRequest(record, {wanted_});
  begin.mutable_begin_activation()->set_lifetime_seconds(31 * 60);
  ExpectRefused(begin, "REQUEST_INVALID");
  begin.mutable_begin_activation()->set_lifetime_seconds(0xffffffff);
  ExpectRefused(begin, "REQUEST_INVALID");
  // Control: thirty minutes, and they end.
  begin.mutable_begin_activation()->set_lifetime_seconds(30 * 60);
  const auto begun = host_.Ask(begin);
  ExpectDone(begun);
  const Bytes payload = ToBytes(begun.begin_activation().payload());
  host_.core().clock().Advance(30 * kMinute);
  ExpectRefused(Sign(record, payload, passkey_.Prove(payload)), "SAD_SPENT");
}

TEST_F(AuthenticatorAdversaryTest, Line1_HashesOfAnotherLengthOrAlgorithmAreNotSigned) {
  const auto mari = Accepted(Order());
  const Bytes& record = mari.record[2];
  pb::CoreRequest begin = host_.BeginRequest(record, {wanted_});
  begin.mutable_begin_activation()->set_hash_algorithm(pb::HASH_ALGORITHM_SHA512);
  ExpectRefused(begin, "REQUEST_INVALID");
  begin.mutable_begin_activation()->set_dtbsr(0, std::string(64, 'h'));
  ExpectRefused(begin, "ALGORITHM_UNSUITABLE");  // ECDSA P-256 is with SHA-256
  begin.mutable_begin_activation()->set_hash_algorithm(pb::HASH_ALGORITHM_UNSPECIFIED);
  ExpectRefused(begin, "REQUEST_INVALID");
  ExpectDone(host_.BeginRequest(record, {wanted_}));  // Control.
}

TEST_F(AuthenticatorAdversaryTest, Line3_OrdersBindOnlyAuthenticatorsThatHoldTogether) {
  auto refused = [&](auto change) {
    pb::IssuanceOrder order = Order();
    change(order);
    ExpectRefused(GenerateRequest(host_.ApproveByTwo(order)), "STATEMENT_INVALID");
  };
  refused([](auto& o) { o.mutable_authenticators(1)->mutable_webauthn()->set_rp_id("x.example"); });
  refused([](auto& o) {
    o.mutable_authenticators(1)->mutable_webauthn()->set_origin("http://sign.example");
  });
  refused([&](auto& o) { o.mutable_authenticators(1)->set_spki(AsString(thief_.spki())); });
  refused([](auto& o) { o.mutable_authenticators(1)->clear_webauthn(); });
  refused(
      [](auto& o) { o.mutable_authenticators(2)->set_kind(pb::AUTHENTICATOR_KIND_ES256_FILE); });
  refused([](auto& o) { *o.add_authenticators() = o.authenticators(0); });
  refused(
      [](auto& o) { o.mutable_authenticators(0)->set_kind(pb::AUTHENTICATOR_KIND_UNSPECIFIED); });
  ExpectDone(GenerateRequest(host_.ApproveByTwo(Order())));  // Control.
}

TEST_F(AuthenticatorAdversaryTest, MisshapenProofsAreRefusedAndTheLinkLives) {
  const auto mari = Accepted(Order());
  const Bytes payload = Payload(mari.record[2], {wanted_});
  const pb::CoreRequest honest = Sign(mari.record[2], payload, passkey_.Prove(payload));
  auto refused = [&](auto change) {
    pb::CoreRequest request = honest;
    change(*request.mutable_sign()->mutable_proof());
    ExpectRefused(request, "REQUEST_INVALID");
  };
  refused([](pb::Proof& p) { p.clear_authenticator_id(); });
  refused([](pb::Proof& p) { p.clear_method(); });
  refused([](pb::Proof& p) { p.mutable_webauthn()->clear_signature(); });
  refused(
      [](pb::Proof& p) { p.mutable_webauthn()->set_authenticator_data(std::string(1025, 'a')); });
  refused([](pb::Proof& p) { p.mutable_webauthn()->set_client_data_json(std::string(4097, 'a')); });
  refused([](pb::Proof& p) { p.set_rs256(std::string(1025, 'a')); });
  pb::CoreRequest nobody;
  nobody.mutable_remove_authenticator()->set_record(AsString(mari.record[2]));
  ExpectRefused(nobody, "REQUEST_INVALID");
  ExpectDone(honest);  // Control.
}

}  // namespace
}  // namespace intaglio::testing_support
