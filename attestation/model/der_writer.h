// DER encodings of the few ASN.1 types that evidence and certification requests are made of.
//
// Used by attestation/produce only; the verifier has a reader of its own and never shares code with
// this. Each function returns one whole TLV. Pure; thread-safe. [X.690]
#ifndef INTAGLIO_ATTESTATION_MODEL_DER_WRITER_H_
#define INTAGLIO_ATTESTATION_MODEL_DER_WRITER_H_

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "attestation/model/oid.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::attestation {

// `parts` are whole TLVs.
Bytes DerSequence(std::initializer_list<ByteView> parts);
Bytes DerSequenceOf(std::span<const Bytes> parts);
// Of one member only, which is all we need: a larger SET has to be sorted.
Bytes DerSetOfOne(ByteView member);
Bytes DerInteger(int64_t value);
Bytes DerBoolean(bool value);
Bytes DerOctetString(ByteView value);
// A BIT STRING of whole octets.
Bytes DerBitString(ByteView value);
// The caller has made sure that `text` is UTF-8.
Bytes DerUtf8String(std::string_view text);
Bytes DerOid(const Oid& oid);
// YYYYMMDDHHMMSSZ; milliseconds are dropped. kTimeOutOfRange.
StatusOr<Bytes> DerGeneralizedTime(WallTime time);
// [number] EXPLICIT around one TLV; number at most 30.
Bytes DerExplicit(uint8_t number, ByteView tlv);
// [number] IMPLICIT SET OF or SEQUENCE OF with the given member TLVs already concatenated.
Bytes DerImplicitConstructed(uint8_t number, ByteView members);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_MODEL_DER_WRITER_H_
