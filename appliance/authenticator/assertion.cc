#include "appliance/authenticator/assertion.h"

#include <algorithm>

#include "appliance/authenticator/cbor_reader.h"
#include "appliance/authenticator/client_json.h"
#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr uint8_t kUserPresent = 0x01, kUserVerified = 0x04, kBackupEligible = 0x08,
                  kBackedUp = 0x10, kAttestedData = 0x40, kExtensionData = 0x80;
constexpr size_t kFlagsAt = 32;

Status Malformed(const std::string& what) { return Fail(kAssertionMalformed, what); }

bool IsOneMap(ByteView octets) {
  if (!CborReader(octets).MapSize()) return false;
  CborReader reader(octets);
  return reader.Skip() && reader.AtEnd();
}

}  // namespace

StatusOr<AuthenticatorData> ReadAuthenticatorData(ByteView octets) {
  if (octets.size() < kLeastAuthenticatorData || octets.size() > kMostAuthenticatorData) {
    return Malformed(std::to_string(octets.size()) + " octets; from " +
                     std::to_string(kLeastAuthenticatorData) + " to " +
                     std::to_string(kMostAuthenticatorData) + " are allowed");
  }
  AuthenticatorData out;
  std::copy_n(octets.begin(), out.rp_id_hash.size(), out.rp_id_hash.begin());
  const uint8_t flags = octets[kFlagsAt];
  for (size_t i = kFlagsAt + 1; i < kLeastAuthenticatorData; ++i) {
    out.counter = out.counter << 8 | octets[i];
  }
  if ((flags & kAttestedData) != 0) return Malformed("an assertion attests no credential");
  const ByteView rest = octets.subspan(kLeastAuthenticatorData);
  const bool says_extensions = (flags & kExtensionData) != 0;
  if (says_extensions ? !IsOneMap(rest) : !rest.empty()) {
    return Malformed("what follows the counter is not what the flags say");
  }
  out.user_present = (flags & kUserPresent) != 0;
  out.user_verified = (flags & kUserVerified) != 0;
  out.backup_eligible = (flags & kBackupEligible) != 0;
  if ((flags & kBackedUp) != 0 && !out.backup_eligible) {
    return Malformed("a credential is backed up that cannot be");
  }
  return out;
}

StatusOr<JudgedAssertion> JudgeAssertion(const Authenticator& bound, const Digest& challenge,
                                         const WebAuthnAssertion& assertion) {
  if (!bound.webauthn) return Fail(kProofMethod, "no WebAuthn credential is bound");
  RETURN_IF_ERROR(CheckClientData(assertion.client_data_json, challenge, bound.webauthn->origin));
  ASSIGN_OR_RETURN(const AuthenticatorData facts,
                   ReadAuthenticatorData(assertion.authenticator_data));
  if (facts.rp_id_hash != Sha256(AsBytes(bound.webauthn->rp_id))) {
    return Fail(kAssertionRelyingParty, "the bound one is " + bound.webauthn->rp_id);
  }
  if (!facts.user_present) return Fail(kAssertionPresence, "UP is not set");
  if (!facts.user_verified) return Fail(kAssertionPresence, "UV is not set");
  if (bound.kind == AuthenticatorKind::kWebAuthnDevice && facts.backup_eligible) {
    return Fail(kAssertionCopied, "BE is set; bind it as a synced credential");
  }
  return JudgedAssertion{Sha256({assertion.authenticator_data, Sha256(assertion.client_data_json)}),
                         facts.counter};
}

}  // namespace intaglio::appliance
