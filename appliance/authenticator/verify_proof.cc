#include "appliance/authenticator/verify_proof.h"

#include <string>

#include "appliance/authenticator/assertion.h"
#include "appliance/authenticator/authenticator_rules.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/crypto/rsa.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

Status CheckRs256(ByteView spki, const Digest& digest, ByteView signature) {
  const auto key = RsaKeyOfSpki(spki);
  if (!key || signature.size() != key->modulus.size()) {
    return Fail(kProofMalformed, "an RSA signature is as long as its key's modulus");
  }
  if (VerifyRs256InSoftware(spki, digest, signature)) return OkStatus();
  return Fail(kSignatureWrong, "over these octets, by this key");
}

Status CheckSignature(ByteView spki, const Digest& digest, ByteView signature,
                      const Es256Check& check_es256) {
  return PointOfSpki(spki) ? check_es256(spki, digest, signature)
                           : CheckRs256(spki, digest, signature);
}

Status OtherMethod(AuthenticatorKind kind) {
  return Fail(kProofMethod, "the bound authenticator is of kind " + std::string(NameOf(kind)));
}

}  // namespace

StatusOr<ProofFacts> VerifyProof(const Authenticator& bound, const Digest& statement_digest,
                                 const Proof& proof, const Es256Check& check_es256) {
  ProofFacts facts{bound.kind};
  switch (bound.kind) {
    case AuthenticatorKind::kEs256File:
    case AuthenticatorKind::kEs256Device: {
      const auto* es256 = std::get_if<Es256Proof>(&proof.method);
      if (es256 == nullptr) return OtherMethod(bound.kind);
      RETURN_IF_ERROR(check_es256(bound.spki, statement_digest, es256->signature));
      return facts;
    }
    case AuthenticatorKind::kRs256File:
    case AuthenticatorKind::kRs256Device: {
      const auto* rs256 = std::get_if<Rs256Proof>(&proof.method);
      if (rs256 == nullptr) return OtherMethod(bound.kind);
      RETURN_IF_ERROR(CheckRs256(bound.spki, statement_digest, rs256->signature));
      return facts;
    }
    case AuthenticatorKind::kWebAuthnDevice:
    case AuthenticatorKind::kWebAuthnSynced: {
      const auto* assertion = std::get_if<WebAuthnAssertion>(&proof.method);
      if (assertion == nullptr) return OtherMethod(bound.kind);
      ASSIGN_OR_RETURN(const JudgedAssertion judged,
                       JudgeAssertion(bound, statement_digest, *assertion));
      RETURN_IF_ERROR(
          CheckSignature(bound.spki, judged.signed_digest, assertion->signature, check_es256));
      facts.counter = judged.counter;
      return facts;
    }
  }
  return OtherMethod(bound.kind);
}

Digest DigestOf(const Proof& proof) {
  // Each part as its digest, so that no octet can move from one part to the next.
  const Digest method = std::visit(
      [](const auto& each) {
        using Method = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<Method, WebAuthnAssertion>) {
          return Sha256({AsBytes("webauthn"), Sha256(each.authenticator_data),
                         Sha256(each.client_data_json), Sha256(each.signature)});
        } else if constexpr (std::is_same_v<Method, Rs256Proof>) {
          return Sha256({AsBytes("rs256"), Sha256(each.signature)});
        } else {
          return Sha256({AsBytes("es256"), Sha256(each.signature)});
        }
      },
      proof.method);
  return Sha256({proof.authenticator_id.view(), method});
}

}  // namespace intaglio::appliance
