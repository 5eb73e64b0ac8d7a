// The gate on OCSP answers: what the rows say, and of nobody else. Requirement R-STS.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "appliance/crypto/hash.h"
#include "appliance/der/openssl_status.h"
#include "appliance/der/status_octets.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/issuance_cases.h"
#include "appliance/policy/status_policy.h"
#include "appliance/policy/status_reasons.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace test_der;  // NOLINT: a vocabulary of test octets
using issuance_cases::CaCase;
using issuance_cases::kNow;
using issuance_cases::MakeKeyId;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

constexpr WallTime kCaBegin{int64_t{1767225600} * 1000};  // 2026-01-01T00:00:00Z

// The BIT STRING's octets end an SPKI of a P-256 key; they are 65.
Bytes KeyBitsOf(const Bytes& spki) { return Bytes(spki.end() - 65, spki.end()); }

struct OcspCase {
  CaCase ca;
  KeyRecord status_key;
  std::vector<OcspResponseData> responses;
  std::vector<Digest> digests = {Sha256(AsBytes("answer"))};
  std::map<Bytes, SerialRow> rows;
  WallTime now = kNow;

  OcspCase() {
    status_key.key_id = MakeKeyId(0x57);
    status_key.purpose = KeyPurpose::kStatus;
    status_key.spki = P256Spki(0);
    OcspSingle single;
    single.issuer_name_hash = ToBytes(Sha1(ca.tbs.subject));
    single.issuer_key_hash = ToBytes(Sha1(KeyBitsOf(ca.tbs.spki)));
    single.serial = {{0x40, 0x01}};
    single.status = OcspGood{};
    single.this_update = kNow;
    single.next_update = kNow + kDay;
    OcspResponseData whole;
    whole.responder_key_hash = ToBytes(Sha1(KeyBitsOf(status_key.spki)));
    whole.produced_at = kNow;
    whole.singles = {single};
    responses = {whole};
    Put(SerialState::kIssued);
  }
  OcspResponseData& whole() { return responses[0]; }
  OcspSingle& single() { return responses[0].singles[0]; }
  void Put(SerialState state, CrlReason reason = CrlReason::kUnspecified) {
    SerialRow row;
    row.state = state;
    row.changed_at = kNow - kHour;
    row.reason = reason;
    rows[{0x40, 0x01}] = row;
  }
  StatusOr<SignPermit> Judge() const {
    const TbsFacts certificate = ca.Facts();
    return StatusPolicy::JudgeOcsp(
        {.responses = responses,
         .digests = digests,
         .status_key = status_key,
         .ca_certificate = certificate,
         .find_serial = [this](const Serial& serial) -> StatusOr<std::optional<SerialRow>> {
           const auto found = rows.find(serial.octets);
           if (found == rows.end()) return std::nullopt;
           return found->second;
         },
         .now = now});
  }
};

TEST(JudgeOcsp, PermitsExactlyTheseAnswers) {
  OcspCase two;
  two.responses.push_back(two.responses[0]);
  two.digests.push_back(Sha256(AsBytes("another")));
  const auto permit = two.Judge();
  ASSERT_THAT(permit, IsOk());
  EXPECT_EQ(permit->key_id(), MakeKeyId(0x57));
  EXPECT_EQ(permit->digests(), MessageDigest::AllSha256(two.digests));
}

TEST(JudgeOcsp, JudgesEveryAnswerOfAll) {
  OcspCase two;
  two.responses.push_back(two.responses[0]);
  two.digests.push_back(Sha256(AsBytes("another")));
  two.responses[1].singles.push_back(two.single());
  two.responses[1].singles[1].serial = {{0x40, 0x02}};
  EXPECT_THAT(two.Judge(), FailsNaming(kOcspNotIssued.id, "4002"));
}

TEST(JudgeOcspDeathTest, SignsNoDigestWithoutItsAnswer) {
  OcspCase unjudged;
  unjudged.digests.push_back(Sha256(AsBytes("never read")));
  EXPECT_DEATH((void)unjudged.Judge(), "");
}

TEST(JudgeOcsp, PassesOnWhatTheRowsSay) {
  const OcspCase good;
  const TbsFacts certificate = good.ca.Facts();
  EXPECT_THAT(StatusPolicy::JudgeOcsp(
                  {.responses = good.responses,
                   .digests = good.digests,
                   .status_key = good.status_key,
                   .ca_certificate = certificate,
                   .find_serial = [](const Serial&) -> StatusOr<std::optional<SerialRow>> {
                     return Fail(kRecordStale, "as a forged row would");
                   },
                   .now = good.now}),
              FailsWith(kRecordStale));
}

struct OcspChange {
  const char* what;
  const Reason* reason;  // null: permitted
  std::function<void(OcspCase&)> apply;
};

void ExpectJudged(std::span<const OcspChange> changes) {
  for (const OcspChange& each : changes) {
    OcspCase changed;
    each.apply(changed);
    if (each.reason == nullptr) {
      EXPECT_THAT(changed.Judge(), IsOk()) << each.what;
    } else {
      EXPECT_THAT(changed.Judge(), FailsWith(*each.reason)) << each.what;
    }
  }
}

TEST(JudgeOcsp, KeepsEachRuleOfNamesAndTimes) {
  const auto at = [](Duration offset) {
    return [offset](OcspCase& c) {
      c.single().this_update = kNow + offset;
      c.whole().produced_at = kNow + offset;
      c.single().next_update = kNow + offset + kHour;
    };
  };
  const auto life = [](Duration value) {
    return [value](OcspCase& c) { c.single().next_update = kNow + value; };
  };
  const auto cutoff = [](WallTime value) {
    return [value](OcspCase& c) { c.single().archive_cutoff = value; };
  };
  const OcspChange kChanges[] = {
      {"a signer's key", &kKeyPurpose,
       [](OcspCase& c) { c.status_key.purpose = KeyPurpose::kSigner; }},
      {"the CA's own key", &kKeyPurpose,
       [](OcspCase& c) { c.status_key.purpose = KeyPurpose::kCaIssuing; }},
      {"another responder", &kOcspResponder,
       [](OcspCase& c) { c.whole().responder_key_hash[0] ^= 1; }},
      {"the CA as responder", &kOcspResponder,
       [](OcspCase& c) { c.whole().responder_key_hash = c.single().issuer_key_hash; }},
      {"a responder's SHA-256", &kOcspResponder,
       [](OcspCase& c) {
         c.whole().responder_key_hash = ToBytes(Sha256(KeyBitsOf(c.status_key.spki)));
       }},
      {"SHA-256", nullptr,
       [](OcspCase& c) {
         c.single().hash = CertIdHash::kSha256;
         c.single().issuer_name_hash = ToBytes(Sha256(c.ca.tbs.subject));
         c.single().issuer_key_hash = ToBytes(Sha256(KeyBitsOf(c.ca.tbs.spki)));
       }},
      {"SHA-1 called SHA-256", &kOcspIssuer,
       [](OcspCase& c) { c.single().hash = CertIdHash::kSha256; }},
      {"another issuer's name", &kOcspIssuer,
       [](OcspCase& c) { c.single().issuer_name_hash[19] ^= 1; }},
      {"another issuer's key", &kOcspIssuer,
       [](OcspCase& c) { c.single().issuer_key_hash[19] ^= 1; }},
      {"the hash of the whole SPKI", &kOcspIssuer,
       [](OcspCase& c) { c.single().issuer_key_hash = ToBytes(Sha1(c.ca.tbs.spki)); }},
      {"five minutes ago", nullptr, at(-5 * kMinute)},
      {"now", nullptr, at(0)},
      {"more than five minutes ago", &kOcspTime, at(-5 * kMinute - 1)},
      {"ahead of the core", &kOcspTime, at(1)},
      {"an old thisUpdate", &kOcspTime,
       [](OcspCase& c) { c.single().this_update = kNow - 6 * kMinute; }},
      {"produced before thisUpdate", &kOcspTime,
       [](OcspCase& c) { c.whole().produced_at = kNow - kSecond; }},
      {"no life", &kOcspNextUpdate, life(0)},
      {"24 hours", nullptr, life(24 * kHour)},
      {"a second more", &kOcspNextUpdate, life(24 * kHour + kSecond)},
      {"for ever", &kOcspNextUpdate,
       [](OcspCase& c) { c.single().next_update = WallTime{int64_t{253402300799} * 1000}; }},
      {"archive since the CA began", nullptr, cutoff(kCaBegin)},
      {"archive since before", &kOcspArchiveCutoff, cutoff(kCaBegin - kSecond)},
      {"archive since tomorrow", &kOcspArchiveCutoff, cutoff(kNow + kDay)},
  };
  ExpectJudged(kChanges);
}

TEST(JudgeOcsp, SaysWhatTheRowSays) {
  const auto answer = [](SerialState state, CrlReason reason, auto status) {
    return [=](OcspCase& c) {
      c.Put(state, reason);
      c.single().status = status;
    };
  };
  const auto revoked = [](Duration ago, CrlReason reason) {
    return OcspRevoked{kNow - ago, reason};
  };
  using S = SerialState;
  using R = CrlReason;
  const OcspChange kChanges[] = {
      {"issued: good", nullptr, answer(S::kIssued, R::kUnspecified, OcspGood{})},
      {"issued: unknown", &kOcspContradictsRow, answer(S::kIssued, R::kUnspecified, OcspUnknown{})},
      {"issued: revoked", &kOcspContradictsRow,
       answer(S::kIssued, R::kUnspecified, revoked(kHour, R::kUnspecified))},
      {"revoked: so", nullptr,
       answer(S::kRevoked, R::kKeyCompromise, revoked(kHour, R::kKeyCompromise))},
      {"revoked for no given reason: so", nullptr,
       answer(S::kRevoked, R::kUnspecified, revoked(kHour, R::kUnspecified))},
      {"revoked: good", &kOcspHidesRevocation, answer(S::kRevoked, R::kKeyCompromise, OcspGood{})},
      {"revoked: unknown", &kOcspHidesRevocation,
       answer(S::kRevoked, R::kKeyCompromise, OcspUnknown{})},
      {"revoked: a second later", &kOcspContradictsRow,
       answer(S::kRevoked, R::kKeyCompromise, revoked(kHour - kSecond, R::kKeyCompromise))},
      {"revoked: a second earlier", &kOcspContradictsRow,
       answer(S::kRevoked, R::kKeyCompromise, revoked(kHour + kSecond, R::kKeyCompromise))},
      {"revoked: for another reason", &kOcspContradictsRow,
       answer(S::kRevoked, R::kKeyCompromise, revoked(kHour, R::kSuperseded))},
      {"revoked: on hold", &kOcspContradictsRow,
       answer(S::kRevoked, R::kKeyCompromise, revoked(kHour, R::kCertificateHold))},
      {"suspended: on hold", nullptr,
       answer(S::kSuspended, R::kCertificateHold, revoked(kHour, R::kCertificateHold))},
      {"suspended: good", &kOcspHidesRevocation,
       answer(S::kSuspended, R::kCertificateHold, OcspGood{})},
      {"suspended: revoked for good", &kOcspContradictsRow,
       answer(S::kSuspended, R::kCertificateHold, revoked(kHour, R::kKeyCompromise))},
      {"drawn: unknown", nullptr, answer(S::kDrawn, R::kUnspecified, OcspUnknown{})},
      {"drawn: good", &kOcspNotIssued, answer(S::kDrawn, R::kUnspecified, OcspGood{})},
      {"intent: unknown", nullptr, answer(S::kIntent, R::kUnspecified, OcspUnknown{})},
      {"intent: good", &kOcspNotIssued, answer(S::kIntent, R::kUnspecified, OcspGood{})},
  };
  ExpectJudged(kChanges);
}

TEST(JudgeOcsp, NeverCallsGoodWhatWasNotIssued) {
  const auto answer = [](bool extended, auto status) {
    return [=](OcspCase& c) {
      c.rows.clear();
      c.whole().extended_revoke = extended;
      c.single().status = status;
    };
  };
  // [RFC 6960 §2.2]
  const OcspRevoked epoch{WallTime{0}, CrlReason::kCertificateHold};
  const OcspChange kChanges[] = {
      {"unknown", nullptr, answer(false, OcspUnknown{})},
      {"good", &kOcspNotIssued, answer(false, OcspGood{})},
      {"good with extended-revoke", &kOcspNotIssued, answer(true, OcspGood{})},
      {"revoked since 1970", nullptr, answer(true, epoch)},
      {"without extended-revoke", &kOcspNotIssued, answer(false, epoch)},
      {"since another time", &kOcspNotIssued,
       answer(true, OcspRevoked{WallTime{kSecond}, CrlReason::kCertificateHold})},
      {"for another reason", &kOcspNotIssued,
       answer(true, OcspRevoked{WallTime{0}, CrlReason::kUnspecified})},
  };
  ExpectJudged(kChanges);
}

// What OpenSSL wrote of one CA: the CRL and the answer, judged by the rows they were made of.
struct OpenSslCase {
  TbsFacts ca = ReadCertificate(*FromHex(openssl_status::kCa)).value().facts;
  KeyRecord key;
  std::vector<RevokedRow> revoked;
  WallTime now{int64_t{1795421658} * 1000};  // 2026-11-23T08:14:18Z

  OpenSslCase() {
    key.key_id = MakeKeyId(0xca);
    key.purpose = KeyPurpose::kCaIssuing;
    key.spki = ca.spki;
    const WallTime first{int64_t{1795169472} * 1000};  // 2026-11-20T10:11:12Z
    revoked = {
        {{{0x4a, 0x02}}, first, CrlReason::kKeyCompromise, {}},
        {{{0x4a, 0x03}}, first + kDay, CrlReason::kUnspecified, {}},
        {{*FromHex("5a0400112233445566778899aabbccdd")},
         first + 2 * kDay,
         CrlReason::kCertificateHold,
         {}},
    };
  }
};

TEST(StatusPolicy, PermitsWhatOpenSslWroteOfTheSameRows) {
  const OpenSslCase given;
  CrlMerge merge([&](const Serial& after, size_t) {
    return after.octets.empty() ? given.revoked : std::vector<RevokedRow>{};
  });
  const Bytes list = *FromHex(openssl_status::kTbsCertList);
  const auto walker = CrlWalker::Create(list.size(), [&](const CrlEntry& entry) {
                        return merge.Take(entry);
                      }).value();
  ASSERT_THAT(walker->Feed(list), IsOk());
  const auto facts = walker->Finish();
  ASSERT_THAT(facts, IsOk());
  const auto complete = merge.Finish();
  ASSERT_THAT(complete, IsOk());
  EXPECT_THAT(StatusPolicy::JudgeCrl({.facts = *facts,
                                      .complete = *complete,
                                      .ca_row = CaRow{42, given.now - kHour},
                                      .ca_key = given.key,
                                      .ca_certificate = given.ca,
                                      .now = given.now}),
              IsOk());
  const Bytes octets = *FromHex(openssl_status::kResponseData);
  const std::vector<OcspResponseData> responses = {ReadOcspResponseData(octets).value()};
  const std::vector<Digest> digests = {Sha256(octets)};
  const auto find = [&](const Serial& serial) -> StatusOr<std::optional<SerialRow>> {
    SerialRow row;
    row.state = SerialState::kIssued;
    if (serial.octets == Bytes{0x4a, 0x01}) return row;
    for (const RevokedRow& each : given.revoked) {
      if (each.serial != serial) continue;
      const bool hold = each.reason == CrlReason::kCertificateHold;
      row.state = hold ? SerialState::kSuspended : SerialState::kRevoked;
      row.changed_at = each.revoked_at;
      row.reason = each.reason;
      return row;
    }
    return std::nullopt;
  };
  // OpenSSL's CA answered for itself.
  KeyRecord status_key = given.key;
  status_key.purpose = KeyPurpose::kStatus;
  const auto permit = StatusPolicy::JudgeOcsp({.responses = responses,
                                               .digests = digests,
                                               .status_key = status_key,
                                               .ca_certificate = given.ca,
                                               .find_serial = find,
                                               .now = given.now});
  ASSERT_THAT(permit, IsOk());
  EXPECT_EQ(permit->digests(), MessageDigest::AllSha256(digests));
}

}  // namespace
}  // namespace intaglio::appliance
