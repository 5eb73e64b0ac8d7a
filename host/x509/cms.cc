#include "host/x509/cms.h"

#include "host/domain/oids.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr int kDirectoryName = 4;  // GeneralName.directoryName

// Issuer Name and serialNumber of a certificate, as elements.
struct IssuerAndSerial {
  Bytes issuer;
  Bytes serial;
};

StatusOr<IssuerAndSerial> IssuerAndSerialOf(ByteView certificate_der) {
  RETURN_IF_ERROR(ParseCertificate(certificate_der).status());
  ASSIGN_OR_RETURN(const Bytes tbs, TbsOf(certificate_der));
  const auto outer = der::Single(tbs, der::kSequence);
  if (!outer) return Fail(kCertificateMalformed, "not one TBSCertificate");
  der::Reader reader(outer->content);
  reader.Take(der::Constructed(0));
  const auto serial = reader.Take(der::kInteger);
  const auto algorithm = reader.Take(der::kSequence);
  const auto issuer = reader.Take(der::kSequence);
  if (!serial || !algorithm || !issuer) {
    return Fail(kCertificateMalformed, "not serial, algorithm and issuer");
  }
  return IssuerAndSerial{ToBytes(issuer->whole), ToBytes(serial->whole)};
}

Bytes Attribute(std::string_view oid, ByteView value) {
  return der::Sequence({der::Oid(oid), der::Tlv(der::kSet, value)});
}

const Bytes& Sha256Algorithm() {
  static const Bytes encoded = der::Sequence({der::Oid(oid::kSha256)});
  return encoded;
}

// SigningCertificateV2 with one ESSCertIDv2; hashAlgorithm is left out as it is the default.
StatusOr<Bytes> SigningCertificate(ByteView certificate_der) {
  ASSIGN_OR_RETURN(const IssuerAndSerial id, IssuerAndSerialOf(certificate_der));
  const Bytes general_names =
      der::Sequence({der::Tlv(der::Constructed(kDirectoryName), id.issuer)});
  const Bytes cert_id = der::Sequence(
      {der::OctetString(Sha256(certificate_der)), der::Sequence({general_names, id.serial})});
  return der::Sequence({der::Sequence({cert_id})});
}

}  // namespace

StatusOr<Bytes> BuildSignedAttributes(const SignedAttributesRequest& request) {
  ASSIGN_OR_RETURN(const Bytes signing_certificate, SigningCertificate(request.signer_certificate));
  std::vector<Bytes> attributes = {
      Attribute(oid::kContentType, der::Oid(oid::kCmsData)),
      Attribute(oid::kMessageDigest, der::OctetString(request.document)),
      Attribute(oid::kSigningCertificateV2, signing_certificate),
  };
  if (request.signing_time) {
    if (!der::IsEncodable(*request.signing_time)) {
      return Fail(kCmsPartsInvalid, "signingTime outside the years 1950 to 9999");
    }
    attributes.push_back(Attribute(oid::kSigningTime, der::Time(*request.signing_time)));
  }
  return der::SetOf(der::kSet, std::move(attributes));
}

StatusOr<Bytes> AssembleCms(const CmsParts& parts) {
  ASSIGN_OR_RETURN(const IssuerAndSerial id, IssuerAndSerialOf(parts.signer_certificate));
  RETURN_IF_ERROR(CheckEcdsaSignature(parts.signature_der));
  Bytes attributes;
  if (parts.signed_attributes) {
    const auto set = der::Single(*parts.signed_attributes, der::kSet);
    if (!set || set->content.empty()) {
      return Fail(kCmsPartsInvalid, "the signed attributes are not one non-empty SET");
    }
    attributes = der::Tlv(der::Constructed(0), set->content);
  }
  std::vector<Bytes> certificates = {ToBytes(parts.signer_certificate)};
  for (const Bytes& certificate : parts.chain) {
    RETURN_IF_ERROR(ParseCertificate(certificate).status());
    if (Equal(certificate, parts.signer_certificate)) {
      return Fail(kCmsPartsInvalid, "the chain repeats the signer's certificate");
    }
    certificates.push_back(certificate);
  }
  const Bytes version_1 = der::Unsigned(1);
  const Bytes signer_info =
      der::Sequence({version_1, der::Sequence({id.issuer, id.serial}), Sha256Algorithm(),
                     attributes, der::EcdsaWithSha256(), der::OctetString(parts.signature_der)});
  const Bytes signed_data = der::Sequence(
      {version_1, der::Tlv(der::kSet, Sha256Algorithm()), der::Sequence({der::Oid(oid::kCmsData)}),
       der::SetOf(der::Constructed(0), std::move(certificates)), der::Tlv(der::kSet, signer_info)});
  return der::Sequence({der::Oid(oid::kCmsSignedData), der::Tlv(der::Constructed(0), signed_data)});
}

}  // namespace intaglio::host
