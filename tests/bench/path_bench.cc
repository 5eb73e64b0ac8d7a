// The whole path, client → host → core → token, over the real daemons of a lab.
#include <openssl/sha.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "host/ctl/connection.h"
#include "host/ctl/key_file.h"
#include "host/ctl/profile.h"
#include "intaglio/host/v1/services.pb.h"
#include "tests/bench/comparison.h"
#include "tests/bench/raw_token.h"
#include "tests/support/softhsm_fixture.h"

namespace intaglio::bench {
namespace {

namespace api = ::intaglio::host::v1;
using host::Connection;
using host::SigningKey;

template <class T>
T Must(StatusOr<T> value, const char* what) {
  if (!value.ok()) {
    fprintf(stderr, "bench: %s: %s\n", what, std::string(value.status().message()).c_str());
    exit(1);
  }
  return *std::move(value);
}

struct Flags {
  std::string profile;
  std::string credential;
  std::string authenticator_key;
  int threads = 16;
  double only_load = 0;  // seconds
  bool quick = false;
};

// Activations by one signer: a new hash each time, as an application does it.
class Activations final {
 public:
  explicit Activations(const Flags& flags)
      : credential_(flags.credential),
        key_(Must(SigningKey::Load(flags.authenticator_key), "authenticator key")),
        connection_(
            Must(Connection::Open(Must(host::LoadProfile(flags.profile), "profile"), 30 * kSecond),
                 "connection")) {}

  size_t One() {
    const uint64_t number = next_++;
    Digest hash{};
    SHA256(reinterpret_cast<const uint8_t*>(&number), sizeof(number), hash.data());
    api::BeginSigningRequest begin;
    begin.set_credential_id(credential_);
    begin.set_session_id("bench-" + std::to_string(number));
    begin.set_hash_algorithm(core::v1::HASH_ALGORITHM_SHA256);
    begin.add_dtbsr(AsString(hash));
    const auto begun =
        Must(connection_->Call<api::BeginSigningResponse>("Signing/BeginSigning", begin), "begin");
    api::FinishSigningRequest finish;
    finish.set_credential_id(credential_);
    finish.set_payload(begun.payload());
    finish.mutable_proof()->set_authenticator_id(AsString(key_.id()));
    finish.mutable_proof()->set_es256(
        AsString(Must(key_.Sign(AsBytes(begun.payload())), "authenticator's signature")));
    const auto finished = Must(
        connection_->Call<api::FinishSigningResponse>("Signing/FinishSigning", finish), "finish");
    if (finished.signatures_size() != 1) {
      fprintf(stderr, "bench: %d signatures for one hash\n", finished.signatures_size());
      exit(1);
    }
    return 1;
  }

 private:
  const std::string credential_;
  const SigningKey key_;
  const std::unique_ptr<Connection> connection_;
  std::atomic<uint64_t> next_{static_cast<uint64_t>(time(nullptr)) << 24};
};

// Clients that sign at once for a while; every call must succeed. No measurement: a burden.
int Load(const Flags& flags) {
  Activations activations(flags);
  const double rate =
      RateOf(flags.threads, flags.only_load, [&](int) { return activations.One(); });
  printf("{\"clients\":%d,\"seconds\":%.0f,\"signatures\":%.0f,\"errors\":0}\n", flags.threads,
         flags.only_load, rate * flags.only_load);
  return 0;
}

int Run(const Flags& flags) {
  if (flags.only_load > 0) return Load(flags);
  const auto softhsm = Must(testing_support::SoftHsm::Create(), "a token for the reference");
  RawToken raw(softhsm->module_path(), softhsm->token_label(), softhsm->Pin(),
               testing_support::SoftHsm::storage_key_label());
  std::vector<std::unique_ptr<RawWorker>> workers;
  for (int i = 0; i < flags.threads; ++i) workers.push_back(raw.NewWorker());
  const Length length = flags.quick ? Length::Quick() : Length();
  Activations activations(flags);
  Compare(
      "activation_sign_vs_raw", "signatures/s", length,
      [&](double seconds) {
        return RateOf(flags.threads, seconds, [&](int) { return activations.One(); });
      },
      [&](double seconds) {
        return RateOf(flags.threads, seconds, [&](int thread) {
          workers[thread]->ActivateP256();
          return size_t{1};
        });
      });
  return 0;
}

}  // namespace
}  // namespace intaglio::bench

int main(int argc, char** argv) {
  CLI::App app("Measures the whole path of a running lab against raw PKCS#11 calls");
  intaglio::bench::Flags flags;
  app.add_option("--profile", flags.profile, "profile of a signing application")->required();
  app.add_option("--credential", flags.credential, "an accepted credential")->required();
  app.add_option("--key", flags.authenticator_key, "its authenticator's key")->required();
  app.add_option("--threads", flags.threads, "requests in flight")->check(CLI::Range(1, 64));
  app.add_option("--load", flags.only_load, "only sign, for so many seconds; any error ends it")
      ->check(CLI::Range(1.0, 3600.0));
  app.add_flag("--quick", flags.quick, "shorter, and less exact");
  CLI11_PARSE(app, argc, argv);
  return intaglio::bench::Run(flags);
}
