#include "tokens/openssl/token_key_store.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <atomic>
#include <thread>

#include "base/bytes.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"
#include "tokens/openssl/key_pair_generation.h"
#include "tokens/openssl/module_context.h"
#include "tokens/openssl/reasons.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::SoftHsm;

using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Signs with the token, verifies with a software copy of the public key.
bool SignsAndVerifies(EVP_PKEY* key, std::string_view text) {
  const ByteView octets = AsBytes(text);
  const ContextPtr signing(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Bytes signature(256);
  size_t size = signature.size();
  if (EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(signing.get(), signature.data(), &size, octets.data(), octets.size()) != 1) {
    return false;
  }
  unsigned char* spki = nullptr;
  const int spki_size = i2d_PUBKEY(key, &spki);
  const unsigned char* at = spki;
  const KeyPtr public_key(d2i_PUBKEY(nullptr, &at, spki_size), &EVP_PKEY_free);
  OPENSSL_free(spki);
  if (!public_key) return false;
  const ContextPtr verifying(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(verifying.get(), nullptr, EVP_sha256(), nullptr, public_key.get()) ==
             1 &&
         EVP_DigestVerify(verifying.get(), signature.data(), size, octets.data(), octets.size()) ==
             1;
}

class TokenKeyStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto softhsm = SoftHsm::CreateBare("host");
    ASSERT_THAT(softhsm, IsOk());
    softhsm_ = std::move(softhsm).value();
    auto store = Open();
    ASSERT_THAT(store, IsOk());
    store_ = std::move(store).value();
  }
  TokenAddress Address() const { return {softhsm_->module_path(), softhsm_->token_label()}; }
  StatusOr<std::unique_ptr<TokenKeyStore>> Open() {
    return TokenKeyStore::Open(Address(), softhsm_->Pin());
  }

  std::unique_ptr<SoftHsm> softhsm_;
  std::unique_ptr<TokenKeyStore> store_;
};

TEST_F(TokenKeyStoreTest, GeneratedKeySigns) {
  ASSERT_THAT(store_->GenerateP256("audit-seal"), IsOk());
  auto lease = store_->Find("audit-seal");
  ASSERT_THAT(lease, IsOk());
  EXPECT_EQ(EVP_PKEY_get_bits(lease->get()), 256);
  EXPECT_TRUE(SignsAndVerifies(lease->get(), "text"));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(TokenKeyStoreTest, FindsTheRightOneOfSeveral) {
  ASSERT_THAT(store_->GenerateP256("first"), IsOk());
  ASSERT_THAT(store_->GenerateP256("second"), IsOk());
  auto first = store_->Find("first");
  auto second = store_->Find("second");
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(EVP_PKEY_eq(first->get(), second->get()), 1);
  EXPECT_TRUE(SignsAndVerifies(first->get(), "a"));
  EXPECT_TRUE(SignsAndVerifies(second->get(), "b"));
}

TEST_F(TokenKeyStoreTest, MissingKeyNamesWhatIsThere) {
  EXPECT_THAT(store_->Find("audit-seal"), FailsNaming(kStoreKeyNotFound.id, "none"));
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  EXPECT_THAT(store_->Find("audit-seal"), FailsNaming(kStoreKeyNotFound.id, "'root'"));
  EXPECT_THAT(store_->Find("roo"), FailsWith(kStoreKeyNotFound));
}

TEST_F(TokenKeyStoreTest, LabelIsTakenOnce) {
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  EXPECT_THAT(store_->GenerateP256("root"), FailsWith(kStoreKeyExists));
  for (const std::string& label : {std::string(), std::string(65, 'x'), std::string("a\nb")}) {
    EXPECT_THAT(store_->GenerateP256(label), FailsWith(kStoreInputInvalid)) << label;
  }
}

TEST_F(TokenKeyStoreTest, LeaseOutlivesItsStore) {
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  auto lease = store_->Find("root");
  ASSERT_THAT(lease, IsOk());
  store_.reset();
  EXPECT_TRUE(SignsAndVerifies(lease->get(), "text"));
}

TEST_F(TokenKeyStoreTest, StoresShareTheModule) {
  auto second = Open();
  ASSERT_THAT(second, IsOk());
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  store_.reset();
  auto lease = (*second)->Find("root");
  ASSERT_THAT(lease, IsOk());
  EXPECT_TRUE(SignsAndVerifies(lease->get(), "text"));
}

TEST_F(TokenKeyStoreTest, ManyThreadsSign) {
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  auto lease = store_->Find("root");
  ASSERT_THAT(lease, IsOk());
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) good += SignsAndVerifies(lease->get(), std::to_string(j));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

TEST_F(TokenKeyStoreTest, ReloadWaitsForNobody) {
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  {
    auto lease = store_->Find("root");
    ASSERT_THAT(lease, IsOk());
    EXPECT_THAT(store_->Reload(), FailsWith(kStoreBusy));
    EXPECT_TRUE(SignsAndVerifies(lease->get(), "text"));
  }
  ASSERT_THAT(store_->Reload(), IsOk());
  auto lease = store_->Find("root");
  ASSERT_THAT(lease, IsOk());
  EXPECT_TRUE(SignsAndVerifies(lease->get(), "text"));
}

TEST_F(TokenKeyStoreTest, TokenThatVanishedIsReported) {
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  const std::string config = softhsm_->config_path();
  setenv("SOFTHSM2_CONF", "/no/such/softhsm2.conf", 1);
  EXPECT_FALSE(store_->Reload().ok());
  EXPECT_THAT(store_->Find("root"), FailsWith(kStoreModule));
  EXPECT_THAT(store_->GenerateP256("other"), FailsWith(kStoreModule));
  setenv("SOFTHSM2_CONF", config.c_str(), 1);
  EXPECT_THAT(store_->Reload(), IsOk());
  EXPECT_THAT(store_->Find("root"), IsOk());
}

TEST_F(TokenKeyStoreTest, WhatCannotBeOpenedIsNamed) {
  store_.reset();
  EXPECT_THAT(TokenKeyStore::Open({softhsm_->module_path(), "other"}, softhsm_->Pin()),
              FailsNaming(kStoreTokenNotFound.id, "'host'"));
  EXPECT_THAT(TokenKeyStore::Open(Address(), SecretBytes::CopyOf(AsBytes("wrong-pin"))),
              FailsNaming(kStoreLogin.id, "'host'"));
  EXPECT_THAT(TokenKeyStore::Open(Address(), SecretBytes()), FailsWith(kStoreInputInvalid));
  EXPECT_THAT(TokenKeyStore::Open({"/no/such/module.so", "host"}, softhsm_->Pin()),
              FailsNaming(kStoreModule.id, "/no/such/module.so"));
  EXPECT_THAT(TokenKeyStore::Open({"libsofthsm2.so", "host"}, softhsm_->Pin()),
              FailsNaming(kStoreModule.id, "absolute"));
  EXPECT_THAT(Open(), IsOk());
}

TEST_F(TokenKeyStoreTest, TwoKeysOfOneNameAreNotChosenBetween) {
  ASSERT_THAT(store_->GenerateP256("root"), IsOk());
  const auto context = ModuleContext::Share(softhsm_->module_path());
  ASSERT_THAT(context, IsOk());
  for (PKCS11_SLOT& slot : (*context)->slots()) {
    if (!slot.token->initialized) continue;
    const LiveSlot where{softhsm_->module_path(), PKCS11_get_slotid_from_slot(&slot)};
    ASSERT_THAT(GenerateP256Pair(where, "root", PairId{AsBytes("another id")}), IsOk());
  }
  EXPECT_THAT(store_->Find("root"), FailsWith(kStoreKeyAmbiguous));
}

TEST_F(TokenKeyStoreTest, GenerationInNoSlotFails) {
  EXPECT_THAT(GenerateP256Pair({softhsm_->module_path(), 0x7fffffff}, "x", PairId{AsBytes("id")}),
              FailsNaming(kStoreFailure.id, "C_OpenSession"));
  EXPECT_THAT(GenerateP256Pair({"/no/such/module.so", 0}, "x", PairId{AsBytes("id")}),
              FailsNaming(kStoreFailure.id, "not loaded"));
}

TEST(KeyStoreReasons, IdsAreInOrder) {
  std::string_view last;
  for (const Reason* reason : kKeyStoreReasons) {
    EXPECT_LT(last, reason->id);
    last = reason->id;
  }
}

}  // namespace
}  // namespace intaglio::tokens
