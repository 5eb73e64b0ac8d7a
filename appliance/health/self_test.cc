#include "appliance/health/self_test.h"

#include <algorithm>

#include "appliance/crypto/aead.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/crypto/rsa.h"
#include "appliance/health/checked_rng.h"
#include "appliance/health/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kRandomOctets = 2048;

Bytes Hex(std::string_view text) { return FromHex(text).value_or(Bytes()); }

Status Compare(ByteView found, std::string_view expected_hex) {
  if (ToHex(found) == expected_hex) return OkStatus();
  return Fail(kSelfTestFailed, "found " + ToHex(found));
}

// FIPS 180-4
Status TestSha256() {
  return Compare(Sha256(AsBytes("abc")),
                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231, case 2
Status TestHmac() {
  return Compare(HmacSha256(AsBytes("Jefe"), AsBytes("what do ya want for nothing?")),
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// RFC 5869, case 1
Status TestHkdf() {
  const SecretBytes derived = HkdfSha256(Bytes(22, 0x0b), Hex("000102030405060708090a0b0c"),
                                         Hex("f0f1f2f3f4f5f6f7f8f9"), 42);
  return Compare(derived.Expose(),
                 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                 "34007208d5b887185865");
}

// McGrew and Viega, case 14
Status TestGcm() {
  const SecretBytes key(32);
  const GcmIv iv{};
  Bytes sealed = GcmSeal(key, iv, {}, Bytes(16));
  RETURN_IF_ERROR(
      Compare(sealed, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));
  if (GcmOpen(key, iv, {}, sealed) != Bytes(16)) return Fail(kSelfTestFailed, "does not open");
  sealed.back() ^= 1;
  if (GcmOpen(key, iv, {}, sealed)) return Fail(kSelfTestFailed, "a wrong tag opens");
  return OkStatus();
}

// RFC 6979, A.2.5, SHA-256 of "sample"
Status TestEcdsa() {
  const Bytes point_octets =
      Hex("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
          "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const Bytes signature_octets =
      Hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
          "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  P256Point point{};
  P256Signature signature{};
  if (point_octets.size() != point.size() || signature_octets.size() != signature.size()) {
    return Fail(kSelfTestFailed, "the vector is unreadable");
  }
  std::ranges::copy(point_octets, point.begin());
  std::ranges::copy(signature_octets, signature.begin());
  if (!VerifyEs256InSoftware(point, Sha256(AsBytes("sample")), signature)) {
    return Fail(kSelfTestFailed, "a right signature does not verify");
  }
  if (VerifyEs256InSoftware(point, Sha256(AsBytes("Sample")), signature)) {
    return Fail(kSelfTestFailed, "a wrong signature verifies");
  }
  return OkStatus();
}

// "abc" signed by OpenSSL 3 with a key of 2,048 bits that was then thrown away.
Status TestRsa() {
  const Bytes spki = Hex(
      "30820122300d06092a864886f70d01010105000382010f003082010a0282010100aa81d2443026c73cd2b777eb"
      "0473aa04310eca8fad1b22beaafafa7ace0ba31e5ed1d66748050438d2e59f266cc89d22a5c5d47beb90bc9728"
      "2f905629532112a4fa6daf6caf8d90e652aecf12b4cb404377d38f603c8c6a95b97506f0012aac3946ebd6f18f"
      "c6c7c8b0c42c14d249253070d7c7b2de09cf23fa1ed8d4c95fd328806e485d98a01d14b82f4f910bcc327dc6b9"
      "015ba50cfff033eb19c17ec4012ffef06616f18e750c287926f132d865ccd854b0a5e2204b36d62afed246dfdd"
      "ea787588583b2247499ef71e500e867f1a6deb10d84615fed093bd954d4c4f075a60ed26e29b9ba9e5a75e8c47"
      "075134023b4bd570cf92ae6b6f9f1903ef18c10203010001");
  Bytes signature = Hex(
      "0664a4b5fc71a82075195f942649808738653edbc212ff7ca93da88959aa5df2742c686c7babbb46e374a2fc8f"
      "ed5f058546d5828bb2e4ba3e07ba76e9a9eba5169d72d603b877a8cf2cd4efc42f049e69ff1c57f2a7aa02bc39"
      "f5606ad0496b7b1692ed75d6216a0fe74451a76777dc92bf0519a7c0f1537c8d65dca6d229148b4b367ba70a1e"
      "589e712250182f8b5da1b6fc9ab8b4b65a05b439c6cbe883a6d7584dab255698b2d9110a165f5795aad460f519"
      "2c5b1cff3b25be0c728f688655df440fcddaceaecd08347b8a8523ffaaf58de0bb899af108b86512028655ab80"
      "b73cd54528aedb7f4cfa792f6e5abd71f4ffb1f56aba0c5cfa26b029c384ef");
  if (!VerifyRs256InSoftware(spki, Sha256(AsBytes("abc")), signature)) {
    return Fail(kSelfTestFailed, "a right signature does not verify");
  }
  signature.back() ^= 1;
  if (VerifyRs256InSoftware(spki, Sha256(AsBytes("abc")), signature)) {
    return Fail(kSelfTestFailed, "a wrong signature verifies");
  }
  return OkStatus();
}

}  // namespace

std::vector<SelfTestLine> TestSoftware() {
  return {{"SHA-256", TestSha256()},
          {"HMAC-SHA-256", TestHmac()},
          {"HKDF-SHA-256", TestHkdf()},
          {"AES-256-GCM", TestGcm()},
          {"ECDSA P-256 verification", TestEcdsa()},
          {"RSA PKCS#1 v1.5 verification", TestRsa()}};
}

Status Verdict(const std::vector<SelfTestLine>& lines) {
  for (const SelfTestLine& each : lines) {
    if (!each.outcome.ok()) {
      return Fail(kSelfTestFailed, each.name + ": " + PublicDetailOf(each.outcome));
    }
  }
  return OkStatus();
}

Status TestPairwise(tokens::TokenKeys& token, const tokens::KeyId& id, ByteView spki, Rng& rng) {
  Digest digest{};
  RETURN_IF_ERROR(rng.Fill(digest));
  ASSIGN_OR_RETURN(const MessageDigest message,
                   MessageDigest::Create(HashAlgorithm::kSha256, digest));
  ASSIGN_OR_RETURN(const auto signatures, token.SignResident(id, tokens::KeyAlgorithm::kP256,
                                                             {spki}, std::span(&message, 1)));
  const auto point = PointOfSpki(spki);
  P256Signature signature{};
  if (!point || signatures.size() != 1 || signatures.front().size() != signature.size()) {
    return Fail(kSelfTestFailed, "the new key or its signature has another form");
  }
  std::ranges::copy(signatures.front(), signature.begin());
  if (VerifyEs256InSoftware(*point, digest, signature)) return OkStatus();
  return Fail(kSelfTestFailed, "the new key's signature does not verify under its public key");
}

Status SelfTest::TestTokenSeal() {
  tokens::GcmNonce nonce;
  RETURN_IF_ERROR(rng_.Fill(nonce.octets));
  const Bytes plain(32, 0x5a);
  const std::string_view context = "intaglio/self-test";
  ASSIGN_OR_RETURN(Bytes sealed, token_.SealGcm(sealing_, nonce, {AsBytes(context)}, plain));
  ASSIGN_OR_RETURN(const Bytes opened, token_.OpenGcm(sealing_, nonce, {AsBytes(context)}, sealed));
  if (opened != plain) return Fail(kSelfTestFailed, "what was sealed opens as something else");
  sealed.back() ^= 1;
  if (token_.OpenGcm(sealing_, nonce, {AsBytes(context)}, sealed).ok()) {
    return Fail(kSelfTestFailed, "a wrong tag opens");
  }
  return OkStatus();
}

Status SelfTest::TestTokenSignature() {
  ASSIGN_OR_RETURN(const Bytes id_octets, rng_.Draw(16));
  ASSIGN_OR_RETURN(const auto id, tokens::KeyId::Create(id_octets));
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create("self-test"));
  ASSIGN_OR_RETURN(const auto key, token_.GenerateResident(tokens::KeyAlgorithm::kP256, label, id));
  const Status pairwise = TestPairwise(token_, id, key.spki_der, rng_);
  const Status destroyed = token_.DestroyResident(id);
  return pairwise.ok() ? destroyed : pairwise;
}

Status SelfTest::TestTokenRandom() {
  Bytes octets(kRandomOctets);
  RETURN_IF_ERROR(token_.GenerateRandom(octets));
  EntropyTests tests;
  return tests.Feed(octets);
}

Status SelfTest::TestSystemRandom() {
  ASSIGN_OR_RETURN(const Bytes octets, rng_.Draw(kRandomOctets));
  EntropyTests tests;
  return tests.Feed(octets);
}

std::vector<SelfTestLine> SelfTest::Run() {
  std::lock_guard lock(mutex_);
  const uint64_t entries = errors_.Entries();
  std::vector<SelfTestLine> lines = TestSoftware();
  lines.push_back({"token: AES-256-GCM", TestTokenSeal()});
  lines.push_back({"token: ECDSA P-256 pairwise consistency", TestTokenSignature()});
  lines.push_back({"token: random octets", TestTokenRandom()});
  lines.push_back({"system: random octets", TestSystemRandom()});
  const Status verdict = Verdict(lines);
  const auto written = journal_.Append({.type = EventType::kSelfTest,
                                        .count = static_cast<uint32_t>(lines.size()),
                                        .reason_id = ReasonIdOf(verdict),
                                        .note = verdict.ok() ? "passed" : DetailOf(verdict)});
  lines.push_back({"journal", written.status()});
  if (!written.ok()) errors_.Enter(ErrorCause::kJournal, written.status());
  if (!verdict.ok()) errors_.Enter(ErrorCause::kSelfTest, verdict);
  if (verdict.ok() && written.ok()) errors_.Leave(entries);
  return lines;
}

}  // namespace intaglio::appliance
