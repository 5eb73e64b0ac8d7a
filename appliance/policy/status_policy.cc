#include "appliance/policy/status_policy.h"

#include <cstdlib>

#include "appliance/crypto/hash.h"
#include "appliance/der/strict_der.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/gate_rules.h"
#include "appliance/policy/status_reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kPage = 1000;
constexpr WallTime kNoEnd{253402300799000};  // 99991231235959Z

int Compare(const Serial& a, const Serial& b) {
  if (a.octets.size() != b.octets.size()) return a.octets.size() < b.octets.size() ? -1 : 1;
  return a.octets < b.octets ? -1 : a.octets == b.octets ? 0 : 1;
}

// Never ahead: a status dated after a revocation that came behind it would contradict it.
bool IsPresent(WallTime time, WallTime now) {
  return time <= now && now - time <= StatusPolicy::kClockTolerance;
}

Status Hidden(const RevokedRow& row) {
  return Refuse(kCrlHidesRevocation,
                "serial " + ToHex(row.serial.octets) + " since " + ToIso8601(row.revoked_at));
}

// The BIT STRING content of an SPKI, without the octet of unused bits. [RFC 6960 §4.1.1]
StatusOr<Bytes> KeyBits(ByteView spki) {
  DerReader outer(spki);
  ASSIGN_OR_RETURN(DerReader reader, outer.Enter(kDerSequence));
  RETURN_IF_ERROR(reader.Expect(kDerSequence).status());
  ASSIGN_OR_RETURN(const DerValue bits, reader.Expect(kDerBitString));
  ASSIGN_OR_RETURN(const ByteView octets, DecodeOctetBits(bits));
  return ToBytes(octets);
}

// A promise to know of everything since `from`: not longer than the CA exists, which is as long as
// its rows are kept. [EN 319 411-2 CSS-6.3.10-05, -10]
bool KnownSince(WallTime from, const TbsFacts& ca, WallTime this_update) {
  return from >= ca.not_before && from <= this_update;
}

// The hashes by which a CertID names an issuer.
struct IssuerHashes {
  Bytes name;
  Bytes key;
};

StatusOr<IssuerHashes> HashIssuer(const TbsFacts& ca, CertIdHash hash) {
  ASSIGN_OR_RETURN(const Bytes bits, KeyBits(ca.spki));
  if (hash == CertIdHash::kSha1)
    return IssuerHashes{ToBytes(Sha1(ca.subject)), ToBytes(Sha1(bits))};
  return IssuerHashes{ToBytes(Sha256(ca.subject)), ToBytes(Sha256(bits))};
}

// Only these purposes sign status: a permit for any other key would let a CRL or an OCSP answer
// spend, say, a signer's key. [EN 319 411-1 GEN-6.5.3-03]
Status CheckPurpose(const KeyRecord& key, KeyPurpose due) {
  if (key.purpose == due) return OkStatus();
  return Refuse(kKeyPurpose, "key " + key.key_id.hex() + " does not sign this kind of status");
}

Status JudgeKnown(const OcspSingle& single, const SerialRow& row) {
  const std::string serial = "serial " + ToHex(single.serial.octets);
  const bool blocked = row.state == SerialState::kRevoked || row.state == SerialState::kSuspended;
  const auto* revoked = std::get_if<OcspRevoked>(&single.status);
  if (blocked) {
    if (revoked == nullptr) return Refuse(kOcspHidesRevocation, serial);
    if (revoked->at != row.changed_at || revoked->reason != row.reason) {
      return Refuse(kOcspContradictsRow, serial + ": date or reason");
    }
    return OkStatus();
  }
  if (!std::holds_alternative<OcspGood>(single.status)) {
    return Refuse(kOcspContradictsRow, serial + " is neither revoked nor suspended");
  }
  return OkStatus();
}

// The merge is over all rows of the CA: the list must speak for all its certificates and reasons.
Status JudgeScope(const CrlExtensions& extensions) {
  if (!extensions.distribution_point) return OkStatus();
  const IssuingDistributionPoint& point = *extensions.distribution_point;
  if (point.urls.empty() || point.only_user_certificates || point.only_ca_certificates ||
      point.only_some_reasons || point.indirect || point.only_attribute_certificates) {
    return Refuse(kCrlScope, "leave it out, or give a distributionPoint alone");
  }
  return OkStatus();
}

// A serial this CA never issued: unknown, or the "revoked" that RFC 6960 §2.2 defines for it.
Status JudgeNotIssued(const OcspSingle& single, bool extended_revoke) {
  if (std::holds_alternative<OcspUnknown>(single.status)) return OkStatus();
  const auto* revoked = std::get_if<OcspRevoked>(&single.status);
  if (revoked != nullptr && extended_revoke && revoked->at == WallTime{0} &&
      revoked->reason == CrlReason::kCertificateHold) {
    return OkStatus();
  }
  return Refuse(kOcspNotIssued, "serial " + ToHex(single.serial.octets));
}

Status JudgeTimes(const OcspSingle& single, WallTime produced_at,
                  const StatusPolicy::OcspInput& input) {
  if (!IsPresent(single.this_update, input.now) || produced_at < single.this_update) {
    return Refuse(kOcspTime, "thisUpdate " + ToIso8601(single.this_update) +
                                 "; the core's clock shows " + ToIso8601(input.now));
  }
  if (single.next_update <= single.this_update ||
      single.next_update - single.this_update > StatusPolicy::kLongestOcsp) {
    return Refuse(kOcspNextUpdate, ToIso8601(single.next_update));
  }
  if (single.archive_cutoff &&
      !KnownSince(*single.archive_cutoff, input.ca_certificate, single.this_update)) {
    return Refuse(kOcspArchiveCutoff, ToIso8601(*single.archive_cutoff));
  }
  return OkStatus();
}

Status JudgeSingle(const OcspSingle& single, const OcspResponseData& whole,
                   const StatusPolicy::OcspInput& input) {
  ASSIGN_OR_RETURN(const IssuerHashes issuer, HashIssuer(input.ca_certificate, single.hash));
  if (single.issuer_name_hash != issuer.name || single.issuer_key_hash != issuer.key) {
    return Refuse(kOcspIssuer, "serial " + ToHex(single.serial.octets));
  }
  RETURN_IF_ERROR(JudgeTimes(single, whole.produced_at, input));
  ASSIGN_OR_RETURN(const auto row, input.find_serial(single.serial));
  const bool issued =
      row && row->state != SerialState::kDrawn && row->state != SerialState::kIntent;
  return issued ? JudgeKnown(single, *row) : JudgeNotIssued(single, whole.extended_revoke);
}

}  // namespace

StatusOr<const RevokedRow*> CrlMerge::Current() {
  if (next_ == page_.size() && !done_) {
    ASSIGN_OR_RETURN(page_, rows_(after_, kPage));
    next_ = 0;
    done_ = page_.size() < kPage;
    if (!page_.empty()) after_ = page_.back().serial;
  }
  return next_ == page_.size() ? nullptr : &page_[next_];
}

Status CrlMerge::Take(const CrlEntry& entry) {
  ASSIGN_OR_RETURN(const RevokedRow* row, Current());
  const int order = row == nullptr ? -1 : Compare(entry.serial, row->serial);
  if (order < 0) return Refuse(kCrlUnknownEntry, "serial " + ToHex(entry.serial.octets));
  if (order > 0) return Hidden(*row);
  if (entry.revoked_at != row->revoked_at || entry.reason != row->reason) {
    return Refuse(kCrlContradictsRow, "serial " + ToHex(entry.serial.octets));
  }
  ++next_;
  return OkStatus();
}

StatusOr<CompleteList> CrlMerge::Finish() {
  ASSIGN_OR_RETURN(const RevokedRow* row, Current());
  if (row != nullptr) return Hidden(*row);
  return CompleteList();
}

StatusOr<SignPermit> StatusPolicy::JudgeCrl(const CrlInput& input) {
  const CrlFacts& facts = input.facts;
  RETURN_IF_ERROR(CheckPurpose(input.ca_key, KeyPurpose::kCaIssuing));
  if (input.ca_certificate.spki != input.ca_key.spki ||
      facts.issuer != input.ca_certificate.subject ||
      facts.extensions.authority_key_id != input.ca_certificate.extensions.subject_key_id) {
    return Refuse(kCrlIssuer, "build the list with the installed CA certificate");
  }
  RETURN_IF_ERROR(JudgeScope(facts.extensions));
  if (!IsPresent(facts.this_update, input.now) ||
      facts.this_update < input.ca_row.last_this_update) {
    return Refuse(kCrlThisUpdate, ToIso8601(facts.this_update) + "; the core's clock shows " +
                                      ToIso8601(input.now) + ", the last list was of " +
                                      ToIso8601(input.ca_row.last_this_update));
  }
  if (facts.next_update >= kNoEnd) return Refuse(kCrlLast, "nextUpdate 99991231235959Z");
  if (facts.next_update <= facts.this_update ||
      facts.next_update - facts.this_update > kLongestCrl) {
    return Refuse(kCrlNextUpdate, ToIso8601(facts.next_update));
  }
  const uint64_t last = input.ca_row.last_crl_number;
  const uint64_t number = facts.extensions.number;
  if (number <= last || number - last > kLargestNumberStep) {
    return Refuse(kCrlNumberOrder,
                  std::to_string(number) + ", the last was " + std::to_string(last));
  }
  // The list holds every row, of expired certificates too, and so must say that it does.
  const auto& from = facts.extensions.expired_certs_from;
  if (!from || !KnownSince(*from, input.ca_certificate, facts.this_update)) {
    return Refuse(kCrlExpiredCerts, "put the CA certificate's notBefore, " +
                                        ToIso8601(input.ca_certificate.not_before));
  }
  return SignPermit(input.ca_key.key_id, {MessageDigest::Sha256(facts.tbs_sha256)});
}

StatusOr<SignPermit> StatusPolicy::JudgeOcsp(const OcspInput& input) {
  // A digest without an answer would be signed unjudged.
  if (input.responses.size() != input.digests.size()) std::abort();
  RETURN_IF_ERROR(CheckPurpose(input.status_key, KeyPurpose::kStatus));
  ASSIGN_OR_RETURN(const Bytes status_bits, KeyBits(input.status_key.spki));
  const auto responder = Sha1(status_bits);
  for (const OcspResponseData& each : input.responses) {
    if (!Equal(each.responder_key_hash, responder)) {
      return Refuse(kOcspResponder, "the SHA-1 of the STATUS key's bits is needed");
    }
    if (!IsPresent(each.produced_at, input.now)) {
      return Refuse(kOcspTime, "producedAt " + ToIso8601(each.produced_at) +
                                   "; the core's clock shows " + ToIso8601(input.now));
    }
    for (const OcspSingle& single : each.singles) {
      RETURN_IF_ERROR(JudgeSingle(single, each, input));
    }
  }
  return SignPermit(input.status_key.key_id, MessageDigest::AllSha256(input.digests));
}

}  // namespace intaglio::appliance
