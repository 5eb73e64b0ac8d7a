#include "appliance/daemon/pem.h"

#include "appliance/domain/reasons.h"

namespace intaglio::appliance {

StatusOr<std::vector<Bytes>> PemBlocks(ByteView file, std::string_view label) {
  const std::string text = AsString(file);
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  std::vector<Bytes> blocks;
  size_t at = 0;
  while ((at = text.find(begin, at)) != std::string::npos) {
    const size_t from = at + begin.size();
    const size_t to = text.find(end, from);
    if (to == std::string::npos) return Fail(kConfigInvalid, "a PEM block does not end");
    std::string body;
    for (size_t i = from; i < to; ++i) {
      if (text[i] != '\n' && text[i] != '\r' && text[i] != ' ') body.push_back(text[i]);
    }
    ASSIGN_OR_RETURN(Bytes der, FromBase64(body));
    blocks.push_back(std::move(der));
    at = to + end.size();
  }
  if (blocks.empty()) return Fail(kConfigInvalid, "no PEM block " + std::string(label));
  return blocks;
}

StatusOr<Bytes> DerOrPem(ByteView file, std::string_view label) {
  if (!file.empty() && file[0] == 0x30) return ToBytes(file);
  ASSIGN_OR_RETURN(auto blocks, PemBlocks(file, label));
  if (blocks.size() != 1) return Fail(kConfigInvalid, "more than one PEM block");
  return std::move(blocks.front());
}

std::string ToPem(ByteView der, std::string_view label) {
  const std::string body = ToBase64(der);
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (size_t i = 0; i < body.size(); i += 64) out += body.substr(i, 64) + "\n";
  return out + "-----END " + std::string(label) + "-----\n";
}

}  // namespace intaglio::appliance
