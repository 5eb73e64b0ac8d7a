#include "appliance/usecases/seal_batches.h"

#include "appliance/crypto/hash.h"
#include "appliance/crypto/sha256_stream.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/seal_tree.h"
#include "appliance/policy/sole_control_policy.h"
#include "appliance/usecases/seal_authorisations.h"

namespace intaglio::appliance {
namespace {

Digest DigestOf(const SealItems& items) {
  Sha256Stream stream;
  for (const MessageDigest& each : items.digests) stream.Update(each.view());
  return stream.Finish();
}

// SHA-256 over the signatures in order; one that failed adds nothing.
Digest DigestOf(const SealOutcome& outcome) {
  Sha256Stream stream;
  for (const auto& each : outcome) {
    if (each.ok()) stream.Update(*each);
  }
  return stream.Finish();
}

// The slices' signatures and the refused hashes, each in its place.
std::shared_ptr<const SealOutcome> Gather(const SealItems& items,
                                          std::vector<StatusOr<std::vector<Bytes>>> slices,
                                          size_t slice) {
  auto outcome = std::make_shared<SealOutcome>();
  outcome->reserve(items.size());
  const Status wrong_length = Fail(kSealHashLength, "");
  auto refused = items.refused.begin();
  size_t signed_place = 0;
  for (uint32_t place = 0; place < items.size(); ++place) {
    if (refused != items.refused.end() && *refused == place) {
      outcome->push_back(wrong_length);
      ++refused;
      continue;
    }
    auto& part = slices[signed_place / slice];
    if (part.ok()) {
      outcome->push_back(std::move((*part)[signed_place % slice]));
    } else {
      outcome->push_back(part.status());
    }
    ++signed_place;
  }
  return outcome;
}

uint32_t CountSigned(const SealOutcome& outcome) {
  uint32_t count = 0;
  for (const auto& each : outcome) count += each.ok() ? 1 : 0;
  return count;
}

}  // namespace

StatusOr<SealBatches::Output> SealBatches::Run(const Input& input) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, input.record));
  const KeyId& key_id = key.record.key_id;
  const SealBatch& batch = input.batch;
  RETURN_IF_ERROR(CheckAddress(services_, batch.core_instance));
  ASSIGN_OR_RETURN(const SealAuthorisation authorisation,
                   ledger_.Find(key_id, batch.authorisation_id));
  if (batch.tree.has_value() != input.chunk.has_value()) {
    return Fail(kRequestInvalid, "a chunk belongs to a batch with a Merkle root, and to no other");
  }
  const Digest batch_digest = Sha256(input.octets);
  ASSIGN_OR_RETURN(const VerifiedBatch client,
                   CheckClient(input, authorisation, key_id, batch_digest));
  if (input.chunk) RETURN_IF_ERROR(CheckChunk(*batch.tree, batch.count, *input.chunk));
  const SealItems& items = input.chunk ? input.chunk->items : batch.items;
  const SealResults::Frame frame{batch_digest, input.chunk ? input.chunk->index : 0};
  if (auto before = results_.Find(frame)) {
    return Repeat(key_id, batch.authorisation_id, std::move(before), now);
  }
  const SealingCore core = SealingCoreOf(services_);
  const SealFacts facts{.record = key.record,
                        .row = key.row,
                        .core = core,
                        .authorisation_id = batch.authorisation_id,
                        .authorisation = authorisation,
                        .batch = batch,
                        .items = items,
                        .now = now};
  RETURN_IF_ERROR(SealPolicy::MaySeal(facts));
  const std::optional<uint32_t> chunk =
      input.chunk ? std::optional(input.chunk->index) : std::nullopt;
  ASSIGN_OR_RETURN(const SealLedger::Taken taken,
                   ledger_.Take(key_id, {batch, batch_digest, chunk, items.digests.size()}, now));
  RETURN_IF_ERROR(JournalWarnings(services_, ledger_, key_id, batch.authorisation_id, taken.due));
  ASSIGN_OR_RETURN(std::vector<SignPermit> permits,
                   SealPolicy::Judge(facts, client, taken.grant, kSlice));
  Event event{.type = EventType::kSealIntent,
              .key_id = key_id,
              .statement_digest = batch_digest,
              .content_digest = DigestOf(items),
              .count = static_cast<uint32_t>(items.digests.size())};
  if (chunk) event.note = "chunk " + std::to_string(*chunk);
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  const auto outcome =
      Gather(items, SignAll(key.record, batch.authorisation_id, std::move(permits)), kSlice);
  event.type = EventType::kSealed;
  event.output_digest = DigestOf(*outcome);
  event.count = CountSigned(*outcome);
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  results_.Keep(frame, outcome);
  return Output{outcome, taken.remaining, taken.nearly_spent};
}

StatusOr<VerifiedBatch> SealBatches::CheckClient(const Input& input,
                                                 const SealAuthorisation& authorisation,
                                                 const KeyId& key_id, const Digest& batch_digest) {
  // Chunks of one batch come under one signature; once is enough.
  if (!ledger_.IsUnderWay(key_id, input.batch, batch_digest)) {
    const Status verdict = services_.token.VerifyEs256(authorisation.client_spki, batch_digest,
                                                       input.client_signature);
    if (Is(verdict, kSignatureWrong) || Is(verdict, kProofMalformed)) {
      return Fail(kSealClient, DetailOf(verdict));
    }
    RETURN_IF_ERROR(verdict);
  }
  return VerifiedBatch(input.batch.authorisation_id, batch_digest);
}

std::vector<StatusOr<std::vector<Bytes>>> SealBatches::SignAll(const KeyRecord& record,
                                                               const SealAuthorisationId& id,
                                                               std::vector<SignPermit> permits) {
  std::vector<StatusOr<std::vector<Bytes>>> slices(permits.size(), std::vector<Bytes>());
  crew_.Run(permits.size(), [&](size_t i) {
    // A revocation, block, suspension or withdrawal committed since the intent stops here, in
    // mid-frame too.
    const auto row = services_.state.FindKey(record.key_id);
    Status usable = row.status();
    if (usable.ok()) {
      usable = *row ? CheckKeyState(**row) : Fail(kRecordStale, "the key's row is gone");
    }
    if (usable.ok()) usable = ledger_.Find(record.key_id, id).status();
    if (usable.ok()) {
      slices[i] = services_.token.Sign(std::move(permits[i]), record);
    } else {
      slices[i] = usable;
    }
  });
  return slices;
}

StatusOr<SealBatches::Output> SealBatches::Repeat(const KeyId& key_id,
                                                  const SealAuthorisationId& id,
                                                  std::shared_ptr<const SealOutcome> outcome,
                                                  WallTime now) {
  ASSIGN_OR_RETURN(const auto standings, ledger_.List(key_id, now));
  Output output{std::move(outcome)};
  for (const auto& each : standings) {
    if (each.id != id) continue;
    output.remaining = each.authorisation.most_signatures - each.used_or_reserved;
    output.nearly_spent = each.nearly_spent;
  }
  return output;
}

}  // namespace intaglio::appliance
