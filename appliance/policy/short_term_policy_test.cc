// Certificates that cannot be revoked because they end sooner. [EN 319 411-1 GEN-6.6.1-03 to -05;
// EN 319 412-1 5.2; RFC 9608]
#include <gtest/gtest.h>

#include <functional>

#include "appliance/der/reasons.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/issuance_cases.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace issuance_cases;  // NOLINT: a vocabulary of test cases
using testing_support::FailsWith;
using testing_support::IsOk;

TEST(ShortTerm, OneWithBothMarksAndNoStatusPlaceIsPermitted) {
  EXPECT_THAT(ShortTermCase().Judge(), IsOk());
  // Any key of the policy's may have one if officers ordered a day.
  ShortTermCase of_signer;
  of_signer.order.key = CoreGeneratedKey{KeyAlgorithm::kP256, KeyPurpose::kSigner};
  of_signer.key.purpose = KeyPurpose::kSigner;
  EXPECT_THAT(of_signer.Judge(), IsOk());
  // And a one-time key may have one that can be revoked.
  SubscriberCase revocable;
  revocable.order.key = CoreGeneratedKey{KeyAlgorithm::kP256, KeyPurpose::kOneTime};
  revocable.order.validity_days = 1;
  revocable.key.purpose = KeyPurpose::kOneTime;
  revocable.tbs.not_after = Text(0x17, "261124063000Z");
  EXPECT_THAT(revocable.Judge(), IsOk());
}

TEST(ShortTerm, EverythingElseIsRefused) {
  using C = ShortTermCase;
  const struct {
    const char* what;
    const Reason& reason;
    std::function<void(C&)> apply;
  } kMutations[] = {
      {"a second longer than a day", kGateValidityTooLong,
       [](C& c) { c.tbs.not_after = Text(0x17, "261124063000Z"); }},
      {"ordered for two days", kGateShortTermOrder, [](C& c) { c.order.validity_days = 2; }},
      {"ordered for two days, marked in part", kGateShortTermOrder,
       [](C& c) {
         c.order.validity_days = 2;
         c.extensions.Remove(oid::kNoRevAvail);
       }},
      {"noRevAvail missing", kGateExtensionMissing,
       [](C& c) { c.extensions.Remove(oid::kNoRevAvail); }},
      {"the assurance missing", kGateExtensionMissing,
       [](C& c) { c.extensions.Remove(oid::kValidityAssured); }},
      {"both missing", kGateExtensionMissing,
       [](C& c) {
         c.extensions.Remove(oid::kNoRevAvail);
         c.extensions.Remove(oid::kValidityAssured);
       }},
      {"a place of CRLs", kGateExtensionForbidden,
       [](C& c) {
         c.extensions[oid::kCrlDistributionPoints].value =
             Sequence({DistributionPoint("http://crl.ca.example/1.crl")});
       }},
      {"freshestCRL", kGateExtensionForbidden,
       [](C& c) {
         c.extensions["2.5.29.46"].value =
             Sequence({DistributionPoint("http://crl.ca.example/1.crl")});
       }},
      {"a responder", kGateOcspUrl,
       [](C& c) {
         c.SetAccess({Access(oid::kAccessCaIssuers, "http://ca.example/ca.cer"),
                      Access(oid::kAccessOcsp, "http://ocsp.ca.example")});
       }},
      {"no CA certificate", kGateCaIssuersUrl,
       [](C& c) { c.SetAccess({Access(oid::kAccessCaIssuers, "ldap://ca.example")}); }},
      {"noRevAvail of another type", kTbsExtensionValue,
       [](C& c) { c.extensions[oid::kNoRevAvail].value = Sequence({}); }},
      {"the assurance of another type", kTbsExtensionValue,
       [](C& c) { c.extensions[oid::kValidityAssured].value = Boolean(0xff); }},
      {"the assurance with more behind it", kTbsExtensionValue,
       [](C& c) {
         c.extensions[oid::kValidityAssured].value = Join({Null(), Null()});
       }},
  };
  for (const auto& each : kMutations) {
    ShortTermCase changed;
    each.apply(changed);
    EXPECT_THAT(changed.Judge(), FailsWith(each.reason)) << each.what;
  }
}

TEST(ShortTerm, NoRevocableCertificateCarriesTheMarks) {
  for (const std::string_view mark : {oid::kNoRevAvail, oid::kValidityAssured}) {
    SubscriberCase revocable;
    revocable.extensions[mark].value = Null();
    EXPECT_THAT(revocable.Judge(), FailsWith(kGateShortTermOrder)) << mark;
    SubscriberCase of_a_day;
    of_a_day.order.validity_days = 1;
    of_a_day.tbs.not_after = Text(0x17, "261124062959Z");
    of_a_day.extensions[mark].value = Null();
    EXPECT_THAT(of_a_day.Judge(), FailsWith(kGateExtensionForbidden)) << mark;
  }
}

}  // namespace
}  // namespace intaglio::appliance
