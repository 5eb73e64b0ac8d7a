#include "base/message_digest.h"

#include <gtest/gtest.h>

#include "base/reasons.h"

namespace intaglio {
namespace {

TEST(MessageDigest, HasTheLengthOfItsAlgorithm) {
  const struct {
    HashAlgorithm algorithm;
    size_t size;
    const char* name;
  } cases[] = {{HashAlgorithm::kSha256, 32, "SHA-256"},
               {HashAlgorithm::kSha384, 48, "SHA-384"},
               {HashAlgorithm::kSha512, 64, "SHA-512"}};
  for (const auto& each : cases) {
    EXPECT_EQ(DigestSize(each.algorithm), each.size);
    EXPECT_EQ(NameOf(each.algorithm), each.name);
    const Bytes octets(each.size, 0x5a);
    const auto digest = MessageDigest::Create(each.algorithm, octets);
    ASSERT_TRUE(digest.ok());
    EXPECT_EQ(digest->algorithm(), each.algorithm);
    EXPECT_TRUE(Equal(digest->view(), octets));
  }
}

TEST(MessageDigest, AnotherLengthIsRefused) {
  for (const HashAlgorithm algorithm :
       {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    for (const size_t size : {size_t{0}, size_t{20}, DigestSize(algorithm) - 1,
                              DigestSize(algorithm) + 1, size_t{128}}) {
      const auto digest = MessageDigest::Create(algorithm, Bytes(size, 1));
      EXPECT_TRUE(Is(digest.status(), kDigestLength)) << size;
    }
  }
}

TEST(MessageDigest, ComparesAlgorithmAndOctets) {
  Digest plain{};
  plain[0] = 7;
  const MessageDigest one = MessageDigest::Sha256(plain);
  EXPECT_EQ(one, MessageDigest::Create(HashAlgorithm::kSha256, plain).value());
  EXPECT_NE(one, MessageDigest::Sha256(Digest{}));
  // Equal octets under another hash are another digest.
  Bytes longer(48, 0);
  longer[0] = 7;
  EXPECT_NE(one, MessageDigest::Create(HashAlgorithm::kSha384, longer).value());
}

TEST(MessageDigest, ManyKeepTheirOrder) {
  Digest first{}, second{};
  second[31] = 1;
  const Digest both[] = {first, second};
  const auto all = MessageDigest::AllSha256(both);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], MessageDigest::Sha256(first));
  EXPECT_EQ(all[1], MessageDigest::Sha256(second));
  EXPECT_TRUE(MessageDigest::AllSha256({}).empty());
}

}  // namespace
}  // namespace intaglio
