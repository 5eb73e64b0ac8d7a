// SecondReading: the same TBSCertificate as Mbed TLS understands it. Only for comparison; nothing
// is decided on it alone. Pure; thread-safe. [DESIGN 5]
#ifndef INTAGLIO_APPLIANCE_DER_SECOND_READING_H_
#define INTAGLIO_APPLIANCE_DER_SECOND_READING_H_

#include "appliance/der/tbs_certificate.h"

namespace intaglio::appliance {

struct SecondReading {
  Bytes serial;
  Bytes issuer;
  Bytes subject;
  Bytes spki;
  WallTime not_before;
  WallTime not_after;
};

// Wraps `tbs` into a certificate with a signature of no meaning and parses it. kTbsSecondReader.
StatusOr<SecondReading> ReadWithMbedTls(ByteView tbs);
// kTbsReadingsDiffer, naming the first field that differs.
Status CompareReadings(const TbsFacts& facts, const SecondReading& second);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_SECOND_READING_H_
