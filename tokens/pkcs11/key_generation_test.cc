#include "tokens/pkcs11/key_generation.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

KeyOrigin Resident() {
  KeyOrigin out;
  out.local = out.sensitive = out.always_sensitive = out.never_extractable = true;
  out.extractable = false;
  out.key_gen_mechanism = CKM_EC_KEY_PAIR_GEN;
  return out;
}

KeyOrigin Wrapped() {
  KeyOrigin out = Resident();
  out.extractable = out.wrap_with_trusted = true;
  out.never_extractable = false;
  return out;
}

TEST(Origin, AsAskedForIsAccepted) {
  EXPECT_THAT(CheckResidentOrigin(Resident(), KeyAlgorithm::kP256), IsOk());
  EXPECT_THAT(CheckWrappedOrigin(Wrapped(), KeyAlgorithm::kP256), IsOk());
  KeyOrigin rsa = Resident();
  rsa.key_gen_mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::kRsa3072, KeyAlgorithm::kRsa4096,
                                       KeyAlgorithm::kRsa3072Pss, KeyAlgorithm::kRsa4096Pss}) {
    EXPECT_THAT(CheckResidentOrigin(rsa, algorithm), IsOk());
  }
  EXPECT_THAT(CheckResidentOrigin(Resident(), KeyAlgorithm::kP384), IsOk());
}

TEST(Origin, NothingKnownIsRefused) {
  EXPECT_THAT(CheckResidentOrigin(KeyOrigin{}, KeyAlgorithm::kP256), FailsWith(kOriginMismatch));
  EXPECT_THAT(CheckWrappedOrigin(KeyOrigin{}, KeyAlgorithm::kP256), FailsWith(kOriginMismatch));
}

TEST(Origin, EachFlagCounts) {
  for (bool KeyOrigin::*flag :
       {&KeyOrigin::local, &KeyOrigin::sensitive, &KeyOrigin::always_sensitive,
        &KeyOrigin::extractable, &KeyOrigin::never_extractable}) {
    KeyOrigin resident = Resident();
    resident.*flag = !(resident.*flag);
    EXPECT_THAT(CheckResidentOrigin(resident, KeyAlgorithm::kP256), FailsWith(kOriginMismatch));
    KeyOrigin wrapped = Wrapped();
    wrapped.*flag = !(wrapped.*flag);
    EXPECT_THAT(CheckWrappedOrigin(wrapped, KeyAlgorithm::kP256), FailsWith(kOriginMismatch));
  }
  KeyOrigin wrapped = Wrapped();
  wrapped.wrap_with_trusted = false;
  EXPECT_THAT(CheckWrappedOrigin(wrapped, KeyAlgorithm::kP256),
              FailsNaming(kOriginMismatch.id, "CKA_WRAP_WITH_TRUSTED=FALSE"));
}

TEST(Origin, MechanismMustBeTheOneAskedFor) {
  EXPECT_THAT(CheckResidentOrigin(Resident(), KeyAlgorithm::kRsa3072),
              FailsNaming(kOriginMismatch.id, "CKA_KEY_GEN_MECHANISM"));
  KeyOrigin unknown = Resident();
  unknown.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION;
  EXPECT_THAT(CheckResidentOrigin(unknown, KeyAlgorithm::kP256), FailsWith(kOriginMismatch));
}

TEST(Origin, EveryDifferenceIsNamed) {
  KeyOrigin imported = Resident();
  imported.local = imported.always_sensitive = false;
  EXPECT_THAT(CheckResidentOrigin(imported, KeyAlgorithm::kP256),
              FailsNaming(kOriginMismatch.id, "CKA_LOCAL=FALSE, CKA_ALWAYS_SENSITIVE=FALSE"));
}

}  // namespace
}  // namespace intaglio::tokens
