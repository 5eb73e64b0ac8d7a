// Canonical: protobuf octets that have only one reading.
//
// What is signed or decided upon must mean the same to everyone who parses it. So outside octets
// are accepted only if they hold no unknown field, at any depth, and encoding what was parsed gives
// the same octets again: no field twice, none out of order, no over-long varint.
#ifndef INTAGLIO_APPLIANCE_RECORDS_CANONICAL_H_
#define INTAGLIO_APPLIANCE_RECORDS_CANONICAL_H_

#include <google/protobuf/message.h>

#include "base/bytes.h"

namespace intaglio::appliance {

// True if `octets`, at most `max_size`, are the canonical encoding of `message`, which is filled.
bool ParseCanonical(ByteView octets, size_t max_size, google::protobuf::Message& message);
// The canonical octets of `message`.
Bytes SerializeCanonical(const google::protobuf::Message& message);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_CANONICAL_H_
