// Reasons of the core's DER readers: what is malformed, before any rule is asked. Append only; an
// id is never reused.
#ifndef INTAGLIO_APPLIANCE_DER_REASONS_H_
#define INTAGLIO_APPLIANCE_DER_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_DER_REASONS(X)                                                     \
  X(kDerTruncated, "APL-0200", "DER_TRUNCATED", kInvalidArgument, kPublic,                    \
    "an element is longer than the octets that hold it")                                      \
  X(kDerLength, "APL-0201", "DER_LENGTH", kInvalidArgument, kPublic,                          \
    "a length is indefinite, not minimal or too large")                                       \
  X(kDerTag, "APL-0202", "DER_TAG", kInvalidArgument, kPublic,                                \
    "a tag is one that no element here may have")                                             \
  X(kDerUnexpected, "APL-0203", "DER_UNEXPECTED", kInvalidArgument, kPublic,                  \
    "an element is missing or another stands in its place")                                   \
  X(kDerTrailing, "APL-0204", "DER_TRAILING", kInvalidArgument, kPublic,                      \
    "octets follow where the structure has ended")                                            \
  X(kDerIntegerForm, "APL-0205", "DER_INTEGER_FORM", kInvalidArgument, kPublic,               \
    "an INTEGER is empty, padded or out of bounds")                                           \
  X(kDerBooleanForm, "APL-0206", "DER_BOOLEAN_FORM", kInvalidArgument, kPublic,               \
    "a BOOLEAN is neither 00 nor FF")                                                         \
  X(kDerOidForm, "APL-0207", "DER_OID_FORM", kInvalidArgument, kPublic,                       \
    "an OBJECT IDENTIFIER is empty, cut off, padded or too long")                             \
  X(kDerBitStringForm, "APL-0208", "DER_BIT_STRING_FORM", kInvalidArgument, kPublic,          \
    "a BIT STRING counts its unused bits wrongly, or they are not zero")                      \
  X(kDerTimeForm, "APL-0209", "DER_TIME_FORM", kInvalidArgument, kPublic,                     \
    "a time is not in the one form the standard allows for its year, or is no date")          \
  X(kDerStringForm, "APL-0210", "DER_STRING_FORM", kInvalidArgument, kPublic,                 \
    "a NULL or character string holds octets that its type does not allow")                   \
  X(kDerDepth, "APL-0211", "DER_DEPTH", kInvalidArgument, kPublic,                            \
    "elements stand too deep inside one another")                                             \
  X(kDerTooLarge, "APL-0212", "DER_TOO_LARGE", kInvalidArgument, kPublic,                     \
    "a structure has more octets or elements than it may")                                    \
  X(kTbsVersion, "APL-0220", "TBS_VERSION", kInvalidArgument, kPublic,                        \
    "the certificate is not of version 3")                                                    \
  X(kTbsSerial, "APL-0221", "TBS_SERIAL", kInvalidArgument, kPublic,                          \
    "the serial is not a positive integer of 1 to 20 octets")                                 \
  X(kTbsSignatureAlgorithm, "APL-0222", "TBS_SIGNATURE_ALGORITHM", kInvalidArgument, kPublic, \
    "the signature algorithm is not ecdsa-with-SHA256 without parameters")                    \
  X(kTbsName, "APL-0223", "TBS_NAME", kInvalidArgument, kPublic,                              \
    "a name is empty or has an RDN of several attributes")                                    \
  X(kTbsValidity, "APL-0224", "TBS_VALIDITY", kInvalidArgument, kPublic,                      \
    "the validity ends before it begins")                                                     \
  X(kTbsUniqueId, "APL-0225", "TBS_UNIQUE_ID", kInvalidArgument, kPublic,                     \
    "a unique identifier of issuer or subject is present")                                    \
  X(kTbsExtensionRepeated, "APL-0226", "TBS_EXTENSION_REPEATED", kInvalidArgument, kPublic,   \
    "an extension stands twice")                                                              \
  X(kTbsDefaultEncoded, "APL-0227", "TBS_DEFAULT_ENCODED", kInvalidArgument, kPublic,         \
    "a value that is the default is written out")                                             \
  X(kTbsExtensionValue, "APL-0228", "TBS_EXTENSION_VALUE", kInvalidArgument, kPublic,         \
    "the value of an extension is not of the extension's type")                               \
  X(kTbsSecondReader, "APL-0229", "TBS_SECOND_READER", kInvalidArgument, kPublic,             \
    "the second, independent parser refused the certificate")                                 \
  X(kTbsReadingsDiffer, "APL-0230", "TBS_READINGS_DIFFER", kInvalidArgument, kPublic,         \
    "two parsers read different contents from the same octets")                               \
  X(kCertificateAlgorithm, "APL-0231", "CERTIFICATE_ALGORITHM", kInvalidArgument, kPublic,    \
    "the certificate's outer signature algorithm differs from the inner one")                 \
  X(kCrlShape, "APL-0250", "CRL_SHAPE", kInvalidArgument, kPublic,                            \
    "the octets are not one TBSCertList of version 2")                                        \
  X(kCrlOrder, "APL-0251", "CRL_ORDER", kInvalidArgument, kPublic,                            \
    "the entries do not ascend by serial")                                                    \
  X(kCrlExtension, "APL-0252", "CRL_EXTENSION", kInvalidArgument, kPublic,                    \
    "an extension of the CRL or of an entry is missing, unknown or malformed")                \
  X(kOcspShape, "APL-0253", "OCSP_SHAPE", kInvalidArgument, kPublic,                          \
    "the octets are not one ResponseData as this service makes them")

INTAGLIO_REASON_TABLE(kApplianceDerReasons, INTAGLIO_APPLIANCE_DER_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_REASONS_H_
