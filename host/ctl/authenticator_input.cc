#include "host/ctl/authenticator_input.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>

#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kMostKeyFile = 16 * 1024;
constexpr size_t kMostCoseKey = 1024;
constexpr int kLeastRsaBits = 2048, kMostRsaBits = 4096;
constexpr OctetBounds kCredentialOctets{1, 1023};
constexpr OctetBounds kAaguidOctets{16, 16};

using ParamBuilderPtr = CPtr<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using ParamsPtr = CPtr<OSSL_PARAM, OSSL_PARAM_free>;
using NumberPtr = CPtr<BIGNUM, BN_free>;

Status Unusable(const std::string& what) {
  ERR_clear_error();
  return Fail(kKeyFileInvalid,
              what + ": a P-256 key, or an RSA key of 2048 to 4096 bit, is wanted");
}

StatusOr<Bytes> SpkiOfDer(const std::string& what, const Bytes& der) {
  const uint8_t* at = der.data();
  const PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != der.data() + der.size()) return Unusable(what);
  const bool rsa = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
  const int bits = EVP_PKEY_get_bits(key.get());
  if (rsa ? bits < kLeastRsaBits || bits > kMostRsaBits
          : AlgorithmOf(key.get()) != KeyAlgorithm::kEcP256) {
    return Unusable(what);
  }
  ERR_clear_error();
  return SpkiOf(key.get());
}

// Octets that must stand at the front are taken off.
bool TakeExactly(ByteView& rest, std::initializer_list<uint8_t> due) {
  if (rest.size() < due.size() || !std::equal(due.begin(), due.end(), rest.begin())) return false;
  rest = rest.subspan(due.size());
  return true;
}

bool TakeMost(ByteView& rest, size_t size, ByteView& out) {
  if (rest.size() < size) return false;
  out = rest.first(size);
  rest = rest.subspan(size);
  return true;
}

StatusOr<Bytes> SpkiOfPoint(const std::string& what, ByteView x, ByteView y) {
  static constexpr uint8_t kPrefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                        0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
  return SpkiOfDer(what, Concat({kPrefix, x, y}));
}

StatusOr<Bytes> SpkiOfModulus(const std::string& what, ByteView n, ByteView e) {
  const NumberPtr modulus(BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr));
  const NumberPtr exponent(BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr));
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return Unusable(what);
  }
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return Unusable(what);
  }
  const PkeyPtr key(made);
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(key.get()));
  return SpkiOfDer(what, spki);
}

}  // namespace

void BindAuthenticator(Flags& flags, AuthenticatorFlags& o) {
  flags
      .Required("--kind", o.kind,
                "es256-file, es256-device, rs256-file, rs256-device, webauthn-device or "
                "webauthn-synced")
      .Optional("--public-key", o.public_key, "public key, PEM or DER")
      .Optional("--cose-key", o.cose_key, "of a WebAuthn credential: COSE_Key file")
      .Optional("--rp-id", o.rp_id, "its relying party, \"sign.example\"")
      .Optional("--origin", o.origin, "the page it is used at, \"https://sign.example\"")
      .Optional("--credential-id", o.credential, "its id, hexadecimal")
      .Optional("--aaguid", o.aaguid, "its authenticator's model, hexadecimal (default: unknown)");
}

StatusOr<pb::Authenticator> AuthenticatorOf(const AuthenticatorFlags& flags) {
  pb::Authenticator out;
  ASSIGN_OR_RETURN(const auto kind, EnumArgument<pb::AuthenticatorKind>("--kind", flags.kind));
  out.set_kind(kind);
  const bool webauthn = kind == pb::AUTHENTICATOR_KIND_WEBAUTHN_DEVICE ||
                        kind == pb::AUTHENTICATOR_KIND_WEBAUTHN_SYNCED;
  if (webauthn == flags.cose_key.empty() || webauthn != flags.public_key.empty()) {
    return Fail(kArgumentInvalid, webauthn ? "--cose-key: is wanted for a WebAuthn credential"
                                           : "--public-key: is wanted for this kind");
  }
  if (!webauthn) {
    ASSIGN_OR_RETURN(const Bytes spki, ReadAuthenticatorKey(flags.public_key));
    out.set_spki(AsString(spki));
    return out;
  }
  if (flags.rp_id.empty() || flags.origin.empty()) {
    return Fail(kArgumentInvalid, "--rp-id, --origin: are wanted for a WebAuthn credential");
  }
  ASSIGN_OR_RETURN(const Bytes cose_key, ReadInput(flags.cose_key, kMostCoseKey));
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOfCoseKey(flags.cose_key, cose_key));
  ASSIGN_OR_RETURN(const Bytes credential,
                   HexArgument("--credential-id", flags.credential, kCredentialOctets));
  Bytes aaguid(16, 0);
  if (!flags.aaguid.empty()) {
    ASSIGN_OR_RETURN(aaguid, HexArgument("--aaguid", flags.aaguid, kAaguidOctets));
  }
  out.set_spki(AsString(spki));
  pb::WebAuthnBinding& binding = *out.mutable_webauthn();
  binding.set_rp_id(flags.rp_id);
  binding.set_origin(flags.origin);
  binding.set_credential_id(AsString(credential));
  binding.set_cose_key(AsString(cose_key));
  binding.set_aaguid(AsString(aaguid));
  return out;
}

StatusOr<Bytes> ReadAuthenticatorKey(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes file, ReadInput(path, kMostKeyFile));
  if (!file.empty() && file[0] == 0x30) return SpkiOfDer(path, file);
  const BioPtr bio(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
  if (!bio) return OpensslFail(kKeyFileInvalid, path);
  const PkeyPtr key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return Unusable(path);
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(key.get()));
  return SpkiOfDer(path, spki);
}

StatusOr<Bytes> SpkiOfCoseKey(const std::string& what, ByteView cose_key) {
  // Both keys have one canonical form each; its octets are compared, not interpreted.
  ByteView rest = cose_key, first, second;
  if (TakeExactly(rest, {0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}) &&
      TakeMost(rest, 32, first) && TakeExactly(rest, {0x22, 0x58, 0x20}) &&
      TakeMost(rest, 32, second) && rest.empty()) {
    return SpkiOfPoint(what, first, second);
  }
  rest = cose_key;
  if (TakeExactly(rest, {0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59}) &&
      TakeMost(rest, 2, first)) {
    const size_t size = static_cast<size_t>(first[0]) << 8 | first[1];
    if (TakeMost(rest, size, first) && TakeExactly(rest, {0x21, 0x43}) &&
        TakeMost(rest, 3, second) && rest.empty()) {
      return SpkiOfModulus(what, first, second);
    }
  }
  return Fail(kKeyFileInvalid, what + ": not a COSE_Key of ES256 or RS256 in canonical form");
}

}  // namespace intaglio::host
