#include "appliance/der/tbs_certificate.h"

#include <algorithm>

#include "appliance/der/reasons.h"
#include "appliance/der/second_reading.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxSerialOctets = 20;
constexpr size_t kMaxNameAttributes = 32;
// The algorithm and signature around a TBSCertificate take less than this.
constexpr size_t kMaxCertificateOctets = kMaxTbsOctets + 256;

// AlgorithmIdentifier ecdsa-with-SHA256, parameters absent. [RFC 5758 §3.2]
constexpr uint8_t kEcdsaWithSha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                        0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

Status ReadVersion(DerReader& fields) {
  if (!fields.NextIs(DerContextConstructed(0))) {
    return Fail(kTbsVersion, "no version is named, which means version 1");
  }
  ASSIGN_OR_RETURN(DerReader wrapper, fields.Enter(DerContextConstructed(0)));
  ASSIGN_OR_RETURN(const DerValue value, wrapper.Expect(kDerInteger));
  RETURN_IF_ERROR(wrapper.Finish());
  if (!Equal(value.content, Bytes{2})) return Fail(kTbsVersion, "found " + ToHex(value.content));
  return OkStatus();
}

StatusOr<Serial> ReadSerial(DerReader& fields) {
  ASSIGN_OR_RETURN(const DerValue value, fields.Expect(kDerInteger));
  RETURN_IF_ERROR(CheckInteger(value));
  const ByteView octets = value.content;
  const bool zero = octets.size() == 1 && octets[0] == 0;
  if (octets.size() > kMaxSerialOctets || zero || (octets[0] & 0x80) != 0) {
    return Fail(kTbsSerial, std::to_string(octets.size()) + " octets, zero or negative");
  }
  return Serial{ToBytes(octets)};
}

// RDNs of one attribute each.
StatusOr<std::vector<NameAttribute>> ReadName(const DerReader& level, const DerValue& name) {
  std::vector<NameAttribute> attributes;
  ASSIGN_OR_RETURN(DerReader rdns, level.Inside(name));
  if (rdns.AtEnd()) return Fail(kTbsName, "a name without attributes");
  while (!rdns.AtEnd()) {
    ASSIGN_OR_RETURN(DerReader rdn, rdns.Enter(kDerSet));
    ASSIGN_OR_RETURN(DerReader attribute, rdn.Enter(kDerSequence));
    if (!rdn.AtEnd()) return Fail(kTbsName, "an RDN of several attributes");
    if (attributes.size() == kMaxNameAttributes) return Fail(kDerTooLarge, "over 32 attributes");
    ASSIGN_OR_RETURN(const DerValue type, attribute.Expect(kDerOid));
    ASSIGN_OR_RETURN(std::string oid, DecodeOid(type));
    ASSIGN_OR_RETURN(const DerValue value, attribute.Next());
    RETURN_IF_ERROR(attribute.Finish());
    attributes.push_back({std::move(oid), value.tag, AsString(value.content)});
  }
  return attributes;
}

Status ReadValidity(DerReader& fields, TbsFacts& facts) {
  ASSIGN_OR_RETURN(DerReader validity, fields.Enter(kDerSequence));
  ASSIGN_OR_RETURN(const DerValue not_before, validity.Next());
  ASSIGN_OR_RETURN(facts.not_before, DecodeX509Time(not_before));
  ASSIGN_OR_RETURN(const DerValue not_after, validity.Next());
  ASSIGN_OR_RETURN(facts.not_after, DecodeX509Time(not_after));
  RETURN_IF_ERROR(validity.Finish());
  if (facts.not_after < facts.not_before) {
    return Fail(kTbsValidity,
                ToIso8601(facts.not_after) + " is before " + ToIso8601(facts.not_before));
  }
  return OkStatus();
}

// The shape alone; Mbed TLS decides whether the key is one. [RFC 5280 §4.1.2.7]
Status CheckSpki(const DerReader& level, const DerValue& spki) {
  ASSIGN_OR_RETURN(DerReader fields, level.Inside(spki));
  RETURN_IF_ERROR(fields.Expect(kDerSequence).status());
  ASSIGN_OR_RETURN(const DerValue key, fields.Expect(kDerBitString));
  RETURN_IF_ERROR(DecodeOctetBits(key).status());
  return fields.Finish();
}

Status ReadTail(DerReader& fields, TbsFacts& facts) {
  for (const uint8_t unique_id : {DerContext(1), DerContext(2)}) {
    if (fields.NextIs(unique_id)) return Fail(kTbsUniqueId, "leave unique identifiers out");
  }
  ASSIGN_OR_RETURN(DerReader wrapper, fields.Enter(DerContextConstructed(3)));
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(const DerReader extensions, wrapper.Enter(kDerSequence));
  RETURN_IF_ERROR(wrapper.Finish());
  ASSIGN_OR_RETURN(facts.extensions, ReadExtensions(extensions));
  return OkStatus();
}

StatusOr<TbsFacts> ReadStrictly(const DerValue& tbs) {
  DerReader outer(tbs.whole);
  ASSIGN_OR_RETURN(DerReader fields, outer.Enter(kDerSequence));
  TbsFacts facts;
  RETURN_IF_ERROR(ReadVersion(fields));
  ASSIGN_OR_RETURN(facts.serial, ReadSerial(fields));
  ASSIGN_OR_RETURN(const DerValue algorithm, fields.Expect(kDerSequence));
  if (!Equal(algorithm.whole, kEcdsaWithSha256)) {
    return Fail(
        kTbsSignatureAlgorithm,
        "found " + ToHex(algorithm.whole.first(std::min<size_t>(algorithm.whole.size(), 32))));
  }
  ASSIGN_OR_RETURN(const DerValue issuer, fields.Expect(kDerSequence));
  RETURN_IF_ERROR(ReadName(fields, issuer).status());
  facts.issuer = ToBytes(issuer.whole);
  RETURN_IF_ERROR(ReadValidity(fields, facts));
  ASSIGN_OR_RETURN(const DerValue subject, fields.Expect(kDerSequence));
  ASSIGN_OR_RETURN(facts.subject_attributes, ReadName(fields, subject));
  facts.subject = ToBytes(subject.whole);
  ASSIGN_OR_RETURN(const DerValue spki, fields.Expect(kDerSequence));
  RETURN_IF_ERROR(CheckSpki(fields, spki));
  facts.spki = ToBytes(spki.whole);
  RETURN_IF_ERROR(ReadTail(fields, facts));
  return facts;
}

// SEQUENCE { r INTEGER, s INTEGER }. [RFC 3279 §2.2.3]
Status CheckSignature(ByteView signature) {
  ASSIGN_OR_RETURN(const DerValue element, ReadDerElement(signature, kMaxCertificateOctets));
  RETURN_IF_ERROR(CheckDerDeep(element));
  DerReader outer(signature);
  ASSIGN_OR_RETURN(DerReader numbers, outer.Enter(kDerSequence));
  RETURN_IF_ERROR(numbers.Expect(kDerInteger).status());
  RETURN_IF_ERROR(numbers.Expect(kDerInteger).status());
  return numbers.Finish();
}

}  // namespace

StatusOr<TbsFacts> ReadTbsCertificate(ByteView tbs) {
  ASSIGN_OR_RETURN(const DerValue element, ReadDerElement(tbs, kMaxTbsOctets));
  RETURN_IF_ERROR(CheckDerDeep(element));
  ASSIGN_OR_RETURN(TbsFacts facts, ReadStrictly(element));
  ASSIGN_OR_RETURN(const SecondReading second, ReadWithMbedTls(tbs));
  RETURN_IF_ERROR(CompareReadings(facts, second));
  return facts;
}

StatusOr<CertificateParts> ReadCertificate(ByteView certificate) {
  ASSIGN_OR_RETURN(const DerValue element, ReadDerElement(certificate, kMaxCertificateOctets));
  RETURN_IF_ERROR(CheckDerDeep(element));
  DerReader outer(certificate);
  ASSIGN_OR_RETURN(DerReader fields, outer.Enter(kDerSequence));
  ASSIGN_OR_RETURN(const DerValue tbs, fields.Expect(kDerSequence));
  ASSIGN_OR_RETURN(const DerValue algorithm, fields.Expect(kDerSequence));
  ASSIGN_OR_RETURN(const DerValue bits, fields.Expect(kDerBitString));
  RETURN_IF_ERROR(fields.Finish());
  CertificateParts parts;
  parts.tbs = ToBytes(tbs.whole);
  ASSIGN_OR_RETURN(parts.facts, ReadTbsCertificate(parts.tbs));
  // The inner one is ecdsa-with-SHA256, or the facts could not be read.
  if (!Equal(algorithm.whole, kEcdsaWithSha256)) {
    return Fail(
        kCertificateAlgorithm,
        "found " + ToHex(algorithm.whole.first(std::min<size_t>(algorithm.whole.size(), 32))));
  }
  ASSIGN_OR_RETURN(const ByteView signature, DecodeOctetBits(bits));
  RETURN_IF_ERROR(CheckSignature(signature));
  parts.signature = ToBytes(signature);
  return parts;
}

Bytes AssembleCertificate(ByteView tbs, ByteView signature_der) {
  constexpr uint8_t kNoUnusedBits[] = {0};
  const Bytes bits = EncodeDer(kDerBitString, Concat({kNoUnusedBits, signature_der}));
  return EncodeDer(kDerSequence, Concat({tbs, kEcdsaWithSha256, bits}));
}

}  // namespace intaglio::appliance
