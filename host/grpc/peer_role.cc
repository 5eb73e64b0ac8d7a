#include "host/grpc/peer_role.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <mutex>
#include <unordered_map>

#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

std::string RoleOfCertificate(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const X509Ptr certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)
                                : nullptr);
  ERR_clear_error();
  if (!certificate) return "";
  const X509_NAME* name = X509_get_subject_name(certificate.get());
  const int first = X509_NAME_get_index_by_NID(name, NID_organizationalUnitName, -1);
  // Two roles in one certificate would leave it open which one counts.
  if (first < 0 || X509_NAME_get_index_by_NID(name, NID_organizationalUnitName, first) >= 0) {
    return "";
  }
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
  if (size < 0) return "";
  std::string role(reinterpret_cast<const char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return role;
}

namespace {

constexpr size_t kMostKnown = 1000;

// A client's certificate is the same from call to call, and reading it dearer than a look-up.
std::string CachedRole(std::string_view pem) {
  static std::mutex mutex;
  static auto& known = *new std::unordered_map<std::string, std::string>;
  const std::string key(pem);
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return found->second;
  }
  std::string role = RoleOfCertificate(pem);
  const std::lock_guard lock(mutex);
  if (known.size() >= kMostKnown) known.clear();
  known.emplace(key, role);
  return role;
}

}  // namespace

std::string PeerRole(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return "";
  const auto pem = auth->FindPropertyValues("x509_pem_cert");
  if (pem.size() != 1) return "";
  return CachedRole({pem[0].data(), pem[0].size()});
}

}  // namespace intaglio::host
