// Inputs: what commands take from arguments and files, checked before use.
//
// Every failure names the flag or the file, what was found there, and what is wanted. The failures
// of ReadFile pass through. Stateless.
#ifndef INTAGLIO_HOST_CTL_INPUTS_H_
#define INTAGLIO_HOST_CTL_INPUTS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"

namespace intaglio::host {

// How many octets a value must have.
struct OctetBounds {
  size_t least;
  size_t most;
};
// The octets of hexadecimal `text`. kArgumentInvalid.
StatusOr<Bytes> HexArgument(std::string_view flag, std::string_view text, OctetBounds bounds);
inline constexpr OctetBounds kIdOctets{16, 16};
inline constexpr OctetBounds kDigestOctets{32, 32};
inline constexpr OctetBounds kNonceOctets{16, 64};
inline constexpr OctetBounds kSerialOctets{1, 20};

// The value that `text` ("key-compromise") names; never number 0. kArgumentInvalid lists the names.
StatusOr<int> EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view flag,
                         std::string_view text);
template <class E>
StatusOr<E> EnumArgument(std::string_view flag, std::string_view text) {
  ASSIGN_OR_RETURN(const int number,
                   EnumNumber(*google::protobuf::GetEnumDescriptor<E>(), flag, text));
  return static_cast<E>(number);
}

// A whole file of at most `most` octets, anybody's.
StatusOr<Bytes> ReadInput(const std::string& path, size_t most);
inline constexpr size_t kMostStatement = 512 * 1024;
inline constexpr size_t kMostDocument = 1024u * 1024 * 1024;

// The one certificate of a PEM or DER file. kKeyFileInvalid.
StatusOr<Bytes> ReadCertificate(const std::string& path);
// All certificates of a PEM file, at least one, at most eight. kKeyFileInvalid.
StatusOr<std::vector<Bytes>> ReadCertificates(const std::string& path);
// The DER SubjectPublicKeyInfo of a P-256 public key, PEM or DER. kKeyFileInvalid.
StatusOr<Bytes> ReadPublicKey(const std::string& path);

// kFileExists unless nothing is there.
Status RequireAbsent(const std::string& path);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_INPUTS_H_
