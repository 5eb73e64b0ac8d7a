// PinRetry: gives a token whose PIN was refused another try once the PIN's source holds another
// one, and never the same one twice: a wrong PIN tried again locks the token.
#ifndef INTAGLIO_TOKENS_PKCS11_PIN_RETRY_H_
#define INTAGLIO_TOKENS_PKCS11_PIN_RETRY_H_

#include <functional>
#include <vector>

#include "base/secret_bytes.h"
#include "tokens/pkcs11/supervisor.h"

namespace intaglio::tokens {

class PinRetry final {
 public:
  // The PIN of a token, by its place, as its source has it now.
  using Read = std::function<StatusOr<SecretBytes>(size_t)>;
  // To be made right after the supervisor opened: what the source holds now has been tried.
  PinRetry(Supervisor& supervisor, Read read);

  // Called now and then, by one thread.
  void Tend();

 private:
  Supervisor& supervisor_;
  const Read read_;
  std::vector<SecretBytes> tried_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_PIN_RETRY_H_
