#include "host/x509/crl_builder.h"

#include <gtest/gtest.h>

#include <vector>

#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/reasons.h"
#include "host/x509/test_pki.h"

namespace intaglio::host {
namespace {

class VectorSource final : public CrlEntrySource {
 public:
  explicit VectorSource(std::vector<CrlEntry> entries) : entries_(std::move(entries)) {}
  Status Rewind() override {
    at_ = 0;
    ++passes_;
    if (passes_ == 2 && change_) change_(entries_);
    return OkStatus();
  }
  StatusOr<std::optional<CrlEntry>> Next() override {
    if (at_ == entries_.size()) return std::optional<CrlEntry>();
    return std::optional<CrlEntry>(entries_[at_++]);
  }
  void ChangeBeforeSecondPass(std::function<void(std::vector<CrlEntry>&)> change) {
    change_ = std::move(change);
  }

 private:
  std::vector<CrlEntry> entries_;
  std::function<void(std::vector<CrlEntry>&)> change_;
  size_t at_ = 0;
  int passes_ = 0;
};

class FailingSource final : public CrlEntrySource {
 public:
  Status Rewind() override { return OkStatus(); }
  StatusOr<std::optional<CrlEntry>> Next() override {
    return Fail(kCrlSourceChanged, "the store went away");
  }
};

// Makes entries as it goes, so that any number costs no memory.
class CountingSource final : public CrlEntrySource {
 public:
  explicit CountingSource(uint32_t count) : count_(count) {}
  Status Rewind() override {
    at_ = 0;
    return OkStatus();
  }
  StatusOr<std::optional<CrlEntry>> Next() override {
    if (at_ == count_) return std::optional<CrlEntry>();
    ++at_;
    return std::optional<CrlEntry>(
        CrlEntry{TestSerial(at_), kTestNow - at_ * kSecond, RevocationReason::kSuperseded});
  }

 private:
  uint32_t count_;
  uint32_t at_ = 0;
};

class CrlTest : public ::testing::Test {
 protected:
  CrlFields Fields() {
    return {.issuer = *pki_.ca().ca,
            .this_update = kTestNow,
            .next_update = kTestNow + kDay,
            .number = 42,
            .expired_certs_from = std::nullopt,
            .distribution_point = std::nullopt};
  }
  Bytes Sign(ByteView tbs) { return *AssembleCrl(tbs, *SignTbs(tbs, pki_.ca().key.get())); }
  X509CrlPtr Parse(const Bytes& crl) {
    const uint8_t* at = crl.data();
    X509CrlPtr parsed(d2i_X509_CRL(nullptr, &at, static_cast<long>(crl.size())));
    EXPECT_EQ(at, crl.data() + crl.size());
    return parsed;
  }

  TestPki pki_;
};

std::vector<CrlEntry> SomeEntries() {
  return {{*Serial::FromHexText("05"), kTestNow - kDay, RevocationReason::kUnspecified},
          {*Serial::FromHexText("0080"), kTestNow - 2 * kDay, RevocationReason::kKeyCompromise},
          {TestSerial(9), kTestNow, RevocationReason::kCertificateHold}};
}

TEST_F(CrlTest, OpensslReadsTheSameEntries) {
  VectorSource source(SomeEntries());
  CrlFields fields = Fields();
  fields.expired_certs_from = kTestNow - 365 * kDay;
  fields.distribution_point = "http://ca.example/crl/1.crl";
  const StatusOr<Bytes> tbs = BuildCrlTbs(fields, source);
  ASSERT_TRUE(tbs.ok()) << tbs.status();
  const Bytes crl = Sign(*tbs);
  EXPECT_TRUE(VerifyCrl(crl, pki_.ca().certificate).ok());

  const X509CrlPtr parsed = Parse(crl);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(X509_CRL_get_version(parsed.get()), 1);
  STACK_OF(X509_REVOKED)* revoked = X509_CRL_get_REVOKED(parsed.get());
  ASSERT_EQ(sk_X509_REVOKED_num(revoked), 3);
  const long reasons[] = {-1, 1, 6};
  for (int i = 0; i < 3; ++i) {
    X509_REVOKED* entry = sk_X509_REVOKED_value(revoked, i);
    int critical = -1;
    CPtr<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(static_cast<ASN1_ENUMERATED*>(
        X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, nullptr)));
    EXPECT_EQ(reason ? ASN1_ENUMERATED_get(reason.get()) : -1, reasons[i]);
    EXPECT_NE(critical, 1);
  }
  CPtr<ASN1_INTEGER, ASN1_INTEGER_free> number(static_cast<ASN1_INTEGER*>(
      X509_CRL_get_ext_d2i(parsed.get(), NID_crl_number, nullptr, nullptr)));
  EXPECT_EQ(ASN1_INTEGER_get(number.get()), 42);
  int critical = 0;
  CPtr<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free> point(static_cast<ISSUING_DIST_POINT*>(
      X509_CRL_get_ext_d2i(parsed.get(), NID_issuing_distribution_point, &critical, nullptr)));
  ASSERT_TRUE(point);
  EXPECT_EQ(critical, 1);
  EXPECT_EQ(X509_CRL_get_ext_count(parsed.get()), 4);
}

TEST_F(CrlTest, AnEmptyListIsAbsent) {
  VectorSource source({});
  const Bytes crl = Sign(*BuildCrlTbs(Fields(), source));
  const X509CrlPtr parsed = Parse(crl);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(X509_CRL_get_REVOKED(parsed.get()), nullptr);
  EXPECT_EQ(X509_CRL_get_ext_count(parsed.get()), 2);
  EXPECT_TRUE(VerifyCrl(crl, pki_.ca().certificate).ok());
}

TEST_F(CrlTest, ALastCrlNeverExpires) {
  VectorSource source({});
  CrlFields fields = Fields();
  fields.next_update = kNoWellDefinedEnd;
  const X509CrlPtr parsed = Parse(Sign(*BuildCrlTbs(fields, source)));
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(parsed.get());
  EXPECT_EQ(ASN1_STRING_type(next), V_ASN1_GENERALIZEDTIME);
  EXPECT_STREQ(reinterpret_cast<const char*>(ASN1_STRING_get0_data(next)), "99991231235959Z");
}

TEST_F(CrlTest, StreamsInPiecesOfTheSizeAskedFor) {
  CountingSource source(20'000);
  const StatusOr<CrlTbsWriter> writer = CrlTbsWriter::Create(Fields(), source);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ(writer->entry_count(), 20'000u);
  Bytes streamed;
  size_t short_pieces = 0;
  ASSERT_TRUE(writer
                  ->Write(65536,
                          [&](ByteView piece) {
                            EXPECT_LE(piece.size(), 65536u);
                            short_pieces += piece.size() < 65536 ? 1 : 0;
                            streamed.insert(streamed.end(), piece.begin(), piece.end());
                            return OkStatus();
                          })
                  .ok());
  EXPECT_LE(short_pieces, 1u);
  EXPECT_EQ(streamed.size(), writer->size());
  EXPECT_EQ(streamed, *BuildCrlTbs(Fields(), source));

  const Bytes signature = *SignTbs(streamed, pki_.ca().key.get());
  const StatusOr<CrlFrame> frame = FrameCrl(writer->size(), signature);
  ASSERT_TRUE(frame.ok());
  const Bytes crl = Concat({frame->before, streamed, frame->after});
  EXPECT_EQ(crl, *AssembleCrl(streamed, signature));
  EXPECT_TRUE(VerifyCrl(crl, pki_.ca().certificate).ok());
  EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(Parse(crl).get())), 20'000);
}

TEST_F(CrlTest, DatesAreThoseOfTheGeneralEncoder) {
  const WallTime dates[] = {{-86'400'001},     {-1},          {0}, {2524607999999}, {2524608000000},
                            kNoWellDefinedEnd, kTestNow + 999};
  for (const WallTime date : dates) {
    VectorSource source({{TestSerial(1), date, RevocationReason::kUnspecified}});
    const Bytes tbs = *BuildCrlTbs(Fields(), source);
    const Bytes entry =
        der::Sequence({der::Sequence({der::Integer(TestSerial(1).octets()), der::Time(date)})});
    EXPECT_NE(ToHex(tbs).find(ToHex(entry)), std::string::npos) << date.ms;
  }
}

TEST_F(CrlTest, EntriesMustAscend) {
  std::vector<CrlEntry> entries = SomeEntries();
  std::swap(entries[0], entries[1]);
  VectorSource unsorted(entries);
  EXPECT_TRUE(Is(BuildCrlTbs(Fields(), unsorted).status(), kCrlOrder));
  VectorSource twice({SomeEntries()[0], SomeEntries()[0]});
  EXPECT_TRUE(Is(BuildCrlTbs(Fields(), twice).status(), kCrlOrder));
}

TEST_F(CrlTest, ASourceThatChangesBetweenThePassesIsNoticed) {
  const std::vector<std::function<void(std::vector<CrlEntry>&)>> changes = {
      [](auto& entries) { entries.pop_back(); },
      [](auto& entries) { entries[0].reason = RevocationReason::kSuperseded; },
      [](auto& entries) {
        entries.push_back({TestSerial(10), kTestNow, RevocationReason::kUnspecified});
      }};
  for (const auto& change : changes) {
    VectorSource source(SomeEntries());
    source.ChangeBeforeSecondPass(change);
    EXPECT_TRUE(Is(BuildCrlTbs(Fields(), source).status(), kCrlSourceChanged));
  }
  FailingSource failing;
  EXPECT_TRUE(Is(BuildCrlTbs(Fields(), failing).status(), kCrlSourceChanged));
}

TEST_F(CrlTest, ContradictingTimesAreRefused) {
  VectorSource source(SomeEntries());
  CrlFields no_time = Fields();
  no_time.next_update = no_time.this_update;
  EXPECT_TRUE(Is(BuildCrlTbs(no_time, source).status(), kCrlDates));
  CrlFields too_late = Fields();
  too_late.next_update = kNoWellDefinedEnd + kDay;
  EXPECT_TRUE(Is(BuildCrlTbs(too_late, source).status(), kCrlDates));
  VectorSource odd({{TestSerial(1), kNoWellDefinedEnd + kDay, RevocationReason::kUnspecified}});
  EXPECT_TRUE(Is(BuildCrlTbs(Fields(), odd).status(), kCrlDates));
  CrlFields no_url = Fields();
  no_url.distribution_point = "crl";
  EXPECT_TRUE(Is(BuildCrlTbs(no_url, source).status(), kUrlInvalid));
}

TEST_F(CrlTest, AFailingSinkStopsTheStream) {
  CountingSource source(1000);
  const StatusOr<CrlTbsWriter> writer = CrlTbsWriter::Create(Fields(), source);
  ASSERT_TRUE(writer.ok());
  int calls = 0;
  const Status status = writer->Write(4096, [&](ByteView) {
    ++calls;
    return Fail(kCrlSourceChanged, "no room");
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(calls, 1);
}

TEST_F(CrlTest, ForeignAndBrokenCrlsDoNotVerify) {
  VectorSource source(SomeEntries());
  const Bytes tbs = *BuildCrlTbs(Fields(), source);
  const Bytes crl = Sign(tbs);
  EXPECT_TRUE(Is(VerifyCrl(crl, pki_.root().certificate), kCertificateNotVerified));
  EXPECT_TRUE(Is(VerifyCrl(crl, TestPki().ca().certificate), kCertificateNotVerified));
  Bytes trailing = crl;
  trailing.push_back(0);
  EXPECT_TRUE(Is(VerifyCrl(trailing, pki_.ca().certificate), kCertificateMalformed));
  EXPECT_TRUE(Is(VerifyCrl(Bytes(), pki_.ca().certificate), kCertificateMalformed));
  EXPECT_TRUE(Is(AssembleCrl(tbs, ToBytes("sig")).status(), kSignatureMalformed));
  EXPECT_TRUE(Is(FrameCrl(tbs.size(), ToBytes("sig")).status(), kSignatureMalformed));
  EXPECT_TRUE(
      Is(AssembleCrl(ToBytes("tbs"), *SignTbs(tbs, pki_.ca().key.get())).status(), kTbsMalformed));
}

}  // namespace
}  // namespace intaglio::host
