#include "host/x509/machine_certificates.h"

#include <arpa/inet.h>

#include <algorithm>

#include "host/domain/certificate_facts.h"
#include "host/domain/oids.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/distinguished_name.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"
#include "host/x509/tbs_encoding.h"

namespace intaglio::host {
namespace {

constexpr int kDnsName = 2;      // GeneralName.dNSName
constexpr int kIpAddress = 7;    // GeneralName.iPAddress
constexpr size_t kMaxDns = 253;  // octets of a domain name

StatusOr<Bytes> EncodeDeviceName(const DeviceName& name) {
  const NameAttribute attributes[] = {{oid::kOrganization, name.manufacturer},
                                      {oid::kCommonName, name.device}};
  return EncodeName(attributes);
}

Status CheckBelongs(const IssuingKey& issuer) {
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(issuer.key));
  if (Equal(spki, issuer.ca.spki())) return OkStatus();
  return Fail(kSigningKeyUnacceptable, "the key is not that of the issuer's certificate");
}

bool IsDnsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxDns &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

StatusOr<Bytes> EncodeAltName(const AltName& name) {
  if (name.kind == AltNameKind::kDns) {
    if (!IsDnsName(name.text)) return Fail(kAltNameInvalid, "'" + name.text + "' is no DNS name");
    return der::Text(der::Primitive(kDnsName), name.text);
  }
  uint8_t address[16];
  if (inet_pton(AF_INET, name.text.c_str(), address) == 1) {
    return der::Tlv(der::Primitive(kIpAddress), ByteView(address, 4));
  }
  if (inet_pton(AF_INET6, name.text.c_str(), address) == 1) {
    return der::Tlv(der::Primitive(kIpAddress), ByteView(address, 16));
  }
  return Fail(kAltNameInvalid, "'" + name.text + "' is no IP address");
}

// What an end-entity certificate of a machine has beside its purposes and names.
struct MachineParts {
  const Serial& serial;
  const Bytes& subject_name;
  ByteView spki;
  const Validity& validity;
  Bytes purpose;                       // encoded OBJECT IDENTIFIER
  std::vector<Bytes> more_extensions;  // after the others
};

StatusOr<Bytes> IssueMachineCertificate(const IssuingKey& issuer, MachineParts parts) {
  RETURN_IF_ERROR(CheckBelongs(issuer));
  RETURN_IF_ERROR(CheckValidityWithin(parts.validity, issuer.ca.validity()));
  RETURN_IF_ERROR(CheckCertifiable(parts.spki));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdentifier(parts.spki));
  std::vector<Bytes> extensions = {
      AuthorityKeyIdExtension(issuer.ca.key_id()),
      SubjectKeyIdExtension(key_id),
      EndEntityConstraintsExtension(),
      KeyUsageExtension(kKeyUsageDigitalSignature),
      ExtendedKeyUsageExtension({std::move(parts.purpose)}),
  };
  for (Bytes& extension : parts.more_extensions) extensions.push_back(std::move(extension));
  const Bytes tbs = EncodeTbs({
      .serial = parts.serial,
      .issuer_name = issuer.ca.subject_name(),
      .subject_name = parts.subject_name,
      .validity = parts.validity,
      .spki = parts.spki,
      .extensions = std::move(extensions),
  });
  ASSIGN_OR_RETURN(Bytes certificate, SignCertificate(tbs, issuer.key));
  RETURN_IF_ERROR(VerifyCertificate(certificate, issuer.ca.certificate()));
  return certificate;
}

StatusOr<Bytes> SelfSign(EVP_PKEY* key, const Bytes& name, const Validity& validity,
                         const Serial& serial, std::vector<Bytes> extensions) {
  RETURN_IF_ERROR(CheckValidity(validity));
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(key));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdentifier(spki));
  extensions.insert(extensions.begin(), SubjectKeyIdExtension(key_id));
  const Bytes tbs = EncodeTbs({.serial = serial,
                               .issuer_name = name,
                               .subject_name = name,
                               .validity = validity,
                               .spki = spki,
                               .extensions = std::move(extensions)});
  return SignCertificate(tbs, key);
}

}  // namespace

StatusOr<Bytes> MakeDeviceRoot(EVP_PKEY* key, const DeviceName& name, const Validity& validity,
                               const Serial& serial) {
  ASSIGN_OR_RETURN(const Bytes subject, EncodeDeviceName(name));
  return SelfSign(key, subject, validity, serial,
                  {CaConstraintsExtension(PathLength::kZero),
                   KeyUsageExtension(kKeyUsageKeyCertSign | kKeyUsageCrlSign)});
}

StatusOr<Bytes> MakeAttestationCertificate(const IssuingKey& device_root,
                                           const AttestationRequest& request) {
  ASSIGN_OR_RETURN(const Bytes subject, EncodeDeviceName(request.device));
  ASSIGN_OR_RETURN(Bytes purpose, der::ParseOid(request.key_purpose_oid));
  return IssueMachineCertificate(device_root, {.serial = request.serial,
                                               .subject_name = subject,
                                               .spki = request.attestation_spki,
                                               .validity = request.validity,
                                               .purpose = std::move(purpose),
                                               .more_extensions = {}});
}

StatusOr<Bytes> MakeTlsCertificate(const IssuingKey& tls_ca, const TlsRequest& request) {
  const NameAttribute attributes[] = {{oid::kOrganizationalUnit, request.role},
                                      {oid::kCommonName, request.common_name}};
  ASSIGN_OR_RETURN(const Bytes subject, EncodeName(attributes));
  const bool server = request.purpose == TlsPurpose::kServer;
  if (server && request.alt_names.empty()) {
    return Fail(kAltNameInvalid, "a server certificate needs at least one name to be reached by");
  }
  std::vector<Bytes> names;
  for (const AltName& name : request.alt_names) {
    ASSIGN_OR_RETURN(Bytes encoded, EncodeAltName(name));
    names.push_back(std::move(encoded));
  }
  std::vector<Bytes> more;
  if (!names.empty()) {
    more.push_back(
        EncodeExtension(oid::kSubjectAltName, Criticality::kNotCritical, der::SequenceOf(names)));
  }
  return IssueMachineCertificate(tls_ca,
                                 {.serial = request.serial,
                                  .subject_name = subject,
                                  .spki = request.spki,
                                  .validity = request.validity,
                                  .purpose = der::Oid(server ? oid::kServerAuth : oid::kClientAuth),
                                  .more_extensions = std::move(more)});
}

StatusOr<Bytes> MakeLinkCertificate(EVP_PKEY* key, std::string_view common_name,
                                    const Validity& validity, const Serial& serial) {
  const NameAttribute attributes[] = {{oid::kCommonName, common_name}};
  ASSIGN_OR_RETURN(const Bytes name, EncodeName(attributes));
  return SelfSign(
      key, name, validity, serial,
      {EndEntityConstraintsExtension(), KeyUsageExtension(kKeyUsageDigitalSignature),
       ExtendedKeyUsageExtension({der::Oid(oid::kServerAuth), der::Oid(oid::kClientAuth)})});
}

}  // namespace intaglio::host
