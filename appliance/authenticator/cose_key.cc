#include "appliance/authenticator/cose_key.h"

#include <algorithm>
#include <string>

#include "appliance/authenticator/cbor_reader.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/rsa.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

// [IANA COSE registries]
constexpr int64_t kLabelType = 1, kLabelAlgorithm = 3;
constexpr int64_t kTypeEc2 = 2, kTypeRsa = 3;
constexpr int64_t kAlgorithmEs256 = -7, kAlgorithmRs256 = -257;
constexpr int64_t kEc2Curve = -1, kEc2X = -2, kEc2Y = -3, kCurveP256 = 1;
constexpr int64_t kRsaN = -1, kRsaE = -2;
constexpr uint64_t kEc2Members = 5, kRsaMembers = 4;
constexpr size_t kCoordinate = 32;

Status Bad(const std::string& what) { return Fail(kStatementInvalid, "cose_key: " + what); }

// The next member is this label with this integer.
Status ExpectInteger(CborReader& reader, int64_t label, int64_t value) {
  const auto found_label = reader.Integer();
  const auto found = found_label == label ? reader.Integer() : std::nullopt;
  if (found == value) return OkStatus();
  return Bad("member " + std::to_string(label) + " must be " + std::to_string(value));
}

StatusOr<ByteView> TakeOctets(CborReader& reader, int64_t label) {
  const auto found_label = reader.Integer();
  const auto found = found_label == label ? reader.Octets() : std::nullopt;
  if (!found) return Bad("member " + std::to_string(label) + " must be octets");
  return *found;
}

StatusOr<Bytes> ReadEc2(CborReader& reader) {
  RETURN_IF_ERROR(ExpectInteger(reader, kLabelAlgorithm, kAlgorithmEs256));
  RETURN_IF_ERROR(ExpectInteger(reader, kEc2Curve, kCurveP256));
  P256Point point{0x04};
  auto out = point.begin() + 1;
  for (const int64_t label : {kEc2X, kEc2Y}) {
    ASSIGN_OR_RETURN(const ByteView coordinate, TakeOctets(reader, label));
    if (coordinate.size() != kCoordinate) return Bad("a coordinate has 32 octets");
    out = std::copy(coordinate.begin(), coordinate.end(), out);
  }
  if (!reader.AtEnd()) return Bad("octets after the key");
  Bytes spki = SpkiOfPoint(point);
  if (!PointOfSpki(spki)) return Bad("the point is not on P-256");
  return spki;
}

StatusOr<Bytes> ReadRsa(CborReader& reader) {
  RETURN_IF_ERROR(ExpectInteger(reader, kLabelAlgorithm, kAlgorithmRs256));
  ASSIGN_OR_RETURN(const ByteView modulus, TakeOctets(reader, kRsaN));
  ASSIGN_OR_RETURN(const ByteView exponent, TakeOctets(reader, kRsaE));
  if (!reader.AtEnd()) return Bad("octets after the key");
  const RsaPublicKey key{ToBytes(modulus), ToBytes(exponent)};
  if (!IsSoundRsaKey(key)) {
    return Bad("RSA keys have 2048 to 4096 bit and an odd exponent from 65537 to 2^32");
  }
  return SpkiOfRsaKey(key);
}

}  // namespace

StatusOr<Bytes> SpkiOfCoseKey(ByteView cose_key) {
  if (cose_key.size() > kMostCoseKey) {
    return Bad(std::to_string(cose_key.size()) + " octets; at most " +
               std::to_string(kMostCoseKey) + " are allowed");
  }
  CborReader reader(cose_key);
  const auto members = reader.MapSize();
  const auto label = members ? reader.Integer() : std::nullopt;
  if (label != kLabelType) return Bad("not a map that begins with the key's type");
  const auto type = reader.Integer();
  if (type == kTypeEc2 && members == kEc2Members) return ReadEc2(reader);
  if (type == kTypeRsa && members == kRsaMembers) return ReadRsa(reader);
  return Bad("neither an EC2 key of five members nor an RSA key of four");
}

}  // namespace intaglio::appliance
