#include "tokens/pkcs11/pin_retry.h"

#include "base/log.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {

PinRetry::PinRetry(Supervisor& supervisor, Read read)
    : supervisor_(supervisor), read_(std::move(read)) {
  const size_t count = supervisor_.Standing().tokens.size();
  for (size_t i = 0; i < count; ++i) {
    auto pin = read_(i);
    tried_.push_back(pin.ok() ? std::move(*pin) : SecretBytes());
  }
}

void PinRetry::Tend() {
  const auto standing = supervisor_.Standing();
  for (size_t i = 0; i < standing.tokens.size(); ++i) {
    if (standing.tokens[i].state != TokenState::kPinRefused) continue;
    auto pin = read_(i);
    // Half written, or away for now: it is read again.
    if (!pin.ok() || Equal(pin->Expose(), tried_[i].Expose())) continue;
    const Status taken = supervisor_.SetPin(i, *pin);
    if (Is(taken, kTokenBusy)) continue;  // not tried
    tried_[i] = std::move(*pin);
    if (taken.ok()) {
      LogInfo("token.pin_taken", {{"token", standing.tokens[i].token}});
    } else {
      LogFailure("token.pin_refused", taken);
    }
  }
}

}  // namespace intaglio::tokens
