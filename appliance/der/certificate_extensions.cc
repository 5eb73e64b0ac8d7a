#include "appliance/der/certificate_extensions.h"

#include <algorithm>

#include "appliance/der/certificate_oids.h"
#include "appliance/der/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxExtensions = 32;
constexpr uint8_t kUri = DerContext(6);  // GeneralName uniformResourceIdentifier

Status Wrong(std::string what) { return Fail(kTbsExtensionValue, std::move(what)); }

StatusOr<std::string> ReadUri(const DerValue& value) {
  if (value.tag != kUri) return Wrong("a GeneralName is not a URI");
  const bool visible =
      std::ranges::all_of(value.content, [](uint8_t c) { return c > 0x20 && c < 0x7f; });
  if (value.content.empty() || !visible) return Wrong("a URI is empty or not visible ASCII");
  return AsString(value.content);
}

// A SEQUENCE OF at least one OID, none twice.
StatusOr<std::vector<std::string>> ReadOids(DerReader list) {
  std::vector<std::string> oids;
  do {
    ASSIGN_OR_RETURN(const DerValue each, list.Expect(kDerOid));
    ASSIGN_OR_RETURN(std::string oid, DecodeOid(each));
    if (std::ranges::count(oids, oid) != 0) return Wrong(oid + " stands twice");
    oids.push_back(std::move(oid));
  } while (!list.AtEnd());
  return oids;
}

Status ReadBasicConstraints(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(DerReader fields, value.Enter(kDerSequence));
  BasicConstraints constraints;
  if (fields.NextIs(kDerBoolean)) {
    ASSIGN_OR_RETURN(const DerValue flag, fields.Next());
    ASSIGN_OR_RETURN(constraints.is_authority, DecodeBoolean(flag));
    if (!constraints.is_authority) {
      return Fail(kTbsDefaultEncoded, "basicConstraints writes cA FALSE");
    }
  }
  if (!fields.AtEnd()) {
    ASSIGN_OR_RETURN(const DerValue length, fields.Expect(kDerInteger));
    ASSIGN_OR_RETURN(constraints.path_length, DecodeSmallInteger(length));
    if (!constraints.is_authority) return Wrong("a path length without cA");
  }
  facts.basic_constraints = constraints;
  return fields.Finish();
}

Status ReadKeyUsage(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(const DerValue bits, value.Expect(kDerBitString));
  ASSIGN_OR_RETURN(facts.key_usage, DecodeNamedBits(bits));
  return *facts.key_usage == 0 ? Wrong("no usage is set") : OkStatus();
}

Status ReadExtendedKeyUsage(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(const DerReader list, value.Enter(kDerSequence));
  ASSIGN_OR_RETURN(facts.extended_key_usage, ReadOids(list));
  return OkStatus();
}

Status ReadAuthorityKeyId(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(DerReader fields, value.Enter(kDerSequence));
  if (fields.NextIs(DerContext(0))) {
    ASSIGN_OR_RETURN(const DerValue key_id, fields.Next());
    if (key_id.content.empty()) return Wrong("an empty key identifier");
    facts.authority_key_id = ToBytes(key_id.content);
  }
  if (fields.AtEnd()) return facts.authority_key_id.empty() ? Wrong("nothing in it") : OkStatus();
  // Issuer and serial come together. [RFC 5280 §4.2.1.1]
  RETURN_IF_ERROR(fields.Expect(DerContextConstructed(1)).status());
  ASSIGN_OR_RETURN(const DerValue serial, fields.Expect(DerContext(2)));
  RETURN_IF_ERROR(CheckInteger(serial));
  facts.authority_named_by_serial = true;
  return fields.Finish();
}

Status ReadSubjectKeyId(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(const DerValue key_id, value.Expect(kDerOctetString));
  if (key_id.content.empty()) return Wrong("an empty key identifier");
  facts.subject_key_id = ToBytes(key_id.content);
  return OkStatus();
}

StatusOr<CertificatePolicy> ReadPolicy(DerReader fields) {
  CertificatePolicy policy;
  ASSIGN_OR_RETURN(const DerValue id, fields.Expect(kDerOid));
  ASSIGN_OR_RETURN(policy.oid, DecodeOid(id));
  if (fields.AtEnd()) return policy;
  ASSIGN_OR_RETURN(DerReader qualifiers, fields.Enter(kDerSequence));
  RETURN_IF_ERROR(fields.Finish());
  do {
    ASSIGN_OR_RETURN(DerReader qualifier, qualifiers.Enter(kDerSequence));
    ASSIGN_OR_RETURN(const DerValue kind, qualifier.Expect(kDerOid));
    ASSIGN_OR_RETURN(std::string oid, DecodeOid(kind));
    ASSIGN_OR_RETURN(const DerValue content, qualifier.Next());
    if (oid == oid::kQualifierCps) {
      if (content.tag != kDerIa5String) return Wrong("a CPS pointer is not an IA5String");
      policy.cps_urls.push_back(AsString(content.content));
    }
    policy.qualifiers.push_back(std::move(oid));
    RETURN_IF_ERROR(qualifier.Finish());
  } while (!qualifiers.AtEnd());
  return policy;
}

Status ReadPolicies(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(DerReader list, value.Enter(kDerSequence));
  do {
    ASSIGN_OR_RETURN(const DerReader fields, list.Enter(kDerSequence));
    ASSIGN_OR_RETURN(CertificatePolicy policy, ReadPolicy(fields));
    const bool known = std::ranges::any_of(
        facts.policies, [&](const CertificatePolicy& each) { return each.oid == policy.oid; });
    if (known) return Wrong(policy.oid + " stands twice");
    facts.policies.push_back(std::move(policy));
  } while (!list.AtEnd());
  return OkStatus();
}

// Full names only: partition by reason and indirect CRLs are not in use here. [RFC 5280 §4.2.1.13]
Status ReadCrlDistributionPoints(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(DerReader points, value.Enter(kDerSequence));
  do {
    ASSIGN_OR_RETURN(DerReader point, points.Enter(kDerSequence));
    ASSIGN_OR_RETURN(DerReader name, point.Enter(DerContextConstructed(0)));
    ASSIGN_OR_RETURN(DerReader full_name, name.Enter(DerContextConstructed(0)));
    RETURN_IF_ERROR(point.Finish());
    RETURN_IF_ERROR(name.Finish());
    do {
      ASSIGN_OR_RETURN(const DerValue each, full_name.Next());
      ASSIGN_OR_RETURN(std::string url, ReadUri(each));
      facts.crl_urls.push_back(std::move(url));
    } while (!full_name.AtEnd());
  } while (!points.AtEnd());
  return OkStatus();
}

Status ReadAuthorityInfoAccess(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(DerReader list, value.Enter(kDerSequence));
  do {
    ASSIGN_OR_RETURN(DerReader access, list.Enter(kDerSequence));
    ASSIGN_OR_RETURN(const DerValue method_value, access.Expect(kDerOid));
    ASSIGN_OR_RETURN(const std::string method, DecodeOid(method_value));
    ASSIGN_OR_RETURN(const DerValue location, access.Next());
    RETURN_IF_ERROR(access.Finish());
    ASSIGN_OR_RETURN(std::string url, ReadUri(location));
    if (method == oid::kAccessOcsp) {
      facts.ocsp_urls.push_back(std::move(url));
    } else if (method == oid::kAccessCaIssuers) {
      facts.ca_issuers_urls.push_back(std::move(url));
    } else {
      return Wrong("access method " + method + " is not in use here");
    }
  } while (!list.AtEnd());
  return OkStatus();
}

Status ReadPds(DerReader& statement, QcStatements& facts) {
  ASSIGN_OR_RETURN(DerReader list, statement.Enter(kDerSequence));
  do {
    ASSIGN_OR_RETURN(DerReader location, list.Enter(kDerSequence));
    ASSIGN_OR_RETURN(const DerValue url, location.Expect(kDerIa5String));
    ASSIGN_OR_RETURN(const DerValue language, location.Expect(kDerPrintableString));
    RETURN_IF_ERROR(location.Finish());
    facts.pds.push_back({AsString(url.content), AsString(language.content)});
  } while (!list.AtEnd());
  return OkStatus();
}

Status ReadSemantics(DerReader& statement, QcStatements& facts) {
  ASSIGN_OR_RETURN(DerReader fields, statement.Enter(kDerSequence));
  if (fields.AtEnd()) return Wrong("a semantics statement without content");
  if (fields.NextIs(kDerOid)) {
    ASSIGN_OR_RETURN(const DerValue id, fields.Next());
    ASSIGN_OR_RETURN(facts.semantics, DecodeOid(id));
  }
  facts.names_registration_authorities = !fields.AtEnd();
  if (!fields.AtEnd()) RETURN_IF_ERROR(fields.Expect(kDerSequence).status());
  return fields.Finish();
}

Status ReadStatement(DerReader statement, QcStatements& facts) {
  ASSIGN_OR_RETURN(const DerValue id_value, statement.Expect(kDerOid));
  ASSIGN_OR_RETURN(const std::string id, DecodeOid(id_value));
  facts.ids.push_back(id);
  if (id == oid::kQcPds) {
    RETURN_IF_ERROR(ReadPds(statement, facts));
  } else if (id == oid::kQcType) {
    ASSIGN_OR_RETURN(const DerReader list, statement.Enter(kDerSequence));
    ASSIGN_OR_RETURN(const std::vector<std::string> types, ReadOids(list));
    facts.types.insert(facts.types.end(), types.begin(), types.end());
  } else if (id == oid::kQcSyntaxV2) {
    RETURN_IF_ERROR(ReadSemantics(statement, facts));
  } else if (id != oid::kQcCompliance && id != oid::kQcSscd && !statement.AtEnd()) {
    RETURN_IF_ERROR(statement.Next().status());
  }
  return statement.Finish();
}

Status ReadQcStatements(DerReader value, ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(DerReader list, value.Enter(kDerSequence));
  QcStatements statements;
  do {
    ASSIGN_OR_RETURN(const DerReader statement, list.Enter(kDerSequence));
    RETURN_IF_ERROR(ReadStatement(statement, statements));
  } while (!list.AtEnd());
  facts.qc_statements = std::move(statements);
  return OkStatus();
}

Status ReadOcspNoCheck(DerReader value, ExtensionFacts& facts) {
  facts.ocsp_no_check = true;
  return value.Expect(kDerNull).status();
}

Status ReadNoRevAvail(DerReader value, ExtensionFacts& facts) {
  facts.no_rev_avail = true;
  return value.Expect(kDerNull).status();
}

Status ReadValidityAssured(DerReader value, ExtensionFacts& facts) {
  facts.validity_assured = true;
  return value.Expect(kDerNull).status();
}

Status ReadSubjectAltName(DerReader value, ExtensionFacts& facts) {
  facts.subject_alt_name = true;
  ASSIGN_OR_RETURN(DerReader names, value.Enter(kDerSequence));
  return names.Next().status();
}

struct KnownExtension {
  std::string_view oid;
  Status (*read)(DerReader, ExtensionFacts&);
};
constexpr KnownExtension kKnownExtensions[] = {
    {oid::kSubjectKeyId, ReadSubjectKeyId},
    {oid::kKeyUsage, ReadKeyUsage},
    {oid::kSubjectAltName, ReadSubjectAltName},
    {oid::kBasicConstraints, ReadBasicConstraints},
    {oid::kCrlDistributionPoints, ReadCrlDistributionPoints},
    {oid::kCertificatePolicies, ReadPolicies},
    {oid::kAuthorityKeyId, ReadAuthorityKeyId},
    {oid::kExtendedKeyUsage, ReadExtendedKeyUsage},
    {oid::kAuthorityInfoAccess, ReadAuthorityInfoAccess},
    {oid::kQcStatements, ReadQcStatements},
    {oid::kOcspNoCheck, ReadOcspNoCheck},
    {oid::kNoRevAvail, ReadNoRevAvail},
    {oid::kValidityAssured, ReadValidityAssured},
};

Status ReadValue(const CertificateExtension& extension, const KnownExtension& known,
                 ExtensionFacts& facts) {
  ASSIGN_OR_RETURN(const DerValue element, ReadDerElement(extension.value, extension.value.size()));
  RETURN_IF_ERROR(CheckDerDeep(element));
  return known.read(DerReader(extension.value), facts);
}

// The Reason of every flaw inside a value is kTbsExtensionValue, naming the extension.
Status ReadKnown(const CertificateExtension& extension, ExtensionFacts& facts) {
  for (const KnownExtension& known : kKnownExtensions) {
    if (known.oid != extension.oid) continue;
    const Status read = ReadValue(extension, known, facts);
    if (read.ok() || Is(read, kTbsDefaultEncoded)) return read;
    return Wrong("extension " + extension.oid + ": " + ReasonNameOf(read) + ": " + DetailOf(read));
  }
  return OkStatus();
}

StatusOr<CertificateExtension> ReadExtension(DerReader fields) {
  CertificateExtension extension;
  ASSIGN_OR_RETURN(const DerValue id, fields.Expect(kDerOid));
  ASSIGN_OR_RETURN(extension.oid, DecodeOid(id));
  if (fields.NextIs(kDerBoolean)) {
    ASSIGN_OR_RETURN(const DerValue critical, fields.Next());
    ASSIGN_OR_RETURN(extension.critical, DecodeBoolean(critical));
    if (!extension.critical) {
      return Fail(kTbsDefaultEncoded, "extension " + extension.oid + " writes critical FALSE");
    }
  }
  ASSIGN_OR_RETURN(const DerValue value, fields.Expect(kDerOctetString));
  extension.value = ToBytes(value.content);
  RETURN_IF_ERROR(fields.Finish());
  return extension;
}

}  // namespace

const CertificateExtension* ExtensionFacts::Find(std::string_view oid) const {
  const auto found = std::ranges::find(all, oid, &CertificateExtension::oid);
  return found == all.end() ? nullptr : &*found;
}

StatusOr<ExtensionFacts> ReadExtensions(DerReader extensions) {
  ExtensionFacts facts;
  do {
    ASSIGN_OR_RETURN(const DerReader fields, extensions.Enter(kDerSequence));
    ASSIGN_OR_RETURN(CertificateExtension extension, ReadExtension(fields));
    if (facts.Find(extension.oid) != nullptr) {
      return Fail(kTbsExtensionRepeated, "extension " + extension.oid);
    }
    if (facts.all.size() == kMaxExtensions) return Fail(kDerTooLarge, "over 32 extensions");
    RETURN_IF_ERROR(ReadKnown(extension, facts));
    facts.all.push_back(std::move(extension));
  } while (!extensions.AtEnd());
  return facts;
}

}  // namespace intaglio::appliance
