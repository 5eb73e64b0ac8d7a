#include "appliance/backup/target_evidence.h"

#include <mbedtls/x509_crt.h>

#include <map>
#include <optional>
#include <string>

#include "appliance/backup/reasons.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/der/strict_der.h"
#include "attestation/model/evidence_content.h"
#include "attestation/model/oids.h"

namespace intaglio::appliance {
namespace {

using attestation::ClaimType;
using attestation::ElementType;
using attestation::EvidenceProfile;

constexpr char kEcdsaWithSha256[] = "1.2.840.10045.4.3.2";

Status Unreadable(const std::string& why) { return Fail(kEvidenceUnreadable, why); }
Status Unreadable(const Status& status) { return Unreadable(DetailOf(status)); }

// DER's own Reasons are of the issuance gate; here they mean one thing.
#define INTAGLIO_READ(target, expression)                         \
  auto target##_or = (expression);                                \
  if (!target##_or.ok()) return Unreadable(target##_or.status()); \
  auto& target = *target##_or

// Claims of one element that this release knows; none twice but ak-spki and identifiers.
struct Element {
  ElementType type = ElementType::kTransaction;
  std::multimap<ClaimType, DerValue> claims;

  const DerValue* Find(ClaimType claim) const {
    const auto found = claims.find(claim);
    return found == claims.end() ? nullptr : &found->second;
  }
  bool Says(ClaimType claim, bool wanted) const {
    const DerValue* value = Find(claim);
    if (value == nullptr || value->tag != kDerBoolean) return false;
    const auto flag = DecodeBoolean(*value);
    return flag.ok() && *flag == wanted;
  }
};

struct Parts {
  ByteView tbs;
  std::vector<Element> elements;
  ByteView key_id;
  ByteView certificate;
  ByteView signature;
  std::vector<ByteView> intermediates;
};

class Certificates final {
 public:
  Certificates() { mbedtls_x509_crt_init(&list_); }
  ~Certificates() { mbedtls_x509_crt_free(&list_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  bool Add(ByteView der) { return mbedtls_x509_crt_parse_der(&list_, der.data(), der.size()) == 0; }
  mbedtls_x509_crt* get() { return &list_; }

 private:
  mbedtls_x509_crt list_;
};

StatusOr<Element> ReadElement(const EvidenceProfile& profile, DerReader& elements) {
  INTAGLIO_READ(inside, elements.Enter(kDerSequence));
  INTAGLIO_READ(type, inside.Expect(kDerOid));
  const auto oid = attestation::Oid::FromContent(type.content);
  if (!oid.ok()) return Unreadable(oid.status());
  const auto known = profile.ElementOf(*oid);
  if (!known) return Unreadable("an element of type " + oid->ToDotted());
  Element out;
  out.type = *known;
  INTAGLIO_READ(claims, inside.Enter(kDerSequence));
  if (!inside.AtEnd()) return Unreadable("octets behind the claims of an element");
  for (size_t count = 0; !claims.AtEnd(); ++count) {
    if (count == attestation::kMaxClaimsPerElement) return Unreadable("more than 64 claims");
    INTAGLIO_READ(claim, claims.Enter(kDerSequence));
    INTAGLIO_READ(name, claim.Expect(kDerOid));
    INTAGLIO_READ(value, claim.Next());
    if (!claim.AtEnd()) return Unreadable("octets behind a claim's value");
    const auto claim_oid = attestation::Oid::FromContent(name.content);
    if (!claim_oid.ok()) return Unreadable(claim_oid.status());
    const auto claim_type = profile.ClaimOf(*claim_oid);
    if (!claim_type) continue;
    const auto& spec = attestation::SpecOf(*claim_type);
    if (spec.element != out.type) return Unreadable("a claim stands in the wrong element");
    if (spec.repetition == attestation::Repetition::kOnce && out.Find(*claim_type) != nullptr) {
      return Unreadable("claim " + std::string(spec.name) + " stands twice");
    }
    out.claims.emplace(*claim_type, value);
  }
  return out;
}

Status ReadTbs(const EvidenceProfile& profile, DerReader& outer, Parts& out) {
  INTAGLIO_READ(whole, outer.Expect(kDerSequence));
  out.tbs = whole.whole;
  INTAGLIO_READ(tbs, outer.Inside(whole));
  INTAGLIO_READ(version, tbs.Expect(kDerInteger));
  const auto number = DecodeSmallInteger(version);
  if (!number.ok() || *number != 1) return Unreadable("not version 1");
  INTAGLIO_READ(elements, tbs.Enter(kDerSequence));
  if (!tbs.AtEnd()) return Unreadable("octets behind the elements");
  while (!elements.AtEnd()) {
    if (out.elements.size() == attestation::kMaxElements) return Unreadable("over 64 elements");
    ASSIGN_OR_RETURN(Element element, ReadElement(profile, elements));
    out.elements.push_back(std::move(element));
  }
  return OkStatus();
}

// One block: { { [0] key id, [2] certificate }, { ecdsa-with-SHA256 }, signature }.
Status ReadBlock(DerReader& outer, Parts& out) {
  INTAGLIO_READ(blocks, outer.Enter(kDerSequence));
  INTAGLIO_READ(block, blocks.Enter(kDerSequence));
  if (!blocks.AtEnd()) return Unreadable("more than one signature");
  INTAGLIO_READ(sid, block.Enter(kDerSequence));
  INTAGLIO_READ(id_field, sid.Enter(DerContextConstructed(0)));
  INTAGLIO_READ(key_id, id_field.Expect(kDerOctetString));
  INTAGLIO_READ(certificate_field, sid.Enter(DerContextConstructed(2)));
  INTAGLIO_READ(certificate, certificate_field.Expect(kDerSequence));
  if (!id_field.AtEnd() || !certificate_field.AtEnd() || !sid.AtEnd()) {
    return Unreadable("the signer is named in another way");
  }
  INTAGLIO_READ(algorithm, block.Enter(kDerSequence));
  INTAGLIO_READ(oid, algorithm.Expect(kDerOid));
  const auto dotted = DecodeOid(oid);
  if (!dotted.ok() || *dotted != kEcdsaWithSha256 || !algorithm.AtEnd()) {
    return Unreadable("the signature is not ecdsa-with-SHA256");
  }
  INTAGLIO_READ(signature, block.Expect(kDerOctetString));
  if (!block.AtEnd()) return Unreadable("octets behind the signature");
  out.key_id = key_id.content;
  out.certificate = certificate.whole;
  out.signature = signature.content;
  return OkStatus();
}

StatusOr<Parts> Read(const EvidenceProfile& profile, ByteView evidence) {
  INTAGLIO_READ(whole, ReadDerElement(evidence, attestation::kMaxEvidenceOctets));
  if (whole.tag != kDerSequence) return Unreadable("not a SEQUENCE");
  if (const Status deep = CheckDerDeep(whole); !deep.ok()) return Unreadable(deep);
  INTAGLIO_READ(outer, DerReader(evidence).Inside(whole));
  Parts out;
  RETURN_IF_ERROR(ReadTbs(profile, outer, out));
  RETURN_IF_ERROR(ReadBlock(outer, out));
  if (outer.AtEnd()) return out;
  INTAGLIO_READ(field, outer.Enter(DerContextConstructed(0)));
  INTAGLIO_READ(chain, field.Enter(kDerSequence));
  if (!field.AtEnd() || !outer.AtEnd()) return Unreadable("octets behind the certificates");
  while (!chain.AtEnd()) {
    if (out.intermediates.size() == attestation::kMaxIntermediates) {
      return Unreadable("more than 8 intermediate certificates");
    }
    INTAGLIO_READ(certificate, chain.Expect(kDerSequence));
    out.intermediates.push_back(certificate.whole);
  }
  return out;
}

// An absent extension lists nothing, which the library's own check takes for everything.
bool MayAttest(const mbedtls_x509_crt& crt, const attestation::Oid& usage) {
  if (mbedtls_x509_crt_check_key_usage(&crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0 ||
      mbedtls_x509_crt_check_key_usage(&crt, MBEDTLS_X509_KU_KEY_CERT_SIGN) == 0) {
    return false;
  }
  for (const mbedtls_x509_sequence* at = &crt.ext_key_usage; at != nullptr; at = at->next) {
    if (at->buf.p != nullptr && Equal(ByteView(at->buf.p, at->buf.len), usage.content())) {
      return true;
    }
  }
  return false;
}

// The attestation key's SPKI, once its certificate leads to a root.
StatusOr<Bytes> TrustedKey(const EvidenceProfile& profile, const Parts& parts,
                           const std::vector<Bytes>& roots) {
  if (roots.empty()) {
    return Fail(kEvidenceUntrusted, "no device root is pinned; see command set-trust-anchors");
  }
  Certificates chain, anchors;
  bool read = chain.Add(parts.certificate);
  for (const ByteView each : parts.intermediates) read = read && chain.Add(each);
  if (!read) return Unreadable("a certificate does not parse");
  for (const Bytes& root : roots) {
    if (!anchors.Add(root)) return Fail(kEvidenceUntrusted, "a pinned root does not parse");
  }
  uint32_t flags = 0;
  if (mbedtls_x509_crt_verify(chain.get(), anchors.get(), nullptr, nullptr, &flags, nullptr,
                              nullptr) != 0 ||
      flags != 0) {
    return Fail(kEvidenceUntrusted, "the attestation key's certificate leads to none of " +
                                        std::to_string(roots.size()) +
                                        " pinned roots (Mbed TLS flags " + std::to_string(flags) +
                                        ")");
  }
  const mbedtls_x509_crt& leaf = *chain.get();
  if (!MayAttest(leaf, profile.attestation_eku())) {
    return Fail(kEvidenceUntrusted, "the certificate is not an attestation key's");
  }
  return Bytes(leaf.pk_raw.p, leaf.pk_raw.p + leaf.pk_raw.len);
}

Status CheckSignature(const Parts& parts, const Bytes& spki) {
  const auto point = PointOfSpki(spki);
  const auto signature = SignatureFromDer(parts.signature);
  if (!Equal(parts.key_id, Sha256(spki)) || !point || !signature ||
      !VerifyEs256InSoftware(*point, Sha256(parts.tbs), *signature)) {
    return Fail(kEvidenceUntrusted, "the evidence is not signed by the attestation key");
  }
  // The signed part names its signer, so that a signature cannot be replaced.
  for (const Element& element : parts.elements) {
    const DerValue* named = element.Find(ClaimType::kAkSpki);
    if (named != nullptr && element.claims.count(ClaimType::kAkSpki) == 1 &&
        Equal(named->content, spki)) {
      return OkStatus();
    }
  }
  return Fail(kEvidenceUntrusted, "the evidence names another attestation key");
}

bool DecryptsAlone(const EvidenceProfile& profile, const Element& key) {
  const DerValue* purposes = key.Find(ClaimType::kPurpose);
  if (purposes == nullptr || purposes->tag != kDerSequence) return false;
  DerReader reader(purposes->content);
  const auto only = reader.Expect(kDerOid);
  if (!only.ok() || !reader.AtEnd()) return false;
  return Equal(only->content, profile.OidOf(attestation::KeyPurpose::kDecrypt).content());
}

Status CheckKey(const EvidenceProfile& profile, const Element& key) {
  static constexpr std::pair<ClaimType, bool> kWanted[] = {{ClaimType::kLocal, true},
                                                           {ClaimType::kSensitive, true},
                                                           {ClaimType::kNeverExtractable, true},
                                                           {ClaimType::kExtractable, false}};
  for (const auto& [claim, wanted] : kWanted) {
    if (key.Says(claim, wanted)) continue;
    return Fail(kTargetKeyWeak, "claim " + std::string(attestation::SpecOf(claim).name) +
                                    " is not " + (wanted ? "TRUE" : "FALSE"));
  }
  if (DecryptsAlone(profile, key)) return OkStatus();
  return Fail(kTargetKeyWeak, "claim purpose is not decrypt alone");
}

}  // namespace

Status VerifyTargetEvidence(ByteView evidence, ByteView target_spki,
                            const std::vector<Bytes>& device_roots, SimulatedDevices simulated) {
  const EvidenceProfile profile = EvidenceProfile::Draft();
  ASSIGN_OR_RETURN(const Parts parts, Read(profile, evidence));
  ASSIGN_OR_RETURN(const Bytes spki, TrustedKey(profile, parts, device_roots));
  RETURN_IF_ERROR(CheckSignature(parts, spki));
  const Element* found = nullptr;
  for (const Element& element : parts.elements) {
    if (element.type == ElementType::kPlatform && simulated == SimulatedDevices::kRefused &&
        element.Find(ClaimType::kSimulated) != nullptr &&
        !element.Says(ClaimType::kSimulated, false)) {
      return Fail(kEvidenceUntrusted, "the device says it is simulated; only a lab takes that");
    }
    const DerValue* named = element.Find(ClaimType::kSpki);
    if (named == nullptr || !Equal(named->content, target_spki)) continue;
    if (found != nullptr) return Unreadable("two elements describe the target's key");
    found = &element;
  }
  if (found == nullptr) return Fail(kEvidenceMismatch, "no element is of the target's key");
  return CheckKey(profile, *found);
}

#undef INTAGLIO_READ

}  // namespace intaglio::appliance
