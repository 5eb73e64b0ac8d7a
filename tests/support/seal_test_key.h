// A SEAL key of a core under test, its controllers, its client, and what they sign.
#ifndef INTAGLIO_TESTS_SUPPORT_SEAL_TEST_KEY_H_
#define INTAGLIO_TESTS_SUPPORT_SEAL_TEST_KEY_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "appliance/crypto/hash.h"
#include "appliance/records/canonical.h"
#include "appliance/usecases/services.h"
#include "intaglio/core/v1/statements.pb.h"
#include "tests/support/core_fixture.h"
#include "tests/support/p256_signer.h"

namespace intaglio::testing_support {

class SealTestKey final {
 public:
  SealTestKey(CoreFixture& core, appliance::KeyAlgorithm algorithm) : core_(core) {
    record_.key_id = *appliance::DrawId<appliance::KeyId>(core.services().rng);
    const auto made = core.token().GenerateResident(algorithm, record_.key_id, "seal");
    record_.version = appliance::kVersionAccepted;
    record_.purpose = appliance::KeyPurpose::kSeal;
    record_.algorithm = algorithm;
    record_.residency = appliance::KeyResidency::kResident;
    record_.spki = made->spki;
    record_.origin = made->origin;
    for (const auto& each : controllers_) {
      record_.authenticators.push_back({appliance::AuthenticatorKind::kEs256File, each.spki()});
    }
    record_.controllers_need = 2;
    const WallTime now = core.clock().Now();
    record_.certified_as =
        appliance::CertifiedAs{{{1}}, {{0x41}}, {}, now - kHour, now + 60 * kDay};
    Row([](appliance::KeyRow& row) { row.version = appliance::kVersionAccepted; });
  }

  Bytes Sealed() const { return *core_.records().Seal(record_); }
  Bytes SealedAs(const std::function<void(appliance::KeyRecord&)>& change) const {
    appliance::KeyRecord record = record_;
    change(record);
    return *core_.records().Seal(record);
  }
  // Changes the core's row of the key.
  void Row(const std::function<void(appliance::KeyRow&)>& change) {
    row_.purpose = appliance::KeyPurpose::kSeal;
    change(row_);
    (void)core_.state().Update(
        [&](appliance::RowTransaction& rows) { return rows.PutKey(record_.key_id, row_); });
  }
  const appliance::KeyRecord& record() const { return record_; }
  const P256Signer& controller(size_t i) const { return controllers_[i]; }
  const P256Signer& client() const { return client_; }

  // From now for ten days, ten thousand signatures.
  core::v1::SealAuthorisation Authorisation(const appliance::Nonce& nonce) const {
    core::v1::SealAuthorisation out;
    out.set_context("intaglio/seal-authorisation/v1");
    out.set_core_instance(AsString(core_.identity().instance.view()));
    out.set_instance_epoch(core_.identity().instance_epoch);
    out.set_nonce(AsString(nonce.view()));
    out.set_key_id(AsString(record_.key_id.view()));
    out.set_client_spki(AsString(client_.spki()));
    out.set_not_before_ms(core_.clock().Now().ms);
    out.set_not_after_ms((core_.clock().Now() + 10 * kDay).ms);
    out.set_most_signatures(10'000);
    out.set_most_per_minute(1'000'000);
    return out;
  }

  // A batch of `count` different hashes.
  core::v1::SealBatch Batch(const appliance::SealAuthorisationId& id, uint64_t sequence,
                            size_t count) const {
    core::v1::SealBatch out = EmptyBatch(id, sequence);
    for (size_t i = 0; i < count; ++i) out.add_dtbsr(Hash(sequence, i));
    out.set_count(count);
    return out;
  }
  std::string Hash(uint64_t sequence, size_t i) const {
    return AsString(appliance::Sha256(AsBytes(std::to_string(sequence) + "/" + std::to_string(i))));
  }
  // A batch under a Merkle root, and its chunks' leaves.
  core::v1::SealBatch Tree(const appliance::SealAuthorisationId& id, uint64_t sequence,
                           size_t count, uint32_t chunk_hashes) const {
    core::v1::SealBatch out = EmptyBatch(id, sequence);
    const auto leaves = Leaves(sequence, count, chunk_hashes);
    out.set_merkle_root(AsString(Root(leaves, 0, leaves.size())));
    out.set_chunks(static_cast<uint32_t>(leaves.size()));
    out.set_chunk_hashes(chunk_hashes);
    out.set_count(count);
    return out;
  }
  std::vector<std::string> ChunkHashes(uint64_t sequence, size_t count, uint32_t chunk_hashes,
                                       uint32_t index) const {
    std::vector<std::string> out;
    for (size_t i = size_t{index} * chunk_hashes;
         i < std::min<size_t>(count, size_t{index + 1} * chunk_hashes); ++i) {
      out.push_back(Hash(sequence, i));
    }
    return out;
  }
  std::vector<Digest> Path(uint64_t sequence, size_t count, uint32_t chunk_hashes,
                           uint32_t index) const {
    return PathIn(Leaves(sequence, count, chunk_hashes), index, 0,
                  (count + chunk_hashes - 1) / chunk_hashes);
  }

 private:
  core::v1::SealBatch EmptyBatch(const appliance::SealAuthorisationId& id,
                                 uint64_t sequence) const {
    core::v1::SealBatch out;
    out.set_context("intaglio/seal-batch/v1");
    out.set_core_instance(AsString(core_.identity().instance.view()));
    out.set_authorisation_id(AsString(id.view()));
    out.set_sequence(sequence);
    out.set_hash_algorithm(core::v1::HASH_ALGORITHM_SHA256);
    return out;
  }
  std::vector<Digest> Leaves(uint64_t sequence, size_t count, uint32_t chunk_hashes) const {
    std::vector<Digest> leaves;
    for (uint32_t chunk = 0; size_t{chunk} * chunk_hashes < count; ++chunk) {
      std::string octets(1, '\0');
      for (const auto& each : ChunkHashes(sequence, count, chunk_hashes, chunk)) octets += each;
      leaves.push_back(appliance::Sha256(AsBytes(octets)));
    }
    return leaves;
  }
  // [RFC 9162 §2.1.1, §2.1.3.1], as recursively as it is written there.
  static size_t Split(size_t leaves) {
    size_t split = 1;
    while (split * 2 < leaves) split *= 2;
    return split;
  }
  static Digest Root(const std::vector<Digest>& leaves, size_t from, size_t to) {
    if (to - from == 1) return leaves[from];
    const size_t middle = from + Split(to - from);
    const uint8_t prefix[] = {1};
    return appliance::Sha256({prefix, Root(leaves, from, middle), Root(leaves, middle, to)});
  }
  static std::vector<Digest> PathIn(const std::vector<Digest>& leaves, size_t index, size_t from,
                                    size_t to) {
    if (to - from == 1) return {};
    const size_t middle = from + Split(to - from);
    const bool left = index < middle;
    auto path = left ? PathIn(leaves, index, from, middle) : PathIn(leaves, index, middle, to);
    path.push_back(left ? Root(leaves, middle, to) : Root(leaves, from, middle));
    return path;
  }

  CoreFixture& core_;
  P256Signer controllers_[3];
  P256Signer client_;
  appliance::KeyRecord record_;
  appliance::KeyRow row_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_SEAL_TEST_KEY_H_
