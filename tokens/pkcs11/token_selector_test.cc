#include "tokens/pkcs11/token_selector.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

TokenDescription Token(std::string label, std::string serial) {
  return {std::move(label), std::move(serial), "Maker", "Model 1", "1.0", "1.0"};
}

TEST(TokenSelector, ReadsWhatRfc7512Allows) {
  const struct {
    const char* text;
    const char* means;
  } kCases[] = {
      {"core", "label 'core'"},
      {"The core token", "label 'The core token'"},
      {"50% off; really?", "label '50% off; really?'"},
      {"pkcs11:token=core", "label 'core'"},
      {"PKCS11:token=core", "label 'core'"},
      {"pkcs11:token=The%20core%20token", "label 'The core token'"},
      {"pkcs11:token=a%3Bb%3dc%25", "label 'a;b=c%'"},
      {"pkcs11:token=a=b", "label 'a=b'"},
      {"pkcs11:token=sign@ca,(1)+*'!$&:[]~._-", "label 'sign@ca,(1)+*'!$&:[]~._-'"},
      {"pkcs11:serial=0123456789abcdef", "serial '0123456789abcdef'"},
      {"pkcs11:serial=1;token=core", "label 'core', serial '1'"},
      {"pkcs11:manufacturer=Snake%20Oil;model=v2;token=x",
       "label 'x', manufacturer 'Snake Oil', model 'v2'"},
      {"pkcs11:token=%C3%A9", "label '\xc3\xa9'"},
      {"pkcs11:token=12345678901234567890123456789012", "label '12345678901234567890123456789012'"},
  };
  for (const auto& c : kCases) {
    const auto selector = TokenSelector::Parse(c.text);
    ASSERT_THAT(selector, IsOk()) << c.text;
    EXPECT_EQ(selector->ToText(), c.means) << c.text;
  }
}

TEST(TokenSelector, RefusesTheRest) {
  const std::string too_long(33, 'x');
  const std::string kCases[] = {
      "",
      too_long,
      std::string(600, 'x'),
      std::string("a\0b", 3),
      "line\nbreak",
      "blank ",
      "pkcs11:",
      "pkcs11:token",
      "pkcs11:token=",
      "pkcs11:=core",
      "pkcs11:token=core;",
      "pkcs11:;token=core",
      "pkcs11:token=core;token=core",
      "pkcs11:token=core;token=other",
      "pkcs11:token=" + too_long,
      "pkcs11:serial=12345678901234567",
      "pkcs11:manufacturer=Maker",
      "pkcs11:token=core;slot-id=3",
      "pkcs11:token=core;object=key",
      "pkcs11:token=core;x-vendor=1",
      "pkcs11:Token=core",
      "pkcs11:token=core?pin-value=1234",
      "pkcs11:token=core?module-path=/x.so",
      "pkcs11:token=a b",
      "pkcs11:token=a/b",
      "pkcs11:token=a#b",
      "pkcs11:token=a\"b",
      "pkcs11:token=\xc3\xa9",
      "pkcs11:token=a%",
      "pkcs11:token=a%2",
      "pkcs11:token=a%2g",
      "pkcs11:token=a%%41",
      "pkcs11:token=a%00b",
      "pkcs11:token=a%0A",
      "pkcs11:token=a%20",
  };
  for (const std::string& text : kCases) {
    EXPECT_THAT(TokenSelector::Parse(text), FailsWith(kTokenUriInvalid)) << text;
  }
}

TEST(TokenSelector, EveryNamedAttributeMustMatch) {
  const auto selector = TokenSelector::Parse("pkcs11:token=core;serial=1;model=Model%201").value();
  EXPECT_TRUE(selector.Matches(Token("core", "1")));
  EXPECT_FALSE(selector.Matches(Token("core", "2")));
  EXPECT_FALSE(selector.Matches(Token("Core", "1")));
  TokenDescription other_model = Token("core", "1");
  other_model.model = "Model 2";
  EXPECT_FALSE(selector.Matches(other_model));
  const auto by_maker = TokenSelector::Parse("pkcs11:token=core;manufacturer=Other").value();
  EXPECT_FALSE(by_maker.Matches(Token("core", "1")));
}

TEST(TokenSelector, ChoosesTheOnlyMatch) {
  const TokenDescription shown[] = {Token("host", "1"), Token("core", "2")};
  EXPECT_EQ(TokenSelector::Parse("core").value().Choose(shown).value(), 1u);
}

TEST(TokenSelector, SaysWhatWasFoundInstead) {
  const TokenDescription shown[] = {Token("host", "1"), Token("new\ncore", "2")};
  const auto core = TokenSelector::Parse("core").value();
  EXPECT_THAT(core.Choose(shown), FailsNaming(kTokenNotFound.id, "'host' (serial 1)"));
  EXPECT_THAT(core.Choose(shown), FailsNaming(kTokenNotFound.id, "'new?core' (serial 2)"));
  EXPECT_THAT(core.Choose({}), FailsNaming(kTokenNotFound.id, "no initialised token at all"));
}

TEST(TokenSelector, RefusesToGuessBetweenTwo) {
  const TokenDescription shown[] = {Token("core", "1"), Token("core", "2")};
  EXPECT_THAT(TokenSelector::Parse("core").value().Choose(shown),
              FailsNaming(kTokenAmbiguous.id, "serial="));
  EXPECT_THAT(TokenSelector::Parse("pkcs11:token=core;serial=2").value().Choose(shown), IsOk());
}

}  // namespace
}  // namespace intaglio::tokens
