// Takes any octets for an assertion's two parts: two octets of length, the authenticator data, the
// client data. What is accepted shows what it must.
#include <cstdlib>

#include "appliance/authenticator/assertion.h"
#include "appliance/authenticator/client_json.h"
#include "appliance/crypto/hash.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using namespace intaglio;
  using namespace intaglio::appliance;
  if (size < 2) return 0;
  const ByteView input(octets + 2, size - 2);
  const size_t cut = std::min<size_t>(input.size(), size_t{octets[0]} << 8 | octets[1]);
  const WebAuthnAssertion assertion{ToBytes(input.first(cut)), ToBytes(input.subspan(cut)), {}};

  const auto data = ReadAuthenticatorData(assertion.authenticator_data);
  if (data.ok() && (cut < kLeastAuthenticatorData || cut > kMostAuthenticatorData ||
                    !Equal(data->rp_id_hash, ByteView(assertion.authenticator_data).first(32)))) {
    abort();
  }
  Authenticator bound;
  bound.kind = AuthenticatorKind::kWebAuthnDevice;
  bound.webauthn = WebAuthnBinding{"sign.example", "https://sign.example", {}, {}, {}};
  const Digest challenge{};
  const bool client_data =
      CheckClientData(assertion.client_data_json, challenge, bound.webauthn->origin).ok();
  if (client_data && (assertion.client_data_json.back() != '}' ||
                      assertion.client_data_json.size() > kMostClientData)) {
    abort();
  }
  const auto judged = JudgeAssertion(bound, challenge, assertion);
  if (judged.ok() && !(client_data && data.ok() && data->user_present && data->user_verified &&
                       !data->backup_eligible && judged->counter == data->counter)) {
    abort();
  }
  return 0;
}
