// The gate on CRLs and OCSP answers: nothing is hidden, added or changed. Requirement R-STS.
#include "appliance/policy/status_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "appliance/crypto/hash.h"
#include "appliance/der/status_octets.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/issuance_cases.h"
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

RevokedRow Row(const Bytes& serial, CrlReason reason = CrlReason::kSuperseded) {
  return {{serial}, kNow - kHour, reason, kNow + kDay};
}
CrlEntry EntryOf(const RevokedRow& row) { return {row.serial, row.revoked_at, row.reason}; }

// Rows in the state's order, handed out as the state does.
CrlMerge::Rows Serve(std::vector<RevokedRow> rows) {
  return [rows = std::move(rows)](const Serial& after,
                                  size_t most) -> StatusOr<std::vector<RevokedRow>> {
    auto from = rows.begin();
    if (!after.octets.empty()) {
      from = std::find_if(rows.begin(), rows.end(),
                          [&](const RevokedRow& each) { return each.serial == after; });
      if (from == rows.end()) return Fail(kRequestInvalid, "asked after a serial never given");
      ++from;
    }
    const auto count = std::min(most, static_cast<size_t>(rows.end() - from));
    return std::vector<RevokedRow>(from, from + static_cast<std::ptrdiff_t>(count));
  };
}

Status Merge(const std::vector<RevokedRow>& rows, const std::vector<CrlEntry>& entries) {
  CrlMerge merge(Serve(rows));
  for (const CrlEntry& each : entries) RETURN_IF_ERROR(merge.Take(each));
  return merge.Finish().status();
}

const std::vector<RevokedRow> kThree = {Row({0x05}), Row({0x40, 0x01}, CrlReason::kUnspecified),
                                        Row({0x40, 0x02}, CrlReason::kCertificateHold)};
std::vector<CrlEntry> Entries(const std::vector<RevokedRow>& rows) {
  std::vector<CrlEntry> out;
  for (const RevokedRow& each : rows) out.push_back(EntryOf(each));
  return out;
}

TEST(CrlMerge, TakesAListThatSaysWhatTheRowsSay) {
  EXPECT_THAT(Merge(kThree, Entries(kThree)), IsOk());
  EXPECT_THAT(Merge({}, {}), IsOk());
}

TEST(CrlMerge, FindsEachHiddenRevocation) {
  for (size_t hidden = 0; hidden < kThree.size(); ++hidden) {
    auto entries = Entries(kThree);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(hidden));
    EXPECT_THAT(Merge(kThree, entries),
                FailsNaming(kCrlHidesRevocation.id, ToHex(kThree[hidden].serial.octets)));
  }
  EXPECT_THAT(Merge(kThree, {}), FailsNaming(kCrlHidesRevocation.id, "05"));
}

TEST(CrlMerge, FindsEachEntryWithoutARow) {
  for (const Bytes& serial : {Bytes{0x04}, Bytes{0x06}, Bytes{0x40, 0x00}, Bytes{0x41, 0x00}}) {
    auto entries = Entries(kThree);
    const CrlEntry extra = EntryOf(Row(serial));
    const auto shorter_first = [](const CrlEntry& a, const CrlEntry& b) {
      return a.serial.octets.size() != b.serial.octets.size()
                 ? a.serial.octets.size() < b.serial.octets.size()
                 : a.serial.octets < b.serial.octets;
    };
    entries.insert(std::upper_bound(entries.begin(), entries.end(), extra, shorter_first), extra);
    EXPECT_THAT(Merge(kThree, entries), FailsNaming(kCrlUnknownEntry.id, ToHex(serial)));
  }
  EXPECT_THAT(Merge({}, {EntryOf(Row({0x05}))}), FailsWith(kCrlUnknownEntry));
}

TEST(CrlMerge, FindsAnotherDateOrReason) {
  auto entries = Entries(kThree);
  entries[1].revoked_at = entries[1].revoked_at + kSecond;
  EXPECT_THAT(Merge(kThree, entries), FailsNaming(kCrlContradictsRow.id, "4001"));
  entries = Entries(kThree);
  entries[2].revoked_at = entries[2].revoked_at - kSecond;
  EXPECT_THAT(Merge(kThree, entries), FailsNaming(kCrlContradictsRow.id, "4002"));
  entries = Entries(kThree);
  entries[2].reason = CrlReason::kSuperseded;
  EXPECT_THAT(Merge(kThree, entries), FailsNaming(kCrlContradictsRow.id, "4002"));
  entries = Entries(kThree);
  entries[0].reason = CrlReason::kUnspecified;
  EXPECT_THAT(Merge(kThree, entries), FailsNaming(kCrlContradictsRow.id, "05"));
}

TEST(CrlMerge, IsNotFooledByAnotherOrder) {
  auto entries = Entries(kThree);
  std::swap(entries[0], entries[1]);
  EXPECT_THAT(Merge(kThree, entries), FailsWith(kCrlHidesRevocation));
  entries = Entries(kThree);
  entries.push_back(entries.back());
  EXPECT_THAT(Merge(kThree, entries), FailsWith(kCrlUnknownEntry));
}

TEST(CrlMerge, ReadsAnyNumberOfRowsPageByPage) {
  for (const size_t count : {size_t{999}, size_t{1000}, size_t{1001}, size_t{2000}, size_t{2500}}) {
    std::vector<RevokedRow> rows;
    for (size_t i = 0; i < count; ++i) {
      rows.push_back(Row({0x40, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}));
    }
    EXPECT_THAT(Merge(rows, Entries(rows)), IsOk()) << count;
    auto short_of_last = Entries(rows);
    short_of_last.pop_back();
    EXPECT_THAT(Merge(rows, short_of_last), FailsWith(kCrlHidesRevocation)) << count;
    auto one_more = Entries(rows);
    one_more.push_back(EntryOf(Row({0x50, 0, 0})));
    EXPECT_THAT(Merge(rows, one_more), FailsWith(kCrlUnknownEntry)) << count;
  }
}

TEST(CrlMerge, PassesOnWhatTheRowsSay) {
  CrlMerge merge([](const Serial&, size_t) -> StatusOr<std::vector<RevokedRow>> {
    return Fail(kRecordStale, "as a forged row would");
  });
  EXPECT_THAT(merge.Take(EntryOf(kThree[0])), FailsWith(kRecordStale));
  EXPECT_THAT(merge.Finish(), FailsWith(kRecordStale));
}

struct CrlCase {
  CaCase ca;
  CaRow row{6, kNow - kDay};
  CrlFacts facts;
  WallTime now = kNow;

  CrlCase() {
    facts.issuer = ca.tbs.subject;
    facts.this_update = kNow;
    facts.next_update = kNow + kDay;
    facts.extensions.number = 7;
    facts.extensions.authority_key_id = KeyIdentifier(0xca);
    facts.extensions.expired_certs_from = kCaBegin;
    facts.tbs_sha256 = Sha256(AsBytes("list"));
  }
  StatusOr<SignPermit> Judge() const {
    const TbsFacts certificate = ca.Facts();
    // A list and rows of nothing agree.
    const auto complete = CrlMerge(Serve({})).Finish();
    return StatusPolicy::JudgeCrl({.facts = facts,
                                   .complete = *complete,
                                   .ca_row = row,
                                   .ca_key = ca.key,
                                   .ca_certificate = certificate,
                                   .now = now});
  }
};

TEST(JudgeCrl, PermitsExactlyThatList) {
  const auto permit = CrlCase{}.Judge();
  ASSERT_THAT(permit, IsOk());
  EXPECT_EQ(permit->key_id(), MakeKeyId(0xca));
  EXPECT_EQ(permit->digests(), std::vector{MessageDigest::Sha256(Sha256(AsBytes("list")))});
}

struct CrlChange {
  const char* what;
  const Reason* reason;  // null: permitted
  std::function<void(CrlCase&)> apply;
};

TEST(JudgeCrl, KeepsEachRule) {
  const auto point = [](std::function<void(IssuingDistributionPoint&)> apply) {
    return [apply](CrlCase& c) {
      IssuingDistributionPoint value;
      value.urls = {"http://crl.ca.example/1.crl"};
      apply(value);
      c.facts.extensions.distribution_point = value;
    };
  };
  const auto update = [](Duration offset) {
    return [offset](CrlCase& c) {
      c.facts.this_update = kNow + offset;
      c.facts.next_update = kNow + kDay;
    };
  };
  const auto next = [](Duration life) {
    return [life](CrlCase& c) { c.facts.next_update = kNow + life; };
  };
  const auto number = [](uint64_t value) {
    return [value](CrlCase& c) { c.facts.extensions.number = value; };
  };
  const auto expired = [](WallTime from) {
    return [from](CrlCase& c) { c.facts.extensions.expired_certs_from = from; };
  };
  using Point = IssuingDistributionPoint;
  const CrlChange kChanges[] = {
      {"a key of another purpose", &kKeyPurpose,
       [](CrlCase& c) { c.ca.key.purpose = KeyPurpose::kStatus; }},
      {"a signer's key", &kKeyPurpose, [](CrlCase& c) { c.ca.key.purpose = KeyPurpose::kSigner; }},
      {"the certificate of another key", &kCrlIssuer,
       [](CrlCase& c) { c.ca.key.spki = P256Spki(0); }},
      {"another issuer", &kCrlIssuer, [](CrlCase& c) { c.facts.issuer.back() ^= 1; }},
      {"another authority key", &kCrlIssuer,
       [](CrlCase& c) { c.facts.extensions.authority_key_id = KeyIdentifier(0xcb); }},
      {"five minutes ago", nullptr, update(-5 * kMinute)},
      {"now", nullptr, update(0)},
      {"more than five minutes ago", &kCrlThisUpdate, update(-5 * kMinute - 1)},
      {"ahead of the core", &kCrlThisUpdate, update(1)},
      {"as the last list", nullptr, [](CrlCase& c) { c.row.last_this_update = kNow; }},
      {"before the last list", &kCrlThisUpdate,
       [](CrlCase& c) { c.row.last_this_update = kNow + kSecond; }},
      {"no life", &kCrlNextUpdate, next(0)},
      {"48 hours", nullptr, next(48 * kHour)},
      {"a second more", &kCrlNextUpdate, next(48 * kHour + kSecond)},
      {"for ever", &kCrlLast,
       [](CrlCase& c) { c.facts.next_update = WallTime{int64_t{253402300799} * 1000}; }},
      {"the last number", &kCrlNumberOrder, number(6)},
      {"number 0", &kCrlNumberOrder, number(0)},
      {"1,000 on", nullptr, number(1006)},
      {"1,001 on", &kCrlNumberOrder, number(1007)},
      {"a first list", nullptr,
       [](CrlCase& c) {
         c.row = {};
         c.facts.extensions.number = 1;
       }},
      {"a distribution point alone", nullptr, point([](Point&) {})},
      {"no distribution point in it", &kCrlScope, point([](Point& p) { p.urls.clear(); })},
      {"user certificates only", &kCrlScope,
       point([](Point& p) { p.only_user_certificates = true; })},
      {"CA certificates only", &kCrlScope, point([](Point& p) { p.only_ca_certificates = true; })},
      {"some reasons only", &kCrlScope, point([](Point& p) { p.only_some_reasons = true; })},
      {"indirect", &kCrlScope, point([](Point& p) { p.indirect = true; })},
      {"attribute certificates only", &kCrlScope,
       point([](Point& p) { p.only_attribute_certificates = true; })},
      {"expired certificates from later on", nullptr, expired(kCaBegin + kDay)},
      {"expired certificates not mentioned", &kCrlExpiredCerts,
       [](CrlCase& c) { c.facts.extensions.expired_certs_from.reset(); }},
      {"expired certificates from before the CA", &kCrlExpiredCerts, expired(kCaBegin - kSecond)},
      {"expired certificates from tomorrow", &kCrlExpiredCerts, expired(kNow + kDay)},
  };
  for (const CrlChange& each : kChanges) {
    CrlCase changed;
    each.apply(changed);
    if (each.reason == nullptr) {
      EXPECT_THAT(changed.Judge(), IsOk()) << each.what;
    } else {
      EXPECT_THAT(changed.Judge(), FailsWith(*each.reason)) << each.what;
    }
  }
}

}  // namespace
}  // namespace intaglio::appliance
