#include "appliance/policy/seal_policy.h"

#include <algorithm>
#include <set>

#include "appliance/domain/reasons.h"
#include "appliance/policy/algorithm_suite.h"
#include "appliance/policy/sole_control_policy.h"

namespace intaglio::appliance {
namespace {

// An answer is a frame of at most 1 MiB; 16 octets of framing for each signature are ample.
constexpr size_t kMostAnswer = (size_t{1} << 20) - 4096;
constexpr size_t kMostInAnyFrame = 10'000;

Status CheckCore(const SealingCore& core, const SealAuthorisation& authorisation) {
  if (authorisation.core_instance != core.instance) {
    return Fail(kWrongCore, "this core is " + core.instance.hex());
  }
  if (authorisation.instance_epoch != core.epoch) {
    return Fail(kSealEpoch, "this core is in epoch " + std::to_string(core.epoch) +
                                "; the controllers must authorise anew");
  }
  return OkStatus();
}

Status OutsideWindow(const SealAuthorisation& authorisation) {
  return Fail(kSealWindow, "from " + ToIso8601(authorisation.not_before) + " until " +
                               ToIso8601(authorisation.not_after));
}

}  // namespace

size_t SealPolicy::MostHashes(KeyAlgorithm algorithm) {
  return std::min(kMostInAnyFrame, kMostAnswer / (LongestSignature(algorithm) + 16));
}

Status SealPolicy::MayUse(const KeyRecord& record, const KeyRow& row, WallTime now) {
  if (record.purpose != KeyPurpose::kSeal) return Fail(kKeyPurpose, "sealing is for SEAL keys");
  RETURN_IF_ERROR(CheckKeyState(row));
  if (record.version < kVersionAccepted || !record.certified_as) {
    return Fail(kRecordVersion, "the controllers have not accepted a certificate for this key");
  }
  if (now < record.certified_as->not_before || now >= record.certified_as->not_after) {
    return Fail(kCertificateExpired, "valid from " + ToIso8601(record.certified_as->not_before) +
                                         " until " + ToIso8601(record.certified_as->not_after));
  }
  return OkStatus();
}

Status SealPolicy::CheckAuthorisation(const AuthorisationFacts& facts) {
  RETURN_IF_ERROR(MayUse(facts.record, facts.row, facts.now));
  RETURN_IF_ERROR(CheckCore(facts.core, facts.authorisation));
  if (facts.authorisation.key_id != facts.record.key_id) {
    return Fail(kSealUnauthorised, "it is for key " + facts.authorisation.key_id.hex());
  }
  if (facts.now >= facts.authorisation.not_after) return OutsideWindow(facts.authorisation);
  std::set<AuthenticatorId> agreed;
  for (const VerifiedProof& proof : facts.proofs) {
    const auto& removed = facts.row.removed_authenticators;
    const bool counts = proof.key_id() == facts.record.key_id &&
                        proof.statement_digest() == facts.authorisation_id.octets &&
                        std::ranges::find(removed, proof.authenticator_id()) == removed.end();
    if (counts) agreed.insert(proof.authenticator_id());
  }
  // A record that demands nobody would be one that was never made for this.
  const size_t need = std::max<size_t>(facts.record.controllers_need, 1);
  if (agreed.size() >= need) return OkStatus();
  return Fail(kControllersMissing,
              std::to_string(agreed.size()) + " agreed, " + std::to_string(need) + " are needed");
}

Status SealPolicy::MaySeal(const SealFacts& facts) {
  RETURN_IF_ERROR(MayUse(facts.record, facts.row, facts.now));
  RETURN_IF_ERROR(CheckCore(facts.core, facts.authorisation));
  if (facts.authorisation.key_id != facts.record.key_id) {
    return Fail(kSealUnauthorised, "it is for key " + facts.authorisation.key_id.hex());
  }
  if (facts.now < facts.authorisation.not_before || facts.now >= facts.authorisation.not_after) {
    return OutsideWindow(facts.authorisation);
  }
  RETURN_IF_ERROR(
      CheckSuite(facts.record.algorithm, facts.batch.hash, facts.record.purpose, facts.now));
  const size_t most = MostHashes(facts.record.algorithm);
  if (facts.items.size() == 0 || facts.items.size() > most) {
    return Fail(kTooManyHashes, std::to_string(facts.items.size()) +
                                    " hashes; a frame for this key holds from 1 to " +
                                    std::to_string(most));
  }
  if (facts.items.digests.empty()) {
    return Fail(kSealHashLength, "none of the hashes is as long as " +
                                     std::string(NameOf(facts.batch.hash)) + " makes it");
  }
  return OkStatus();
}

StatusOr<std::vector<SignPermit>> SealPolicy::Judge(const SealFacts& facts,
                                                    const VerifiedBatch& client,
                                                    const SealGrant& grant, size_t most_a_permit) {
  RETURN_IF_ERROR(MaySeal(facts));
  if (client.authorisation_id() != facts.authorisation_id ||
      facts.batch.authorisation_id != facts.authorisation_id) {
    return Fail(kSealClient, "the batch is for another authorisation");
  }
  if (grant.authorisation_id() != facts.authorisation_id ||
      grant.batch_digest() != client.batch_digest() ||
      grant.count() != facts.items.digests.size()) {
    return Fail(kSealQuotaSpent, "the grant is not for this batch");
  }
  std::vector<SignPermit> permits;
  const auto& digests = facts.items.digests;
  for (size_t at = 0; at < digests.size(); at += most_a_permit) {
    const auto first = digests.begin() + static_cast<ptrdiff_t>(at);
    const auto last = first + static_cast<ptrdiff_t>(std::min(most_a_permit, digests.size() - at));
    permits.push_back(SignPermit(facts.record.key_id, std::vector<MessageDigest>(first, last)));
  }
  return permits;
}

}  // namespace intaglio::appliance
