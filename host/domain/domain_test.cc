#include <gtest/gtest.h>

#include <set>

#include "host/domain/certificate_policy.h"
#include "host/domain/reasons.h"
#include "host/domain/revocation_reason.h"
#include "host/domain/serial.h"

namespace intaglio::host {
namespace {

TEST(SerialTest, KeepsTheOctetsOfTheCertificate) {
  const Bytes content = {0x00, 0x80, 0x01};
  StatusOr<Serial> serial = Serial::Create(content);
  ASSERT_TRUE(serial.ok());
  EXPECT_TRUE(Equal(serial->octets(), content));
  EXPECT_EQ(serial->ToHexText(), "008001");
  EXPECT_EQ(serial->bits(), 16);
  EXPECT_EQ(*Serial::FromHexText("008001"), *serial);
}

TEST(SerialTest, OrdersAsIntegersDo) {
  const char* const ascending[] = {"01", "7f", "0080", "0100", "7fff", "008000", "010000"};
  for (size_t i = 1; i < std::size(ascending); ++i) {
    EXPECT_LT(*Serial::FromHexText(ascending[i - 1]), *Serial::FromHexText(ascending[i]));
  }
}

TEST(SerialTest, RefusesWhatIsNoPositiveMinimalInteger) {
  for (const char* text : {"", "00", "0001", "80", "ff01", "0g", "012",
                           "7f0000000000000000000000000000000000000000"}) {
    EXPECT_TRUE(Is(Serial::FromHexText(text).status(), kSerialInvalid)) << text;
  }
  EXPECT_TRUE(Is(Serial::Create(Bytes(21, 0x11)).status(), kSerialInvalid));
  EXPECT_TRUE(Serial::Create(Bytes(20, 0x11)).ok());
}

TEST(CertificatePolicyTest, NamesAndIdentifiersGoBothWays) {
  EXPECT_EQ(CertificatePolicies().size(), 7u);
  for (const CertificatePolicyRow& row : CertificatePolicies()) {
    EXPECT_EQ(*PolicyOfOid(row.oid), row.policy);
    EXPECT_EQ(PolicyName(row.policy), row.name);
  }
  EXPECT_EQ(PolicyOid(CertificatePolicy::kQcpNQscd), "0.4.0.194112.1.2");
}

TEST(CertificatePolicyTest, RefusesForeignIdentifiers) {
  for (const char* oid : {"0.4.0.194112.1.7", "0.4.0.2042.1.2", "2.5.29.32.0", ""}) {
    EXPECT_TRUE(Is(PolicyOfOid(oid).status(), kPolicyOidUnknown)) << oid;
  }
}

TEST(RevocationReasonTest, AcceptsTheNumbersOfTheStandardOnly) {
  const std::set<uint32_t> known = {0, 1, 2, 3, 4, 5, 6, 9, 10};
  for (uint32_t number = 0; number < 300; ++number) {
    StatusOr<RevocationReason> reason = RevocationReasonOf(number);
    EXPECT_EQ(reason.ok(), known.contains(number)) << number;
    if (reason.ok()) {
      EXPECT_EQ(static_cast<uint32_t>(*reason), number);
      EXPECT_FALSE(RevocationReasonName(*reason).empty());
    } else {
      EXPECT_TRUE(Is(reason.status(), kRevocationReasonUnknown));
    }
  }
}

}  // namespace
}  // namespace intaglio::host
