#include "appliance/crypto/ecdsa.h"

#include <mbedtls/ecdsa.h>

#include <algorithm>

namespace intaglio::appliance {
namespace {

// SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING (0 unused bits) ... }
constexpr uint8_t kSpkiPrefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

// Mbed TLS group and point with their frees.
struct Curve {
  mbedtls_ecp_group group;
  mbedtls_ecp_point point;
  mbedtls_mpi r, s;
  Curve() {
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
  }
  ~Curve() {
    mbedtls_ecp_group_free(&group);
    mbedtls_ecp_point_free(&point);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
  }
  Curve(const Curve&) = delete;
  Curve& operator=(const Curve&) = delete;
  bool Load(const P256Point& octets) {
    return mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
           mbedtls_ecp_point_read_binary(&group, &point, octets.data(), octets.size()) == 0 &&
           mbedtls_ecp_check_pubkey(&group, &point) == 0;
  }
};

// One minimal positive INTEGER of at most 32 significant octets, right-aligned into `out`.
bool ReadInteger(ByteView& der, std::span<uint8_t> out) {
  if (der.size() < 3 || der[0] != 0x02) return false;
  const size_t length = der[1];
  if (length == 0 || length > 33 || der.size() < 2 + length) return false;
  ByteView value = der.subspan(2, length);
  if ((value[0] & 0x80) != 0) return false;                                    // negative
  if (value[0] == 0 && (length == 1 || (value[1] & 0x80) == 0)) return false;  // zero, padded
  if (value[0] == 0) value = value.subspan(1);
  if (value.size() > out.size()) return false;
  std::fill(out.begin(), out.end(), 0);
  std::copy(value.begin(), value.end(), out.end() - static_cast<std::ptrdiff_t>(value.size()));
  der = der.subspan(2 + length);
  return true;
}

void AppendInteger(Bytes& out, ByteView value) {
  while (value.size() > 1 && value[0] == 0) value = value.subspan(1);
  const bool pad = (value[0] & 0x80) != 0;
  out.push_back(0x02);
  out.push_back(static_cast<uint8_t>(value.size() + (pad ? 1 : 0)));
  if (pad) out.push_back(0);
  out.insert(out.end(), value.begin(), value.end());
}

}  // namespace

std::optional<P256Point> PointOfSpki(ByteView spki) {
  P256Point point;
  if (spki.size() != sizeof kSpkiPrefix + point.size() ||
      !std::equal(std::begin(kSpkiPrefix), std::end(kSpkiPrefix), spki.begin())) {
    return std::nullopt;
  }
  std::copy(spki.begin() + sizeof kSpkiPrefix, spki.end(), point.begin());
  Curve curve;
  if (point[0] != 0x04 || !curve.Load(point)) return std::nullopt;
  return point;
}

Bytes SpkiOfPoint(const P256Point& point) {
  Bytes out(std::begin(kSpkiPrefix), std::end(kSpkiPrefix));
  out.insert(out.end(), point.begin(), point.end());
  return out;
}

std::optional<P256Signature> SignatureFromDer(ByteView der) {
  P256Signature out;
  if (der.size() < 8 || der[0] != 0x30 || der[1] != der.size() - 2 || der[1] >= 0x80) {
    return std::nullopt;
  }
  der = der.subspan(2);
  const std::span<uint8_t> octets(out);
  if (!ReadInteger(der, octets.first(32)) || !ReadInteger(der, octets.last(32)) || !der.empty()) {
    return std::nullopt;
  }
  return out;
}

Bytes SignatureToDer(ByteView signature) {
  Bytes body;
  body.reserve(signature.size() + 6);
  AppendInteger(body, signature.first(signature.size() / 2));
  AppendInteger(body, signature.last(signature.size() / 2));
  Bytes out = {0x30, static_cast<uint8_t>(body.size())};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

bool VerifyEs256InSoftware(const P256Point& point, const Digest& digest,
                           const P256Signature& signature) {
  Curve curve;
  return curve.Load(point) && mbedtls_mpi_read_binary(&curve.r, signature.data(), 32) == 0 &&
         mbedtls_mpi_read_binary(&curve.s, signature.data() + 32, 32) == 0 &&
         mbedtls_ecdsa_verify(&curve.group, digest.data(), digest.size(), &curve.point, &curve.r,
                              &curve.s) == 0;
}

}  // namespace intaglio::appliance
