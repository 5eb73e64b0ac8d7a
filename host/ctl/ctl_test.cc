// The parts of the command line that decide whether a person may sign something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "attestation/produce/evidence_producer.h"
#include "attestation/verify/test_device.h"
#include "base/file.h"
#include "base/reasons.h"
#include "host/ctl/ca_evidence.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/profile.h"
#include "host/ctl/reasons.h"
#include "host/ctl/report.h"
#include "host/ctl/session.h"
#include "host/ctl/signed_document.h"
#include "host/ctl/statements.h"
#include "host/journal/journal_chain.h"
#include "host/journal/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"
#include "host/x509/test_pki.h"
#include "intaglio/host/v1/types.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

namespace att = ::intaglio::attestation;
namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;
using testing::HasSubstr;
using testing::Not;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::TempDir;

std::string Octets(size_t size, char value = '\x01') { return std::string(size, value); }

pb::IssuanceOrder Order() {
  pb::IssuanceOrder order;
  order.set_context(std::string(kOrderContext));
  order.set_order_id(Octets(32));
  order.set_core_instance(Octets(16));
  order.set_issuer_key_id(Octets(16));
  order.set_policy_oid("0.4.0.194112.1.2");
  order.mutable_subject()->set_common_name("Mari Maasikas");
  order.mutable_core_generated()->set_algorithm(pb::KEY_ALGORITHM_P256);
  order.add_authenticators()->set_spki(Octets(91));
  order.set_evidence_digest(Octets(32));
  order.set_agreement_digest(Octets(32));
  order.set_issued_at_ms(1000);
  order.set_expires_at_ms(1000 + 7 * kDay);
  return order;
}
Digest FingerprintOf(const std::string& spki) { return Sha256(AsBytes(spki)); }
std::set<Digest> SignersOwn() { return {FingerprintOf(Octets(91))}; }

TEST(StatementsTest, AnOrderIsReadFromItsCanonicalOctetsOnly) {
  const Bytes octets = SerializeCanonical(Order());
  pb::IssuanceOrder read;
  ASSERT_THAT(ReadStatement(octets, kOrderContext, read), IsOk());
  EXPECT_THAT(CheckOrder(read, SignersOwn()), IsOk());

  // A later field 5 wins in protobuf: what is shown and what is signed would differ.
  Bytes twice = octets;
  const Bytes again = {0x2a, 0x01, '0'};
  twice.insert(twice.end(), again.begin(), again.end());
  EXPECT_THAT(ReadStatement(twice, kOrderContext, read), FailsWith(kStatementNotCanonical));
  Bytes unknown = octets;
  const Bytes extra = {0xfa, 0x01, 0x01, 'x'};
  unknown.insert(unknown.end(), extra.begin(), extra.end());
  EXPECT_THAT(ReadStatement(unknown, kOrderContext, read), FailsWith(kStatementNotCanonical));
  Bytes cut = octets;
  cut.pop_back();
  EXPECT_THAT(ReadStatement(cut, kOrderContext, read), FailsWith(kStatementNotCanonical));
  EXPECT_THAT(ReadStatement({}, kOrderContext, read), FailsWith(kStatementNotCanonical));
  auto hidden = Order();
  hidden.mutable_subject()
      ->GetReflection()
      ->MutableUnknownFields(hidden.mutable_subject())
      ->AddVarint(50, 1);
  EXPECT_THAT(ReadStatement(SerializeCanonical(hidden), kOrderContext, read),
              FailsWith(kStatementNotCanonical));
}

TEST(StatementsTest, AStatementForAnotherActIsRefused) {
  auto order = Order();
  order.set_context("intaglio/command/v1");
  pb::IssuanceOrder read;
  EXPECT_THAT(ReadStatement(SerializeCanonical(order), kOrderContext, read),
              FailsNaming(kStatementUnexpected.id, "context"));
}

TEST(StatementsTest, TheOfficerVouchesForTheSignersAuthenticatorsAndNoOther) {
  const std::string other = Octets(91, '\x02');
  auto order = Order();
  EXPECT_THAT(CheckOrder(order, {}), FailsWith(kAuthenticatorMismatch));
  EXPECT_THAT(CheckOrder(order, {FingerprintOf(other)}), FailsWith(kAuthenticatorMismatch));
  EXPECT_THAT(CheckOrder(order, {FingerprintOf(Octets(91)), FingerprintOf(other)}),
              FailsNaming(kAuthenticatorMismatch.id, "1 of 2"));
  order.add_authenticators()->set_spki(other);
  EXPECT_THAT(CheckOrder(order, SignersOwn()),
              FailsNaming(kAuthenticatorMismatch.id, ToHex(FingerprintOf(other))));
  order.mutable_authenticators(1)->set_spki(Octets(91));
  EXPECT_THAT(CheckOrder(order, SignersOwn()), FailsNaming(kStatementUnexpected.id, "twice"));
}

TEST(StatementsTest, AnIncompleteOrderIsNotVouchedFor) {
  struct Case {
    const char* named;
    void (*spoil)(pb::IssuanceOrder&);
  };
  const Case cases[] = {
      {"order_id", [](auto& o) { o.clear_order_id(); }},
      {"core_instance", [](auto& o) { o.set_core_instance("x"); }},
      {"issuer_key_id", [](auto& o) { o.clear_issuer_key_id(); }},
      {"policy_oid", [](auto& o) { o.clear_policy_oid(); }},
      {"subject", [](auto& o) { o.clear_subject(); }},
      {"key", [](auto& o) { o.clear_key(); }},
      {"evidence_digest", [](auto& o) { o.clear_evidence_digest(); }},
      {"agreement_digest", [](auto& o) { o.clear_agreement_digest(); }},
      {"authenticators.spki", [](auto& o) { o.mutable_authenticators(0)->set_spki("x"); }},
      {"expires_at_ms", [](auto& o) { o.set_expires_at_ms(1000 + 7 * kDay + 1); }},
      {"expires_at_ms", [](auto& o) { o.set_expires_at_ms(1000); }},
  };
  for (const Case& each : cases) {
    auto order = Order();
    each.spoil(order);
    EXPECT_THAT(CheckOrder(order, SignersOwn()), FailsNaming(kStatementUnexpected.id, each.named));
  }
}

pb::IssuanceOrder SealOrder() {
  pb::IssuanceOrder order = Order();
  order.clear_subject();
  order.mutable_legal_subject()->set_organization_name("Arhiiv AS");
  order.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_SEAL);
  order.set_controllers_need(1);
  return order;
}

TEST(StatementsTest, ASealOrderMustFitItself) {
  EXPECT_THAT(CheckOrder(SealOrder(), SignersOwn()), IsOk());
  struct Case {
    const char* named;
    void (*spoil)(pb::IssuanceOrder&);
  };
  const Case cases[] = {
      {"subject", [](auto& o) { o.mutable_subject()->set_country("EE"); }},
      {"subject", [](auto& o) { o.clear_legal_subject(); }},
      {"core_generated.use", [](auto& o) { o.mutable_core_generated()->clear_use(); }},
      {"controllers_need", [](auto& o) { o.set_controllers_need(0); }},
      {"controllers_need", [](auto& o) { o.set_controllers_need(2); }},
  };
  for (const Case& each : cases) {
    auto order = SealOrder();
    each.spoil(order);
    EXPECT_THAT(CheckOrder(order, SignersOwn()), FailsNaming(kStatementUnexpected.id, each.named));
  }
  auto natural = Order();
  natural.set_controllers_need(1);
  EXPECT_THAT(CheckOrder(natural, SignersOwn()),
              FailsNaming(kStatementUnexpected.id, "controllers_need"));
}

pb::SadPayload Payload() {
  pb::SadPayload payload;
  payload.set_context(std::string(kSadContext));
  payload.set_core_instance(Octets(16));
  payload.set_boot_id(Octets(16));
  payload.set_nonce(Octets(32));
  payload.set_key_id(Octets(16));
  payload.set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
  payload.add_dtbsr(Octets(32));
  return payload;
}

TEST(StatementsTest, APayloadMustListExactlyTheHashesAskedFor) {
  const ExpectedPayload expected{ToBytes(Octets(16)), {ToBytes(Octets(32))}};
  EXPECT_THAT(CheckPayload(Payload(), expected), IsOk());
  struct Case {
    const char* named;
    void (*spoil)(pb::SadPayload&);
  };
  const Case cases[] = {
      {"key_id", [](auto& p) { p.set_key_id(Octets(16, '\x02')); }},
      {"dtbsr", [](auto& p) { p.add_dtbsr(Octets(32)); }},
      {"dtbsr", [](auto& p) { p.clear_dtbsr(); }},
      {"dtbsr[1]", [](auto& p) { p.set_dtbsr(0, Octets(32, '\x02')); }},
      {"hash_algorithm", [](auto& p) { p.clear_hash_algorithm(); }},
      {"nonce", [](auto& p) { p.clear_nonce(); }},
      {"boot_id", [](auto& p) { p.clear_boot_id(); }},
      {"core_instance", [](auto& p) { p.clear_core_instance(); }},
  };
  for (const Case& each : cases) {
    auto payload = Payload();
    each.spoil(payload);
    EXPECT_THAT(CheckPayload(payload, expected), FailsNaming(kStatementUnexpected.id, each.named));
  }
}

TEST(ReportTest, ShowsEveryFieldOfAMessage) {
  auto order = Order();
  order.set_validity_days(730);
  const std::string shown = ReportOf(order).ForPeople();
  const auto& type = *pb::IssuanceOrder::descriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string& name = type.field(i)->name();
    if (name == "spki" || name == "legal_subject") continue;  // the other half of a choice
    EXPECT_THAT(shown, HasSubstr(name));
  }
  EXPECT_THAT(shown, HasSubstr("common_name: Mari Maasikas"));
  EXPECT_THAT(shown, HasSubstr("algorithm: P256"));
  EXPECT_THAT(shown, HasSubstr("expires_at_ms: 1970-01-08T00:00:01.000Z"));
  EXPECT_THAT(shown, HasSubstr("validity_days: 730"));
}

TEST(ReportTest, TextCannotDeceiveTheTerminal) {
  EXPECT_EQ(Printable("M\xc3\xa4rt"), "M\xc3\xa4rt");
  EXPECT_EQ(Printable("a\x1b[2Kb"), "a\\u{1b}[2Kb");
  EXPECT_EQ(Printable("a\nb"), "a\\u{a}b");
  EXPECT_EQ(Printable("a\xe2\x80\xae"
                      "b"),
            "a\\u{202e}b");
  EXPECT_EQ(Printable("a\xe2\x80\x8b"
                      "b"),
            "a\\u{200b}b");
  EXPECT_EQ(Printable("\xc3"), "\\xc3");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf") << "an overlong form";
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
  Report report;
  report.Text("name", "x\r\nname: y");
  EXPECT_EQ(report.ForPeople(), "name: x\\u{d}\\u{a}name: y\n");
}

TEST(ReportTest, MachinesGetOneObject) {
  Report inner;
  inner.Number("n", 7).Truth("t", true);
  Report report;
  report.Text("s", "a\"b").Octets("o", ToBytes("\x01\x02")).Time("at_ms", {5});
  report.Part("one", inner).Parts("many", {inner, inner}).OctetStrings("list", {ToBytes("a")});
  EXPECT_EQ(report.ForMachines(), R"({"s":"a\"b","o":"0102","at_ms":5,"one":{"n":7,"t":true},)"
                                  R"("many":[{"n":7,"t":true},{"n":7,"t":true}],"list":["61"]})");
  Report bad;
  bad.Text("s", "\xff");
  EXPECT_THAT(bad.ForMachines(), HasSubstr("\xef\xbf\xbd"));
}

TEST(ReportTest, EnumsGoByTheirOwnNames) {
  EXPECT_EQ(EnumText(*hpb::CertificatePolicy_descriptor(), hpb::CERTIFICATE_POLICY_QCP_N_QSCD),
            "QCP_N_QSCD");
  EXPECT_EQ(EnumText(*hpb::ApplicationState_descriptor(), 0), "NONE");
  EXPECT_EQ(EnumText(*hpb::ApplicationState_descriptor(), 99), "unknown (99)");
}

TEST(InputsTest, NamesTheFlagAndWhatIsWanted) {
  EXPECT_THAT(HexArgument("--nonce", "00", kNonceOctets),
              FailsNaming(kArgumentInvalid.id, "--nonce: 16 to 64"));
  EXPECT_THAT(HexArgument("--key-id", std::string(32, 'g'), kIdOctets),
              FailsNaming(kArgumentInvalid.id, "--key-id: 16"));
  EXPECT_THAT(HexArgument("--key-id", std::string(32, 'a'), kIdOctets), IsOk());
  const auto reason = EnumArgument<pb::RevocationReason>("--reason", "key-compromise");
  ASSERT_THAT(reason, IsOk());
  EXPECT_EQ(*reason, pb::REVOCATION_REASON_KEY_COMPROMISE);
  EXPECT_EQ(*EnumArgument<pb::RevocationReason>("--reason", "unspecified"),
            pb::REVOCATION_REASON_UNSPECIFIED);
  for (const char* text : {"", "unspecified-value", "KEY_COMPROMISE", "2", "none"}) {
    EXPECT_THAT(EnumArgument<pb::RevocationReason>("--reason", text),
                FailsNaming(kArgumentInvalid.id, "superseded"))
        << text;
  }
}

class FilesTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, std::string_view content, unsigned mode = 0644) {
    const std::string path = dir_.Sub(name);
    EXPECT_THAT(WriteFile(path, AsBytes(content), mode), IsOk());
    return path;
  }
  TempDir dir_;
};

TEST_F(FilesTest, AKeyFileIsTheOwnersAlone) {
  const std::string path = dir_.Sub("k");
  const auto made = SigningKey::CreateFile(path);
  ASSERT_THAT(made, IsOk());
  const auto loaded = SigningKey::Load(path);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->id(), Sha256(made->spki()));
  const auto signature = loaded->Sign(AsBytes("x"));
  ASSERT_THAT(signature, IsOk());
  EXPECT_TRUE(VerifyEs256(made->spki(), AsBytes("x"), *signature));
  EXPECT_THAT(SigningKey::CreateFile(path), FailsWith(kFileExists));
  const auto text = ReadFile(path, FileTrust::kOwnerOnly, 4096);
  ASSERT_THAT(text, IsOk()) << "mode 0600";
  EXPECT_THAT(SigningKey::Load(Write("open", AsStringView(*text), 0644)), FailsWith(kFileMode));
}

TEST_F(FilesTest, OnlyAP256KeySigns) {
  constexpr char kEd25519[] =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n";
  EXPECT_THAT(SigningKey::Load(Write("ed", kEd25519, 0600)), FailsWith(kKeyFileInvalid));
  EXPECT_THAT(SigningKey::Load(Write("text", "hello", 0600)), FailsWith(kKeyFileInvalid));
  EXPECT_THAT(SigningKey::Load(Write("empty", "", 0600)), FailsWith(kKeyFileInvalid));
  EXPECT_THAT(SigningKey::Load(dir_.Sub("nothing")), FailsWith(kFileUnreadable));
}

TEST_F(FilesTest, CertificatesAndPublicKeysAreReadStrictly) {
  const TestPki pki;
  const Bytes& root = pki.root().certificate;
  EXPECT_THAT(ReadCertificate(Write("root.der", AsStringView(root))), IsOk());
  Bytes trailing = root;
  trailing.push_back(0);
  EXPECT_THAT(ReadCertificate(Write("t.der", AsStringView(trailing))), FailsWith(kKeyFileInvalid));
  EXPECT_THAT(ReadCertificate(Write("t.pem", "text")),
              FailsNaming(kKeyFileInvalid.id, "no PEM block"));
  EXPECT_THAT(ReadPublicKey(Write("c.pub", AsStringView(root))), FailsWith(kKeyFileInvalid));
  EXPECT_THAT(ReadPublicKey(Write("spki.der", AsStringView(pki.ca().ca->spki()))), IsOk());
  EXPECT_THAT(ReadPublicKey(Write("p.pem",
                                  "-----BEGIN PUBLIC KEY-----\nAAAA\n"
                                  "-----END PUBLIC KEY-----\n")),
              FailsWith(kKeyFileInvalid));
}

TEST_F(FilesTest, AProfileHasFourTextsAndNothingElse) {
  const auto full = LoadProfile(Write(
      "p.json", R"({"address":"h:1","ca":"ca.pem","certificate":"/c.pem","key":"sub/k.pem"})"));
  ASSERT_THAT(full, IsOk());
  EXPECT_EQ(full->ca, dir_.Sub("ca.pem")) << "relative to the profile";
  EXPECT_EQ(full->certificate, "/c.pem");
  EXPECT_THAT(CheckComplete(*full), IsOk());
  EXPECT_EQ(Merged({.address = "other:2"}, *full).address, "other:2");
  EXPECT_EQ(Merged({}, *full).key, dir_.Sub("sub/k.pem"));
  for (const char* text : {"", "[]", "{", R"({"address":1})", R"({"adress":"h:1"})", "\"x\""}) {
    EXPECT_THAT(LoadProfile(Write("bad.json", text)), FailsWith(kProfileInvalid)) << text;
  }
  EXPECT_THAT(LoadProfile(Write("open.json", "{}", 0666)), FailsWith(kFileMode));
  EXPECT_THAT(CheckComplete({.address = "h:1"}), FailsNaming(kProfileInvalid.id, "--tls-ca"));
}

TEST(SessionTest, NothingIsSignedUnconfirmed) {
  const FakeClock clock({0});
  FakeRng rng(1);
  GlobalFlags flags;
  for (const char* typed : {"", "y\n", "YES\n", "no\n"}) {
    std::istringstream in(typed);
    std::ostringstream out;
    std::ostringstream err;
    Session session(flags, {in, out, err}, clock, rng);
    EXPECT_THAT(session.Confirm("Sign?"), FailsWith(kNotConfirmed)) << typed;
    EXPECT_EQ(out.str(), "");
  }
  std::istringstream in("yes\n");
  std::ostringstream out;
  std::ostringstream err;
  Session session(flags, {in, out, err}, clock, rng);
  EXPECT_THAT(session.Confirm("Sign?"), IsOk());
  flags.yes = true;
  EXPECT_THAT(session.Confirm("Sign?"), IsOk());
  flags = {};
  unsetenv("INTAGLIO_PROFILE");
  EXPECT_THAT(session.Host().status(), FailsWith(kProfileInvalid));
}

// A journal of `count` lines.
std::vector<Bytes> Journal(int count) {
  std::vector<Bytes> lines;
  Digest head{};
  for (int i = 1; i <= count; ++i) {
    pb::JournalEntry entry;
    entry.set_sequence(static_cast<uint64_t>(i));
    entry.set_previous_hash(AsString(head));
    entry.set_type(pb::EVENT_TYPE_STARTED);
    lines.push_back(SerializeCanonical(entry));
    head = Sha256(Concat({AsBytes("intaglio/journal/v1"), head, lines.back()}));
  }
  return lines;
}
Status AddAll(const std::vector<Bytes>& lines) {
  JournalChain chain;
  for (const Bytes& each : lines) RETURN_IF_ERROR(chain.Add(each).status());
  return OkStatus();
}

TEST(JournalChainTest, NoticesEveryChange) {
  const std::vector<Bytes> lines = Journal(4);
  EXPECT_THAT(AddAll(lines), IsOk());
  EXPECT_THAT(AddAll({lines[0], lines[2]}), FailsWith(kJournalBroken)) << "a gap";
  EXPECT_THAT(AddAll({lines[0], lines[0]}), FailsWith(kJournalBroken)) << "a repeat";
  EXPECT_THAT(AddAll({lines[1], lines[0]}), FailsWith(kJournalBroken)) << "an order";
  EXPECT_THAT(AddAll({lines[0], ToBytes("x")}), FailsWith(kJournalBroken));
  EXPECT_THAT(AddAll({{}}), FailsWith(kJournalBroken));
  pb::JournalEntry changed;
  ASSERT_TRUE(changed.ParseFromString(AsString(lines[1])));
  changed.set_note("changed");
  EXPECT_THAT(AddAll({lines[0], SerializeCanonical(changed), lines[2]}),
              FailsNaming(kJournalBroken.id, "line 3"));
  ASSERT_TRUE(changed.ParseFromString(AsString(lines[0])));
  changed.set_previous_hash(Octets(32));
  EXPECT_THAT(AddAll({SerializeCanonical(changed)}), FailsWith(kJournalBroken))
      << "line 1 continues nothing";
  changed.set_previous_hash("short");
  EXPECT_THAT(AddAll({SerializeCanonical(changed)}), FailsWith(kJournalBroken));
}

TEST(JournalChainTest, APartHangsTogetherFromItsFirstLine) {
  const std::vector<Bytes> lines = Journal(4);
  JournalChain chain;
  ASSERT_THAT(chain.Add(lines[2]), IsOk());
  ASSERT_THAT(chain.Add(lines[3]), IsOk());
  EXPECT_EQ(chain.last_sequence(), 4u);
  EXPECT_EQ(chain.lines(), 2u);
}

TEST(JournalChainTest, ExportedLinesComeBack) {
  const std::vector<Bytes> lines = Journal(2);
  const Bytes file = Concat({FrameLine(lines[0]), FrameLine(lines[1])});
  ByteView rest = file;
  for (const Bytes& each : lines) {
    const auto line = TakeLine(rest);
    ASSERT_THAT(line, IsOk());
    EXPECT_TRUE(Equal(**line, each));
  }
  EXPECT_FALSE(TakeLine(rest)->has_value());
  for (size_t cut : {1u, 3u, 5u}) {
    ByteView torn = ByteView(file).first(cut);
    EXPECT_THAT(TakeLine(torn), FailsWith(kJournalBroken)) << cut;
  }
  const Bytes zero = {0, 0, 0, 0};
  const Bytes huge = {0xff, 0xff, 0xff, 0xff, 0};
  ByteView at = zero;
  EXPECT_THAT(TakeLine(at), FailsWith(kJournalBroken));
  at = huge;
  EXPECT_THAT(TakeLine(at), FailsWith(kJournalBroken));
}

TEST(SignedDocumentTest, AssemblesOnlyWhatVerifiesOverTheDocument) {
  const TestPki pki;
  const PkeyPtr key = NewTestKey();
  const Bytes certificate = pki.SubscriberCertificate(key.get());
  const Bytes document = ToBytes("a contract");
  const auto prepared = PrepareDocument(document, certificate, kTestNow);
  ASSERT_THAT(prepared, IsOk());
  EXPECT_EQ(prepared->dtbsr, ToBytes(Sha256(prepared->signed_attributes)));
  const auto signature = [&](EVP_PKEY* signer, ByteView octets) {
    const DigestContextPtr context(EVP_MD_CTX_new());
    size_t size = 128;
    Bytes out(size);
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, signer), 1);
    EXPECT_EQ(EVP_DigestSign(context.get(), out.data(), &size, octets.data(), octets.size()), 1);
    out.resize(size);
    return out;
  };
  const std::vector<Bytes> chain = {pki.ca().certificate, pki.root().certificate};
  const Bytes right = signature(key.get(), prepared->signed_attributes);
  const auto cms =
      AssembleVerified({document, certificate, chain, prepared->signed_attributes, right});
  EXPECT_THAT(cms, IsOk());
  const Bytes other = ToBytes("another contract");
  EXPECT_THAT(AssembleVerified({other, certificate, chain, prepared->signed_attributes, right}),
              FailsWith(kAnswerInvalid));
  const PkeyPtr stranger = NewTestKey();
  EXPECT_THAT(AssembleVerified({document, certificate, chain, prepared->signed_attributes,
                                signature(stranger.get(), prepared->signed_attributes)}),
              FailsWith(kAnswerInvalid));
}

class CaEvidenceTest : public testing::Test {
 protected:
  // Evidence as the core's own producer writes it.
  StatusOr<Report> Check(const att::EvidenceContent& content, const Bytes& nonce) const {
    auto producer = att::EvidenceProducer::Create(att::EvidenceProfile::Draft(),
                                                  device_.ak_certificate, {device_.intermediate});
    EXPECT_THAT(producer, IsOk());
    auto der = producer->Produce(
        content, [&](const Digest& digest) { return device_.ak.SignDigest(digest); });
    EXPECT_THAT(der, IsOk());
    return CheckCaEvidence({*der, spki_, nonce, {device_.root}}, att::kTestNow);
  }
  void Refuses(const char* named, void (*spoil)(att::KeyClaims&)) const {
    att::EvidenceContent content = att::ResidentContent(spki_);
    spoil(content.keys[0]);
    EXPECT_THAT(Check(content, nonce_), FailsNaming(kEvidenceUnacceptable.id, named));
  }

  const att::TestDevice device_ = att::TestDevice::Create();
  const Bytes spki_ = att::TestKey::Generate().Spki();
  const Bytes nonce_ = *att::ResidentContent(spki_).transaction.nonce;
};

TEST_F(CaEvidenceTest, TheRootCertifiesAResidentKeyOnly) {
  EXPECT_THAT(Check(att::ResidentContent(spki_), nonce_), IsOk());
  Refuses("local", [](auto& k) { k.local = false; });
  Refuses("local is absent", [](auto& k) { k.local.reset(); });
  Refuses("sensitive", [](auto& k) { k.sensitive = false; });
  Refuses("extractable", [](auto& k) { k.extractable = true; });
  Refuses("never-extractable", [](auto& k) { k.never_extractable = false; });
  Refuses("residency", [](auto& k) { k.residency = att::Residency::kWrapped; });
  Refuses("residency", [](auto& k) { k.residency.reset(); });
  Refuses("purpose", [](auto& k) { k.purposes->push_back(att::KeyPurpose::kDecrypt); });
  Refuses("purpose", [](auto& k) { k.purposes.reset(); });
  Refuses("no key", [](auto& k) { k.spki = att::TestKey::Generate().Spki(); });
}

TEST_F(CaEvidenceTest, EvidenceAnswersThisCeremonysNonce) {
  EXPECT_THAT(Check(att::ResidentContent(spki_), Bytes(32, 9)),
              FailsNaming(kEvidenceUnacceptable.id, "nonce"));
  auto content = att::ResidentContent(spki_);
  content.transaction.nonce.reset();
  auto producer = att::EvidenceProducer::Create(att::EvidenceProfile::Draft(),
                                                device_.ak_certificate, {device_.intermediate});
  const auto der = producer->Produce(
      content, [&](const Digest& digest) { return device_.ak.SignDigest(digest); });
  if (der.ok()) {
    EXPECT_THAT(CheckCaEvidence({*der, spki_, nonce_, {device_.root}}, att::kTestNow),
                FailsWith(kEvidenceUnacceptable));
  }
}

TEST_F(CaEvidenceTest, EvidenceChainsToThePinnedRoot) {
  const att::TestDevice other = att::TestDevice::Create();
  auto producer = att::EvidenceProducer::Create(att::EvidenceProfile::Draft(),
                                                device_.ak_certificate, {device_.intermediate});
  const auto der = producer->Produce(att::ResidentContent(spki_), [&](const Digest& digest) {
    return device_.ak.SignDigest(digest);
  });
  ASSERT_THAT(der, IsOk());
  const auto report = CheckCaEvidence({*der, spki_, nonce_, {other.root}}, att::kTestNow);
  EXPECT_THAT(ReasonIdOf(report.status()), HasSubstr("ATT-"));
  EXPECT_FALSE(CheckCaEvidence({ToBytes("x"), spki_, nonce_, {device_.root}}, att::kTestNow).ok());
}

}  // namespace
}  // namespace intaglio::host
