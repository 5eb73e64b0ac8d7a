#include "attestation/devices/device_attestation.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <set>
#include <string>

#include "attestation/devices/reasons.h"
#include "attestation/verify/ak_certificate.h"
#include "attestation/verify/der_reader.h"
#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/reasons.h"

namespace intaglio::attestation {
namespace {

using verify_internal::X509Ptr;
using BioPtr = verify_internal::CPtr<BIO, BIO_free_all>;

constexpr size_t kMostChain = 8;
constexpr size_t kMostFile = (kMostChain + 1) * (kMaxCertificateOctets * 3 / 2);

constexpr const DeviceFormat* kFormats[] = {
    &kYubiHsm2,
    &kYubiKeyPiv,
};

// "ARC.NUMBER" as its number; nothing if it is of another arc.
std::optional<uint32_t> NumberUnder(std::string_view arc, const std::string& oid) {
  if (!oid.starts_with(arc) || oid.size() <= arc.size() + 1 || oid[arc.size()] != '.') return {};
  const std::string rest = oid.substr(arc.size() + 1);
  const bool digits = rest.size() <= 5 && std::all_of(rest.begin(), rest.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  // Deeper than one component: of the arc, and no number that any format knows.
  return digits ? static_cast<uint32_t>(std::stoul(rest)) : UINT32_MAX;
}

struct Found {
  const DeviceFormat* format = nullptr;
  std::vector<VendorExtensions::Extension> extensions;
};

StatusOr<Found> ExtensionsOf(X509* certificate) {
  Found found;
  const int count = X509_get_ext_count(certificate);
  for (int i = 0; i < count; ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    char oid[128];
    if (OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(extension), 1) >=
        static_cast<int>(sizeof oid)) {
      continue;  // longer than any of ours
    }
    for (const DeviceFormat* format : kFormats) {
      const auto number = NumberUnder(format->arc, oid);
      if (!number) continue;
      if (found.format != nullptr && found.format != format) {
        return Fail(kDeviceExtensionRepeated, "it speaks as " + std::string(found.format->name) +
                                                  " and as " + std::string(format->name));
      }
      found.format = format;
      const auto& known = format->known;
      if (std::find(known.begin(), known.end(), *number) == known.end()) {
        return Fail(kDeviceExtensionUnknown, oid);
      }
      const bool twice = std::any_of(found.extensions.begin(), found.extensions.end(),
                                     [&](const auto& each) { return each.number == *number; });
      if (twice) return Fail(kDeviceExtensionRepeated, oid);
      const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
      const uint8_t* octets = ASN1_STRING_get0_data(value);
      found.extensions.push_back({*number, Bytes(octets, octets + ASN1_STRING_length(value))});
    }
  }
  if (found.format != nullptr) return found;
  std::string formats;
  for (const DeviceFormat* each : kFormats) formats += " " + std::string(each->name);
  return Fail(kDeviceUnrecognised, "it has no extension of any of:" + formats);
}

Status CheckSizes(const DeviceAttestation& attestation) {
  const auto fits = [](const Bytes& each) {
    return !each.empty() && each.size() <= kMaxCertificateOctets;
  };
  if (attestation.chain.empty() || attestation.chain.size() > kMostChain ||
      !fits(attestation.certificate) ||
      !std::all_of(attestation.chain.begin(), attestation.chain.end(), fits)) {
    return Fail(kDeviceChainLength, "found " + std::to_string(attestation.chain.size()));
  }
  return OkStatus();
}

// The device's own certificate: the one that the attested key's was signed with. That it is a CA's,
// which no certificate of an attested key is, and that no more CAs stand in the path than its
// issuers allow, is for CheckChain: a user's key in the device can sign what looks like an
// attestation.
StatusOr<X509Ptr> FindDevice(X509* leaf, const std::vector<Bytes>& chain) {
  for (const Bytes& der : chain) {
    ASSIGN_OR_RETURN(X509Ptr each, verify_internal::ParseCertificate(der, kAkCertificateInvalid));
    const bool issued = X509_check_issued(each.get(), leaf) == X509_V_OK &&
                        X509_verify(leaf, X509_get0_pubkey(each.get())) == 1;
    ERR_clear_error();
    if (issued) return each;
  }
  return Fail(kAkChainUntrusted, "the device's own certificate is not among the chain");
}

}  // namespace

std::span<const DeviceFormat* const> DeviceFormats() { return kFormats; }

StatusOr<DeviceAttestation> ReadDeviceAttestation(ByteView file) {
  if (file.empty() || file.size() > kMostFile) {
    return Fail(kDeviceChainLength, "a file of " + std::to_string(file.size()) + " octets");
  }
  DeviceAttestation out;
  if (file.front() == static_cast<uint8_t>(DerTag::kSequence)) {
    out.certificate = ToBytes(file);
    return out;
  }
  const BioPtr bio(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
  for (;;) {
    const X509Ptr each(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!each) break;
    Bytes der = verify_internal::DerOf(each.get());
    if (out.certificate.empty()) {
      out.certificate = std::move(der);
    } else if (out.chain.size() < kMostChain) {
      out.chain.push_back(std::move(der));
    } else {
      ERR_clear_error();
      return Fail(kDeviceChainLength, "more than " + std::to_string(kMostChain));
    }
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended || out.certificate.empty()) {
    return Fail(kDeviceUnrecognised, "neither DER nor PEM blocks labelled CERTIFICATE");
  }
  return out;
}

StatusOr<std::string_view> FormatOf(const DeviceAttestation& attestation) {
  ASSIGN_OR_RETURN(const X509Ptr leaf, verify_internal::ParseCertificate(attestation.certificate,
                                                                         kAkCertificateInvalid));
  ASSIGN_OR_RETURN(const Found found, ExtensionsOf(leaf.get()));
  return found.format->name;
}

StatusOr<VerifiedEvidence> VerifyDeviceAttestation(const DeviceAttestation& attestation,
                                                   const TrustStore& device_roots, WallTime at) {
  RETURN_IF_ERROR(CheckSizes(attestation));
  ASSIGN_OR_RETURN(const X509Ptr leaf, verify_internal::ParseCertificate(attestation.certificate,
                                                                         kAkCertificateInvalid));
  ASSIGN_OR_RETURN(Found found, ExtensionsOf(leaf.get()));
  // The device's own certificate has the same extensions.
  if ((X509_get_extension_flags(leaf.get()) & EXFLAG_CA) != 0) {
    return Fail(kDeviceUnrecognised, "it is a CA's or the device's own certificate, not a key's");
  }
  KeyClaims key;
  PlatformClaims platform;
  RETURN_IF_ERROR(found.format->read(VendorExtensions(std::move(found.extensions)), platform, key));
  ASSIGN_OR_RETURN(const X509Ptr device, FindDevice(leaf.get(), attestation.chain));
  VerifiedEvidence verified;
  ASSIGN_OR_RETURN(verified.device_root_,
                   verify_internal::CheckChain(leaf.get(), attestation.chain, device_roots, at));
  verified.ak_spki_ = verify_internal::SpkiOf(device.get());
  verified.ak_certificate_ = verify_internal::DerOf(device.get());
  const Digest device_key = verify_internal::Sha256(verified.ak_spki_);
  if (device_roots.IsDistrusted(device_key)) {
    return Fail(kAkDistrusted, "SHA-256 of its SPKI is " + ToHex(device_key));
  }
  key.spki = verify_internal::SpkiOf(leaf.get());
  verified.content_.platform = std::move(platform);
  verified.content_.keys = {std::move(key)};
  verified.evidence_digest_ = verify_internal::Sha256(attestation.certificate);
  verified.format_ = EvidenceFormat::kDeviceCertificate;
  return verified;
}

}  // namespace intaglio::attestation
