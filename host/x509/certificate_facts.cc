// DescribeCertificate: from OpenSSL's parser to CertificateFacts.
#include <ctime>
#include <string>

#include "host/domain/oids.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

using AuthorityKeyIdPtr = CPtr<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using BasicConstraintsPtr = CPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using CrlDistPointsPtr = CPtr<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;
using InfoAccessPtr = CPtr<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
using PoliciesPtr = CPtr<CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free>;
using ExtendedKeyUsagePtr = CPtr<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using BitStringPtr = CPtr<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OctetStringPtr = CPtr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

std::string DottedOid(const ASN1_OBJECT* object) {
  char text[256] = {};
  const int size = OBJ_obj2txt(text, sizeof(text), object, 1);
  return size > 0 && size < static_cast<int>(sizeof(text)) ? std::string(text) : std::string();
}

std::string Utf8Of(const ASN1_STRING* text) {
  unsigned char* octets = nullptr;
  const int size = ASN1_STRING_to_UTF8(&octets, text);
  OpensslOctetsPtr owner(octets);
  return size < 0 ? std::string() : std::string(octets, octets + size);
}

std::string OctetsOf(const ASN1_STRING* text) {
  const unsigned char* octets = ASN1_STRING_get0_data(text);
  return std::string(octets, octets + ASN1_STRING_length(text));
}

std::vector<NameAttributeFact> NameFacts(const X509_NAME* name) {
  std::vector<NameAttributeFact> facts;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_STRING* text = X509_NAME_ENTRY_get_data(entry);
    facts.push_back(
        {DottedOid(X509_NAME_ENTRY_get_object(entry)), ASN1_STRING_type(text), Utf8Of(text)});
  }
  return facts;
}

std::string NameText(const X509_NAME* name) {
  BioPtr out(BIO_new(BIO_s_mem()));
  constexpr unsigned long kForm = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
  if (!out || X509_NAME_print_ex(out.get(), name, 0, kForm) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

StatusOr<WallTime> TimeOf(const ASN1_TIME* time) {
  std::tm civil = {};
  if (ASN1_TIME_to_tm(time, &civil) != 1) {
    return OpensslFail(kCertificateMalformed, "a time of the validity period");
  }
  return WallTime{static_cast<int64_t>(timegm(&civil)) * kSecond};
}

// The INTEGER content octets as they stand; OpenSSL's number would hide a non-minimal form.
StatusOr<Bytes> SerialOctets(ByteView certificate_der) {
  ASSIGN_OR_RETURN(const Bytes tbs, TbsOf(certificate_der));
  der::Reader reader(der::Single(tbs, der::kSequence)->content);
  reader.Take(der::Constructed(0));
  const auto serial = reader.Take(der::kInteger);
  if (!serial) return Fail(kCertificateMalformed, "no serial number");
  return ToBytes(serial->content);
}

Status Bad(std::string_view oid) {
  return OpensslFail(kCertificateMalformed, "extension " + std::string(oid) + " does not parse");
}

// X509V3_EXT_d2i allows octets after the value; callers have checked there are none.
template <class Ptr>
Ptr Decode(X509_EXTENSION* extension) {
  return Ptr(static_cast<typename Ptr::pointer>(X509V3_EXT_d2i(extension)));
}

Status ReadKeyUsage(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto bits = Decode<BitStringPtr>(extension);
  if (!bits) return Bad(oid::kKeyUsage);
  uint32_t mask = 0;
  for (int bit = 0; bit < 16; ++bit) {
    if (ASN1_BIT_STRING_get_bit(bits.get(), bit) == 1) mask |= 1u << bit;
  }
  facts.key_usage = mask;
  return OkStatus();
}

Status ReadBasicConstraints(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto constraints = Decode<BasicConstraintsPtr>(extension);
  if (!constraints) return Bad(oid::kBasicConstraints);
  BasicConstraintsFact fact{constraints->ca != 0, std::nullopt};
  if (constraints->pathlen != nullptr) fact.path_length = ASN1_INTEGER_get(constraints->pathlen);
  facts.basic_constraints = fact;
  return OkStatus();
}

Status ReadPolicies(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto policies = Decode<PoliciesPtr>(extension);
  if (!policies) return Bad(oid::kCertificatePolicies);
  for (int i = 0; i < sk_POLICYINFO_num(policies.get()); ++i) {
    const POLICYINFO* policy = sk_POLICYINFO_value(policies.get(), i);
    facts.policy_oids.push_back(DottedOid(policy->policyid));
    for (int k = 0; k < sk_POLICYQUALINFO_num(policy->qualifiers); ++k) {
      const POLICYQUALINFO* qualifier = sk_POLICYQUALINFO_value(policy->qualifiers, k);
      facts.policy_qualifier_oids.push_back(DottedOid(qualifier->pqualid));
      if (facts.policy_qualifier_oids.back() == oid::kCpsQualifier) {
        facts.cps_urls.push_back(OctetsOf(qualifier->d.cpsuri));
      }
    }
  }
  return OkStatus();
}

Status ReadExtendedKeyUsage(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto purposes = Decode<ExtendedKeyUsagePtr>(extension);
  if (!purposes) return Bad(oid::kExtendedKeyUsage);
  for (int i = 0; i < sk_ASN1_OBJECT_num(purposes.get()); ++i) {
    facts.extended_key_usage_oids.push_back(DottedOid(sk_ASN1_OBJECT_value(purposes.get(), i)));
  }
  return OkStatus();
}

Status ReadAuthorityKeyId(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto identifier = Decode<AuthorityKeyIdPtr>(extension);
  if (!identifier) return Bad(oid::kAuthorityKeyId);
  if (identifier->keyid != nullptr) facts.authority_key_id = ToBytes(OctetsOf(identifier->keyid));
  return OkStatus();
}

Status ReadSubjectKeyId(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto identifier = Decode<OctetStringPtr>(extension);
  if (!identifier) return Bad(oid::kSubjectKeyId);
  facts.subject_key_id = ToBytes(OctetsOf(identifier.get()));
  return OkStatus();
}

void AppendUrl(const GENERAL_NAME* name, std::vector<std::string>& urls) {
  if (name->type == GEN_URI) urls.push_back(OctetsOf(name->d.uniformResourceIdentifier));
}

Status ReadCrlUrls(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto points = Decode<CrlDistPointsPtr>(extension);
  if (!points) return Bad(oid::kCrlDistributionPoints);
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* point = sk_DIST_POINT_value(points.get(), i);
    if (point->distpoint == nullptr || point->distpoint->type != 0) continue;
    const GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (int k = 0; k < sk_GENERAL_NAME_num(names); ++k) {
      AppendUrl(sk_GENERAL_NAME_value(names, k), facts.crl_urls);
    }
  }
  return OkStatus();
}

Status ReadInfoAccess(X509_EXTENSION* extension, CertificateFacts& facts) {
  const auto access = Decode<InfoAccessPtr>(extension);
  if (!access) return Bad(oid::kAuthorityInfoAccess);
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* description = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    const std::string method = DottedOid(description->method);
    if (method == oid::kAccessCaIssuers) AppendUrl(description->location, facts.ca_issuers_urls);
    if (method == oid::kAccessOcsp) AppendUrl(description->location, facts.ocsp_urls);
  }
  return OkStatus();
}

// The dotted form of an OBJECT IDENTIFIER element, or "" if it is none.
std::string DottedOid(const der::Element& element) {
  const uint8_t* at = element.whole.data();
  CPtr<ASN1_OBJECT, ASN1_OBJECT_free> object(
      d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(element.whole.size())));
  return object ? DottedOid(object.get()) : std::string();
}

bool ReadPds(ByteView content, CertificateFacts& facts) {
  const auto list = der::Single(content, der::kSequence);
  if (!list) return false;
  der::Reader locations(list->content);
  while (!locations.AtEnd()) {
    const auto location = locations.Take(der::kSequence);
    if (!location) return false;
    der::Reader parts(location->content);
    const auto url = parts.Take(der::kIa5String);
    const auto language = parts.Take(der::kPrintableString);
    if (!url || !language || !parts.AtEnd()) return false;
    facts.pds.push_back({AsString(url->content), AsString(language->content)});
  }
  return true;
}

// SEQUENCE OF OBJECT IDENTIFIER.
bool ReadOids(ByteView content, std::vector<std::string>& oids) {
  const auto list = der::Single(content, der::kSequence);
  if (!list) return false;
  der::Reader members(list->content);
  while (!members.AtEnd()) {
    const auto member = members.Take(der::kOid);
    if (!member) return false;
    oids.push_back(DottedOid(*member));
  }
  return true;
}

// SemanticsInformation [RFC 3739 §3.2.6.1].
bool ReadSemantics(ByteView content, CertificateFacts& facts) {
  const auto list = der::Single(content, der::kSequence);
  if (!list) return false;
  der::Reader members(list->content);
  if (const auto id = members.Take(der::kOid)) facts.semantics_oids.push_back(DottedOid(*id));
  if (members.AtEnd()) return true;
  facts.names_registration_authorities = true;
  return members.Take(der::kSequence) && members.AtEnd();
}

Status ReadQcStatements(X509_EXTENSION* extension, CertificateFacts& facts) {
  const std::string value = OctetsOf(X509_EXTENSION_get_data(extension));
  const auto list = der::Single(AsBytes(value), der::kSequence);
  if (!list) return Bad(oid::kQcStatements);
  der::Reader statements(list->content);
  while (!statements.AtEnd()) {
    const auto statement = statements.Take(der::kSequence);
    if (!statement) return Bad(oid::kQcStatements);
    der::Reader parts(statement->content);
    const auto id = parts.Take(der::kOid);
    if (!id) return Bad(oid::kQcStatements);
    const std::string oid = DottedOid(*id);
    const ByteView content = statement->content.subspan(id->whole.size());
    facts.qc_statements.push_back({oid, !content.empty()});
    const bool read = oid == oid::kQcPds        ? ReadPds(content, facts)
                      : oid == oid::kQcType     ? ReadOids(content, facts.qc_types)
                      : oid == oid::kQcSyntaxV2 ? ReadSemantics(content, facts)
                                                : true;
    if (!read) return Bad(oid::kQcStatements);
  }
  return OkStatus();
}

Status ReadExtension(X509_EXTENSION* extension, CertificateFacts& facts) {
  using Read = Status (*)(X509_EXTENSION*, CertificateFacts&);
  struct Row {
    std::string_view oid;
    Read read;
  };
  constexpr Row kRows[] = {
      {oid::kKeyUsage, ReadKeyUsage},
      {oid::kBasicConstraints, ReadBasicConstraints},
      {oid::kCertificatePolicies, ReadPolicies},
      {oid::kExtendedKeyUsage, ReadExtendedKeyUsage},
      {oid::kAuthorityKeyId, ReadAuthorityKeyId},
      {oid::kSubjectKeyId, ReadSubjectKeyId},
      {oid::kCrlDistributionPoints, ReadCrlUrls},
      {oid::kAuthorityInfoAccess, ReadInfoAccess},
      {oid::kQcStatements, ReadQcStatements},
  };
  const std::string found = DottedOid(X509_EXTENSION_get_object(extension));
  const std::string octets = OctetsOf(X509_EXTENSION_get_data(extension));
  facts.extensions.push_back(
      {found, X509_EXTENSION_get_critical(extension) != 0, Equal(AsBytes(octets), der::Null())});
  for (const Row& row : kRows) {
    if (row.oid != found) continue;
    der::Reader reader(AsBytes(octets));
    if (!reader.Next() || !reader.AtEnd()) return Bad(found);
    return row.read(extension, facts);
  }
  return OkStatus();
}

Status ReadPublicKey(X509* certificate, CertificateFacts& facts) {
  unsigned char* octets = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &octets);
  OpensslOctetsPtr owner(octets);
  if (size <= 0) return OpensslFail(kCertificateMalformed, "the public key");
  facts.spki.assign(octets, octets + size);
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  facts.key_algorithm = AlgorithmOf(key);
  facts.key_bits = key == nullptr ? 0 : EVP_PKEY_get_bits(key);
  // OpenSSL's parser takes the point at infinity for a key, and octets behind one.
  facts.key_is_sound = CheckCertifiable(facts.spki).ok();
  return OkStatus();
}

}  // namespace

StatusOr<CertificateFacts> DescribeCertificate(ByteView certificate_der) {
  ASSIGN_OR_RETURN(const X509Ptr certificate, ParseCertificate(certificate_der));
  X509* x509 = certificate.get();
  CertificateFacts facts;
  facts.version = static_cast<int>(X509_get_version(x509)) + 1;
  ASSIGN_OR_RETURN(facts.serial, SerialOctets(certificate_der));
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(nullptr, &outer, x509);
  if (X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(x509)) != 0) {
    return Fail(kCertificateMalformed, "inner and outer signature algorithm differ");
  }
  facts.signature_oid = DottedOid(outer->algorithm);
  facts.issuer = NameFacts(X509_get_issuer_name(x509));
  facts.subject = NameFacts(X509_get_subject_name(x509));
  facts.issuer_text = NameText(X509_get_issuer_name(x509));
  facts.subject_text = NameText(X509_get_subject_name(x509));
  ASSIGN_OR_RETURN(facts.validity.not_before, TimeOf(X509_get0_notBefore(x509)));
  ASSIGN_OR_RETURN(facts.validity.not_after, TimeOf(X509_get0_notAfter(x509)));
  RETURN_IF_ERROR(ReadPublicKey(x509, facts));
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    RETURN_IF_ERROR(ReadExtension(X509_get_ext(x509, i), facts));
  }
  const Digest digest = Sha256(certificate_der);
  facts.sha256.assign(digest.begin(), digest.end());
  return facts;
}

}  // namespace intaglio::host
