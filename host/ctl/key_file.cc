#include "host/ctl/key_file.h"

#include "base/file.h"
#include "base/secret_bytes.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/x509/ceremony.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr size_t kMostKeyFile = 16 * 1024;

}  // namespace

StatusOr<SigningKey> SigningKey::Of(PkeyPtr key) {
  SigningKey out;
  ASSIGN_OR_RETURN(out.spki_, SpkiOf(key.get()));
  out.id_ = Sha256(out.spki_);
  out.key_ = std::move(key);
  return out;
}

StatusOr<SigningKey> SigningKey::CreateFile(const std::string& path) {
  RETURN_IF_ERROR(RequireAbsent(path));
  ASSIGN_OR_RETURN(PkeyPtr key, GenerateP256Key());
  ASSIGN_OR_RETURN(const SecretBytes pem, PrivateKeyToPem(key.get()));
  RETURN_IF_ERROR(WriteFile(path, pem.Expose(), 0600));
  return Of(std::move(key));
}

StatusOr<SigningKey> SigningKey::Load(const std::string& path) {
  ASSIGN_OR_RETURN(Bytes file, ReadFile(path, FileTrust::kOwnerOnly, kMostKeyFile));
  const SecretBytes pem = SecretBytes::WipeAndTake(file);
  auto key = PrivateKeyFromPem(pem);
  if (!key.ok() || AlgorithmOf(key->get()) != KeyAlgorithm::kEcP256) {
    return Fail(kKeyFileInvalid, path + ": one unencrypted P-256 private key in PEM is wanted; " +
                                     "'intaglio key new' makes one");
  }
  return Of(*std::move(key));
}

StatusOr<Bytes> SigningKey::Sign(ByteView octets) const { return SignTbs(octets, key_.get()); }

}  // namespace intaglio::host
