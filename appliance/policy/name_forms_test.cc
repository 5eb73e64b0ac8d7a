#include "appliance/policy/name_forms.h"

#include <gtest/gtest.h>

#include <string>

namespace intaglio::appliance {
namespace {

TEST(NameForms, ACountryIsTwoCapitals) {
  EXPECT_TRUE(IsCountryCode("EE"));
  for (const char* wrong : {"", "E", "ee", "Ee", "EST", "E1", "E "}) {
    EXPECT_FALSE(IsCountryCode(wrong)) << wrong;
  }
}

TEST(NameForms, ANameIsOfOneScript) {
  for (const char* right : {"", "Mari-Liis Männik", "Ġużè O'Brien", "Иван Петров", "Γιώργος Ἀθηνᾶ",
                            "12/7 & Ko", "Ærø Œuvre ẞ", "李雷"}) {
    EXPECT_TRUE(IsPersonName(right)) << right;
  }
  // Cyrillic а and В, Greek Ο among Latin; Latin among Cyrillic and Greek.
  for (const char* wrong : {"M\xd0\xb0ri",
                            "\xd0\x92"
                            "ob",
                            "J\xce\x9fhn", "Иван P", "Γιώργος o", "Иван Γ"}) {
    EXPECT_FALSE(IsPersonName(wrong)) << wrong;
  }
}

TEST(NameForms, ANameHasNoControlCharacters) {
  EXPECT_FALSE(IsPersonName(std::string("a\0b", 3)));
  for (const char* wrong : {"a\nb", "a\tb", "a\x7f", "a\xc2\x85", "a\xc2\x9f"}) {
    EXPECT_FALSE(IsPersonName(wrong)) << wrong;
  }
  EXPECT_TRUE(IsPersonName("a\xc2\xa0"));
}

TEST(NameForms, AFirmsNameMayMixScriptsButHoldsNoControlCharacters) {
  EXPECT_TRUE(IsPlainText("COSMOTE ΚΙΝΗΤΕΣ Α.Ε."));
  EXPECT_FALSE(IsPersonName("COSMOTE ΚΙΝΗΤΕΣ Α.Ε."));
  EXPECT_FALSE(IsPlainText("COSMOTE\r\n"));
}

TEST(NameForms, RegistersIdentifiersHaveAnEnd) {
  EXPECT_TRUE(IsLegalIdentifier("VATEE-" + std::string(250, '1')));
  EXPECT_FALSE(IsLegalIdentifier("VATEE-" + std::string(251, '1')));
  EXPECT_FALSE(IsLegalIdentifier("VATEE-1\n"));
}

}  // namespace
}  // namespace intaglio::appliance
