// The contract of a token: what the core relies on, asked of a real module.
//
// Runs against a fresh SoftHSM token, or against any module named by INTAGLIO_P11_MODULE,
// INTAGLIO_P11_TOKEN (a label or a pkcs11: URI), INTAGLIO_P11_PIN_FILE and, for WRAPPED keys,
// INTAGLIO_P11_STORAGE_KEY. Keys it makes are destroyed again.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/file.h"
#include "base/rng.h"
#include "tests/contract/openssl_verify.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/key_generation.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/slot.h"
#include "tokens/pkcs11/spki.h"
#include "tokens/pkcs11/token.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::OpensslVerifies;
using testing_support::SoftHsm;

constexpr PoolLimits kThreeSessions{.max_sessions = 3, .cached_keys_per_session = 4};

KeyLabel Label(std::string_view text) { return KeyLabel::Create(text).value(); }

// Ids that no earlier run against the same token can have used.
KeyId FreshId() {
  SystemRng rng;
  return KeyId::Create(rng.Draw(16).value()).value();
}

KeyLabel FreshLabel() {
  SystemRng rng;
  return Label("contract-" + ToHex(rng.Draw(8).value()));
}

MessageDigest DigestOf(uint8_t fill, HashAlgorithm hash = HashAlgorithm::kSha256) {
  return MessageDigest::Create(hash, Bytes(DigestSize(hash), fill)).value();
}

Digest PlainDigest(uint8_t fill) {
  Digest out;
  out.fill(fill);
  return out;
}

std::string EnvironmentOr(const char* name, std::string otherwise) {
  const char* value = getenv(name);
  return value != nullptr && *value != 0 ? value : std::move(otherwise);
}

// The module and token of this run, shared by the suite: a process initialises a module once.
class TokenUnderTest {
 public:
  TokenUnderTest() {
    const char* external = getenv("INTAGLIO_P11_MODULE");
    if (external == nullptr || *external == 0) {
      auto made = SoftHsm::Create();
      if (!made.ok()) abort();
      softhsm_ = std::move(made).value();
    }
    module_path_ = softhsm_ ? softhsm_->module_path() : external;
    name_ = softhsm_ ? softhsm_->token_label() : EnvironmentOr("INTAGLIO_P11_TOKEN", "core");
    pin_path_ = softhsm_ ? softhsm_->pin_path() : EnvironmentOr("INTAGLIO_P11_PIN_FILE", "");
    storage_key_ =
        softhsm_ ? SoftHsm::storage_key_label() : EnvironmentOr("INTAGLIO_P11_STORAGE_KEY", "");
  }

  const std::string& module_path() const { return module_path_; }
  const std::string& storage_key() const { return storage_key_; }
  TokenSelector Selector() const { return TokenSelector::Parse(name_).value(); }
  SecretBytes Pin() const { return ReadSecretFile(pin_path_).value(); }

 private:
  std::unique_ptr<SoftHsm> softhsm_;
  std::string module_path_;
  std::string name_;
  std::string pin_path_;
  std::string storage_key_;
};

class TokenContract : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    under_test_ = new TokenUnderTest();
    auto module = Module::Load(under_test_->module_path());
    ASSERT_THAT(module, IsOk());
    module_ = std::move(module).value();
    auto token = Token::Open(module_, under_test_->Selector(), under_test_->Pin(), kThreeSessions);
    ASSERT_THAT(token, IsOk());
    token_ = std::move(token).value();
  }
  static void TearDownTestSuite() {
    token_.reset();
    module_.reset();
    delete under_test_;
  }

  // A session beside the pool's; the login is the whole process's.
  static std::unique_ptr<Session> RawSession() {
    const Module::Call call(*module_);
    const std::vector<SlotToken> slots = ReadSlots(module_->ck()).value();
    for (const SlotToken& slot : slots) {
      if (slot.token == token_->Describe()) return Session::Open(*module_, slot.slot, 1).value();
    }
    abort();
  }

  static inline TokenUnderTest* under_test_ = nullptr;
  static inline std::shared_ptr<Module> module_;
  static inline std::unique_ptr<Token> token_;
};

struct AlgorithmCase {
  KeyAlgorithm algorithm;
  const char* name;
  size_t signature_octets;
  std::vector<HashAlgorithm> hashes;
};

class TokenContractOf : public TokenContract, public testing::WithParamInterface<AlgorithmCase> {
 protected:
  static KeyAlgorithm Algorithm() { return GetParam().algorithm; }
  static bool IsEc() {
    return Algorithm() == KeyAlgorithm::kP256 || Algorithm() == KeyAlgorithm::kP384;
  }
  static MessageDigest Fill(uint8_t fill) { return DigestOf(fill, GetParam().hashes.front()); }
};

const std::vector<HashAlgorithm> kAnyHash = {HashAlgorithm::kSha256, HashAlgorithm::kSha384,
                                             HashAlgorithm::kSha512};

INSTANTIATE_TEST_SUITE_P(
    Algorithms, TokenContractOf,
    testing::Values(AlgorithmCase{KeyAlgorithm::kP256, "P256", 64, {HashAlgorithm::kSha256}},
                    AlgorithmCase{KeyAlgorithm::kP384, "P384", 96, {HashAlgorithm::kSha384}},
                    AlgorithmCase{KeyAlgorithm::kRsa3072, "Rsa3072", 384, kAnyHash},
                    AlgorithmCase{KeyAlgorithm::kRsa4096, "Rsa4096", 512, kAnyHash},
                    AlgorithmCase{KeyAlgorithm::kRsa3072Pss, "Rsa3072Pss", 384, kAnyHash},
                    AlgorithmCase{KeyAlgorithm::kRsa4096Pss, "Rsa4096Pss", 512, kAnyHash}),
    [](const auto& param) { return param.param.name; });

TEST_P(TokenContractOf, ResidentKeySignsAndItsOriginHolds) {
  const KeyId id = FreshId();
  auto key = token_->GenerateResident(Algorithm(), FreshLabel(), id);
  ASSERT_THAT(key, IsOk());
  EXPECT_THAT(CheckResidentOrigin(key->origin, Algorithm()), IsOk());
  EXPECT_TRUE(key->origin.local);
  EXPECT_TRUE(key->origin.always_sensitive);
  EXPECT_TRUE(key->origin.never_extractable);
  EXPECT_FALSE(key->origin.extractable);

  for (const HashAlgorithm hash : GetParam().hashes) {
    const std::vector<MessageDigest> digests = {DigestOf(1, hash), DigestOf(2, hash)};
    auto signatures = token_->SignResident(id, Algorithm(), Spki{key->spki_der}, digests);
    ASSERT_THAT(signatures, IsOk());
    ASSERT_EQ(signatures->size(), 2u);
    EXPECT_NE(signatures->at(0), signatures->at(1));
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(signatures->at(i).size(), GetParam().signature_octets);
      EXPECT_TRUE(OpensslVerifies(key->spki_der, Algorithm(), digests[i], signatures->at(i)));
      EXPECT_FALSE(OpensslVerifies(key->spki_der, Algorithm(), digests[1 - i], signatures->at(i)));
    }
  }
  for (const HashAlgorithm hash : kAnyHash) {
    if (std::ranges::count(GetParam().hashes, hash) != 0) continue;
    const MessageDigest refused[] = {Fill(1), DigestOf(1, hash)};
    EXPECT_THAT(token_->SignResident(id, Algorithm(), Spki{key->spki_der}, refused),
                FailsNaming(kTokenInputInvalid.id, NameOf(hash)));
  }
  EXPECT_THAT(token_->DestroyResident(id), IsOk());
}

TEST_P(TokenContractOf, WrappedKeySignsAndItsOriginHolds) {
  if (under_test_->storage_key().empty()) GTEST_SKIP() << "INTAGLIO_P11_STORAGE_KEY is not set";
  const KeyLabel storage = Label(under_test_->storage_key());
  auto made = token_->GenerateWrapped(Algorithm(), storage);
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(CheckWrappedOrigin(made->key.origin, Algorithm()), IsOk());
  EXPECT_TRUE(made->key.origin.wrap_with_trusted);
  EXPECT_TRUE(made->key.origin.extractable);
  EXPECT_FALSE(made->key.origin.never_extractable);

  const std::vector<MessageDigest> digests = {Fill(4), Fill(5)};
  const KeyId id = FreshId();
  auto signatures = token_->SignWrapped(id, WrappedKey{made->wrapped}, Algorithm(), storage,
                                        Spki{made->key.spki_der}, digests);
  ASSERT_THAT(signatures, IsOk());
  ASSERT_EQ(signatures->size(), 2u);
  EXPECT_EQ(signatures->at(0).size(), GetParam().signature_octets);
  EXPECT_TRUE(OpensslVerifies(made->key.spki_der, Algorithm(), digests[0], signatures->at(0)));
}

TEST_P(TokenContractOf, ResidentKeyNeitherLeavesNorShowsItself) {
  const KeyId id = FreshId();
  ASSERT_THAT(token_->GenerateResident(Algorithm(), FreshLabel(), id), IsOk());
  {
    auto session = RawSession();
    auto key = FindResidentKey(*session, id);
    ASSERT_THAT(key, IsOk());
    const bool is_ec = IsEc();
    EXPECT_THAT(ReadOctets(*session, *key, is_ec ? CKA_VALUE : CKA_PRIVATE_EXPONENT),
                FailsWith(kKeyUseRefused));
    if (!is_ec) {
      EXPECT_THAT(ReadOctets(*session, *key, CKA_PRIME_1), FailsWith(kKeyUseRefused));
    }
    if (!under_test_->storage_key().empty()) {
      auto wrapping = FindSecretKeyObject(*session, Label(under_test_->storage_key()));
      ASSERT_THAT(wrapping, IsOk());
      CK_MECHANISM mechanism{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
      CK_ULONG size = 4096;
      Bytes out(size);
      EXPECT_THAT(FromCk("C_WrapKey", session->ck().C_WrapKey(session->handle(), &mechanism,
                                                              *wrapping, *key, out.data(), &size)),
                  FailsWith(kKeyUseRefused));
    }
    // Nor can it be made extractable, or decrypt.
    AttributeTemplate laxer;
    laxer.True(CKA_EXTRACTABLE);
    EXPECT_NE(session->ck().C_SetAttributeValue(session->handle(), *key, laxer.get(), laxer.size()),
              CKR_OK);
    AttributeTemplate lax_copy;
    lax_copy.False(CKA_TOKEN).True(CKA_EXTRACTABLE);
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
    EXPECT_NE(
        session->ck().C_CopyObject(session->handle(), *key, lax_copy.get(), lax_copy.size(), &copy),
        CKR_OK);
  }
  EXPECT_THAT(token_->DestroyResident(id), IsOk());
}

TEST_P(TokenContractOf, SignatureThatDoesNotFitTheRecordsPublicKeyIsNeverReturned) {
  const KeyId ours = FreshId();
  const KeyId other = FreshId();
  auto key = token_->GenerateResident(Algorithm(), FreshLabel(), ours);
  auto another = token_->GenerateResident(Algorithm(), FreshLabel(), other);
  ASSERT_THAT(key, IsOk());
  ASSERT_THAT(another, IsOk());
  const MessageDigest digest[] = {Fill(9)};
  EXPECT_THAT(token_->SignResident(ours, Algorithm(), Spki{another->spki_der}, digest),
              FailsWith(kOwnSignatureWrong));
  EXPECT_THAT(token_->SignResident(ours, Algorithm(), Spki{key->spki_der}, digest), IsOk());
  EXPECT_THAT(token_->DestroyResident(ours), IsOk());
  EXPECT_THAT(token_->DestroyResident(other), IsOk());
}

TEST_P(TokenContractOf, TamperedWrappedKeyIsRefused) {
  if (under_test_->storage_key().empty()) GTEST_SKIP() << "INTAGLIO_P11_STORAGE_KEY is not set";
  const KeyLabel storage = Label(under_test_->storage_key());
  auto made = token_->GenerateWrapped(Algorithm(), storage);
  ASSERT_THAT(made, IsOk());
  const MessageDigest digest[] = {Fill(9)};
  const KeyId id = FreshId();
  const auto sign = [&](const Bytes& wrapped) {
    return token_->SignWrapped(id, WrappedKey{wrapped}, Algorithm(), storage,
                               Spki{made->key.spki_der}, digest);
  };
  for (const size_t at :
       {size_t{0}, size_t{7}, made->wrapped.size() / 2, made->wrapped.size() - 1}) {
    Bytes tampered = made->wrapped;
    tampered[at] ^= 0x01;
    EXPECT_THAT(sign(tampered), FailsWith(kWrappedKeyInvalid)) << at;
  }
  Bytes shorter(made->wrapped.begin(), made->wrapped.end() - 8);
  EXPECT_THAT(sign(shorter), FailsWith(kWrappedKeyInvalid));
  EXPECT_THAT(sign(Bytes(made->wrapped.begin(), made->wrapped.end() - 1)),
              FailsWith(kWrappedKeyInvalid));
  EXPECT_THAT(sign({}), FailsWith(kWrappedKeyInvalid));
  EXPECT_THAT(sign(made->wrapped), IsOk());
  Bytes tampered = made->wrapped;
  tampered[9] ^= 0x01;
  EXPECT_THAT(sign(tampered), FailsWith(kWrappedKeyInvalid)) << "though its key is alive";
  EXPECT_THAT(sign(made->wrapped), IsOk());
}

TEST_F(TokenContract, SaysWhatItIs) {
  const TokenDescription& token = token_->Describe();
  EXPECT_FALSE(token.label.empty());
  EXPECT_FALSE(token.serial.empty());
  EXPECT_FALSE(token.manufacturer.empty());
  EXPECT_FALSE(token.model.empty());
  EXPECT_NE(token.hardware_version.find('.'), std::string::npos);
  EXPECT_NE(token.firmware_version.find('.'), std::string::npos);
  EXPECT_THAT(token_->Probe(), IsOk());
}

TEST_F(TokenContract, DestroyedKeyIsGoneFromEverySession) {
  const KeyId id = FreshId();
  auto key = token_->GenerateResident(KeyAlgorithm::kP256, FreshLabel(), id);
  ASSERT_THAT(key, IsOk());
  const MessageDigest digest[] = {DigestOf(7)};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        EXPECT_THAT(token_->SignResident(id, KeyAlgorithm::kP256, Spki{key->spki_der}, digest),
                    IsOk());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_THAT(token_->DestroyResident(id), IsOk());
  for (int i = 0; i < 6; ++i) {
    EXPECT_THAT(token_->SignResident(id, KeyAlgorithm::kP256, Spki{key->spki_der}, digest),
                FailsWith(kKeyNotFound));
  }
  EXPECT_THAT(token_->DestroyResident(id), FailsWith(kKeyNotFound));
}

TEST_F(TokenContract, UnknownKeyAndTakenId) {
  const KeyId id = FreshId();
  const MessageDigest digest[] = {DigestOf(7)};
  auto key = token_->GenerateResident(KeyAlgorithm::kP256, FreshLabel(), id);
  ASSERT_THAT(key, IsOk());
  EXPECT_THAT(token_->SignResident(FreshId(), KeyAlgorithm::kP256, Spki{key->spki_der}, digest),
              FailsWith(kKeyNotFound));
  EXPECT_THAT(token_->GenerateResident(KeyAlgorithm::kP256, FreshLabel(), id),
              FailsWith(kKeyExists));
  EXPECT_THAT(token_->SignResident(id, KeyAlgorithm::kRsa3072, Spki{key->spki_der}, digest),
              FailsWith(kPublicKeyInvalid));
  EXPECT_THAT(token_->SignResident(id, KeyAlgorithm::kP256, Spki{}, digest),
              FailsWith(kPublicKeyInvalid));
  EXPECT_THAT(token_->SignResident(id, KeyAlgorithm::kP256, Spki{key->spki_der}, {}),
              FailsWith(kTokenInputInvalid));
  EXPECT_THAT(token_->DestroyResident(id), IsOk());
}

TEST_F(TokenContract, VerifiesP256AndTellsWrongFromMalformed) {
  const KeyId id = FreshId();
  auto key = token_->GenerateResident(KeyAlgorithm::kP256, FreshLabel(), id);
  ASSERT_THAT(key, IsOk());
  const MessageDigest digest[] = {DigestOf(8)};
  auto signatures = token_->SignResident(id, KeyAlgorithm::kP256, Spki{key->spki_der}, digest);
  ASSERT_THAT(signatures, IsOk());
  const Bytes& good = signatures->front();
  const ByteView point = ByteView(key->spki_der).last(65);
  const Digest signed_digest = PlainDigest(8);
  const auto verify = [&](ByteView p, const Digest& d, ByteView s) {
    return token_->VerifyP256(P256Point{p}, d, P256Signature{s});
  };
  EXPECT_THAT(verify(point, signed_digest, good), IsOk());
  EXPECT_THAT(verify(point, PlainDigest(1), good), FailsWith(kSignatureWrong));
  Bytes flipped = good;
  flipped[40] ^= 0x80;
  EXPECT_THAT(verify(point, signed_digest, flipped), FailsWith(kSignatureWrong));
  EXPECT_FALSE(verify(point, signed_digest, Bytes(64, 0)).ok());
  EXPECT_FALSE(verify(point, signed_digest, Bytes(64, 0xff)).ok());
  EXPECT_THAT(verify(point, signed_digest, ByteView(good).first(63)),
              FailsWith(kSignatureUnverifiable));
  EXPECT_THAT(verify(point.first(64), signed_digest, good), FailsWith(kSignatureUnverifiable));
  EXPECT_THAT(verify({}, signed_digest, good), FailsWith(kSignatureUnverifiable));
  Bytes compressed = ToBytes(point);
  compressed[0] = 0x02;
  EXPECT_THAT(verify(compressed, signed_digest, good), FailsWith(kSignatureUnverifiable));
  Bytes off_curve = ToBytes(point);
  off_curve[64] ^= 1;
  EXPECT_FALSE(verify(off_curve, signed_digest, good).ok());
  EXPECT_THAT(verify(point, signed_digest, good), IsOk()) << "the refusals left the session usable";
  EXPECT_THAT(token_->DestroyResident(id), IsOk());
}

TEST_F(TokenContract, SecretKeySealsAndOpens) {
  const KeyLabel label = FreshLabel();
  EXPECT_THAT(token_->FindSecretKey(label), FailsWith(kKeyNotFound));
  ASSERT_THAT(token_->GenerateSecretKey(label), IsOk());
  EXPECT_THAT(token_->GenerateSecretKey(label), FailsWith(kKeyExists));
  EXPECT_THAT(token_->FindSecretKey(label), IsOk());
  const GcmNonce nonce{{1, 2, 3}};
  for (const size_t size : {size_t{0}, size_t{1}, size_t{16}, size_t{600}, size_t{100000}}) {
    const Bytes text(size, 0x5a);
    auto sealed = token_->SealGcm(label, nonce, Aad{AsBytes("aad")}, text);
    ASSERT_THAT(sealed, IsOk());
    EXPECT_EQ(sealed->size(), size + 16);
    auto opened = token_->OpenGcm(label, nonce, Aad{AsBytes("aad")}, *sealed);
    ASSERT_THAT(opened, IsOk()) << size;
    EXPECT_EQ(*opened, text);
  }
  EXPECT_THAT(token_->DestroySecretKey(label), IsOk());
  EXPECT_THAT(token_->FindSecretKey(label), FailsWith(kKeyNotFound));
  EXPECT_THAT(token_->SealGcm(label, nonce, Aad{}, {}), FailsWith(kKeyNotFound));
}

TEST_F(TokenContract, BrokenSealIsRefused) {
  const KeyLabel label = FreshLabel();
  const KeyLabel other = FreshLabel();
  ASSERT_THAT(token_->GenerateSecretKey(label), IsOk());
  ASSERT_THAT(token_->GenerateSecretKey(other), IsOk());
  const GcmNonce nonce{{9}};
  const Bytes text(100, 1);
  const Bytes sealed = token_->SealGcm(label, nonce, Aad{AsBytes("id")}, text).value();
  const auto open = [&](const KeyLabel& key, const GcmNonce& n, std::string_view aad,
                        const Bytes& s) { return token_->OpenGcm(key, n, Aad{AsBytes(aad)}, s); };
  for (const size_t at : {size_t{0}, size_t{50}, size_t{99}, size_t{100}, size_t{115}}) {
    Bytes tampered = sealed;
    tampered[at] ^= 1;
    EXPECT_THAT(open(label, nonce, "id", tampered), FailsWith(kSealBroken)) << at;
  }
  EXPECT_THAT(open(label, GcmNonce{{8}}, "id", sealed), FailsWith(kSealBroken));
  EXPECT_THAT(open(label, nonce, "ie", sealed), FailsWith(kSealBroken));
  EXPECT_THAT(open(label, nonce, "", sealed), FailsWith(kSealBroken));
  EXPECT_THAT(open(other, nonce, "id", sealed), FailsWith(kSealBroken));
  EXPECT_THAT(open(label, nonce, "id", Bytes(15, 0)), FailsWith(kSealBroken));
  EXPECT_THAT(open(label, nonce, "id", Bytes(16, 0)), FailsWith(kSealBroken));
  EXPECT_THAT(open(label, nonce, "id", sealed), IsOk()) << "the refusals left the session usable";
  EXPECT_THAT(token_->SealGcm(label, nonce, Aad{}, Bytes((1 << 20) + 1)),
              FailsWith(kTokenInputInvalid));
  EXPECT_THAT(token_->DestroySecretKey(label), IsOk());
  EXPECT_THAT(token_->DestroySecretKey(other), IsOk());
}

TEST_F(TokenContract, KeyThatIsNotTrustedDoesNotWrap) {
  const KeyLabel label = FreshLabel();
  ASSERT_THAT(token_->GenerateSecretKey(label), IsOk());
  EXPECT_THAT(token_->GenerateWrapped(KeyAlgorithm::kP256, label), FailsWith(kStorageKeyUntrusted));
  EXPECT_THAT(token_->DestroySecretKey(label), IsOk());
  EXPECT_THAT(token_->GenerateWrapped(KeyAlgorithm::kP256, label), FailsWith(kKeyNotFound));
}

TEST_F(TokenContract, RandomOctetsDiffer) {
  Bytes first(32), second(32);
  ASSERT_THAT(token_->GenerateRandom(first), IsOk());
  ASSERT_THAT(token_->GenerateRandom(second), IsOk());
  EXPECT_NE(first, second);
}

TEST_F(TokenContract, EightThreadsShareThreeSessions) {
  const KeyId id = FreshId();
  auto key = token_->GenerateResident(KeyAlgorithm::kP256, FreshLabel(), id);
  ASSERT_THAT(key, IsOk());
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const MessageDigest digest[] = {DigestOf(static_cast<uint8_t>(i))};
      for (int j = 0; j < 200; ++j) {
        auto signatures =
            token_->SignResident(id, KeyAlgorithm::kP256, Spki{key->spki_der}, digest);
        EXPECT_THAT(signatures, IsOk());
        if (signatures.ok() && signatures->size() == 1) ++done;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 1600);
  EXPECT_LE(token_->Health().sessions_open, 3u);
  EXPECT_THAT(token_->DestroyResident(id), IsOk());
}

TEST_F(TokenContract, LostSessionsAreReplacedAndTheCallSucceeds) {
  const KeyId id = FreshId();
  auto key = token_->GenerateResident(KeyAlgorithm::kP256, FreshLabel(), id);
  ASSERT_THAT(key, IsOk());
  const MessageDigest digest[] = {DigestOf(7)};
  const auto sign = [&] {
    return token_->SignResident(id, KeyAlgorithm::kP256, Spki{key->spki_der}, digest);
  };
  ASSERT_THAT(sign(), IsOk());
  const uint64_t before = token_->Health().sessions_discarded;
  {
    auto raw = RawSession();
    ASSERT_EQ(module_->ck().C_CloseAllSessions(raw->slot()), CKR_OK);
    raw->Abandon();
  }
  EXPECT_THAT(sign(), IsOk()) << "closing every session also logged us out";
  EXPECT_GT(token_->Health().sessions_discarded, before);

  {
    auto raw = RawSession();
    ASSERT_EQ(module_->ck().C_Logout(raw->handle()), CKR_OK);
  }
  EXPECT_THAT(sign(), IsOk()) << "somebody logged us out";
  EXPECT_THAT(token_->DestroyResident(id), IsOk());
}

TEST_F(TokenContract, RecoversThroughReinitialisationWhileThreadsSign) {
  const KeyId id = FreshId();
  auto key = token_->GenerateResident(KeyAlgorithm::kP256, FreshLabel(), id);
  ASSERT_THAT(key, IsOk());
  const uint64_t generation = module_->generation();
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const MessageDigest digest[] = {DigestOf(7)};
      while (!stop) {
        auto result = token_->SignResident(id, KeyAlgorithm::kP256, Spki{key->spki_der}, digest);
        EXPECT_THAT(result, IsOk());
        if (!result.ok()) ++failed;
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(module_->Reinitialise(), IsOk());
    EXPECT_THAT(token_->Probe(), IsOk());
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(module_->generation(), generation + 5);
  EXPECT_THAT(token_->DestroyResident(id), IsOk());
}

TEST_F(TokenContract, OneOwnerAProcess) {
  EXPECT_THAT(Module::Load(under_test_->module_path()), FailsWith(kModuleInUse));
  EXPECT_THAT(Token::Open(module_, under_test_->Selector(), under_test_->Pin(), kThreeSessions),
              FailsWith(kTokenInUse));
}

TEST_F(TokenContract, MissingTokenNamesWhatWasFound) {
  auto missing = TokenSelector::Parse("pkcs11:token=no-such-token");
  ASSERT_THAT(missing, IsOk());
  EXPECT_THAT(Token::Open(module_, *missing, under_test_->Pin(), kThreeSessions),
              FailsNaming(kTokenNotFound.id, token_->Describe().label));
}

TEST_F(TokenContract, LimitsOutOfBounds) {
  for (const PoolLimits limits : {PoolLimits{0, 1}, PoolLimits{1025, 1}, PoolLimits{1, 0}}) {
    EXPECT_THAT(Token::Open(module_, under_test_->Selector(), under_test_->Pin(), limits),
                FailsWith(kTokenInputInvalid));
  }
}

// Last, since it closes the token. Three wrong PINs could lock a real one, so it tries a single
// one.
TEST_F(TokenContract, WrongPinIsRefusedAndTheRightOneStillWorks) {
  token_.reset();
  const SecretBytes wrong = SecretBytes::CopyOf(AsBytes("not-the-pin"));
  EXPECT_THAT(Token::Open(module_, under_test_->Selector(), wrong, kThreeSessions),
              FailsWith(kPinIncorrect));
  EXPECT_THAT(Token::Open(module_, under_test_->Selector(), SecretBytes(), kThreeSessions),
              FailsWith(kPinMalformed));
  auto token = Token::Open(module_, under_test_->Selector(), under_test_->Pin(), kThreeSessions);
  ASSERT_THAT(token, IsOk());
  token_ = std::move(token).value();
}

}  // namespace
}  // namespace intaglio::tokens
