#include "appliance/der/ocsp_response_data.h"

#include <set>
#include <string>

#include "appliance/der/crl_extensions.h"
#include "appliance/der/reasons.h"
#include "appliance/der/strict_der.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMostSingles = 20;
constexpr size_t kMaxNonce = 128;
constexpr std::string_view kSha1Oid = "1.3.14.3.2.26";
constexpr std::string_view kSha256Oid = "2.16.840.1.101.3.4.2.1";
constexpr std::string_view kNonce = "1.3.6.1.5.5.7.48.1.2";
constexpr std::string_view kArchiveCutoff = "1.3.6.1.5.5.7.48.1.6";
constexpr std::string_view kExtendedRevoke = "1.3.6.1.5.5.7.48.1.9";

Status Shape(const std::string& what) { return Fail(kOcspShape, what); }

Status ReadCertId(DerReader& outer, OcspSingle& single) {
  ASSIGN_OR_RETURN(DerReader reader, outer.Enter(kDerSequence));
  ASSIGN_OR_RETURN(DerReader algorithm, reader.Enter(kDerSequence));
  ASSIGN_OR_RETURN(const DerValue oid, algorithm.Expect(kDerOid));
  ASSIGN_OR_RETURN(const std::string text, DecodeOid(oid));
  // Parameters are NULL or absent: both are in use.
  if (!algorithm.AtEnd()) RETURN_IF_ERROR(algorithm.Expect(kDerNull).status());
  RETURN_IF_ERROR(algorithm.Finish());
  if (text == kSha1Oid) {
    single.hash = CertIdHash::kSha1;
  } else if (text == kSha256Oid) {
    single.hash = CertIdHash::kSha256;
  } else {
    return Shape("CertID hash " + text);
  }
  ASSIGN_OR_RETURN(const DerValue name, reader.Expect(kDerOctetString));
  ASSIGN_OR_RETURN(const DerValue key, reader.Expect(kDerOctetString));
  ASSIGN_OR_RETURN(const DerValue serial, reader.Expect(kDerInteger));
  RETURN_IF_ERROR(CheckInteger(serial));
  if (serial.content.size() > 20) return Shape("serial of more than 20 octets");
  single.issuer_name_hash = ToBytes(name.content);
  single.issuer_key_hash = ToBytes(key.content);
  single.serial.octets = ToBytes(serial.content);
  return reader.Finish();
}

Status ReadRevoked(DerReader& outer, OcspSingle& single) {
  ASSIGN_OR_RETURN(DerReader reader, outer.Enter(DerContextConstructed(1)));
  OcspRevoked revoked;
  ASSIGN_OR_RETURN(const DerValue at, reader.Expect(kDerGeneralizedTime));
  ASSIGN_OR_RETURN(revoked.at, DecodeGeneralizedTime(at));
  if (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(DerReader wrapper, reader.Enter(DerContextConstructed(0)));
    ASSIGN_OR_RETURN(const DerValue reason, wrapper.Expect(kDerEnumerated));
    RETURN_IF_ERROR(wrapper.Finish());
    const auto known = reason.content.size() == 1 ? CrlReasonOf(reason.content[0]) : std::nullopt;
    if (!known) return Shape("revocationReason " + ToHex(reason.content));
    revoked.reason = *known;
  }
  single.status = revoked;
  return reader.Finish();
}

Status ReadCertStatus(DerReader& reader, OcspSingle& single) {
  if (reader.NextIs(DerContextConstructed(1))) return ReadRevoked(reader, single);
  ASSIGN_OR_RETURN(const DerValue value, reader.Next());
  if (!value.content.empty()) return Shape("certStatus");
  if (value.tag == DerContext(0)) {
    single.status = OcspGood{};
  } else if (value.tag == DerContext(2)) {
    single.status = OcspUnknown{};
  } else {
    return Shape("certStatus");
  }
  return OkStatus();
}

struct Extension {
  std::string oid;
  ByteView value;
};

StatusOr<std::vector<Extension>> ReadExtensions(DerReader& outer) {
  ASSIGN_OR_RETURN(DerReader wrapper, outer.Enter(DerContextConstructed(1)));
  ASSIGN_OR_RETURN(DerReader list, wrapper.Enter(kDerSequence));
  RETURN_IF_ERROR(wrapper.Finish());
  std::vector<Extension> out;
  std::set<std::string> seen;
  while (!list.AtEnd()) {
    ASSIGN_OR_RETURN(DerReader reader, list.Enter(kDerSequence));
    Extension extension;
    ASSIGN_OR_RETURN(const DerValue oid, reader.Expect(kDerOid));
    ASSIGN_OR_RETURN(extension.oid, DecodeOid(oid));
    ASSIGN_OR_RETURN(const DerValue value, reader.Expect(kDerOctetString));
    extension.value = value.content;
    RETURN_IF_ERROR(reader.Finish());
    if (!seen.insert(extension.oid).second) return Shape("extension " + extension.oid + " twice");
    out.push_back(std::move(extension));
  }
  if (out.empty()) return Shape("an empty list of extensions");
  return out;
}

StatusOr<OcspSingle> ReadSingle(DerReader& list) {
  ASSIGN_OR_RETURN(DerReader reader, list.Enter(kDerSequence));
  OcspSingle single;
  RETURN_IF_ERROR(ReadCertId(reader, single));
  RETURN_IF_ERROR(ReadCertStatus(reader, single));
  ASSIGN_OR_RETURN(const DerValue from, reader.Expect(kDerGeneralizedTime));
  ASSIGN_OR_RETURN(single.this_update, DecodeGeneralizedTime(from));
  ASSIGN_OR_RETURN(DerReader next, reader.Enter(DerContextConstructed(0)));
  ASSIGN_OR_RETURN(const DerValue to, next.Expect(kDerGeneralizedTime));
  ASSIGN_OR_RETURN(single.next_update, DecodeGeneralizedTime(to));
  RETURN_IF_ERROR(next.Finish());
  if (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(const auto extensions, ReadExtensions(reader));
    for (const Extension& each : extensions) {
      if (each.oid != kArchiveCutoff) return Shape("single extension " + each.oid);
      ASSIGN_OR_RETURN(const DerValue cutoff, ReadDerElement(each.value, 24));
      if (cutoff.tag != kDerGeneralizedTime) return Shape("archiveCutoff");
      ASSIGN_OR_RETURN(const WallTime time, DecodeGeneralizedTime(cutoff));
      single.archive_cutoff = time;
    }
  }
  RETURN_IF_ERROR(reader.Finish());
  return single;
}

}  // namespace

StatusOr<OcspResponseData> ReadOcspResponseData(ByteView octets) {
  ASSIGN_OR_RETURN(const DerValue element, ReadDerElement(octets, kMaxOcspOctets));
  RETURN_IF_ERROR(CheckDerDeep(element));
  DerReader outer(octets);
  ASSIGN_OR_RETURN(DerReader reader, outer.Enter(kDerSequence));
  OcspResponseData data;
  ASSIGN_OR_RETURN(DerReader responder, reader.Enter(DerContextConstructed(2)));
  ASSIGN_OR_RETURN(const DerValue key_hash, responder.Expect(kDerOctetString));
  RETURN_IF_ERROR(responder.Finish());
  data.responder_key_hash = ToBytes(key_hash.content);
  ASSIGN_OR_RETURN(const DerValue produced, reader.Expect(kDerGeneralizedTime));
  ASSIGN_OR_RETURN(data.produced_at, DecodeGeneralizedTime(produced));
  ASSIGN_OR_RETURN(DerReader list, reader.Enter(kDerSequence));
  while (!list.AtEnd()) {
    if (data.singles.size() == kMostSingles) return Shape("more than 20 answers");
    ASSIGN_OR_RETURN(OcspSingle single, ReadSingle(list));
    data.singles.push_back(std::move(single));
  }
  if (data.singles.empty()) return Shape("no answer");
  if (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(const auto extensions, ReadExtensions(reader));
    for (const Extension& each : extensions) {
      if (each.oid == kNonce) {
        ASSIGN_OR_RETURN(const DerValue nonce, ReadDerElement(each.value, kMaxNonce + 4));
        if (nonce.tag != kDerOctetString || nonce.content.empty() ||
            nonce.content.size() > kMaxNonce) {
          return Shape("nonce");
        }
      } else if (each.oid == kExtendedRevoke) {
        if (each.value.size() != 2 || each.value[0] != kDerNull || each.value[1] != 0) {
          return Shape("extended-revoke");
        }
        data.extended_revoke = true;
      } else {
        return Shape("response extension " + each.oid);
      }
    }
  }
  RETURN_IF_ERROR(reader.Finish());
  return data;
}

}  // namespace intaglio::appliance
