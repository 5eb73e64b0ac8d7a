// RawToken: PKCS#11 calls with nothing around them, as the measure of what is around ours. Keys are
// session objects, the form in which a token signs fastest.
#ifndef INTAGLIO_TESTS_BENCH_RAW_TOKEN_H_
#define INTAGLIO_TESTS_BENCH_RAW_TOKEN_H_

#include <memory>
#include <string>

#include "base/secret_bytes.h"

namespace intaglio::bench {

// One session and its keys; for one thread at a time.
class RawWorker final {
 public:
  ~RawWorker();
  RawWorker(const RawWorker&) = delete;
  RawWorker& operator=(const RawWorker&) = delete;

  void SignP256();
  void SignAndVerifyP256();
  void SignRsa3072();
  void SignAndVerifyRsa3072();
  // What one activation costs the token alone: verify the authenticator's signature, unwrap the
  // signer's key, sign, verify the own signature, destroy the key.
  void ActivateP256();

 private:
  friend class RawToken;
  struct Impl;
  explicit RawWorker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class RawToken final {
 public:
  // The token of that label in a module this process may have initialised already. Aborts with the
  // reason if it cannot be used: no measurement makes sense then.
  RawToken(const std::string& module_path, const std::string& label, const SecretBytes& pin,
           const std::string& storage_key);
  std::unique_ptr<RawWorker> NewWorker();

 private:
  void* functions_;
  unsigned long slot_ = 0;
  std::string storage_key_;
};

}  // namespace intaglio::bench

#endif  // INTAGLIO_TESTS_BENCH_RAW_TOKEN_H_
