#include "tokens/pkcs11/session_pool.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/key_generation.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/signing.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::SoftHsm;

TEST(HandleCache, GivesUpTheLeastRecentlyUsed) {
  CacheCounters counters;
  HandleCache cache(2, counters);
  EXPECT_TRUE(cache.Insert("a", 1, ObjectOwner::kSession).empty());
  EXPECT_TRUE(cache.Insert("b", 2, ObjectOwner::kSession).empty());
  EXPECT_EQ(cache.Find("a"), CK_OBJECT_HANDLE{1});
  EXPECT_EQ(cache.Insert("c", 3, ObjectOwner::kSession), std::vector<CK_OBJECT_HANDLE>{2});
  EXPECT_EQ(cache.Find("b"), std::nullopt);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(counters.hits, 1u);
  EXPECT_EQ(counters.misses, 1u);
  EXPECT_EQ(counters.evictions, 1u);
}

TEST(HandleCache, AHandleIsFoundForWhatItWasMadeFromAlone) {
  CacheCounters counters;
  HandleCache cache(2, counters);
  const Bytes blob(40, 1), changed(40, 2);
  EXPECT_TRUE(cache.Insert("a", 1, ObjectOwner::kSession, blob).empty());
  EXPECT_EQ(cache.Find("a", blob), CK_OBJECT_HANDLE{1});
  EXPECT_EQ(cache.Find("a", changed), std::nullopt);
  EXPECT_EQ(cache.Find("a"), std::nullopt);
  EXPECT_TRUE(cache.Holds("a"));
  EXPECT_EQ(cache.Insert("a", 2, ObjectOwner::kSession, changed), std::vector<CK_OBJECT_HANDLE>{1});
  EXPECT_EQ(cache.Find("a", changed), CK_OBJECT_HANDLE{2});
  EXPECT_EQ(cache.size(), 1u);
}

TEST(HandleCache, NeverGivesTokenObjectsUpForDestruction) {
  CacheCounters counters;
  HandleCache cache(1, counters);
  EXPECT_TRUE(cache.Insert("a", 1, ObjectOwner::kToken).empty());
  EXPECT_TRUE(cache.Insert("b", 2, ObjectOwner::kToken).empty());
  EXPECT_TRUE(cache.Remove("b").empty());
  EXPECT_TRUE(cache.Insert("c", 3, ObjectOwner::kSession).empty());
  EXPECT_EQ(cache.Insert("c", 4, ObjectOwner::kSession), std::vector<CK_OBJECT_HANDLE>{3});
  EXPECT_EQ(cache.Clear(), std::vector<CK_OBJECT_HANDLE>{4});
  EXPECT_TRUE(cache.Remove("c").empty());
}

TEST(ModuleLoad, SaysWhichPathAndWhy) {
  EXPECT_THAT(Module::Load("/no/such/module.so"),
              FailsNaming(kModuleUnloadable.id, "/no/such/module.so"));
  EXPECT_THAT(Module::Load("libsofthsm2.so"), FailsNaming(kModuleUnloadable.id, "absolute"));
  EXPECT_THAT(Module::Load(""), FailsWith(kModuleUnloadable));
  EXPECT_THAT(Module::Load("/proc/self/status"), FailsWith(kModuleUnloadable));
}

TEST(ModuleLoad, RefusesALibraryThatIsNoModule) {
  EXPECT_THAT(Module::Load("/lib/x86_64-linux-gnu/libm.so.6"),
              FailsNaming(kModuleInvalid.id, "not exported"));
}

class SessionPoolTest : public testing::Test {
 protected:
  void SetUp() override {
    auto softhsm = SoftHsm::CreateBare("pool");
    ASSERT_THAT(softhsm, IsOk());
    softhsm_ = std::move(softhsm).value();
    auto module = Module::Load(softhsm_->module_path());
    ASSERT_THAT(module, IsOk());
    module_ = std::move(module).value();
    auto pool = Open(softhsm_->Pin());
    ASSERT_THAT(pool, IsOk());
    pool_ = std::move(pool).value();
  }

  StatusOr<std::unique_ptr<SessionPool>> Open(const SecretBytes& pin) {
    return SessionPool::Open(module_, TokenSelector::Parse("pool").value(), pin, {2, 2, wait_});
  }

  Duration wait_ = 10 * kSecond;
  std::unique_ptr<SoftHsm> softhsm_;
  std::shared_ptr<Module> module_;
  std::unique_ptr<SessionPool> pool_;
};

TEST_F(SessionPoolTest, ReusesASessionThatCameBack) {
  const Module::Call call(*module_);
  CK_SESSION_HANDLE first;
  {
    auto lease = pool_->Acquire();
    ASSERT_THAT(lease, IsOk());
    first = (*lease)->handle();
  }
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  EXPECT_EQ((*lease)->handle(), first);
  EXPECT_EQ(pool_->sessions_open(), 1u);
}

TEST_F(SessionPoolTest, BrokenSessionIsDiscarded) {
  const Module::Call call(*module_);
  CK_SESSION_HANDLE first;
  {
    auto lease = pool_->Acquire();
    ASSERT_THAT(lease, IsOk());
    first = (*lease)->handle();
    lease->MarkBroken();
  }
  EXPECT_EQ(pool_->sessions_open(), 0u);
  EXPECT_EQ(pool_->sessions_discarded(), 1u);
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  EXPECT_NE((*lease)->handle(), first);
  EXPECT_THAT((*lease)->CheckLoggedIn(), IsOk()) << "the last session took the login with it";
}

TEST_F(SessionPoolTest, WaitsForASessionInsteadOfOpeningTooMany) {
  const Module::Call call(*module_);
  auto first = pool_->Acquire();
  std::optional<StatusOr<SessionLease>> second = pool_->Acquire();
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(*second, IsOk());
  auto waiter = std::async(std::launch::async, [&] {
    const Module::Call theirs(*module_);
    return pool_->Acquire().ok();
  });
  EXPECT_EQ(waiter.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  second.reset();
  EXPECT_TRUE(waiter.get());
  EXPECT_EQ(pool_->sessions_open(), 2u);
}

TEST_F(SessionPoolTest, AWaitEnds) {
  pool_.reset();
  wait_ = 20;
  pool_ = Open(softhsm_->Pin()).value();
  const Module::Call call(*module_);
  const auto first = pool_->Acquire();
  const auto second = pool_->Acquire();
  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(pool_->Acquire(), FailsNaming(kTokenBusy.id, "all 2 sessions"));
  for (const Duration wait : {Duration{0}, Duration{-1}, 11 * kMinute}) {
    wait_ = wait;
    EXPECT_THAT(Open(softhsm_->Pin()), FailsWith(kTokenInputInvalid));
  }
}

TEST_F(SessionPoolTest, ASessionThatHasTheKeyIsPreferred) {
  const Module::Call call(*module_);
  CK_SESSION_HANDLE with_key;
  {
    auto first = pool_->Acquire();
    auto second = pool_->Acquire();
    ASSERT_THAT(second, IsOk());
    with_key = (*first)->handle();
    (*first)->private_keys().Insert("key", 1, ObjectOwner::kToken);
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ((*pool_->Acquire("key"))->handle(), with_key);
    { const auto other = pool_->Acquire("another"); }
  }
}

TEST_F(SessionPoolTest, UnusedSessionsAreClosedAndOthersOpenedInTheirPlace) {
  const Module::Call call(*module_);
  pool_->CloseUnused(BootTime{1000}, 0);
  { const auto used = pool_->Acquire(); }
  pool_->CloseUnused(BootTime{5999}, 5000);
  EXPECT_EQ(pool_->sessions_open(), 1u);
  pool_->CloseUnused(BootTime{6000}, 5000);
  EXPECT_EQ(pool_->sessions_open(), 0u);
  EXPECT_EQ(pool_->sessions_discarded(), 0u) << "nothing was wrong with it";
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  EXPECT_THAT((*lease)->CheckLoggedIn(), IsOk());
}

TEST_F(SessionPoolTest, OneKeyIsDroppedWithoutTheOthers) {
  const Module::Call call(*module_);
  {
    auto busy = pool_->Acquire();
    auto other = pool_->Acquire();
    for (auto* lease : {&busy, &other}) {
      (**lease)->private_keys().Insert("one", 1, ObjectOwner::kToken);
      (**lease)->private_keys().Insert("two", 2, ObjectOwner::kToken);
    }
    { const auto idle = std::move(other).value(); }
    pool_->DropKey("one");
    EXPECT_TRUE((*busy)->private_keys().Holds("one")) << "the call in flight keeps it";
  }
  auto first = pool_->Acquire();
  auto second = pool_->Acquire();
  for (auto* lease : {&first, &second}) {
    EXPECT_FALSE((**lease)->private_keys().Holds("one"));
    EXPECT_TRUE((**lease)->private_keys().Holds("two"));
  }
}

TEST_F(SessionPoolTest, ATokenInItsPlaceIsFoundAgain) {
  const Module::Call call(*module_);
  EXPECT_THAT(pool_->FindAgain(), IsOk());
  EXPECT_EQ(pool_->sessions_open(), 0u);
  EXPECT_THAT(pool_->Acquire(), IsOk());
  EXPECT_EQ(pool_->logins(), 2u);
}

TEST_F(SessionPoolTest, AModuleIsNotInitialisedUnderACall) {
  {
    const Module::Call call(*module_);
    EXPECT_THAT(module_->Reinitialise(10), FailsNaming(kTokenBusy.id, "1 calls"));
  }
  EXPECT_EQ(module_->generation(), 1u);
  EXPECT_THAT(module_->ReinitialiseOnce(1, 10), IsOk());
  EXPECT_THAT(module_->ReinitialiseOnce(1, 10), IsOk()) << "somebody did it";
  EXPECT_EQ(module_->generation(), 2u);
}

TEST_F(SessionPoolTest, LostSessionAndLostLoginAreTold) {
  const Module::Call call(*module_);
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  ASSERT_EQ(module_->ck().C_Logout((*lease)->handle()), CKR_OK);
  EXPECT_THAT((*lease)->CheckLoggedIn(), FailsWith(kNotLoggedIn));
  ASSERT_EQ(module_->ck().C_CloseSession((*lease)->handle()), CKR_OK);
  EXPECT_THAT((*lease)->CheckLoggedIn(), FailsWith(kSessionLost));
  lease->MarkBroken();
}

TEST_F(SessionPoolTest, CopiesAreDroppedAtOnceAndWhenALeaseEnds) {
  const Module::Call call(*module_);
  {
    auto busy = pool_->Acquire();
    ASSERT_THAT(busy, IsOk());
    (*busy)->private_keys().Insert("key", 1, ObjectOwner::kToken);
    pool_->DropCopies();
    EXPECT_NE((*busy)->private_keys().Find("key"), std::nullopt) << "the call in flight keeps it";
  }
  {
    auto lease = pool_->Acquire();
    ASSERT_THAT(lease, IsOk());
    EXPECT_EQ((*lease)->private_keys().Find("key"), std::nullopt);
    (*lease)->private_keys().Insert("key", 1, ObjectOwner::kToken);
  }
  pool_->DropCopies();
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  EXPECT_EQ((*lease)->private_keys().Find("key"), std::nullopt);
}

TEST_F(SessionPoolTest, KeyThatCannotBeCopiedIsUsedWhereItIs) {
  const Module::Call call(*module_);
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  Session& session = **lease;
  for (const bool copyable : {true, false}) {
    AttributeTemplate public_half;
    public_half.Octets(CKA_EC_PARAMS, FromHex("06082a8648ce3d030107").value()).False(CKA_TOKEN);
    AttributeTemplate private_half;
    private_half.True(CKA_TOKEN).True(CKA_PRIVATE).True(CKA_SENSITIVE).False(CKA_EXTRACTABLE);
    private_half.True(CKA_SIGN);
    if (!copyable) private_half.False(CKA_COPYABLE);
    CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
    ASSERT_EQ(session.ck().C_GenerateKeyPair(session.handle(), &mechanism, public_half.get(),
                                             public_half.size(), private_half.get(),
                                             private_half.size(), &public_key, &private_key),
              CKR_OK);
    const auto usable = CopyIntoSession(session, private_key);
    ASSERT_THAT(usable, IsOk());
    EXPECT_EQ(usable->owner == ObjectOwner::kSession, copyable);
    EXPECT_EQ(usable->handle != private_key, copyable);
    const PublicKey key =
        PublicKey::FromEcPoint(ReadOctets(session, public_key, CKA_EC_POINT).value(),
                               KeyAlgorithm::kP256)
            .value();
    const MessageDigest digest[] = {MessageDigest::Sha256(Digest{})};
    EXPECT_THAT(SignDigests(session, usable->handle, key, digest), IsOk());
  }
}

TEST_F(SessionPoolTest, KeysAsWeMakeThemSignFromACopyInTheSession) {
  const Module::Call call(*module_);
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  const KeyId id = KeyId::Create(Bytes(16, 7)).value();
  ASSERT_THAT(MakeResidentKey(**lease, KeyAlgorithm::kP256, KeyLabel::Create("ours").value(), id),
              IsOk());
  const auto key = FindResidentKey(**lease, id);
  ASSERT_THAT(key, IsOk());
  const auto usable = CopyIntoSession(**lease, *key);
  ASSERT_THAT(usable, IsOk());
  EXPECT_EQ(usable->owner, ObjectOwner::kSession);
  EXPECT_EQ(ReadFlag(**lease, usable->handle, CKA_NEVER_EXTRACTABLE).value(), true);
}

TEST_F(SessionPoolTest, CopyOfAKeyThatIsNotThereFails) {
  const Module::Call call(*module_);
  auto lease = pool_->Acquire();
  ASSERT_THAT(lease, IsOk());
  EXPECT_THAT(CopyIntoSession(**lease, 0x7fffffff), FailsWith(kKeyHandleInvalid));
}

TEST_F(SessionPoolTest, PinThatWasRefusedIsNotTriedAgain) {
  const Module::Call call(*module_);
  {
    auto lease = pool_->Acquire();
    ASSERT_THAT(lease, IsOk());
    const SecretBytes pin = softhsm_->Pin();
    const ByteView another = AsBytes("another-pin");
    ASSERT_EQ(module_->ck().C_SetPIN((*lease)->handle(), CkInput(pin.Expose()), pin.size(),
                                     CkInput(another), another.size()),
              CKR_OK);
    lease->MarkBroken();
  }
  EXPECT_THAT(pool_->Acquire(), FailsNaming(kPinIncorrect.id, "not tried again"));
  // Were it tried, it would now succeed.
  CK_SESSION_HANDLE raw = CK_INVALID_HANDLE;
  ASSERT_EQ(
      module_->ck().C_OpenSession(pool_->CurrentSlot().value(), CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                  nullptr, nullptr, &raw),
      CKR_OK);
  ASSERT_EQ(module_->ck().C_Login(raw, CKU_USER, CkInput(AsBytes("another-pin")), 11), CKR_OK);
  EXPECT_THAT(pool_->Acquire(), FailsWith(kPinIncorrect));
  ASSERT_EQ(module_->ck().C_CloseSession(raw), CKR_OK);
  pool_->SetPin(SecretBytes::CopyOf(AsBytes("another-pin")));
  EXPECT_THAT(pool_->Acquire(), IsOk());
}

TEST_F(SessionPoolTest, LoginByAnotherPartOfTheProcessIsNotTakenForOurs) {
  const CK_SLOT_ID slot = pool_->CurrentSlot().value();
  pool_.reset();
  auto other = Session::Open(*module_, slot, 1);
  ASSERT_THAT(other, IsOk());
  const SecretBytes pin = softhsm_->Pin();
  ASSERT_EQ(module_->ck().C_Login((*other)->handle(), CKU_USER, CkInput(pin.Expose()), pin.size()),
            CKR_OK);
  const SecretBytes wrong = SecretBytes::CopyOf(AsBytes("wrong-pin"));
  EXPECT_THAT(Open(wrong), FailsWith(kTokenInUse));
  other->reset();
  EXPECT_THAT(Open(wrong), FailsWith(kPinIncorrect));
  EXPECT_THAT(Open(softhsm_->Pin()), IsOk());
}

}  // namespace
}  // namespace intaglio::tokens
