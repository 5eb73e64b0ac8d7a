#include "appliance/records/seal_codec.h"

#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/sha256_stream.h"
#include "appliance/records/proto_values.h"
#include "appliance/records/statement_fields.h"

namespace intaglio::appliance {
namespace {

constexpr Duration kLongestWindow = 31 * kDay;
constexpr uint64_t kMostSignatures = 100'000'000;
constexpr uint32_t kMostPerMinute = 10'000'000;
constexpr uint64_t kLastSequence = uint64_t{1} << 62;
constexpr int kMostHashes = 10'000;
constexpr uint32_t kMostChunks = 100'000;
constexpr int kMostPath = 17;  // 2^17 leaves

SealItems TakeItems(const google::protobuf::RepeatedPtrField<std::string>& hashes,
                    HashAlgorithm hash) {
  SealItems items;
  items.digests.reserve(static_cast<size_t>(hashes.size()));
  uint32_t place = 0;
  for (const std::string& each : hashes) {
    const ByteView octets = AsBytes(each);
    const bool fits = octets.size() == DigestSize(hash);
    if (fits) items.digests.push_back(*MessageDigest::Create(hash, octets));
    if (!fits) items.refused.push_back(place);
    ++place;
  }
  return items;
}

Status TakeTree(const pb::SealBatch& message, SealTree& tree) {
  RETURN_IF_ERROR(TakeDigest("merkle_root", message.merkle_root(), tree.root));
  if (message.chunks() == 0 || message.chunks() > kMostChunks) return Invalid("chunks");
  if (message.chunk_hashes() == 0 || message.chunk_hashes() > kMostHashes) {
    return Invalid("chunk_hashes");
  }
  tree.chunks = message.chunks();
  tree.chunk_hashes = message.chunk_hashes();
  const uint64_t full = uint64_t{tree.chunks} * tree.chunk_hashes;
  // So that the last chunk has one hash or more, and no more than the others.
  if (message.count() > full || message.count() + tree.chunk_hashes <= full) {
    return Invalid("count");
  }
  return OkStatus();
}

}  // namespace

StatusOr<SealAuthorisation> DecodeSealAuthorisation(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message,
                   Parse<pb::SealAuthorisation>(octets, "intaglio/seal-authorisation/v1"));
  SealAuthorisation out;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), out.core_instance));
  if (message.instance_epoch() == 0) return Invalid("instance_epoch");
  out.instance_epoch = message.instance_epoch();
  RETURN_IF_ERROR(Take("nonce", message.nonce(), out.nonce));
  RETURN_IF_ERROR(Take("key_id", message.key_id(), out.key_id));
  out.client_spki = ToBytes(message.client_spki());
  if (!PointOfSpki(out.client_spki)) return Invalid("client_spki");
  const int64_t from = message.not_before_ms(), to = message.not_after_ms();
  if (from <= 0) return Invalid("not_before_ms");
  if (to <= from || to - from > kLongestWindow) return Invalid("not_after_ms");
  out.not_before = {from};
  out.not_after = {to};
  out.most_signatures = message.most_signatures();
  if (out.most_signatures == 0 || out.most_signatures > kMostSignatures) {
    return Invalid("most_signatures");
  }
  out.most_per_minute = message.most_per_minute();
  if (out.most_per_minute == 0 || out.most_per_minute > kMostPerMinute) {
    return Invalid("most_per_minute");
  }
  return out;
}

StatusOr<SealBatch> DecodeSealBatch(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message, Parse<pb::SealBatch>(octets, "intaglio/seal-batch/v1"));
  SealBatch out;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), out.core_instance));
  RETURN_IF_ERROR(Take("authorisation_id", message.authorisation_id(), out.authorisation_id));
  if (message.sequence() == 0 || message.sequence() > kLastSequence) return Invalid("sequence");
  out.sequence = message.sequence();
  const auto hash = FromProto(message.hash_algorithm());
  if (!hash) return Invalid("hash_algorithm");
  out.hash = *hash;
  out.count = message.count();
  if (!message.merkle_root().empty()) {
    if (!message.dtbsr().empty()) return Invalid("dtbsr");
    RETURN_IF_ERROR(TakeTree(message, out.tree.emplace()));
    return out;
  }
  if (message.chunks() != 0) return Invalid("chunks");
  if (message.chunk_hashes() != 0) return Invalid("chunk_hashes");
  if (message.dtbsr().empty() || message.dtbsr_size() > kMostHashes) return Invalid("dtbsr");
  if (out.count != static_cast<uint64_t>(message.dtbsr_size())) return Invalid("count");
  out.items = TakeItems(message.dtbsr(), out.hash);
  return out;
}

StatusOr<SealChunk> TakeSealChunk(const pb::SealChunk& message, HashAlgorithm hash) {
  SealChunk out;
  out.index = message.index();
  if (message.dtbsr().empty() || message.dtbsr_size() > kMostHashes) return Invalid("chunk.dtbsr");
  // Hashes of other lengths would let two chunks have one leaf.
  for (const std::string& each : message.dtbsr()) {
    if (each.size() != DigestSize(hash)) return Invalid("chunk.dtbsr");
  }
  out.items = TakeItems(message.dtbsr(), hash);
  if (message.path_size() > kMostPath) return Invalid("chunk.path");
  for (const std::string& node : message.path()) {
    RETURN_IF_ERROR(TakeDigest("chunk.path", node, out.path.emplace_back()));
  }
  Sha256Stream leaf;
  const uint8_t prefix[] = {0x00};
  leaf.Update(prefix);
  for (const std::string& each : message.dtbsr()) leaf.Update(AsBytes(each));
  out.leaf = leaf.Finish();
  return out;
}

}  // namespace intaglio::appliance
