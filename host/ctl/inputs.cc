#include "host/ctl/inputs.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <algorithm>

#include "host/ctl/reasons.h"
#include "host/ctl/report.h"
#include "host/x509/certificate.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr size_t kMostPem = 256 * 1024;
constexpr size_t kMostCertificates = 8;

struct PemBlock {
  std::string label;
  Bytes der;
};

std::vector<PemBlock> PemBlocksOf(const Bytes& text) {
  std::vector<PemBlock> out;
  const BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) return out;
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  while (PEM_read_bio(bio.get(), &name, &header, &der, &size) == 1) {
    out.push_back({name, Bytes(der, der + size)});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
  }
  ERR_clear_error();
  return out;
}

std::string Labels(const std::vector<PemBlock>& blocks) {
  if (blocks.empty()) return "no PEM block";
  std::string out;
  for (const PemBlock& each : blocks) out += (out.empty() ? "" : ", ") + each.label;
  return out;
}

bool LooksLikeDer(const Bytes& file) { return !file.empty() && file[0] == 0x30; }

std::string FlagForm(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

}  // namespace

StatusOr<Bytes> HexArgument(std::string_view flag, std::string_view text, OctetBounds bounds) {
  auto octets = FromHex(text);
  if (!octets.ok() || octets->size() < bounds.least || octets->size() > bounds.most) {
    const std::string wanted = bounds.least == bounds.most ? std::to_string(bounds.least)
                                                           : std::to_string(bounds.least) + " to " +
                                                                 std::to_string(bounds.most);
    return Fail(kArgumentInvalid, std::string(flag) + ": " + wanted +
                                      " octets in hexadecimal are wanted, got " +
                                      std::to_string(text.size()) + " characters");
  }
  return *std::move(octets);
}

StatusOr<int> EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view flag,
                         std::string_view text) {
  std::string known;
  for (int i = 0; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (number == 0) continue;
    const std::string name = FlagForm(EnumText(type, number));
    if (name == text) return number;
    known += (known.empty() ? "" : ", ") + name;
  }
  return Fail(kArgumentInvalid,
              std::string(flag) + ": '" + std::string(text) + "' is none of " + known);
}

StatusOr<Bytes> ReadInput(const std::string& path, size_t most) {
  return ReadFile(path, FileTrust::kAnyMode, most);
}

StatusOr<std::vector<Bytes>> ReadCertificates(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes file, ReadInput(path, kMostPem));
  std::vector<Bytes> out;
  if (LooksLikeDer(file)) {
    out.push_back(file);
  } else {
    const std::vector<PemBlock> blocks = PemBlocksOf(file);
    for (const PemBlock& each : blocks) {
      if (each.label == "CERTIFICATE") out.push_back(each.der);
    }
    if (out.empty()) {
      return Fail(kKeyFileInvalid, path + ": a certificate is wanted, it holds " + Labels(blocks));
    }
  }
  if (out.size() > kMostCertificates) {
    return Fail(kKeyFileInvalid,
                path + ": more than " + std::to_string(kMostCertificates) + " certificates");
  }
  for (const Bytes& each : out) {
    if (const auto parsed = ParseCertificate(each); !parsed.ok()) {
      return Fail(kKeyFileInvalid, path + ": " + DetailOf(parsed.status()));
    }
  }
  return out;
}

StatusOr<Bytes> ReadCertificate(const std::string& path) {
  ASSIGN_OR_RETURN(std::vector<Bytes> all, ReadCertificates(path));
  if (all.size() != 1) {
    return Fail(kKeyFileInvalid,
                path + ": one certificate is wanted, it holds " + std::to_string(all.size()));
  }
  return std::move(all.front());
}

StatusOr<Bytes> ReadPublicKey(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes file, ReadInput(path, kMostPem));
  Bytes spki = file;
  if (!LooksLikeDer(file)) {
    const std::vector<PemBlock> blocks = PemBlocksOf(file);
    if (blocks.size() != 1 || blocks[0].label != "PUBLIC KEY") {
      return Fail(kKeyFileInvalid, path + ": one PUBLIC KEY is wanted, it holds " + Labels(blocks));
    }
    spki = blocks[0].der;
  }
  const uint8_t* at = spki.data();
  const PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  ERR_clear_error();
  if (!key || at != spki.data() + spki.size() || AlgorithmOf(key.get()) != KeyAlgorithm::kEcP256) {
    return Fail(kKeyFileInvalid, path + ": not a P-256 public key");
  }
  return spki;
}

Status RequireAbsent(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) == 0) {
    return Fail(kFileExists, path + ": choose another name, or remove it yourself");
  }
  return OkStatus();
}

}  // namespace intaglio::host
