#include <gtest/gtest.h>

#include "host/domain/oids.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/ocsp_request.h"
#include "host/x509/ocsp_response.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"
#include "host/x509/test_pki.h"

namespace intaglio::host {
namespace {

class OcspTest : public ::testing::Test {
 protected:
  // What the stock library writes when it asks about `certificate`.
  Bytes StockRequest(const EVP_MD* hash, int nonce_octets) {
    const X509Ptr leaf = *ParseCertificate(leaf_);
    const X509Ptr ca = *ParseCertificate(pki_.ca().certificate);
    OcspRequestPtr request(OCSP_REQUEST_new());
    OCSP_request_add0_id(request.get(), OCSP_cert_to_id(hash, leaf.get(), ca.get()));
    if (nonce_octets > 0) OCSP_request_add1_nonce(request.get(), nullptr, nonce_octets);
    unsigned char* octets = nullptr;
    const int size = i2d_OCSP_REQUEST(request.get(), &octets);
    OpensslOctetsPtr owner(octets);
    return Bytes(octets, octets + size);
  }

  OcspAnswer Answer(OcspCertStatus status) {
    return {.cert_id = issuer_.CertId(OcspHash::kSha1, TestSerial(100)),
            .status = status,
            .this_update = kTestNow,
            .next_update = kTestNow + 12 * kHour,
            .archive_cutoff = std::nullopt};
  }
  OcspResponseFields Fields(OcspCertStatus status) {
    return {.responder_key_hash = *KeyIdentifier(SpkiOfTestKey(responder_key_.get())),
            .produced_at = kTestNow + kSecond,
            .answers = {Answer(status)},
            .nonce = std::nullopt,
            .extended_revoke = ExtendedRevoke::kAbsent};
  }
  Bytes Sign(const OcspResponseFields& fields) {
    const Bytes tbs = *BuildOcspResponseData(fields);
    return *AssembleOcspResponse(tbs, *SignTbs(tbs, responder_key_.get()), responder_);
  }
  // The basic response, verified up to the root by the stock library; null if it does not verify.
  OcspBasicPtr Verify(const Bytes& response) {
    const uint8_t* at = response.data();
    OcspResponsePtr outer(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())));
    if (!outer || at != response.data() + response.size()) return nullptr;
    EXPECT_EQ(OCSP_response_status(outer.get()), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    OcspBasicPtr basic(OCSP_response_get1_basic(outer.get()));
    X509StorePtr store(X509_STORE_new());
    const X509Ptr root = *ParseCertificate(pki_.root().certificate);
    const X509Ptr ca = *ParseCertificate(pki_.ca().certificate);
    X509_STORE_add_cert(store.get(), root.get());
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), kTestNow.ms / kSecond + 60);
    STACK_OF(X509)* chain = sk_X509_new_null();
    sk_X509_push(chain, ca.get());
    const int verified = OCSP_basic_verify(basic.get(), chain, store.get(), 0);
    sk_X509_free(chain);
    return verified == 1 ? std::move(basic) : nullptr;
  }

  TestPki pki_;
  PkeyPtr key_ = NewTestKey();
  PkeyPtr responder_key_ = NewTestKey();
  Bytes leaf_ = pki_.SubscriberCertificate(key_.get());
  Bytes responder_ = pki_.ResponderCertificate(responder_key_.get());
  OcspIssuer issuer_{*pki_.ca().ca};
};

TEST_F(OcspTest, ReadsWhatTheStockClientWrites) {
  for (const auto& [digest, hash] :
       {std::pair(EVP_sha1(), OcspHash::kSha1), std::pair(EVP_sha256(), OcspHash::kSha256)}) {
    const Bytes octets = StockRequest(digest, 32);
    const StatusOr<OcspRequest> request = ParseOcspRequest(octets, kOcspRequestLimits2026);
    ASSERT_TRUE(request.ok()) << request.status();
    ASSERT_EQ(request->cert_ids.size(), 1u);
    const CertIdView& id = request->cert_ids[0];
    EXPECT_EQ(id.hash, hash);
    EXPECT_EQ(id.serial, TestSerial(100));
    EXPECT_TRUE(issuer_.Matches(id));
    EXPECT_FALSE(OcspIssuer(*pki_.root().ca).Matches(id));
    EXPECT_TRUE(Equal(id.der, issuer_.CertId(hash, TestSerial(100))));
    ASSERT_TRUE(request->nonce);
    EXPECT_EQ(request->nonce->size(), 32u);
  }
  const Bytes without_nonce = StockRequest(EVP_sha1(), 0);
  EXPECT_FALSE(ParseOcspRequest(without_nonce, kOcspRequestLimits2026)->nonce);
}

TEST_F(OcspTest, ASignedRequestIsReadLikeAnyOther) {
  const Bytes octets = StockRequest(EVP_sha1(), 16);
  const uint8_t* at = octets.data();
  OcspRequestPtr request(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(octets.size())));
  const X509Ptr signer = *ParseCertificate(leaf_);
  ASSERT_EQ(OCSP_request_sign(request.get(), signer.get(), key_.get(), EVP_sha256(), nullptr, 0),
            1);
  unsigned char* out = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &out);
  OpensslOctetsPtr owner(out);
  const StatusOr<OcspRequest> parsed =
      ParseOcspRequest({out, static_cast<size_t>(size)}, kOcspRequestLimits2026);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->cert_ids[0].serial, TestSerial(100));
}

Bytes Request(const std::vector<Bytes>& cert_ids, ByteView extensions) {
  std::vector<Bytes> singles;
  for (const Bytes& id : cert_ids) singles.push_back(der::Sequence({id}));
  return der::Sequence({der::Sequence({der::SequenceOf(singles), extensions})});
}

Bytes RequestExtensions(const std::vector<Bytes>& extensions) {
  return der::Tlv(der::Constructed(2), der::SequenceOf(extensions));
}

Bytes NonceExtension(size_t octets) {
  return der::Sequence(
      {der::Oid(oid::kOcspNonce), der::OctetString(der::OctetString(Bytes(octets, 0x77)))});
}

Status ParseStatus(const Bytes& octets) {
  return ParseOcspRequest(octets, kOcspRequestLimits2026).status();
}

TEST_F(OcspTest, NoncesHaveOneToOneHundredTwentyEightOctets) {
  const std::vector<Bytes> ids = {issuer_.CertId(OcspHash::kSha1, TestSerial(1))};
  for (size_t octets : {1u, 32u, 128u}) {
    EXPECT_TRUE(ParseStatus(Request(ids, RequestExtensions({NonceExtension(octets)}))).ok());
  }
  for (size_t octets : {0u, 129u, 5000u}) {
    const Status status = ParseStatus(Request(ids, RequestExtensions({NonceExtension(octets)})));
    EXPECT_TRUE(Is(status, kOcspNonceLength)) << octets;
    EXPECT_EQ(OcspErrorFor(status), OcspErrorStatus::kMalformedRequest);
  }
  const Bytes two = RequestExtensions({NonceExtension(8), NonceExtension(8)});
  EXPECT_TRUE(Is(ParseStatus(Request(ids, two)), kOcspRequestMalformed));
  const Bytes bare = RequestExtensions(
      {der::Sequence({der::Oid(oid::kOcspNonce), der::OctetString(Bytes(8, 0x77))})});
  EXPECT_TRUE(Is(ParseStatus(Request(ids, bare)), kOcspRequestMalformed));
}

TEST_F(OcspTest, TwentyQuestionsAndSixteenKibibytesAreTheEnd) {
  std::vector<Bytes> ids(20, issuer_.CertId(OcspHash::kSha256, TestSerial(1)));
  EXPECT_TRUE(ParseStatus(Request(ids, {})).ok());
  ids.push_back(ids[0]);
  EXPECT_TRUE(Is(ParseStatus(Request(ids, {})), kOcspRequestTooLarge));
  const Status status = ParseStatus(Bytes(16 * 1024 + 1, 0x30));
  EXPECT_TRUE(Is(status, kOcspRequestTooLarge));
  EXPECT_EQ(OcspErrorFor(status), OcspErrorStatus::kMalformedRequest);
}

TEST_F(OcspTest, UnknownCriticalExtensionsAreRefusedOthersPassedOver) {
  const std::vector<Bytes> ids = {issuer_.CertId(OcspHash::kSha1, TestSerial(1))};
  const auto extension = [](const Bytes& critical) {
    return RequestExtensions(
        {der::Sequence({der::Oid("1.2.3.4"), critical, der::OctetString(der::Null())})});
  };
  EXPECT_TRUE(ParseStatus(Request(ids, extension({}))).ok());
  EXPECT_TRUE(ParseStatus(Request(ids, extension(der::Boolean(false)))).ok());
  const Status status = ParseStatus(Request(ids, extension(der::Boolean(true))));
  EXPECT_TRUE(Is(status, kOcspCriticalExtension));
  EXPECT_EQ(OcspErrorFor(status), OcspErrorStatus::kMalformedRequest);
}

TEST_F(OcspTest, OtherHashesAreNotComparable) {
  const Bytes sha512 = der::Sequence({der::Oid("2.16.840.1.101.3.4.2.3")});
  const Bytes id = der::Sequence(
      {sha512, der::OctetString(Bytes(64, 1)), der::OctetString(Bytes(64, 2)), der::Unsigned(1)});
  const Status status = ParseStatus(Request({id}, {}));
  EXPECT_TRUE(Is(status, kOcspHashUnsupported));
  EXPECT_EQ(OcspErrorFor(status), OcspErrorStatus::kUnauthorized);
}

TEST_F(OcspTest, HashParametersMayBeAbsent) {
  const Bytes id =
      der::Sequence({der::Sequence({der::Oid(oid::kSha1)}), der::OctetString(Bytes(20, 1)),
                     der::OctetString(Bytes(20, 2)), der::Unsigned(1)});
  EXPECT_TRUE(ParseStatus(Request({id}, {})).ok());
}

TEST_F(OcspTest, MalformedRequestsAreRefused) {
  const Bytes sha1 = der::Sequence({der::Oid(oid::kSha1), der::Null()});
  const auto id = [&](size_t name, size_t key, const Bytes& serial) {
    return der::Sequence(
        {sha1, der::OctetString(Bytes(name, 1)), der::OctetString(Bytes(key, 2)), serial});
  };
  const Bytes good = id(20, 20, der::Unsigned(1));
  const Bytes version_2 = der::Sequence({der::Sequence(
      {der::Tlv(der::Constructed(0), der::Unsigned(1)), der::Sequence({der::Sequence({good})})})});
  Bytes trailing = Request({good}, {});
  trailing.push_back(0);
  const std::vector<Bytes> rows = {
      Bytes(),
      ToBytes("GET / HTTP/1.1"),
      Bytes(100, 0x30),
      der::Sequence({}),
      der::Sequence({der::Sequence({})}),
      Request({}, {}),
      Request({id(19, 20, der::Unsigned(1))}, {}),
      Request({id(20, 32, der::Unsigned(1))}, {}),
      Request({id(20, 20, der::Unsigned(0))}, {}),
      Request({id(20, 20, der::Integer(Bytes(1, 0x80)))}, {}),
      Request({id(20, 20, der::Integer(Bytes(21, 0x11)))}, {}),
      Request({der::Null()}, {}),
      Request({good}, der::Null()),
      Request({good}, RequestExtensions({})),
      version_2,
      trailing,
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const Status status = ParseStatus(rows[i]);
    EXPECT_TRUE(Is(status, kOcspRequestMalformed)) << i << " " << status;
    EXPECT_EQ(OcspErrorFor(status), OcspErrorStatus::kMalformedRequest);
  }
}

TEST_F(OcspTest, EveryTruncationIsMalformed) {
  const Bytes octets = StockRequest(EVP_sha256(), 32);
  for (size_t size = 0; size < octets.size(); ++size) {
    const Status status =
        ParseOcspRequest(ByteView(octets).first(size), kOcspRequestLimits2026).status();
    EXPECT_TRUE(Is(status, kOcspRequestMalformed)) << size;
  }
}

TEST_F(OcspTest, StockLibraryVerifiesEachStatus) {
  const X509Ptr leaf = *ParseCertificate(leaf_);
  const X509Ptr ca = *ParseCertificate(pki_.ca().certificate);
  OcspCertIdPtr id(OCSP_cert_to_id(EVP_sha1(), leaf.get(), ca.get()));
  struct Row {
    OcspCertStatus status;
    int number, reason;
  };
  const Row rows[] = {
      {OcspGood{}, V_OCSP_CERTSTATUS_GOOD, -1},
      {OcspRevoked{kTestNow - kDay, RevocationReason::kKeyCompromise}, V_OCSP_CERTSTATUS_REVOKED,
       1},
      {OcspRevoked{kTestNow, RevocationReason::kCertificateHold}, V_OCSP_CERTSTATUS_REVOKED, 6},
      {OcspRevoked{kTestNow, RevocationReason::kUnspecified}, V_OCSP_CERTSTATUS_REVOKED, -1},
      {OcspUnknown{}, V_OCSP_CERTSTATUS_UNKNOWN, -1},
  };
  for (const Row& row : rows) {
    const OcspBasicPtr basic = Verify(Sign(Fields(row.status)));
    ASSERT_TRUE(basic);
    int status = -1, reason = -1;
    ASSERT_EQ(
        OCSP_resp_find_status(basic.get(), id.get(), &status, &reason, nullptr, nullptr, nullptr),
        1);
    EXPECT_EQ(status, row.number);
    EXPECT_EQ(reason, row.reason);
  }
}

TEST_F(OcspTest, NonceCutoffAndExtendedRevokeAreCarried) {
  const Bytes octets = StockRequest(EVP_sha1(), 32);
  const OcspRequest request = *ParseOcspRequest(octets, kOcspRequestLimits2026);
  OcspResponseFields fields = Fields(OcspRevoked{{0}, RevocationReason::kCertificateHold});
  fields.nonce = ToBytes(*request.nonce);
  fields.extended_revoke = ExtendedRevoke::kPresent;
  fields.answers[0].archive_cutoff = kTestNow - 365 * kDay;
  const OcspBasicPtr basic = Verify(Sign(fields));
  ASSERT_TRUE(basic);
  const uint8_t* at = octets.data();
  OcspRequestPtr stock(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(octets.size())));
  EXPECT_EQ(OCSP_check_nonce(stock.get(), basic.get()), 1);
  EXPECT_EQ(OCSP_BASICRESP_get_ext_count(basic.get()), 2);
  OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), 0);
  EXPECT_GE(OCSP_SINGLERESP_get_ext_by_NID(single, NID_id_pkix_OCSP_archiveCutoff, -1), 0);
}

TEST_F(OcspTest, AnswersOfAnotherKeyDoNotVerify) {
  const OcspResponseFields fields = Fields(OcspGood{});
  const Bytes tbs = *BuildOcspResponseData(fields);
  const Bytes forged = *AssembleOcspResponse(tbs, *SignTbs(tbs, key_.get()), responder_);
  EXPECT_FALSE(Verify(forged));
}

TEST_F(OcspTest, ContradictingAnswersAreNotBuilt) {
  const std::vector<std::function<void(OcspResponseFields&)>> breakages = {
      [](auto& f) { f.responder_key_hash.pop_back(); },
      [](auto& f) { f.answers.clear(); },
      [](auto& f) { f.answers.resize(21, f.answers[0]); },
      [](auto& f) { f.nonce = Bytes(); },
      [](auto& f) { f.nonce = Bytes(129, 1); },
      [](auto& f) { f.answers[0].this_update = f.produced_at + kSecond; },
      [](auto& f) { f.answers[0].next_update = f.answers[0].this_update; },
      [](auto& f) { f.answers[0].next_update = kNoWellDefinedEnd + kDay; },
      [](auto& f) { f.answers[0].archive_cutoff = kNoWellDefinedEnd + kDay; },
      [](auto& f) { f.produced_at = kNoWellDefinedEnd + kDay; },
      [](auto& f) { f.answers[0].cert_id = ToBytes("id"); },
      [](auto& f) {
        f.answers[0].status = OcspRevoked{kTestNow + kDay, RevocationReason::kUnspecified};
      },
  };
  for (size_t i = 0; i < breakages.size(); ++i) {
    OcspResponseFields fields = Fields(OcspGood{});
    breakages[i](fields);
    EXPECT_TRUE(Is(BuildOcspResponseData(fields).status(), kOcspResponseInvalid)) << i;
  }
}

TEST_F(OcspTest, AssembleRefusesBrokenParts) {
  const Bytes tbs = *BuildOcspResponseData(Fields(OcspGood{}));
  const Bytes signature = *SignTbs(tbs, responder_key_.get());
  EXPECT_TRUE(
      Is(AssembleOcspResponse(ToBytes("x"), signature, responder_).status(), kTbsMalformed));
  EXPECT_TRUE(
      Is(AssembleOcspResponse(tbs, ToBytes("x"), responder_).status(), kSignatureMalformed));
  EXPECT_TRUE(
      Is(AssembleOcspResponse(tbs, signature, ToBytes("x")).status(), kCertificateMalformed));
}

TEST_F(OcspTest, ErrorsAreTheFiveOctetsOfTheStandard) {
  EXPECT_EQ(ToHex(OcspError(OcspErrorStatus::kMalformedRequest)), "30030a0101");
  EXPECT_EQ(ToHex(OcspError(OcspErrorStatus::kInternalError)), "30030a0102");
  EXPECT_EQ(ToHex(OcspError(OcspErrorStatus::kTryLater)), "30030a0103");
  EXPECT_EQ(ToHex(OcspError(OcspErrorStatus::kUnauthorized)), "30030a0106");
  EXPECT_EQ(OcspErrorFor(Fail(kOpensslFailed, "x")), OcspErrorStatus::kInternalError);
}

}  // namespace
}  // namespace intaglio::host
