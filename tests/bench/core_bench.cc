// The core's own share of the work, in one process over a real token, rows and journal.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "appliance/crypto/hash.h"
#include "appliance/usecases/sign_document.h"
#include "tests/bench/comparison.h"
#include "tests/bench/raw_token.h"
#include "tests/support/core_fixture.h"
#include "tests/support/p256_signer.h"

namespace intaglio::bench {
namespace {

using namespace appliance;  // NOLINT: a program about this one zone
using testing_support::CoreFixture;
using testing_support::P256Signer;

void Must(const Status& status, const char* what) {
  if (status.ok()) return;
  fprintf(stderr, "bench: %s: %s\n", what, std::string(status.message()).c_str());
  exit(1);
}
template <class T>
T Must(StatusOr<T> value, const char* what) {
  Must(value.status(), what);
  return *std::move(value);
}

// An accepted SIGNER key of the core, and its record.
struct SignerKey {
  KeyId key_id;
  Bytes record;
};

class Signers final {
 public:
  Signers(CoreFixture& core, size_t count) : core_(core) {
    for (size_t i = 0; i < count; ++i) keys_.push_back(Make());
  }

  // One activation by the next key.
  size_t One(SignDocument& signing) {
    const uint64_t number = next_++;
    const SignerKey& key = keys_[number % keys_.size()];
    const Digest hash = Sha256(AsBytes(std::to_string(number)));
    const Bytes payload =
        Must(signing.Begin(
                 {key.record, "session-" + std::to_string(number), {MessageDigest::Sha256(hash)}}),
             "begin");
    const SadPayload decoded = Must(DecodeSadPayload(payload), "payload");
    Must(signing.Finish({key.record, payload, decoded, signer_.Prove(payload)}).status(), "finish");
    return 1;
  }

 private:
  SignerKey Make() {
    const GeneratedKey made = Must(core_.token().GenerateWrapped(KeyAlgorithm::kP256), "key");
    KeyRecord record;
    record.key_id = Must(DrawId<KeyId>(core_.services().rng), "key id");
    record.version = kVersionAccepted;
    record.spki = made.spki;
    record.wrapped = made.wrapped;
    record.origin = made.origin;
    record.signer_id = "signer";
    record.authenticators = {{AuthenticatorKind::kEs256File, signer_.spki()}};
    record.certified_as =
        CertifiedAs{{}, {{1}}, {}, core_.clock().Now() - kDay, core_.clock().Now() + 365 * kDay};
    KeyRow row;
    row.version = record.version;
    Must(
        core_.state().Update([&](RowTransaction& rows) { return rows.PutKey(record.key_id, row); }),
        "row");
    return {record.key_id, Must(core_.records().Seal(record), "record")};
  }

  CoreFixture& core_;
  const P256Signer signer_;
  std::vector<SignerKey> keys_;
  std::atomic<uint64_t> next_{0};
};

// Rows of keys that nobody asks for.
void FillRows(CoreFixture& core, size_t count) {
  constexpr size_t kAtOnce = 20'000;
  for (size_t done = 0; done < count; done += kAtOnce) {
    Must(core.state().Update([&](RowTransaction& rows) -> Status {
      for (size_t i = done; i < std::min(count, done + kAtOnce); ++i) {
        const Digest name = Sha256(AsBytes("row " + std::to_string(i)));
        KeyId id;
        Assign(ByteView(name).first(16), id);
        RETURN_IF_ERROR(rows.PutKey(id, KeyRow{}));
      }
      return OkStatus();
    }),
         "rows");
  }
}

void MeasureCold(const Length& length, int threads) {
  CoreFixture core;
  // More keys than the token keeps unwrapped, used in turn, so that none is found unwrapped.
  Signers signers(core, 4'000);
  ProofCheck proofs(core.services());
  SignDocument signing(core.services(), proofs);
  RawToken raw(core.module_path(), "core", core.pin(),
               testing_support::SoftHsm::storage_key_label());
  std::vector<std::unique_ptr<RawWorker>> workers;
  for (int i = 0; i < threads; ++i) workers.push_back(raw.NewWorker());
  Compare(
      "wrapped_cold_sign_vs_raw", "signatures/s", length,
      [&](double seconds) {
        return RateOf(threads, seconds, [&](int) { return signers.One(signing); });
      },
      [&](double seconds) {
        return RateOf(threads, seconds, [&](int thread) {
          workers[thread]->ActivateP256();
          return size_t{1};
        });
      });
}

// The core's rows grow from a thousand to a million: one signature must cost the same. The two
// sides cannot take turns over one store, so each is measured as a share of the raw calls beside
// it.
void MeasureGrowth(const Length& length, int threads, size_t many) {
  CoreFixture core;
  Signers signers(core, 64);
  ProofCheck proofs(core.services());
  SignDocument signing(core.services(), proofs);
  RawToken raw(core.module_path(), "core", core.pin(),
               testing_support::SoftHsm::storage_key_label());
  std::vector<std::unique_ptr<RawWorker>> workers;
  for (int i = 0; i < threads; ++i) workers.push_back(raw.NewWorker());
  const auto share = [&] {
    return ShareOf(
        length,
        [&](double seconds) {
          return RateOf(threads, seconds, [&](int) { return signers.One(signing); });
        },
        [&](double seconds) {
          return RateOf(threads, seconds, [&](int thread) {
            workers[thread]->ActivateP256();
            return size_t{1};
          });
        });
  };
  FillRows(core, 1'000);
  const double few = share();
  FillRows(core, many);
  const double after = share();
  PrintLine(
      many == 1'000'000 ? "sign_cost_at_1e6_records_vs_1e3" : "sign_cost_at_1e5_records_vs_1e3",
      few / after, 1 / after, 1 / few, "raw activations");
}

}  // namespace
}  // namespace intaglio::bench

int main(int argc, char** argv) {
  CLI::App app("Measures the core against raw PKCS#11 calls");
  int threads = 2;
  bool quick = false;
  app.add_option("--threads", threads, "threads of both sides")->check(CLI::Range(1, 64));
  app.add_flag("--quick", quick, "shorter, and less exact");
  CLI11_PARSE(app, argc, argv);
  using namespace intaglio::bench;  // NOLINT
  const Length length = quick ? Length::Quick() : Length();
  MeasureCold(length, threads);
  MeasureGrowth(length, threads, quick ? 100'000 : 1'000'000);
  return 0;
}
