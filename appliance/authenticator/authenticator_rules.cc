#include "appliance/authenticator/authenticator_rules.h"

#include <string>

#include "appliance/authenticator/cose_key.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/rsa.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHostAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789.-";

Status Bad(std::string_view field) {
  return Fail(kStatementInvalid, "field authenticator." + std::string(field));
}

// A host name as browsers write it: lower case, no empty label. An address has no relying party.
bool IsHostName(std::string_view name) {
  return !name.empty() && name.size() <= kMostRpId &&
         name.find_first_not_of(kHostAlphabet) == std::string_view::npos && name.front() != '.' &&
         name.back() != '.' && name.find("..") == std::string_view::npos &&
         name.find_first_not_of("0123456789.") != std::string_view::npos;
}

// The host of "https://host" or "https://host:port"; empty if it is no such origin.
std::string_view HostOf(std::string_view origin) {
  if (origin.size() > kMostOrigin || !origin.starts_with(kScheme)) return {};
  std::string_view host = origin.substr(kScheme.size());
  if (const size_t colon = host.find(':'); colon != std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.front() == '0' ||
        port.find_first_not_of(kDigits) != std::string_view::npos) {
      return {};
    }
    host = host.substr(0, colon);
  }
  return IsHostName(host) ? host : std::string_view{};
}

// [WebAuthn Level 2 §5.1.3: rpId is the origin's host or a suffix of it at a dot]
bool LiesAt(std::string_view host, std::string_view rp_id) {
  return host == rp_id || (host.size() > rp_id.size() && host.ends_with(rp_id) &&
                           host[host.size() - rp_id.size() - 1] == '.');
}

Status CheckBinding(const WebAuthnBinding& binding, ByteView spki) {
  if (!IsHostName(binding.rp_id)) return Bad("webauthn.rp_id");
  const std::string_view host = HostOf(binding.origin);
  if (host.empty() || !LiesAt(host, binding.rp_id)) return Bad("webauthn.origin");
  if (binding.credential_id.empty() || binding.credential_id.size() > kMostCredentialId) {
    return Bad("webauthn.credential_id");
  }
  if (binding.aaguid.size() != kAaguid) return Bad("webauthn.aaguid");
  ASSIGN_OR_RETURN(const Bytes key, SpkiOfCoseKey(binding.cose_key));
  return Equal(key, spki) ? OkStatus() : Bad("webauthn.cose_key");
}

}  // namespace

Status CheckAuthenticator(const Authenticator& authenticator) {
  const bool is_p256 = PointOfSpki(authenticator.spki).has_value();
  const bool is_rsa = !is_p256 && RsaKeyOfSpki(authenticator.spki).has_value();
  if (IsWebAuthn(authenticator.kind) != authenticator.webauthn.has_value()) return Bad("webauthn");
  switch (authenticator.kind) {
    case AuthenticatorKind::kEs256File:
    case AuthenticatorKind::kEs256Device:
      return is_p256 ? OkStatus() : Bad("spki");
    case AuthenticatorKind::kRs256File:
    case AuthenticatorKind::kRs256Device:
      return is_rsa ? OkStatus() : Bad("spki");
    case AuthenticatorKind::kWebAuthnDevice:
    case AuthenticatorKind::kWebAuthnSynced:
      return CheckBinding(*authenticator.webauthn, authenticator.spki);
  }
  return Bad("kind");
}

bool IsWebAuthn(AuthenticatorKind kind) {
  return kind == AuthenticatorKind::kWebAuthnDevice || kind == AuthenticatorKind::kWebAuthnSynced;
}

std::string_view NameOf(AuthenticatorKind kind) {
  switch (kind) {
    case AuthenticatorKind::kEs256File:
      return "es256-file";
    case AuthenticatorKind::kEs256Device:
      return "es256-device";
    case AuthenticatorKind::kRs256File:
      return "rs256-file";
    case AuthenticatorKind::kRs256Device:
      return "rs256-device";
    case AuthenticatorKind::kWebAuthnDevice:
      return "webauthn-device";
    case AuthenticatorKind::kWebAuthnSynced:
      break;
  }
  return "webauthn-synced";
}

}  // namespace intaglio::appliance
