// CRLs and OCSP answers over a real token, rows and journal: signed only if they say what the rows
// say. Requirement R-STS.
#include "appliance/usecases/sign_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "appliance/crypto/hash.h"
#include "appliance/der/status_octets.h"
#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/status_reasons.h"
#include "tests/support/core_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace test_der;  // NOLINT: a vocabulary of test octets
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing_support::CoreFixture;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

// YYYYMMDDHHMMSSZ
std::string Compact(WallTime time) {
  std::string out;
  for (const char c : ToIso8601(time).substr(0, 19)) {
    if (c >= '0' && c <= '9') out += c;
  }
  return out + "Z";
}
Bytes UtcOf(WallTime time) { return Utc(Compact(time).substr(2)); }

class SignStatusTest : public ::testing::Test {
 protected:
  SignStatusTest() {
    ca_ = MakeKey(KeyPurpose::kCaIssuing, "ca");
    ca_.version = kVersionInstalled;
    Tbs tbs;
    tbs.subject = tbs.issuer;
    tbs.not_before = UtcOf(now() - kDay);
    tbs.not_after = UtcOf(now() + 365 * kDay);
    tbs.spki = ca_.spki;
    tbs.extensions = {Extension(oid::kSubjectKeyId, Element(0x04, KeyIdentifier(0xca)))};
    // The core checked the signature when the certificate was installed; here none is looked at.
    ca_.ca_certificate =
        AssembleCertificate(tbs.Build(), Sequence({Integer({0x11}), Integer({0x22})}));
    status_ = MakeKey(KeyPurpose::kStatus, "status");
    for (uint8_t i = 1; i <= 3; ++i) Issue({0x40, i});
  }

  WallTime now() { return core_.clock().Now(); }
  KeyRecord MakeKey(KeyPurpose purpose, const std::string& label) {
    KeyRecord record;
    record.key_id = *DrawId<KeyId>(core_.services().rng);
    record.purpose = purpose;
    record.residency = KeyResidency::kResident;
    const auto generated =
        core_.token().GenerateResident(KeyAlgorithm::kP256, record.key_id, label);
    EXPECT_THAT(generated, IsOk());
    record.spki = generated->spki;
    record.origin = generated->origin;
    record.label = label;
    KeyRow row;
    if (purpose == KeyPurpose::kCaIssuing) row.version = kVersionInstalled;
    EXPECT_THAT(
        core_.state().Update([&](RowTransaction& rows) { return rows.PutKey(record.key_id, row); }),
        IsOk());
    return record;
  }
  void Issue(const Bytes& serial) {
    SerialRow row;
    row.state = SerialState::kIssued;
    row.key_id = *DrawId<KeyId>(core_.services().rng);
    row.changed_at = now();
    EXPECT_THAT(core_.state().Update([&](RowTransaction& rows) {
      return rows.PutSerial(ca_.key_id, {serial}, row);
    }),
                IsOk());
  }
  // Under an officer's order; returns the date the row got.
  WallTime Change(StateAction action, const Bytes& serial, CrlReason reason) {
    Signed<StateOrder> order;
    order.statement = {Bytes(32, ++orders_),
                       core_.identity().instance,
                       action,
                       ca_.key_id,
                       {serial},
                       reason,
                       now(),
                       now() + kDay};
    order.octets = Bytes(40, orders_);
    order.approvals = {core_.revocation().Approve(order.octets)};
    const auto since = changes_.ByOfficer(order);
    EXPECT_THAT(since, IsOk());
    return since.ok() ? *since : WallTime{};
  }

  Bytes Sealed(const KeyRecord& record) { return *core_.records().Seal(record); }
  CrlOctets List(uint8_t number) {
    CrlOctets crl;
    crl.this_update = UtcOf(now());
    crl.next_update = UtcOf(now() + kDay);
    crl.number = Extension("2.5.29.20", Integer({number}));
    crl.expired_certs = Extension("2.5.29.60", Generalized(Compact(now() - kDay)));
    return crl;
  }
  static Bytes Entry(const Bytes& serial, WallTime since, uint8_t reason) {
    return CrlEntryOf(serial, Compact(since).substr(2), reason);
  }
  StatusOr<std::unique_ptr<SignStatus::CrlStream>> Begin(const Bytes& list) {
    return signing_.BeginCrl(Sealed(ca_), list.size());
  }
  StatusOr<Bytes> SignCrl(const Bytes& list) {
    ASSIGN_OR_RETURN(const auto stream, Begin(list));
    for (size_t at = 0; at < list.size(); at += 50) {
      const size_t size = std::min<size_t>(50, list.size() - at);
      RETURN_IF_ERROR(stream->Feed(at, ByteView(list).subspan(at, size)));
    }
    return stream->Finish();
  }
  bool Verifies(const KeyRecord& key, const Bytes& octets, const Bytes& signature) {
    return core_.token().VerifyEs256(key.spki, Sha256(octets), signature).ok();
  }

  SingleOctets Single(const Bytes& serial) {
    SingleOctets single;
    single.name_hash = ToBytes(Sha1(Tbs{}.issuer));
    single.key_hash = KeyHash(ca_);
    single.serial = Integer(serial);
    single.this_update = Generalized(Compact(now()));
    single.next_update = Element(0xa0, Generalized(Compact(now() + kDay)));
    return single;
  }
  Bytes Answer(const std::vector<SingleOctets>& singles) {
    OcspOctets octets;
    octets.responder = Element(0xa2, Element(0x04, KeyHash(status_)));
    octets.produced_at = Generalized(Compact(now()));
    octets.singles = singles;
    return octets.Build();
  }
  StatusOr<std::vector<Bytes>> SignOcsp(std::vector<Bytes> answers) {
    return signing_.SignOcsp({Sealed(ca_), Sealed(status_), std::move(answers)});
  }
  // SHA-1 of the 65 octets that end a P-256 SPKI.
  static Bytes KeyHash(const KeyRecord& key) { return ToBytes(Sha1(ByteView(key.spki).last(65))); }
  uint64_t Head() { return core_.journal().Head().sequence; }

  CoreFixture core_;
  ProofCheck proofs_{core_.services()};
  ChangeState changes_{core_.services(), proofs_};
  SignStatus signing_{core_.services(), changes_};
  KeyRecord ca_, status_;
  uint8_t orders_ = 0;
};

TEST_F(SignStatusTest, SignsAListOfAllItKnowsAndRemembersItsNumber) {
  const WallTime revoked = Change(StateAction::kRevoke, {0x40, 1}, CrlReason::kKeyCompromise);
  const WallTime held = Change(StateAction::kSuspend, {0x40, 2}, CrlReason::kCertificateHold);
  CrlOctets crl = List(1);
  crl.entries = {Entry({0x40, 1}, revoked, 1), Entry({0x40, 2}, held, 6)};
  crl.more_extensions = IssuingPoint({PointName("http://crl.ca.example/1.crl")});
  const Bytes list = crl.Build();
  const uint64_t before = Head();
  const auto signature = SignCrl(list);
  ASSERT_THAT(signature, IsOk());
  EXPECT_TRUE(Verifies(ca_, list, *signature));
  EXPECT_THAT(core_.EventsAfter(before), ElementsAre(EventType::kCrlIntent, EventType::kCrlSigned));
  const auto row = core_.state().FindCa(ca_.key_id);
  ASSERT_THAT(row, IsOk());
  EXPECT_EQ(row->last_crl_number, 1u);
  EXPECT_EQ(row->last_this_update, WallTime{now().ms / 1000 * 1000});
  EXPECT_THAT(SignCrl(list), FailsWith(kCrlNumberOrder)) << "no number is signed twice";
}

TEST_F(SignStatusTest, HidesNothing) {
  const WallTime revoked = Change(StateAction::kRevoke, {0x40, 1}, CrlReason::kKeyCompromise);
  const uint64_t before = Head();
  EXPECT_THAT(SignCrl(List(1).Build()), FailsNaming(kCrlHidesRevocation.id, "4001"));
  CrlOctets later = List(1);
  later.entries = {Entry({0x40, 1}, revoked + kSecond, 1)};
  EXPECT_THAT(SignCrl(later.Build()), FailsWith(kCrlContradictsRow));
  CrlOctets more = List(1);
  more.entries = {Entry({0x40, 1}, revoked, 1), Entry({0x40, 2}, revoked, 1)};
  EXPECT_THAT(SignCrl(more.Build()), FailsNaming(kCrlUnknownEntry.id, "4002"));
  EXPECT_THAT(core_.EventsAfter(before), IsEmpty());
  // Negative control: the same list with nothing wrong is signed.
  CrlOctets right = List(1);
  right.entries = {Entry({0x40, 1}, revoked, 1)};
  EXPECT_THAT(SignCrl(right.Build()), IsOk());
}

TEST_F(SignStatusTest, ARevocationWhileTheListIsOnItsWayStopsIt) {
  const Bytes list = List(1).Build();
  const auto stream = Begin(list);
  ASSERT_THAT(stream, IsOk());
  ASSERT_THAT((*stream)->Feed(0, list), IsOk());
  Change(StateAction::kRevoke, {0x40, 3}, CrlReason::kKeyCompromise);
  EXPECT_THAT((*stream)->Finish(), FailsNaming(kCrlHidesRevocation.id, "4003"));
  // Where the rows are again as they were, the list was still not made of one moment.
  const WallTime first = Change(StateAction::kSuspend, {0x40, 1}, CrlReason::kCertificateHold);
  CrlOctets both = List(1);
  both.entries = {Entry({0x40, 1}, first, 6), Entry({0x40, 3}, first, 1)};
  const Bytes second = both.Build();
  const auto again = Begin(second);
  ASSERT_THAT(again, IsOk());
  ASSERT_THAT((*again)->Feed(0, second), IsOk());
  Change(StateAction::kReinstate, {0x40, 1}, CrlReason::kUnspecified);
  EXPECT_THAT((*again)->Finish(), FailsNaming(kCrlHidesRevocation.id, "build it again"));
}

TEST_F(SignStatusTest, AKeyBlockedWhileTheListIsOnItsWaySignsNothing) {
  const Bytes list = List(1).Build();
  const auto stream = Begin(list);
  ASSERT_THAT(stream, IsOk());
  ASSERT_THAT((*stream)->Feed(0, list), IsOk());
  ASSERT_THAT(changes_.Block(ca_.key_id), IsOk());
  EXPECT_THAT((*stream)->Finish(), FailsWith(kKeyBlocked));
  EXPECT_THAT(Begin(list), FailsWith(kKeyBlocked));
}

TEST_F(SignStatusTest, TakesAStreamInOrderAndOnce) {
  const Bytes list = List(1).Build();
  EXPECT_THAT(signing_.BeginCrl(Sealed(ca_), 0), FailsWith(kRequestInvalid));
  EXPECT_THAT(signing_.BeginCrl(Sealed(ca_), (uint64_t{1} << 30) + 1), FailsWith(kRequestInvalid));
  EXPECT_THAT(signing_.BeginCrl(Sealed(status_), 100), FailsWith(kKeyPurpose));
  const auto stream = Begin(list);
  ASSERT_THAT(stream, IsOk());
  ASSERT_THAT((*stream)->Feed(0, ByteView(list).first(10)), IsOk());
  EXPECT_THAT((*stream)->Feed(0, ByteView(list).first(10)), FailsWith(kStreamUnknown));
  EXPECT_THAT((*stream)->Feed(11, ByteView(list).subspan(11)), FailsWith(kStreamUnknown));
  ASSERT_THAT((*stream)->Feed(10, ByteView(list).subspan(10)), IsOk());
  ASSERT_THAT((*stream)->Finish(), IsOk());
  EXPECT_THAT((*stream)->Finish(), FailsWith(kStreamUnknown));
  const auto short_one = Begin(list);
  ASSERT_THAT((*short_one)->Feed(0, ByteView(list).first(10)), IsOk());
  EXPECT_FALSE((*short_one)->Finish().ok());
}

TEST_F(SignStatusTest, OfTwoListsOfOneNumberOneIsSigned) {
  const Bytes list = List(1).Build();
  std::atomic<int> is_signed = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto signature = SignCrl(list);
      if (signature.ok()) ++is_signed;
      if (Is(signature.status(), kCrlNumberOrder)) ++refused;
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(is_signed, 1);
  EXPECT_EQ(refused, 3);
}

TEST_F(SignStatusTest, WaitsForTheTimeToBeConfirmed) {
  const Bytes list = List(1).Build();
  const Bytes answer = Answer({Single({0x40, 1})});
  const auto stream = Begin(list);
  ASSERT_THAT((*stream)->Feed(0, list), IsOk());
  core_.clock().SetWall(now() + kHour);
  EXPECT_THAT((*stream)->Finish(), FailsWith(kTimeUnconfirmed));
  EXPECT_THAT(Begin(list), FailsWith(kTimeUnconfirmed));
  EXPECT_THAT(SignOcsp({answer}), FailsWith(kTimeUnconfirmed));
}

TEST_F(SignStatusTest, SignsAnswersInTheirOrderAndJournalsThemFirst) {
  const WallTime since = Change(StateAction::kRevoke, {0x40, 2}, CrlReason::kSuperseded);
  SingleOctets revoked = Single({0x40, 2});
  revoked.status = Revoked(Compact(since), 4);
  SingleOctets unknown = Single({0x7f});
  unknown.status = Element(0x82, {});
  const Bytes one = Answer({Single({0x40, 1})});
  const Bytes two = Answer({revoked, unknown});
  const uint64_t before = Head();
  const auto signatures = SignOcsp({one, two});
  ASSERT_THAT(signatures, IsOk());
  ASSERT_EQ(signatures->size(), 2u);
  EXPECT_TRUE(Verifies(status_, one, (*signatures)[0]));
  EXPECT_TRUE(Verifies(status_, two, (*signatures)[1]));
  EXPECT_THAT(core_.EventsAfter(before), ElementsAre(EventType::kOcspSigned));
}

TEST_F(SignStatusTest, ARevocationWhileAnAnswerIsSignedKeepsItBack) {
  const Bytes good = Answer({Single({0x40, 1})});
  core_.signing().AfterSigning([&] {
    Change(StateAction::kRevoke, {0x40, 1}, CrlReason::kKeyCompromise);
  });
  EXPECT_THAT(SignOcsp({good}), FailsNaming(kOcspHidesRevocation.id, "4001"));
  // A change elsewhere costs nothing.
  core_.signing().AfterSigning([&] {
    Change(StateAction::kRevoke, {0x40, 3}, CrlReason::kKeyCompromise);
  });
  EXPECT_THAT(SignOcsp({Answer({Single({0x40, 2})})}), IsOk());
}

TEST_F(SignStatusTest, SignsAllAnswersOrNone) {
  const Bytes good = Answer({Single({0x40, 1})});
  const Bytes lie = Answer({Single({0x40, 2})});
  Change(StateAction::kSuspend, {0x40, 2}, CrlReason::kCertificateHold);
  const uint64_t before = Head();
  EXPECT_THAT(SignOcsp({good, lie}), FailsNaming(kOcspHidesRevocation.id, "4002"));
  EXPECT_THAT(SignOcsp({good, Bytes{0x30, 0x00}}), ::testing::Not(IsOk()));
  EXPECT_THAT(SignOcsp({}), FailsWith(kRequestInvalid));
  EXPECT_THAT(SignOcsp(std::vector<Bytes>(101, good)), FailsWith(kRequestInvalid));
  EXPECT_THAT(signing_.SignOcsp({Sealed(ca_), Sealed(ca_), {good}}), FailsWith(kKeyPurpose));
  EXPECT_THAT(core_.EventsAfter(before), IsEmpty());
  EXPECT_THAT(SignOcsp({good}), IsOk());
}

}  // namespace
}  // namespace intaglio::appliance
