#include "attestation/verify/parsed_evidence.h"

#include "attestation/verify/der_reader.h"
#include "attestation/verify/element_reader.h"
#include "attestation/verify/reasons.h"

namespace intaglio::attestation {
namespace {

constexpr std::string_view kPemBegin = "-----BEGIN EVIDENCE-----";
constexpr std::string_view kPemEnd = "-----END EVIDENCE-----";

// One certificate, every nested length minimal; the libraries' parsers are lenient.
StatusOr<Bytes> ReadCertificate(DerReader& reader, std::string_view what) {
  DerReader nested = reader;
  ASSIGN_OR_RETURN(const ByteView whole, reader.Whole(DerTag::kSequence, what));
  if (whole.size() > kMaxCertificateOctets) {
    return Fail(kCertificateSize, std::string(what) + " has " + std::to_string(whole.size()));
  }
  RETURN_IF_ERROR(nested.Any(what).status());
  return ToBytes(whole);
}

StatusOr<SignerIdentifier> ReadSigner(DerReader& block) {
  ASSIGN_OR_RETURN(DerReader reader, block.Enter(DerTag::kSequence, "sid"));
  SignerIdentifier signer;
  if (reader.AtEnd()) return Fail(kSignerIdentifierEmpty, "sid has no member");
  if (reader.NextIs(DerTag::kContext0)) {
    ASSIGN_OR_RETURN(DerReader tagged, reader.Enter(DerTag::kContext0, "keyId"));
    ASSIGN_OR_RETURN(signer.key_id, tagged.OctetString("keyId"));
    RETURN_IF_ERROR(tagged.ExpectEnd("keyId"));
  }
  if (reader.NextIs(DerTag::kContext1)) {
    ASSIGN_OR_RETURN(DerReader tagged, reader.Enter(DerTag::kContext1, "subjectPublicKeyInfo"));
    ASSIGN_OR_RETURN(const ByteView spki, tagged.Whole(DerTag::kSequence, "subjectPublicKeyInfo"));
    signer.spki = ToBytes(spki);
    RETURN_IF_ERROR(tagged.ExpectEnd("subjectPublicKeyInfo"));
  }
  if (reader.NextIs(DerTag::kContext2)) {
    ASSIGN_OR_RETURN(DerReader tagged, reader.Enter(DerTag::kContext2, "certificate"));
    ASSIGN_OR_RETURN(signer.certificate, ReadCertificate(tagged, "certificate"));
    RETURN_IF_ERROR(tagged.ExpectEnd("certificate"));
  }
  RETURN_IF_ERROR(reader.ExpectEnd("sid"));
  return signer;
}

StatusOr<SignatureBlock> ReadSignature(DerReader& list) {
  ASSIGN_OR_RETURN(DerReader block, list.Enter(DerTag::kSequence, "SignatureBlock"));
  ASSIGN_OR_RETURN(SignerIdentifier signer, ReadSigner(block));
  ASSIGN_OR_RETURN(DerReader algorithm, block.Enter(DerTag::kSequence, "signatureAlgorithm"));
  ASSIGN_OR_RETURN(Oid oid, algorithm.ObjectIdentifier("signatureAlgorithm"));
  std::optional<Bytes> parameters;
  if (!algorithm.AtEnd()) {
    ASSIGN_OR_RETURN(const ByteView value, algorithm.Any("algorithm parameters"));
    parameters = ToBytes(value);
  }
  RETURN_IF_ERROR(algorithm.ExpectEnd("signatureAlgorithm"));
  ASSIGN_OR_RETURN(Bytes signature, block.OctetString("signatureValue"));
  RETURN_IF_ERROR(block.ExpectEnd("SignatureBlock"));
  return SignatureBlock{std::move(signer), std::move(oid), std::move(parameters),
                        std::move(signature)};
}

// The draft's module wraps this field explicitly since -07; the working group's samples, like the
// modules before, tag it implicitly. Both are read: explicit, the first value is the list and its
// first grandchild a TBSCertificate; implicit, it is one certificate, and its first grandchild is
// the version or serial number. The list is unsigned hints for path building either way.
StatusOr<DerReader> EnterIntermediates(DerReader& reader) {
  ASSIGN_OR_RETURN(DerReader field, reader.Enter(DerTag::kContext0, "intermediateCertificates"));
  DerReader probe = field;
  ASSIGN_OR_RETURN(DerReader first, probe.Enter(DerTag::kSequence, "intermediateCertificates"));
  if (first.AtEnd()) return first;
  ASSIGN_OR_RETURN(DerReader second, first.Enter(DerTag::kSequence, "intermediateCertificates"));
  if (!second.NextIs(DerTag::kSequence)) return field;
  ASSIGN_OR_RETURN(DerReader list, field.Enter(DerTag::kSequence, "intermediateCertificates"));
  RETURN_IF_ERROR(field.ExpectEnd("intermediateCertificates"));
  return list;
}

bool IsWhiteSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsWhiteSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsWhiteSpace(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

StatusOr<ParsedEvidence> ParseEvidence(ByteView der, const EvidenceProfile& profile) {
  if (der.size() > kMaxEvidenceOctets) {
    return Fail(kEvidenceTooLarge, "found " + std::to_string(der.size()) + " octets");
  }
  DerReader outer(der);
  ASSIGN_OR_RETURN(DerReader evidence, outer.Enter(DerTag::kSequence, "Evidence"));
  RETURN_IF_ERROR(outer.ExpectEnd("Evidence"));

  ParsedEvidence parsed;
  parsed.der_ = ToBytes(der);
  DerReader signed_part = evidence;
  ASSIGN_OR_RETURN(const ByteView tbs, evidence.Whole(DerTag::kSequence, "tbs"));
  parsed.tbs_ = ToBytes(tbs);
  ASSIGN_OR_RETURN(DerReader body, signed_part.Enter(DerTag::kSequence, "tbs"));
  ASSIGN_OR_RETURN(const int64_t version, body.Integer("version"));
  if (version != 1) return Fail(kEvidenceVersion, "found " + std::to_string(version));
  ASSIGN_OR_RETURN(verify_internal::ReportedElements elements,
                   verify_internal::ReadElements(body, profile));
  RETURN_IF_ERROR(body.ExpectEnd("tbs"));
  parsed.content_ = std::move(elements.content);
  parsed.unknown_elements_ = elements.unknown_elements;
  parsed.unknown_claims_ = elements.unknown_claims;

  ASSIGN_OR_RETURN(DerReader signatures, evidence.Enter(DerTag::kSequence, "signatures"));
  while (!signatures.AtEnd()) {
    if (parsed.signatures_.size() == kMaxSignatures) return Fail(kSignatureCount, "found more");
    ASSIGN_OR_RETURN(SignatureBlock block, ReadSignature(signatures));
    parsed.signatures_.push_back(std::move(block));
  }
  if (!evidence.AtEnd()) {
    ASSIGN_OR_RETURN(DerReader list, EnterIntermediates(evidence));
    while (!list.AtEnd()) {
      if (parsed.intermediates_.size() == kMaxIntermediates) {
        return Fail(kIntermediateCount, "found more");
      }
      ASSIGN_OR_RETURN(Bytes certificate, ReadCertificate(list, "intermediate certificate"));
      parsed.intermediates_.push_back(std::move(certificate));
    }
  }
  RETURN_IF_ERROR(evidence.ExpectEnd("Evidence"));
  return parsed;
}

StatusOr<Bytes> EvidenceFromPem(std::string_view text) {
  // Base64 and line ends make no evidence more than twice as long.
  if (text.size() > 2 * kMaxEvidenceOctets) return Fail(kEvidenceTooLarge, "as PEM text");
  text = Trimmed(text);
  if (!text.starts_with(kPemBegin) || !text.ends_with(kPemEnd) ||
      text.size() < kPemBegin.size() + kPemEnd.size()) {
    return Fail(kPemInvalid, "the text does not begin and end with the EVIDENCE lines");
  }
  text.remove_prefix(kPemBegin.size());
  text.remove_suffix(kPemEnd.size());
  std::string base64;
  for (char c : text) {
    if (!IsWhiteSpace(c)) base64.push_back(c);
  }
  StatusOr<Bytes> der = FromBase64(base64);
  if (!der.ok()) return Fail(kPemInvalid, "base64: " + DetailOf(der.status()));
  return der;
}

}  // namespace intaglio::attestation
