#include "appliance/usecases/attest_keys.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/attestation_policy.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMostKeys = 16;

attestation::KeyClaims Describe(const KeyRecord& record) {
  attestation::KeyClaims claims;
  claims.identifiers = {record.key_id.hex()};
  claims.spki = record.spki;
  claims.extractable = record.origin.extractable;
  claims.sensitive = record.origin.sensitive;
  claims.never_extractable = record.origin.never_extractable;
  claims.local = record.origin.local;
  claims.purposes = {{attestation::KeyPurpose::kSign}};
  claims.wrap_with_trusted = record.origin.wrap_with_trusted;
  claims.residency = record.residency == KeyResidency::kResident ? attestation::Residency::kResident
                                                                 : attestation::Residency::kWrapped;
  return claims;
}

}  // namespace

StatusOr<Bytes> AttestKeys::Run(const std::vector<Bytes>& records, ByteView nonce) {
  if (!producer_) {
    return Fail(kDeviceUncertified, "run intaglio-core set-device-certificate on the console");
  }
  if (records.empty() || records.size() > kMostKeys) {
    return Fail(kRequestInvalid, "field records: from 1 to 16 records");
  }
  if (nonce.size() < attestation::kMinNonceOctets || nonce.size() > attestation::kMaxNonceOctets) {
    return Fail(kRequestInvalid, "field nonce: from 16 to 64 octets");
  }
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  attestation::EvidenceContent content;
  content.transaction.nonce = ToBytes(nonce);
  content.transaction.timestamp = WallTime{now.ms / 1000 * 1000};
  ASSIGN_OR_RETURN(content.platform, DescribePlatform());
  bool any_wrapped = false;
  for (const Bytes& sealed : records) {
    ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, sealed));
    any_wrapped |= key.record.residency == KeyResidency::kWrapped;
    content.keys.push_back(Describe(key.record));
  }
  if (any_wrapped) {
    ASSIGN_OR_RETURN(attestation::KeyClaims storage, DescribeStorageKey());
    content.keys.push_back(std::move(storage));
  }
  Digest signed_digest{};
  ASSIGN_OR_RETURN(
      Bytes evidence, producer_->Produce(content, [&](const Digest& tbs) -> StatusOr<Bytes> {
        signed_digest = tbs;
        ASSIGN_OR_RETURN(auto signatures, services_.token.Sign(AttestationPolicy::PermitEvidence(
                                                                   attestation_key_, tbs),
                                                               attestation_key_));
        return std::move(signatures.front());
      }));
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kAttested,
                               .key_id = attestation_key_.key_id,
                               .content_digest = signed_digest,
                               .output_digest = Sha256(evidence),
                               .count = static_cast<uint32_t>(records.size())})
                      .status());
  return evidence;
}

StatusOr<attestation::PlatformClaims> AttestKeys::DescribePlatform() {
  ASSIGN_OR_RETURN(const TokenDescription token, services_.token.Describe());
  attestation::PlatformClaims claims;
  claims.vendor = token.manufacturer;
  claims.hwmodel = ToBytes(token.model);
  claims.hwversion = token.hardware_version;
  claims.hwserial = token.serial;
  claims.swname = platform_.software_name;
  claims.swversion = platform_.software_version;
  claims.uptime = services_.clock.SinceBoot().ms / kSecond;
  claims.bootcount = static_cast<int64_t>(platform_.boot_count);
  claims.boot_id = ToBytes(services_.boot_id.view());
  claims.core_instance = ToBytes(services_.identity.instance().view());
  claims.self_reported_measurement = platform_.measurement;
  claims.simulated = platform_.simulated;
  claims.journal_head = ToBytes(services_.journal.Head().chain_hash);
  return claims;
}

StatusOr<attestation::KeyClaims> AttestKeys::DescribeStorageKey() {
  ASSIGN_OR_RETURN(const TrustedStorageKey storage, services_.token.DescribeStorageKey());
  attestation::KeyClaims claims;
  claims.identifiers = {storage.label};
  claims.extractable = storage.origin.extractable;
  claims.sensitive = storage.origin.sensitive;
  claims.never_extractable = storage.origin.never_extractable;
  claims.local = storage.origin.local;
  claims.purposes = {{attestation::KeyPurpose::kWrap, attestation::KeyPurpose::kUnwrap}};
  claims.key_class = attestation::KeyClass::kStorage;
  claims.trusted = true;
  return claims;
}

}  // namespace intaglio::appliance
