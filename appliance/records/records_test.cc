// Statements and sealed records: published octets, bounds, and what must not be read.
#include <gtest/gtest.h>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "appliance/records/command_codec.h"
#include "appliance/records/proto_values.h"
#include "appliance/records/record_codec.h"
#include "appliance/records/record_sealer.h"
#include "appliance/records/statement_codec.h"
#include "intaglio/core/v1/record.pb.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

// RFC 6979 A.2.5 public key.
constexpr char kSpki[] =
    "3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b892"
    "3b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

constexpr char kGoldenSadPayload[] =
    "0a0f696e7461676c696f2f7361642f76311210020202020202020202020202020202021a10060606060606060606"
    "06060606060606222007070707070707070707070707070707070707070707070707070707070707072a10080808"
    "0808080808080808080808080832087369676e65722d313a0973657373696f6e2d3140014a207692c3ad3540bb80"
    "3c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed5080bcd9f29e3458e0e3ebf29e34";
constexpr char kGoldenIssuanceOrder[] =
    "0a1a696e7461676c696f2f69737375616e63652d6f726465722f7631122001010101010101010101010101010101"
    "010101010101010101010101010101011a1002020202020202020202020202020202221003030303030303030303"
    "0303030303032a10302e342e302e3139343131322e312e3232360a02454512044d6172691a084d616173696b6173"
    "220d4d617269204d616173696b61732a11504e4f45452d34383030313038353731383a0208014a087369676e6572"
    "2d31525f0801125b3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb"
    "74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177"
    "a3c294d44622995a2004040404040404040404040404040404040404040404040404040404040404046220050505"
    "050505050505050505050505050505050505050505050505050505050568da057080bcd9f29e347880c48b93a134";
constexpr char kGoldenSealedRecord[] =
    "0801121008080808080808080808080808080808180120012a200b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
    "0b0b0b0b0b0b0b0b0b0b0b0b32e903e0ab3e9d00ec8d971fbed2040a67fa92c07af448eed72b9db0a3385d521e08"
    "ff31494434b0ca4fa596d97aebf68aac0c2576674b27822564b19b99034604a0fd65ae77737f8a539a325c95475a"
    "422f0aa50bd56ad9f4527db04f681b1e7101108899fb3cc7ea93f031aad0c210db3ffd85ff8d3a9de4804fbfc6df"
    "c1092bd2ee3e34de65504f8b49616f700f85da45067a839d41c32028d605b350d1919b28960a32fe443b152ac996"
    "9255e3ae1ec723ca296b4f8f7ee1d0bc0cea53237cdc7b0c66126b5bfd2f3518b275a8fee8326632f0fb6f216075"
    "296a1cc09fb406d9263648bcbbc0e6c0f656306da00192b5620d2454de9fe3a572e5cadef00b35a85fa6da9dde81"
    "e1765f53abf35fe88b85f40b97432d6187305124f32d03987d0b8d061f0b4cf1e3894f48f3eeff35c2d7ad4607a7"
    "2421e7555da41a6dcb5b48e4af54cf1470445a7e9ac654db4f40f632fbe1a33743bc39fc23fe7304f3ef2699b200"
    "74b14fb7fe2a951c1b3fd4238e8e4c9f4d3e5786db91089451f8fdfd17d5d009bf47a9eb418ac7a30e5042a1218d"
    "c53d4cb56531c44c7bc5e4af4d4315f40c50ccef5d1ef0780da0c458d104a93921cc101bbb0f103c4e98525e38a3"
    "de1285d35c0c872ff1265379b99391cc08bdd39f88d9ec2d34fb7819851ae628a8ee74ff42de375c23c705ce";

std::string Fill(char value, size_t size) { return std::string(size, value); }

pb::IssuanceOrder Order() {
  pb::IssuanceOrder order;
  order.set_context("intaglio/issuance-order/v1");
  order.set_order_id(Fill(1, 32));
  order.set_core_instance(Fill(2, 16));
  order.set_issuer_key_id(Fill(3, 16));
  order.set_policy_oid("0.4.0.194112.1.2");
  order.mutable_subject()->set_country("EE");
  order.mutable_subject()->set_given_name("Mari");
  order.mutable_subject()->set_surname("Maasikas");
  order.mutable_subject()->set_common_name("Mari Maasikas");
  order.mutable_subject()->set_serial_number("PNOEE-48001085718");
  order.mutable_core_generated()->set_algorithm(pb::KEY_ALGORITHM_P256);
  order.set_signer_id("signer-1");
  order.add_authenticators()->set_kind(pb::AUTHENTICATOR_KIND_ES256_FILE);
  order.mutable_authenticators(0)->set_spki(AsString(*FromHex(kSpki)));
  order.set_evidence_digest(Fill(4, 32));
  order.set_agreement_digest(Fill(5, 32));
  order.set_validity_days(730);
  order.set_issued_at_ms(1'795'000'000'000);
  order.set_expires_at_ms(1'795'000'000'000 + 7 * kDay);
  return order;
}

SadPayload Payload() {
  SadPayload payload;
  payload.core_instance.octets.fill(2);
  payload.boot_id.octets.fill(6);
  payload.nonce.octets.fill(7);
  payload.key_id.octets.fill(8);
  payload.signer_id = "signer-1";
  payload.session_id = "session-1";
  payload.dtbsr = {MessageDigest::Sha256(Sha256(AsBytes("one")))};
  payload.issued_at = {1'795'000'000'000};
  payload.expires_at = payload.issued_at + 5 * kMinute;
  return payload;
}

KeyRecord Record() {
  KeyRecord record;
  record.key_id.octets.fill(8);
  record.version = kVersionCertified;
  record.spki = *FromHex(kSpki);
  record.wrapped = Bytes(40, 9);
  record.origin = {.local = true,
                   .sensitive = true,
                   .always_sensitive = true,
                   .extractable = true,
                   .wrap_with_trusted = true,
                   .key_gen_mechanism = 0x1040};
  record.generated_at = {1'795'000'000'000};
  record.signer_id = "signer-1";
  record.authenticators = {{AuthenticatorKind::kEs256File, *FromHex(kSpki)}};
  record.policy_oid = "0.4.0.194112.1.2";
  record.agreement_digest.fill(5);
  record.certified_as = CertifiedAs{{{3}}, {{0x41, 2}}, Digest{}, {1}, {2}};
  return record;
}

// Draws the salt 0x0b…, so that the published octets repeat.
class FixedRng final : public Rng {
 public:
  Status Fill(std::span<uint8_t> out) override {
    std::fill(out.begin(), out.end(), uint8_t{0x0b});
    return OkStatus();
  }
};

std::vector<EpochKey> Epochs(uint32_t number, uint8_t value) {
  std::vector<EpochKey> keys;
  keys.push_back({number, SecretBytes::CopyOf(Bytes(32, value))});
  return keys;
}

TEST(GoldenTest, SadPayload) {
  EXPECT_EQ(ToHex(StatementCodec().Encode(Payload())), kGoldenSadPayload);
}

TEST(GoldenTest, IssuanceOrder) {
  EXPECT_EQ(ToHex(SerializeCanonical(Order())), kGoldenIssuanceOrder);
}

TEST(GoldenTest, SealedRecord) {
  FixedRng rng;
  RecordSealer sealer(Epochs(1, 0x0a), rng);
  EXPECT_EQ(ToHex(*sealer.Seal(Record())), kGoldenSealedRecord);
}

TEST(StatementTest, OrderRoundTrip) {
  const auto order = DecodeIssuanceOrder(SerializeCanonical(Order()));
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(std::get<NaturalPerson>(order->subject).surname, "Maasikas");
  EXPECT_EQ(order->validity_days, 730u);
  EXPECT_EQ(order->expires_at - order->issued_at, 7 * kDay);
}

pb::IssuanceOrder SealOrder() {
  pb::IssuanceOrder order = Order();
  order.clear_subject();
  order.set_policy_oid("0.4.0.194112.1.3");
  order.mutable_legal_subject()->set_country("EE");
  order.mutable_legal_subject()->set_organization_name("Arhiiv AS");
  order.mutable_legal_subject()->set_organization_identifier("VATEE-100000001");
  order.mutable_legal_subject()->set_common_name("Arhiiv");
  order.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_SEAL);
  order.set_controllers_need(1);
  return order;
}

TEST(StatementTest, SealOrderRoundTrip) {
  const auto order = DecodeIssuanceOrder(SerializeCanonical(SealOrder()));
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(std::get<LegalPerson>(order->subject).organization_identifier, "VATEE-100000001");
  EXPECT_EQ(std::get<CoreGeneratedKey>(order->key).use, KeyPurpose::kSeal);
  EXPECT_EQ(order->controllers_need, 1u);
}

TEST(StatementTest, PersonUseAndControllersMustFit) {
  const std::vector<std::pair<std::string, void (*)(pb::IssuanceOrder&)>> changes = {
      {"subject", [](auto& o) { o.clear_legal_subject(); }},
      {"subject", [](auto& o) { *o.mutable_subject() = Order().subject(); }},
      {"core_generated.use",
       [](auto& o) {
         o.clear_legal_subject();
         *o.mutable_subject() = Order().subject();
       }},
      {"core_generated.use", [](auto& o) { o.mutable_core_generated()->clear_use(); }},
      {"core_generated.use",
       [](auto& o) { o.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_ONE_TIME); }},
      {"core_generated.use",
       [](auto& o) { o.mutable_core_generated()->set_use(static_cast<pb::SubjectKeyUse>(9)); }},
      {"controllers_need", [](auto& o) { o.set_controllers_need(0); }},
      {"controllers_need", [](auto& o) { o.set_controllers_need(2); }},
      {"controllers_need",
       [](auto& o) {
         o = Order();
         o.set_controllers_need(1);
       }},
      {"legal_subject.country", [](auto& o) { o.mutable_legal_subject()->set_country("ee"); }},
      {"legal_subject.organization_name",
       [](auto& o) { o.mutable_legal_subject()->set_organization_name(std::string(257, 'a')); }},
      {"legal_subject.organization_identifier",
       [](auto& o) { o.mutable_legal_subject()->clear_organization_identifier(); }},
      {"legal_subject.common_name",
       [](auto& o) { o.mutable_legal_subject()->set_common_name("a\nb"); }},
  };
  for (const auto& [field, change] : changes) {
    pb::IssuanceOrder order = SealOrder();
    change(order);
    const auto decoded = DecodeIssuanceOrder(SerializeCanonical(order));
    EXPECT_REASON(decoded.status(), kStatementInvalid);
    EXPECT_NE(DetailOf(decoded.status()).find("field " + field), std::string::npos)
        << field << ": " << decoded.status();
  }
}

TEST(StatementTest, PayloadRoundTrip) {
  const auto payload = DecodeSadPayload(StatementCodec().Encode(Payload()));
  ASSERT_TRUE(payload.ok()) << payload.status();
  EXPECT_EQ(payload->dtbsr, Payload().dtbsr);
}

// Each change makes one field of the order wrong; the refusal names it.
TEST(StatementTest, EveryFieldOfAnOrderHasBounds) {
  const std::vector<std::pair<std::string, void (*)(pb::IssuanceOrder&)>> changes = {
      {"context", [](auto& o) { o.set_context("intaglio/sad/v1"); }},
      {"order_id", [](auto& o) { o.set_order_id("short"); }},
      {"core_instance", [](auto& o) { o.clear_core_instance(); }},
      {"issuer_key_id", [](auto& o) { o.set_issuer_key_id(Fill(1, 17)); }},
      {"policy_oid", [](auto& o) { o.set_policy_oid("1.2.x"); }},
      {"policy_oid", [](auto& o) { o.clear_policy_oid(); }},
      {"subject.country", [](auto& o) { o.mutable_subject()->set_country("ee"); }},
      {"subject.given_name", [](auto& o) { o.mutable_subject()->clear_given_name(); }},
      {"subject.surname", [](auto& o) { o.mutable_subject()->set_surname(Fill('a', 129)); }},
      {"subject.common_name", [](auto& o) { o.mutable_subject()->set_common_name("a\nb"); }},
      {"subject.serial_number", [](auto& o) { o.mutable_subject()->clear_serial_number(); }},
      {"core_generated.algorithm",
       [](auto& o) { o.mutable_core_generated()->set_algorithm(pb::KEY_ALGORITHM_UNSPECIFIED); }},
      {"core_generated.algorithm",
       [](auto& o) {
         o.mutable_core_generated()->set_algorithm(static_cast<pb::KeyAlgorithm>(99));
       }},
      {"spki", [](auto& o) { o.clear_key(); }},
      {"signer_id", [](auto& o) { o.set_signer_id("a b"); }},
      {"authenticators", [](auto& o) { o.clear_authenticators(); }},
      {"authenticator.kind",
       [](auto& o) { o.mutable_authenticators(0)->set_kind(pb::AUTHENTICATOR_KIND_UNSPECIFIED); }},
      {"authenticator.spki", [](auto& o) { o.mutable_authenticators(0)->set_spki("x"); }},
      {"authenticators.spki",
       [](auto& o) {
         const auto first = o.authenticators(0);
         *o.add_authenticators() = first;
       }},
      {"evidence_digest", [](auto& o) { o.set_evidence_digest(Fill(1, 31)); }},
      {"agreement_digest", [](auto& o) { o.clear_agreement_digest(); }},
      {"validity_days", [](auto& o) { o.set_validity_days(1096); }},
      {"validity_days", [](auto& o) { o.set_validity_days(0); }},
      {"issued_at_ms", [](auto& o) { o.set_issued_at_ms(0); }},
      {"expires_at_ms", [](auto& o) { o.set_expires_at_ms(o.issued_at_ms() + 7 * kDay + 1); }},
      {"expires_at_ms", [](auto& o) { o.set_expires_at_ms(o.issued_at_ms()); }},
  };
  for (const auto& [field, change] : changes) {
    pb::IssuanceOrder order = Order();
    change(order);
    const auto decoded = DecodeIssuanceOrder(SerializeCanonical(order));
    EXPECT_REASON(decoded.status(), kStatementInvalid);
    EXPECT_NE(DetailOf(decoded.status()).find(field), std::string::npos)
        << field << ": " << decoded.status();
  }
}

TEST(StatementTest, OnlyCanonicalOctetsAreRead) {
  const Bytes good = SerializeCanonical(Order());
  Bytes unknown = good;  // field 100, varint 1
  unknown.insert(unknown.end(), {0xa0, 0x06, 0x01});
  EXPECT_REASON(DecodeIssuanceOrder(unknown).status(), kStatementInvalid);
  Bytes twice = good;  // validity_days again: the last one would win
  twice.insert(twice.end(), {0x68, 0x01});
  EXPECT_REASON(DecodeIssuanceOrder(twice).status(), kStatementInvalid);
  // An unknown field inside the subject.
  pb::IssuanceOrder order = Order();
  order.mutable_subject()
      ->GetReflection()
      ->MutableUnknownFields(order.mutable_subject())
      ->AddVarint(50, 1);
  EXPECT_REASON(DecodeIssuanceOrder(ToBytes(order.SerializeAsString())).status(),
                kStatementInvalid);
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(DecodeIssuanceOrder(ByteView(good).first(cut)).ok()) << cut;
  }
  EXPECT_REASON(DecodeIssuanceOrder(Bytes(600 * 1024)).status(), kStatementInvalid);
}

TEST(StatementTest, AStatementOfOneActIsNoneOfAnother) {
  const Bytes payload = StatementCodec().Encode(Payload());
  EXPECT_FALSE(DecodeIssuanceOrder(payload).ok());
  EXPECT_FALSE(DecodeAcceptance(payload).ok());
  EXPECT_FALSE(DecodeStateOrder(payload).ok());
  EXPECT_FALSE(DecodeSignerRevocation(payload).ok());
  EXPECT_FALSE(DecodeCommand(payload).ok());
}

TEST(StatementTest, StateOrdersNameAnActAndAReasonThatFit) {
  pb::StateOrder order;
  order.set_context("intaglio/state-order/v1");
  order.set_order_id(Fill(1, 32));
  order.set_core_instance(Fill(2, 16));
  order.set_action(pb::STATE_ACTION_REVOKE);
  order.set_issuer_key_id(Fill(3, 16));
  order.set_serial("\x41");
  order.set_reason(pb::REVOCATION_REASON_KEY_COMPROMISE);
  order.set_issued_at_ms(1000);
  order.set_expires_at_ms(2000);
  EXPECT_TRUE(DecodeStateOrder(SerializeCanonical(order)).ok());
  order.clear_reason();
  EXPECT_FALSE(DecodeStateOrder(SerializeCanonical(order)).ok());
  order.set_action(pb::STATE_ACTION_SUSPEND);
  EXPECT_TRUE(DecodeStateOrder(SerializeCanonical(order)).ok());
  order.set_reason(pb::REVOCATION_REASON_KEY_COMPROMISE);
  EXPECT_FALSE(DecodeStateOrder(SerializeCanonical(order)).ok());
  order.clear_action();
  EXPECT_FALSE(DecodeStateOrder(SerializeCanonical(order)).ok());
}

TEST(StatementTest, CommandsNeedAnActWithinBounds) {
  pb::Command command;
  command.set_context("intaglio/command/v1");
  command.set_core_instance(Fill(2, 16));
  command.set_nonce(Fill(7, 32));
  command.set_issued_at_ms(1000);
  command.set_expires_at_ms(2000);
  EXPECT_FALSE(DecodeCommand(SerializeCanonical(command)).ok());
  auto& generate = *command.mutable_generate_service_key();
  generate.set_purpose(pb::SERVICE_KEY_PURPOSE_CA_ISSUING);
  generate.set_algorithm(pb::KEY_ALGORITHM_P256);
  generate.set_label("ca-1");
  EXPECT_TRUE(DecodeCommand(SerializeCanonical(command)).ok());
  generate.set_label("CA 1");
  EXPECT_FALSE(DecodeCommand(SerializeCanonical(command)).ok());
  generate.set_label("ca-1");
  generate.clear_purpose();
  EXPECT_FALSE(DecodeCommand(SerializeCanonical(command)).ok());
  command.mutable_install_ca_certificate()->set_ca_key_id(Fill(1, 16));
  EXPECT_FALSE(DecodeCommand(SerializeCanonical(command)).ok());
  command.mutable_install_ca_certificate()->set_certificate(Fill(1, 4097));
  EXPECT_FALSE(DecodeCommand(SerializeCanonical(command)).ok());
  command.mutable_install_ca_certificate()->set_certificate("certificate");
  EXPECT_TRUE(DecodeCommand(SerializeCanonical(command)).ok());
  command.mutable_confirm_time();
  EXPECT_FALSE(DecodeCommand(SerializeCanonical(command)).ok());
  command.mutable_confirm_time()->set_observed_at_ms(5);
  EXPECT_TRUE(DecodeCommand(SerializeCanonical(command)).ok());
}

TEST(RecordTest, RoundTripsThroughItsSeal) {
  SystemRng rng;
  RecordSealer sealer(Epochs(1, 1), rng);
  const Bytes sealed = *sealer.Seal(Record());
  const auto opened = sealer.Open(sealed);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(EncodeRecord(*opened), EncodeRecord(Record()));
  EXPECT_NE(*sealer.Seal(Record()), sealed) << "every seal has a salt of its own";
}

TEST(ProtoValuesTest, AlgorithmsAndHashesGoThereAndBack) {
  for (int value = 1; value <= 6; ++value) {
    const auto algorithm = FromProto(static_cast<pb::KeyAlgorithm>(value));
    ASSERT_TRUE(algorithm) << value;
    EXPECT_EQ(static_cast<int>(ToProto(*algorithm)), value);
  }
  for (int value = 1; value <= 3; ++value) {
    const auto hash = FromProto(static_cast<pb::HashAlgorithm>(value));
    ASSERT_TRUE(hash) << value;
    EXPECT_EQ(static_cast<int>(ToProto(*hash)), value);
  }
  for (const int value : {0, 7, 99, -1}) {
    EXPECT_FALSE(FromProto(static_cast<pb::KeyAlgorithm>(value)));
    EXPECT_FALSE(FromProto(static_cast<pb::HashAlgorithm>(value)));
  }
}

TEST(RecordTest, OldEpochsOpenAndUnknownOnesDoNot) {
  SystemRng rng;
  RecordSealer old_sealer(Epochs(1, 1), rng);
  const Bytes sealed = *old_sealer.Seal(Record());
  auto keys = Epochs(1, 1);
  keys.push_back({2, SecretBytes::CopyOf(Bytes(32, 2))});
  RecordSealer both(std::move(keys), rng);
  EXPECT_TRUE(both.Open(sealed).ok());
  pb::SealedRecord fresh;
  ASSERT_TRUE(fresh.ParseFromString(AsString(*both.Seal(Record()))));
  EXPECT_EQ(fresh.epoch(), 2u);
  RecordSealer newer(Epochs(2, 2), rng);
  EXPECT_REASON(newer.Open(sealed).status(), kRecordUnreadable);
}

// A host may hand in anything: no changed octet of a sealed record opens, and its clear fields
// cannot be exchanged for those of another version, key or epoch.
TEST(RecordTest, NoChangedOctetOpens) {
  SystemRng rng;
  RecordSealer sealer(Epochs(1, 1), rng);
  const Bytes sealed = *sealer.Seal(Record());
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(sealer.Open(changed).ok()) << "octet " << i;
  }
  for (size_t cut = 0; cut < sealed.size(); ++cut) {
    EXPECT_FALSE(sealer.Open(ByteView(sealed).first(cut)).ok()) << cut;
  }
  pb::SealedRecord message;
  ASSERT_TRUE(message.ParseFromString(AsString(sealed)));
  message.set_version(kVersionAccepted);
  EXPECT_REASON(sealer.Open(SerializeCanonical(message)).status(), kRecordUnreadable);
}

}  // namespace
}  // namespace intaglio::appliance
