#include "attestation/registry/qscd_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "attestation/registry/reasons.h"
#include "base/file.h"
#include "base/reasons.h"

namespace intaglio::attestation {
namespace {

using testing::HasSubstr;

// Fields of one good entry, so that a test can change one.
using Fields = std::vector<std::pair<std::string, std::string>>;
Fields Certified(const std::string& id = "tm-1") {
  return {{"id", "\"" + id + "\""},
          {"product", "\"Test Module\""},
          {"vendor", "\"Test Vendor\""},
          {"hw_model", "\"TM-1\""},
          {"hw_version", "\"1.0\""},
          {"sw_name", "\"firmware\""},
          {"sw_version", "\"2.3.4\""},
          {"serials", "[\"TM-0001\", \"TM-0002\"]"},
          {"certificate_reference", "\"CERT-1\""},
          {"report_hash", "\"" + std::string(64, 'a') + "\""},
          {"kind", "QSCD_KIND_CERTIFIED"},
          {"valid_from", "\"2024-01-01\""},
          {"valid_until", "\"2028-12-31\""},
          {"status", "QSCD_STATUS_LISTED"},
          {"source", "\"list of the Commission\""},
          {"last_checked", "\"2026-11-20\""},
          {"entered_by", "[\"Ann\", \"Bob\"]"}};
}
Fields With(Fields fields, const std::string& name, const std::string& value) {
  for (auto& [field, text] : fields) {
    if (field == name) text = value;
  }
  return fields;
}
std::string Text(const Fields& fields) {
  std::string text = "entries {  # one device\n";
  for (const auto& [name, value] : fields) text += "  " + name + ": " + value + "\n";
  return text + "}\n";
}
Status StatusFor(const Fields& fields) {
  return QscdRegistry::FromTextproto(Text(fields)).status();
}
// The Reason and the field named, for an entry whose `field` is `value`.
void ExpectRefused(const std::string& field, const std::string& value, const Reason& reason) {
  const Status status = StatusFor(With(Certified(), field, value));
  EXPECT_TRUE(Is(status, reason)) << field << ": " << status;
  EXPECT_THAT(DetailOf(status), HasSubstr(field));
}

TEST(QscdRegistryTest, ReadsEveryField) {
  const StatusOr<QscdRegistry> registry = QscdRegistry::FromTextproto(Text(Certified()));
  ASSERT_TRUE(registry.ok()) << registry.status();
  const QscdEntry& entry = **registry->Find("tm-1");
  EXPECT_EQ(entry.product, "Test Module");
  EXPECT_EQ(entry.vendor, "Test Vendor");
  EXPECT_EQ(entry.hw_model, ToBytes("TM-1"));
  EXPECT_EQ(entry.hw_version, "1.0");
  EXPECT_EQ(entry.sw_name, "firmware");
  EXPECT_EQ(entry.sw_version, "2.3.4");
  EXPECT_EQ(entry.serials, (std::vector<std::string>{"TM-0001", "TM-0002"}));
  EXPECT_EQ(entry.certificate_reference, "CERT-1");
  EXPECT_EQ(ToHex(*entry.report_hash), std::string(64, 'a'));
  EXPECT_EQ(entry.kind, QscdKind::kCertified);
  EXPECT_EQ(ToText(entry.valid_from), "2024-01-01");
  EXPECT_EQ(ToText(entry.valid_until), "2028-12-31");
  EXPECT_EQ(entry.source_status, QscdSourceStatus::kListed);
  EXPECT_EQ(entry.source, "list of the Commission");
  EXPECT_EQ(ToText(entry.last_checked), "2026-11-20");
  EXPECT_EQ(entry.entered_by, (std::vector<std::string>{"Ann", "Bob"}));
  EXPECT_EQ(registry->text(), Text(Certified()));
}

TEST(QscdRegistryTest, ALabEntryNeedsNoCertificate) {
  Fields lab = With(Certified(), "kind", "QSCD_KIND_LAB");
  lab = With(lab, "certificate_reference", "\"\"");
  lab = With(lab, "report_hash", "\"\"");
  lab = With(lab, "serials", "[]");
  const StatusOr<QscdRegistry> registry = QscdRegistry::FromTextproto(Text(lab));
  ASSERT_TRUE(registry.ok()) << registry.status();
  EXPECT_EQ((*registry->Find("tm-1"))->kind, QscdKind::kLab);
  EXPECT_EQ((*registry->Find("tm-1"))->report_hash, std::nullopt);
}

TEST(QscdRegistryTest, FindsByIdAndListsWhatHasEnded) {
  const std::string text = Text(Certified("b")) +
                           Text(With(Certified("a"), "valid_until", "\"2026-01-31\"")) +
                           Text(With(Certified("c"), "status", "QSCD_STATUS_CANCELLED")) +
                           Text(With(Certified("d"), "status", "QSCD_STATUS_UNKNOWN")) +
                           Text(With(Certified("e"), "valid_until", "\"2027-01-31\""));
  const StatusOr<QscdRegistry> registry = QscdRegistry::FromTextproto(text);
  ASSERT_TRUE(registry.ok()) << registry.status();
  std::string states;
  const Date today = *ParseDate("2026-11-23");
  for (const QscdEntry* entry : registry->entries()) {
    states += entry->id + "=" + std::string(NameOf(StateOn(*entry, today))) + " ";
  }
  EXPECT_EQ(states, "a=lapsed b=certified c=cancelled d=unknown e=expiring ");
  EXPECT_EQ(registry->NotHoldingOn(today).size(), 3u);
  EXPECT_TRUE(Is(registry->Find("x").status(), kRegistryEntryNotFound));
  EXPECT_TRUE(Is(registry->Find("").status(), kRegistryEntryNotFound));
}

TEST(QscdRegistryTest, RefusesWhatTheSchemaDoesNotKnow) {
  Fields unknown = Certified();
  unknown.emplace_back("colour", "\"red\"");
  const Status status = StatusFor(unknown);
  EXPECT_TRUE(Is(status, kRegistrySyntax));
  EXPECT_THAT(DetailOf(status), HasSubstr("colour"));
  Fields twice = Certified();
  twice.emplace_back("vendor", "\"Other\"");
  EXPECT_TRUE(Is(StatusFor(twice), kRegistrySyntax));
  for (const char* bad : {"entries {", "entry { }", "entries: 5", "\x01", "entries { id: 5 }",
                          "entries { kind: QSCD_KIND_BEST }"}) {
    EXPECT_TRUE(Is(QscdRegistry::FromTextproto(bad).status(), kRegistrySyntax)) << bad;
  }
}

TEST(QscdRegistryTest, SizeIsBounded) {
  EXPECT_TRUE(Is(QscdRegistry::FromTextproto("").status(), kRegistrySize));
  EXPECT_TRUE(Is(QscdRegistry::FromTextproto(std::string(16 * 1024 * 1024 + 1, ' ')).status(),
                 kRegistrySize));
  std::string many;
  for (int i = 0; i < 10001; ++i) many += "entries { }\n";
  EXPECT_TRUE(Is(QscdRegistry::FromTextproto(many).status(), kRegistrySize));
}

TEST(QscdRegistryTest, RequiredFieldsAreThere) {
  for (const char* field :
       {"product", "vendor", "hw_model", "hw_version", "sw_name", "sw_version", "source",
        "certificate_reference", "report_hash", "valid_from", "valid_until", "last_checked"}) {
    ExpectRefused(field, "\"\"", kRegistryFieldMissing);
  }
}

TEST(QscdRegistryTest, ADeviceThatTellsNoHardwareVersionIsSaidToBeOne) {
  const auto registry =
      QscdRegistry::FromTextproto(Text(With(Certified(), "hw_version", "\"not attested\"")));
  ASSERT_TRUE(registry.ok()) << registry.status();
  EXPECT_EQ((*registry->Find("tm-1"))->hw_version, "");
}

TEST(QscdRegistryTest, IdsAreUniqueNames) {
  ExpectRefused("id", "\"\"", kRegistryIdInvalid);
  ExpectRefused("id", "\"a b\"", kRegistryIdInvalid);
  ExpectRefused("id", "\"" + std::string(65, 'a') + "\"", kRegistryIdInvalid);
  const Status status = QscdRegistry::FromTextproto(Text(Certified()) + Text(Certified())).status();
  EXPECT_TRUE(Is(status, kRegistryIdRepeated));
  EXPECT_THAT(DetailOf(status), HasSubstr("tm-1"));
}

TEST(QscdRegistryTest, DatesAreRealAndInOrder) {
  for (const char* field : {"valid_from", "valid_until", "last_checked"}) {
    for (const char* bad : {"\"2026-02-30\"", "\"23.11.2026\"", "\"2026-11-23T00:00:00Z\""}) {
      ExpectRefused(field, bad, kRegistryDateInvalid);
    }
  }
  ExpectRefused("valid_until", "\"2023-12-31\"", kRegistryPeriodInvalid);
}

TEST(QscdRegistryTest, TwoPeopleEnteredIt) {
  for (const char* bad : {"[]", "[\"Ann\"]", "[\"Ann\", \"Ann\"]", "[\"Ann\", \" ann \"]",
                          "[\"Ann\", \"\"]", "[\"Ann\", \" \"]", "[\"Ann\", \"Bob\", \"Cid\"]"}) {
    ExpectRefused("entered_by", bad, kRegistryTwoPeople);
  }
}

TEST(QscdRegistryTest, TheReportIsNamedByItsHash) {
  ExpectRefused("report_hash", "\"" + std::string(62, 'a') + "\"", kRegistryReportHash);
  ExpectRefused("report_hash", "\"" + std::string(64, 'g') + "\"", kRegistryReportHash);
  Fields lab = With(Certified(), "kind", "QSCD_KIND_LAB");
  EXPECT_TRUE(Is(StatusFor(With(lab, "report_hash", "\"00\"")), kRegistryReportHash));
}

TEST(QscdRegistryTest, KindAndStatusAreSaid) {
  ExpectRefused("kind", "QSCD_KIND_UNSPECIFIED", kRegistryEnumUnspecified);
  ExpectRefused("status", "QSCD_STATUS_UNSPECIFIED", kRegistryEnumUnspecified);
}

TEST(QscdRegistryTest, SerialsAreDistinct) {
  ExpectRefused("serials", "[\"A\", \"A\"]", kRegistrySerials);
  ExpectRefused("serials", "[\"\"]", kRegistrySerials);
  std::string many = "[\"x\"";
  for (int i = 0; i < 10000; ++i) many += ", \"" + std::to_string(i) + "\"";
  ExpectRefused("serials", many + "]", kRegistrySerials);
}

TEST(QscdRegistryTest, TheFileIsWritableByItsOwnerAlone) {
  const std::string path = testing::TempDir() + "/qscd_registry_test.textproto";
  const std::string text = Text(Certified());
  ASSERT_TRUE(WriteFile(path, AsBytes(text), 0644).ok());
  const StatusOr<QscdRegistry> registry = QscdRegistry::FromFile(path);
  EXPECT_TRUE(registry.ok()) << registry.status();
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  EXPECT_TRUE(Is(QscdRegistry::FromFile(path).status(), kFileMode));
  EXPECT_TRUE(Is(QscdRegistry::FromFile(path + ".none").status(), kFileUnreadable));
}

TEST(RegistryReasonsTest, IdsAreUnique) {
  std::set<std::string_view> ids;
  for (const Reason* reason : kAttestationRegistryReasons) {
    EXPECT_TRUE(ids.insert(reason->id).second) << reason->id;
  }
}

}  // namespace
}  // namespace intaglio::attestation
