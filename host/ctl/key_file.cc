#include "host/ctl/key_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "base/secret_bytes.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/x509/ceremony.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr size_t kMostKeyFile = 16 * 1024;

// An encrypted file must not make the library ask at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

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
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) != 1) {
    return OpensslFail(kOpensslFailed, "encoding a private key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  RETURN_IF_ERROR(
      WriteFile(path, AsBytes(std::string_view(text, static_cast<size_t>(size))), 0600));
  return Of(std::move(key));
}

StatusOr<SigningKey> SigningKey::Load(const std::string& path) {
  ASSIGN_OR_RETURN(Bytes file, ReadFile(path, FileTrust::kOwnerOnly, kMostKeyFile));
  const SecretBytes pem = SecretBytes::WipeAndTake(file);
  const ByteView text = pem.Expose();
  const BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  PkeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr) : nullptr);
  ERR_clear_error();
  if (!key || AlgorithmOf(key.get()) != KeyAlgorithm::kEcP256) {
    return Fail(kKeyFileInvalid, path + ": one unencrypted P-256 private key in PEM is wanted; " +
                                     "'intaglio key new' makes one");
  }
  return Of(std::move(key));
}

StatusOr<Bytes> SigningKey::Sign(ByteView octets) const { return SignTbs(octets, key_.get()); }

}  // namespace intaglio::host
