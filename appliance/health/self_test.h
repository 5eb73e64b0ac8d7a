// SelfTest: known answers of what the core relies on, in software and in the token. At start and on
// demand; each line stands alone, so one failure does not hide another.
#ifndef INTAGLIO_APPLIANCE_HEALTH_SELF_TEST_H_
#define INTAGLIO_APPLIANCE_HEALTH_SELF_TEST_H_

#include <mutex>
#include <string>
#include <vector>

#include "appliance/health/error_state.h"
#include "appliance/usecases/ports.h"
#include "base/rng.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::appliance {

struct SelfTestLine {
  std::string name;
  Status outcome;
};

// Known answers of the software alone.
std::vector<SelfTestLine> TestSoftware();
// Each line of a self-test: OK, or the first failure as kSelfTestFailed naming its line.
Status Verdict(const std::vector<SelfTestLine>& lines);

// A key of `algorithm` that was just made signs a random digest before it is used for anything;
// the token's adapter verifies it, and P-256 is verified in software besides. kSelfTestFailed,
// tokens::kOwnSignatureWrong and the token's Reasons.
Status TestPairwise(tokens::TokenKeys& token, const tokens::KeyId& id, ByteView spki, Rng& rng);

class SelfTest final {
 public:
  // `sealing` is an AES key of this core in the token. All outlive this.
  SelfTest(tokens::TokenKeys& token, tokens::KeyLabel sealing, Rng& rng, JournalPort& journal,
           ErrorState& errors)
      : token_(token),
        sealing_(std::move(sealing)),
        rng_(rng),
        journal_(journal),
        errors_(errors) {}

  // Runs every test and writes the outcome to the journal. A failure puts the core into its error
  // state; success ends a state that a self-test can end. One at a time; thread-safe.
  std::vector<SelfTestLine> Run();

 private:
  Status TestTokenSeal();
  Status TestTokenSignature();
  Status TestTokenRandom();
  Status TestSystemRandom();

  tokens::TokenKeys& token_;
  const tokens::KeyLabel sealing_;
  Rng& rng_;
  JournalPort& journal_;
  ErrorState& errors_;
  std::mutex mutex_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HEALTH_SELF_TEST_H_
