#include "appliance/usecases/sign_document.h"

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

Digest DigestOf(const std::vector<Digest>& digests) {
  Bytes all;
  for (const Digest& digest : digests) all.insert(all.end(), digest.begin(), digest.end());
  return Sha256(all);
}

Digest DigestOf(const std::vector<Bytes>& signatures) {
  Bytes all;
  for (const Bytes& signature : signatures) {
    all.insert(all.end(), signature.begin(), signature.end());
  }
  return Sha256(all);
}

}  // namespace

StatusOr<Bytes> SignDocument::Begin(const BeginInput& input) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, input.record));
  RETURN_IF_ERROR(SoleControlPolicy::MayActivate(key.record, key.row, input.dtbsr, now));
  SadPayload payload;
  payload.core_instance = services_.identity.instance();
  payload.boot_id = services_.boot_id;
  ASSIGN_OR_RETURN(payload.nonce, DrawId<Nonce>(services_.rng));
  payload.key_id = key.record.key_id;
  payload.signer_id = key.record.signer_id;
  payload.session_id = input.session_id;
  payload.dtbsr = input.dtbsr;
  payload.issued_at = now;
  payload.expires_at = now + kActivationLife;
  const Bytes octets = services_.statements.Encode(payload);
  const Digest digest = Sha256(octets);
  RETURN_IF_ERROR(
      Remember(payload.nonce, {key.record.key_id, key.record.version, digest, input.dtbsr,
                               services_.clock.SinceBoot() + kActivationLife}));
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kActivationBegun,
                               .key_id = key.record.key_id,
                               .statement_digest = digest,
                               .content_digest = DigestOf(input.dtbsr),
                               .count = static_cast<uint32_t>(input.dtbsr.size())})
                      .status());
  return octets;
}

StatusOr<std::vector<Bytes>> SignDocument::Finish(const FinishInput& input) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, input.record));
  RETURN_IF_ERROR(CheckAddress(services_, input.decoded.core_instance));
  const Nonce& nonce = input.decoded.nonce;
  const Digest payload_digest = Sha256(input.payload);
  const Digest payload_and_proof =
      Sha256({input.payload, input.proof.authenticator_id.view(), input.proof.es256, input.record});
  RETURN_IF_ERROR(CheckKeyState(key.row));
  if (auto stored = FindFinished(nonce, payload_and_proof); !stored.empty()) return stored;
  // Before the nonce is looked at: a key that cannot sign at all says so.
  if (key.record.version == kVersionGenerated) {
    return Fail(kRecordVersion, "record version 0: the key has no certificate yet");
  }
  ASSIGN_OR_RETURN(const OutstandingActivation activation, FindOutstanding(nonce, payload_digest));
  ASSIGN_OR_RETURN(const VerifiedProof proof,
                   proofs_.Check(key.record, input.payload, input.proof));
  ASSIGN_OR_RETURN(SignPermit permit,
                   SoleControlPolicy::Judge({.record = key.record,
                                             .row = key.row,
                                             .activation = activation,
                                             .payload_digest = payload_digest,
                                             .proof = proof,
                                             .now = now,
                                             .boot_now = services_.clock.SinceBoot()}));
  // From here on the nonce is gone, whatever happens.
  if (!Spend(nonce)) return Fail(kSadSpent, "another request used it at the same time");
  Event event{.type = EventType::kSignIntent,
              .key_id = key.record.key_id,
              .statement_digest = payload_digest,
              .content_digest = DigestOf(activation.dtbsr),
              .count = static_cast<uint32_t>(activation.dtbsr.size())};
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  // A revocation, block or suspension that was committed since the row was read stops here.
  ASSIGN_OR_RETURN(const auto row, services_.state.FindKey(key.record.key_id));
  if (!row) return Fail(kRecordStale, "the key's row is gone");
  RETURN_IF_ERROR(CheckKeyState(*row));
  const bool agreement = key.record.version == kVersionCertified;
  if (agreement && !row->agreement_signature.empty()) {
    // Signed before; a host that lost the answer gets that signature, never a second one.
    return std::vector<Bytes>{row->agreement_signature};
  }
  ASSIGN_OR_RETURN(std::vector<Bytes> signatures,
                   services_.token.Sign(std::move(permit), key.record));
  event.type = EventType::kSigned;
  event.output_digest = DigestOf(signatures);
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  if (agreement) {
    RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
      ASSIGN_OR_RETURN(auto current, rows.FindKey(key.record.key_id));
      if (!current) return Fail(kRecordStale, "the key's row is gone");
      current->agreement_signature = signatures.front();
      return rows.PutKey(key.record.key_id, *current);
    }));
  }
  std::lock_guard lock(mutex_);
  finished_[nonce] = {payload_and_proof, signatures, activation.expires_at};
  return signatures;
}

Status SignDocument::Remember(const Nonce& nonce, OutstandingActivation activation) {
  std::lock_guard lock(mutex_);
  PurgeExpired(services_.clock.SinceBoot());
  if (outstanding_.size() >= kMostOutstanding) {
    return Fail(kTooManyActivations, "in the whole core; wait until some expire");
  }
  size_t& of_key = per_key_[activation.key_id];
  if (of_key >= kMostOutstandingPerKey) {
    return Fail(kTooManyActivations, "for this key; use or let expire what is outstanding");
  }
  ++of_key;
  outstanding_.emplace(nonce, std::move(activation));
  return OkStatus();
}

void SignDocument::PurgeExpired(BootTime now) {
  // At most once a second, and at once when the table is full: the walk is over bounded tables.
  if (now < next_purge_ && outstanding_.size() < kMostOutstanding) return;
  next_purge_ = now + kSecond;
  for (auto it = outstanding_.begin(); it != outstanding_.end();) {
    if (now < it->second.expires_at) {
      ++it;
      continue;
    }
    const auto of_key = per_key_.find(it->second.key_id);
    if (of_key != per_key_.end() && --of_key->second == 0) per_key_.erase(of_key);
    it = outstanding_.erase(it);
  }
  std::erase_if(finished_, [&](const auto& each) { return now >= each.second.forget_at; });
}

StatusOr<OutstandingActivation> SignDocument::FindOutstanding(const Nonce& nonce,
                                                              const Digest& payload_digest) {
  std::lock_guard lock(mutex_);
  const auto found = outstanding_.find(nonce);
  if (found == outstanding_.end() || services_.clock.SinceBoot() >= found->second.expires_at) {
    return Fail(kSadSpent, "ask for a new activation");
  }
  if (found->second.payload_digest != payload_digest) {
    return Fail(kSadMismatch, "ask for a new activation with the hashes to be signed");
  }
  return found->second;
}

std::vector<Bytes> SignDocument::FindFinished(const Nonce& nonce, const Digest& payload_and_proof) {
  std::lock_guard lock(mutex_);
  const auto found = finished_.find(nonce);
  if (found == finished_.end() || found->second.payload_and_proof != payload_and_proof ||
      services_.clock.SinceBoot() >= found->second.forget_at) {
    return {};
  }
  return found->second.signatures;
}

bool SignDocument::Spend(const Nonce& nonce) {
  std::lock_guard lock(mutex_);
  const auto found = outstanding_.find(nonce);
  if (found == outstanding_.end()) return false;
  const auto of_key = per_key_.find(found->second.key_id);
  if (of_key != per_key_.end() && --of_key->second == 0) per_key_.erase(of_key);
  outstanding_.erase(found);
  return true;
}

}  // namespace intaglio::appliance
