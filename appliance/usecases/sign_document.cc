#include "appliance/usecases/sign_document.h"

#include "appliance/authenticator/verify_proof.h"
#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/usecases/record_epochs.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

Digest DigestOf(const std::vector<MessageDigest>& digests) {
  Bytes all;
  for (const MessageDigest& each : digests) {
    all.insert(all.end(), each.view().begin(), each.view().end());
  }
  return Sha256(all);
}

Digest DigestOf(const std::vector<Bytes>& signatures) {
  Bytes all;
  for (const Bytes& signature : signatures) {
    all.insert(all.end(), signature.begin(), signature.end());
  }
  return Sha256(all);
}

Status StillMay(const KeyRecord& record, const KeyRow& row, const AuthenticatorId& by) {
  RETURN_IF_ERROR(CheckVersion(record, row));
  RETURN_IF_ERROR(CheckNotRemoved(row, by));
  return CheckKeyState(row);
}

}  // namespace

// What Finish has judged and spent.
struct SignDocument::Authorised {
  const KeyRecord& record;
  SignPermit permit;
  Event event;  // of the intent
  const Nonce& nonce;
  const Digest& asked;
  BootTime expires_at;
  AuthenticatorId by;
};

// One request alone with the agreement of one key.
class SignDocument::Alone final {
 public:
  Alone(SignDocument& owner, const KeyId& key_id) : owner_(owner), key_id_(key_id) {
    std::lock_guard lock(owner_.agreeing_mutex_);
    admitted_ = owner_.agreeing_.insert(key_id_).second;
  }
  ~Alone() {
    if (!admitted_) return;
    std::lock_guard lock(owner_.agreeing_mutex_);
    owner_.agreeing_.erase(key_id_);
  }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;
  bool admitted() const { return admitted_; }

 private:
  SignDocument& owner_;
  const KeyId key_id_;
  bool admitted_ = false;
};

StatusOr<Bytes> SignDocument::Begin(const BeginInput& input) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  if (input.lifetime < 0 || input.lifetime > kLongestActivation) {
    return Fail(kRequestInvalid, "an activation lives at most " +
                                     std::to_string(kLongestActivation / kSecond) + " seconds");
  }
  const Duration lifetime = input.lifetime == 0 ? kActivationLife : input.lifetime;
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
  payload.expires_at = now + lifetime;
  const Bytes octets = services_.statements.Encode(payload);
  const Digest digest = Sha256(octets);
  const BootTime boot_now = services_.clock.SinceBoot();
  RETURN_IF_ERROR(activations_.Add(
      payload.nonce, key.record.signer_id,
      {key.record.key_id, key.record.version, digest, boot_now + lifetime}, boot_now));
  // Nothing has been done yet that would have to be known after a crash, and the nonce dies in it.
  RETURN_IF_ERROR(
      services_.journal.AppendSoon({.type = EventType::kActivationBegun,
                                    .key_id = key.record.key_id,
                                    .statement_digest = digest,
                                    .content_digest = DigestOf(input.dtbsr),
                                    .count = static_cast<uint32_t>(input.dtbsr.size())}));
  return octets;
}

StatusOr<std::vector<Bytes>> SignDocument::Finish(const FinishInput& input) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, input.record));
  const KeyRecord& record = key.record;
  RETURN_IF_ERROR(CheckAddress(services_, input.decoded.core_instance));
  RETURN_IF_ERROR(CheckNotRemoved(key.row, input.proof.authenticator_id));
  const Nonce& nonce = input.decoded.nonce;
  const Digest payload_digest = Sha256(input.payload);
  const Digest asked =
      Sha256({payload_digest, intaglio::appliance::DigestOf(input.proof), input.record});
  // A one-time key is destroyed before its answer is given; the answer outlives it.
  const bool spent = record.purpose == KeyPurpose::kOneTime && key.row.spent;
  if (!spent) RETURN_IF_ERROR(CheckKeyState(key.row));
  const BootTime boot_now = services_.clock.SinceBoot();
  if (auto stored = answers_.Find(nonce, asked, boot_now); !stored.empty()) return stored;
  // Before the nonce is looked at: a key that cannot sign at all says so.
  if (spent) return Fail(kKeySpent, "ask for another key and certificate");
  if (record.version == kVersionGenerated) {
    return Fail(kRecordVersion, "record version 0: the key has no certificate yet");
  }
  ASSIGN_OR_RETURN(const OutstandingActivation activation,
                   activations_.Find(nonce, payload_digest, boot_now));
  ASSIGN_OR_RETURN(const VerifiedProof proof, proofs_.Check(record, input.payload, input.proof));
  ASSIGN_OR_RETURN(SignPermit permit,
                   SoleControlPolicy::Judge({.record = record,
                                             .row = key.row,
                                             .activation = activation,
                                             .payload_digest = payload_digest,
                                             .dtbsr = input.decoded.dtbsr,
                                             .proof = proof,
                                             .now = now,
                                             .boot_now = services_.clock.SinceBoot()}));
  // From here on the nonce is gone, whatever happens.
  if (!activations_.Spend(nonce)) {
    return Fail(kSadSpent, "another request used it at the same time");
  }
  Event event{.type = EventType::kSignIntent,
              .key_id = record.key_id,
              .statement_digest = payload_digest,
              .content_digest = DigestOf(input.decoded.dtbsr),
              .count = static_cast<uint32_t>(input.decoded.dtbsr.size()),
              .note = DescribeProof(proof),
              .proofs = input.proof.octets};
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  const bool agreement = record.version == kVersionCertified;
  std::optional<Alone> alone;
  if (agreement) {
    // The row takes the signature only when it has been made: one at a time for each key.
    alone.emplace(*this, record.key_id);
    if (!alone->admitted()) return Fail(kSadSpent, "another request signs the agreement now");
  }
  // A revocation, block, suspension or removal that was committed since the row was read stops
  // here.
  ASSIGN_OR_RETURN(const KeyRow row, Commit(record, proof.authenticator_id()));
  if (agreement && !row.agreement_signature.empty()) {
    // Signed before; a host that lost the answer gets that signature, never a second one.
    return std::vector<Bytes>{row.agreement_signature};
  }
  auto signatures = Carry({record, std::move(permit), std::move(event), nonce, asked,
                           activation.expires_at, proof.authenticator_id()});
  if (SpendsKey(record)) {
    // The row forbids every use whatever becomes of this.
    const Status destroyed = DestroyKeyMaterial(services_, record.key_id);
    if (!destroyed.ok()) LogFailure("key.destroy", destroyed);
  }
  return signatures;
}

StatusOr<KeyRow> SignDocument::Commit(const KeyRecord& record, const AuthenticatorId& by) {
  if (!SpendsKey(record)) {
    ASSIGN_OR_RETURN(const auto row, services_.state.FindKey(record.key_id));
    if (!row) return Fail(kRecordStale, "the key's row is gone");
    RETURN_IF_ERROR(StillMay(record, *row, by));
    return *row;
  }
  KeyRow spent;
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto row, rows.FindKey(record.key_id));
    if (!row) return Fail(kRecordStale, "the key's row is gone");
    if (row->spent) return Fail(kKeySpent, "another request spent it at the same time");
    RETURN_IF_ERROR(StillMay(record, *row, by));
    row->spent = true;
    row->state = KeyState::kDestroyed;
    spent = *row;
    return rows.PutKey(record.key_id, *row);
  }));
  return spent;
}

StatusOr<std::vector<Bytes>> SignDocument::Carry(Authorised authorised) {
  const KeyRecord& record = authorised.record;
  ASSIGN_OR_RETURN(std::vector<Bytes> signatures,
                   services_.token.Sign(std::move(authorised.permit), record));
  if (!SpendsKey(record)) {
    // The token may have kept this waiting: what was taken away meanwhile stops it even now. The
    // intent without its second line says that nothing came of it.
    const auto still = Commit(record, authorised.by);
    if (!still.ok()) {
      services_.token.DropKey(record.key_id);
      return still.status();
    }
  }
  Event& event = authorised.event;
  event.type = EventType::kSigned;
  event.output_digest = DigestOf(signatures);
  event.note.clear();
  event.proofs.clear();
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  if (record.version == kVersionCertified) {
    RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
      ASSIGN_OR_RETURN(auto current, rows.FindKey(record.key_id));
      if (!current) return Fail(kRecordStale, "the key's row is gone");
      current->agreement_signature = signatures.front();
      return rows.PutKey(record.key_id, *current);
    }));
  }
  answers_.Keep(authorised.nonce,
                {record.key_id, authorised.asked, signatures, authorised.expires_at},
                services_.clock.SinceBoot());
  return signatures;
}

}  // namespace intaglio::appliance
