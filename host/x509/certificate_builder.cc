#include "host/x509/certificate_builder.h"

#include <vector>

#include "host/domain/certificate_facts.h"
#include "host/domain/oids.h"
#include "host/x509/der.h"
#include "host/x509/distinguished_name.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"
#include "host/x509/tbs_encoding.h"

namespace intaglio::host {
namespace {

// DER SubjectPublicKeyInfo of a P-256 key with an uncompressed point.
constexpr size_t kP256SpkiSize = 91;

Bytes PoliciesExtension(std::string_view policy_oid, std::string_view cps_url) {
  Bytes qualifiers;
  if (!cps_url.empty()) {
    const Bytes cps =
        der::Sequence({der::Oid(oid::kCpsQualifier), der::Text(der::kIa5String, cps_url)});
    qualifiers = der::Sequence({cps});
  }
  const Bytes policy = der::Sequence({der::Oid(policy_oid), qualifiers});
  return EncodeExtension(oid::kCertificatePolicies, Criticality::kNotCritical,
                         der::Sequence({policy}));
}

Bytes QcStatement(std::string_view statement, ByteView content) {
  return der::Sequence({der::Oid(statement), content});
}

Bytes QcStatementsExtension(const ProfileSpec& profile, const RepositoryUrls& urls) {
  std::vector<Bytes> statements = {QcStatement(oid::kQcCompliance, {})};
  if (profile.qscd.value == QscdClaim::kPresent) {
    statements.push_back(QcStatement(oid::kQcSscd, {}));
  }
  const Bytes location = der::Sequence(
      {der::Text(der::kIa5String, urls.pds), der::Text(der::kPrintableString, urls.pds_language)});
  statements.push_back(QcStatement(oid::kQcPds, der::Sequence({location})));
  statements.push_back(QcStatement(oid::kQcType, der::Sequence({der::Oid(profile.qc_type.value)})));
  statements.push_back(
      QcStatement(oid::kQcSyntaxV2, der::Sequence({der::Oid(profile.semantics_oid.value)})));
  return EncodeExtension(oid::kQcStatements, Criticality::kNotCritical,
                         der::SequenceOf(statements));
}

// The places of status, or that there is none: a short-term certificate says so twice, for those
// who know the one mark or the other. [EN 319 412-2 §4.3.11, §4.4.1; EN 319 412-1 §5.2; RFC 9608]
void AddStatusExtensions(const ProfileSpec& profile, const RepositoryUrls& urls,
                         std::vector<Bytes>& extensions) {
  const bool short_term = profile.status.value == StatusPromise::kNoneForShortTerm;
  if (!short_term) extensions.push_back(CrlDistributionPointExtension(urls.crl));
  extensions.push_back(AuthorityInfoAccessExtension(
      {.ca_issuers = urls.ca_issuers, .ocsp = short_term ? std::string_view() : urls.ocsp}));
  if (!short_term) return;
  for (std::string_view mark : {oid::kValidityAssured, oid::kNoRevAvail}) {
    extensions.push_back(EncodeExtension(mark, Criticality::kNotCritical, der::Null()));
  }
}

Status CheckUrls(const ProfileSpec& profile, const RepositoryUrls& urls) {
  RETURN_IF_ERROR(CheckUrl(urls.ca_issuers, UrlScheme::kHttp, "caIssuers"));
  if (profile.status.value == StatusPromise::kCrlAndOcsp) {
    RETURN_IF_ERROR(CheckUrl(urls.ocsp, UrlScheme::kHttp, "OCSP"));
    RETURN_IF_ERROR(CheckUrl(urls.crl, UrlScheme::kHttp, "CRL"));
  }
  RETURN_IF_ERROR(CheckUrl(urls.pds, UrlScheme::kHttps, "disclosure statement"));
  if (!urls.cps.empty()) {
    RETURN_IF_ERROR(CheckUrl(urls.cps, UrlScheme::kHttpOrHttps, "practice statement"));
  }
  const std::string& language = urls.pds_language;
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (language.size() != 2 || !lower(language[0]) || !lower(language[1])) {
    return Fail(kUrlInvalid,
                "the disclosure statement's language is not a lower-case ISO 639-1 code");
  }
  return OkStatus();
}

}  // namespace

StatusOr<Bytes> BuildSubscriberTbs(const SubscriberRequest& request) {
  RETURN_IF_ERROR(CheckValidityWithin(request.validity, request.ca.validity()));
  RETURN_IF_ERROR(CheckCertifiable(request.spki));
  RETURN_IF_ERROR(CheckUrls(request.profile, request.urls));
  ASSIGN_OR_RETURN(const Bytes subject, EncodeSubject(request.subject));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdentifier(request.spki));
  const RepositoryUrls& urls = request.urls;
  std::vector<Bytes> extensions = {
      AuthorityKeyIdExtension(request.ca.key_id()),
      SubjectKeyIdExtension(key_id),
      KeyUsageExtension(request.profile.key_usage.value),
      PoliciesExtension(PolicyOid(request.profile.policy), urls.cps),
  };
  AddStatusExtensions(request.profile, urls, extensions);
  extensions.push_back(QcStatementsExtension(request.profile, urls));
  return EncodeTbs({
      .serial = request.serial,
      .issuer_name = request.ca.subject_name(),
      .subject_name = subject,
      .validity = request.validity,
      .spki = request.spki,
      .extensions = std::move(extensions),
  });
}

StatusOr<Bytes> BuildOcspResponderTbs(const OcspResponderRequest& request) {
  RETURN_IF_ERROR(CheckValidityWithin(request.validity, request.ca.validity()));
  if (request.validity.not_after - request.validity.not_before > kLongestResponderValidity) {
    return Fail(kValidityInvalid, "a responder certificate is valid for at most 90 days");
  }
  RETURN_IF_ERROR(CheckCertifiable(request.spki));
  ASSIGN_OR_RETURN(const Bytes subject, EncodeIssuerName(request.subject));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdentifier(request.spki));
  return EncodeTbs({
      .serial = request.serial,
      .issuer_name = request.ca.subject_name(),
      .subject_name = subject,
      .validity = request.validity,
      .spki = request.spki,
      .extensions =
          {
              AuthorityKeyIdExtension(request.ca.key_id()),
              SubjectKeyIdExtension(key_id),
              KeyUsageExtension(kKeyUsageDigitalSignature),
              ExtendedKeyUsageExtension({der::Oid(oid::kOcspSigning)}),
              EncodeExtension(oid::kOcspNoCheck, Criticality::kNotCritical, der::Null()),
          },
  });
}

StatusOr<Bytes> BuildCaTbs(const CaRequest& request) {
  RETURN_IF_ERROR(CheckValidityWithin(request.validity, request.root.validity()));
  RETURN_IF_ERROR(CheckCertifiable(request.spki));
  if (request.spki.size() != kP256SpkiSize) {
    return Fail(kSpkiUnacceptable, "the key of an issuing CA must be P-256");
  }
  ASSIGN_OR_RETURN(const Bytes subject, EncodeIssuerName(request.subject));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdentifier(request.spki));
  std::vector<Bytes> extensions = {
      AuthorityKeyIdExtension(request.root.key_id()),
      SubjectKeyIdExtension(key_id),
      CaConstraintsExtension(PathLength::kZero),
      KeyUsageExtension(kKeyUsageKeyCertSign | kKeyUsageCrlSign),
      PoliciesExtension(oid::kAnyPolicy, ""),
  };
  if (!request.root_crl_url.empty()) {
    RETURN_IF_ERROR(CheckUrl(request.root_crl_url, UrlScheme::kHttp, "root CRL"));
    extensions.push_back(CrlDistributionPointExtension(request.root_crl_url));
  }
  if (!request.root_certificate_url.empty()) {
    RETURN_IF_ERROR(CheckUrl(request.root_certificate_url, UrlScheme::kHttp, "root certificate"));
    extensions.push_back(
        AuthorityInfoAccessExtension({.ca_issuers = request.root_certificate_url, .ocsp = {}}));
  }
  return EncodeTbs({
      .serial = request.serial,
      .issuer_name = request.root.subject_name(),
      .subject_name = subject,
      .validity = request.validity,
      .spki = request.spki,
      .extensions = std::move(extensions),
  });
}

}  // namespace intaglio::host
