#include "host/daemon/public_content.h"

namespace intaglio::host {

PublicOctets StoredContent::AnswerOcsp(ByteView request) {
  OcspReply reply = status_.AnswerOcsp(request);
  PublicOctets out{std::move(reply.der), {}, {}};
  if (reply.cacheable) {
    out.produced_at = reply.cacheable->this_update;
    out.expires_at = reply.cacheable->next_update;
  }
  return out;
}

std::optional<PublicOctets> StoredContent::LatestCrl() {
  auto crl = store_.LatestCrl();
  // After a recovery the last number is known and its octets are not, until the next is published.
  if (!crl.ok() || !*crl || (*crl)->der.empty()) return std::nullopt;
  return PublicOctets{std::move((*crl)->der), (*crl)->this_update, (*crl)->next_update};
}

std::optional<PublicOctets> StoredContent::CaCertificate() {
  auto ca = store_.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing);
  if (!ca.ok() || !*ca) return std::nullopt;
  return PublicOctets{std::move((*ca)->certificate), {}, {}};
}

std::optional<PublicOctets> StoredContent::RootCertificate() {
  auto ca = store_.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing);
  if (!ca.ok() || !*ca || (*ca)->chain.empty()) return std::nullopt;
  return PublicOctets{std::move((*ca)->chain.back()), {}, {}};
}

std::optional<PublicOctets> StoredContent::Agreement() {
  return PublicOctets{terms_.agreement, {}, {}};
}

}  // namespace intaglio::host
