// ParsedEvidence: evidence that is well formed. It proves nothing yet.
//
// Every structural rule of the draft holds: version 1, at most one transaction and one platform
// element, no claim repeated that must not be, no two elements for one key, each claim in its place
// and with a value of its type. Elements and claims of unknown type are counted and ignored. The
// content belongs to exactly the tbs octets that a signature is checked over, which is why only
// ParseEvidence makes one. [draft-ietf-rats-pkix-key-attestation §4, §5]
#ifndef INTAGLIO_ATTESTATION_VERIFY_PARSED_EVIDENCE_H_
#define INTAGLIO_ATTESTATION_VERIFY_PARSED_EVIDENCE_H_

#include <optional>
#include <string_view>
#include <vector>

#include "attestation/model/evidence_content.h"
#include "attestation/model/oids.h"
#include "base/bytes.h"

namespace intaglio::attestation {

// Whom a signature names; at least one member is there.
struct SignerIdentifier {
  std::optional<Bytes> key_id;       // of no fixed form; we know SHA-256 of the SPKI and the SKI
  std::optional<Bytes> spki;         // DER SubjectPublicKeyInfo
  std::optional<Bytes> certificate;  // DER Certificate
};

struct SignatureBlock {
  SignerIdentifier signer;
  Oid algorithm;
  // The parameters as encoded; absent for ECDSA. [RFC 5758 §3.2]
  std::optional<Bytes> parameters;
  Bytes signature;
};

class ParsedEvidence final {
 public:
  const EvidenceContent& content() const { return content_; }
  const std::vector<SignatureBlock>& signatures() const { return signatures_; }
  // DER certificates, unchecked but for their lengths.
  const std::vector<Bytes>& intermediates() const { return intermediates_; }
  // The signed octets.
  const Bytes& tbs() const { return tbs_; }
  // The whole evidence as received.
  const Bytes& der() const { return der_; }
  size_t unknown_elements() const { return unknown_elements_; }
  size_t unknown_claims() const { return unknown_claims_; }

 private:
  friend StatusOr<ParsedEvidence> ParseEvidence(ByteView der, const EvidenceProfile& profile);
  ParsedEvidence() = default;

  EvidenceContent content_;
  std::vector<SignatureBlock> signatures_;
  std::vector<Bytes> intermediates_;
  Bytes tbs_;
  Bytes der_;
  size_t unknown_elements_ = 0;
  size_t unknown_claims_ = 0;
};

// Pure; thread-safe. Fails with the Reasons ATT-0001 to ATT-0024 (reasons.h).
StatusOr<ParsedEvidence> ParseEvidence(ByteView der, const EvidenceProfile& profile);

// The DER octets of a text with one PEM block labelled EVIDENCE and nothing else but white space.
// kPemInvalid, kEvidenceTooLarge. [RFC 7468]
StatusOr<Bytes> EvidenceFromPem(std::string_view text);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_VERIFY_PARSED_EVIDENCE_H_
