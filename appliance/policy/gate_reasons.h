// Reasons of the gates: why the core does not put a CA's or responder's signature under what the
// host built. Append only; an id is never reused. Ids from APL-0150 and from APL-0300 are of
// issuance; those of certificate status, from APL-0350, are in status_reasons.h. Which rule and
// clause each belongs to is in gate_rules.h.
#ifndef INTAGLIO_APPLIANCE_POLICY_GATE_REASONS_H_
#define INTAGLIO_APPLIANCE_POLICY_GATE_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_ISSUANCE_GATE_REASONS(X)                                                        \
  X(kGateIssuerKey, "APL-0300", "GATE_ISSUER_KEY", kPermissionDenied, kPublic,                   \
    "the order or the CA certificate is for another issuing key")                                \
  X(kGateOrderKey, "APL-0301", "GATE_ORDER_KEY", kPermissionDenied, kPublic,                     \
    "the subject's key was generated under another order")                                       \
  X(kGateKeyCertified, "APL-0302", "GATE_KEY_CERTIFIED", kFailedPrecondition, kPublic,           \
    "the subject's key has a certificate; renewal takes a new key")                              \
  X(kGateSerialState, "APL-0303", "GATE_SERIAL_STATE", kFailedPrecondition, kPublic,             \
    "the serial has been used for another certificate")                                          \
  X(kGateIssuer, "APL-0304", "GATE_ISSUER", kPermissionDenied, kPublic,                          \
    "the issuer is not the CA certificate's subject, octet by octet")                            \
  X(kGatePublicKey, "APL-0305", "GATE_PUBLIC_KEY", kPermissionDenied, kPublic,                   \
    "the public key is not the key record's")                                                    \
  X(kGateNotBefore, "APL-0306", "GATE_NOT_BEFORE", kPermissionDenied, kPublic,                   \
    "the validity begins too long ago or too late")                                              \
  X(kGateNotAfter, "APL-0307", "GATE_NOT_AFTER", kPermissionDenied, kPublic,                     \
    "the validity is over already")                                                              \
  X(kGateValidityTooLong, "APL-0308", "GATE_VALIDITY_TOO_LONG", kPermissionDenied, kPublic,      \
    "the validity is longer than the order or the profile allows")                               \
  X(kGateOutlivesCa, "APL-0309", "GATE_OUTLIVES_CA", kPermissionDenied, kPublic,                 \
    "the certificate would outlive the CA's")                                                    \
  X(kGateCaNotValid, "APL-0310", "GATE_CA_NOT_VALID", kFailedPrecondition, kPublic,              \
    "the CA certificate is not valid now")                                                       \
  X(kGateSubjectShape, "APL-0311", "GATE_SUBJECT_SHAPE", kPermissionDenied, kPublic,             \
    "the subject has not exactly the attributes of its profile")                                 \
  X(kGateSubjectString, "APL-0312", "GATE_SUBJECT_STRING", kPermissionDenied, kPublic,           \
    "a subject attribute has a string type its profile does not allow")                          \
  X(kGateSubjectValue, "APL-0313", "GATE_SUBJECT_VALUE", kPermissionDenied, kPublic,             \
    "a subject attribute differs from the order")                                                \
  X(kGateSerialNumberForm, "APL-0314", "GATE_SERIAL_NUMBER_FORM", kPermissionDenied, kPublic,    \
    "the subject's serialNumber does not have the form that the semantics identifier promises")  \
  X(kGateExtensionMissing, "APL-0315", "GATE_EXTENSION_MISSING", kPermissionDenied, kPublic,     \
    "an extension that the profile requires is missing")                                         \
  X(kGateExtensionForbidden, "APL-0316", "GATE_EXTENSION_FORBIDDEN", kPermissionDenied, kPublic, \
    "an extension is none of the profile's")                                                     \
  X(kGateExtensionCritical, "APL-0317", "GATE_EXTENSION_CRITICAL", kPermissionDenied, kPublic,   \
    "an extension is critical and must not be, or must be and is not")                           \
  X(kGatePolicyOid, "APL-0318", "GATE_POLICY_OID", kPermissionDenied, kPublic,                   \
    "the certificate policies are not the ordered one, or contradict it")                        \
  X(kGateQcRepeated, "APL-0319", "GATE_QC_REPEATED", kPermissionDenied, kPublic,                 \
    "a qcStatement stands twice")                                                                \
  X(kGateQcMissing, "APL-0320", "GATE_QC_MISSING", kPermissionDenied, kPublic,                   \
    "a qcStatement that the profile requires is missing")                                        \
  X(kGateQcSscd, "APL-0321", "GATE_QC_SSCD", kPermissionDenied, kPublic,                         \
    "QcSSCD stands in a certificate whose policy does not promise a QSCD, or lacks in one")      \
  X(kGateQcLegislation, "APL-0322", "GATE_QC_LEGISLATION", kPermissionDenied, kPublic,           \
    "QcCClegislation stands in an EU qualified certificate")                                     \
  X(kGateQcUnknown, "APL-0323", "GATE_QC_UNKNOWN", kPermissionDenied, kPublic,                   \
    "a qcStatement is none of the profile's")                                                    \
  X(kGateQcType, "APL-0324", "GATE_QC_TYPE", kPermissionDenied, kPublic,                         \
    "QcType is not exactly the one type of the profile")                                         \
  X(kGateQcPds, "APL-0325", "GATE_QC_PDS", kPermissionDenied, kPublic,                           \
    "QcPDS needs https addresses, each with its language, one of them English")                  \
  X(kGateQcSemantics, "APL-0326", "GATE_QC_SEMANTICS", kPermissionDenied, kPublic,               \
    "the semantics identifier is not the profile's")                                             \
  X(kGateKeyUsage, "APL-0327", "GATE_KEY_USAGE", kPermissionDenied, kPublic,                     \
    "the key usage is not exactly the profile's")                                                \
  X(kGateExtendedKeyUsage, "APL-0328", "GATE_EXTENDED_KEY_USAGE", kPermissionDenied, kPublic,    \
    "the extended key usage is not exactly the profile's")                                       \
  X(kGateBasicConstraints, "APL-0329", "GATE_BASIC_CONSTRAINTS", kPermissionDenied, kPublic,     \
    "the certificate says CA and must not, or must and does not")                                \
  X(kGateAuthorityKeyId, "APL-0330", "GATE_AUTHORITY_KEY_ID", kPermissionDenied, kPublic,        \
    "the authority key identifier is not the CA certificate's subject key identifier")           \
  X(kGateCrlUrl, "APL-0331", "GATE_CRL_URL", kPermissionDenied, kPublic,                         \
    "no CRL distribution point has an http address")                                             \
  X(kGateCaIssuersUrl, "APL-0332", "GATE_CA_ISSUERS_URL", kPermissionDenied, kPublic,            \
    "no http address says where the CA certificate is")                                          \
  X(kGateOcspUrl, "APL-0333", "GATE_OCSP_URL", kPermissionDenied, kPublic,                       \
    "no http address says where the OCSP responder is, or a responder names one for itself")     \
  X(kGateOcspSigning, "APL-0334", "GATE_OCSP_SIGNING", kPermissionDenied, kPublic,               \
    "OCSPSigning stands in a certificate whose key is not a STATUS key of this core")            \
  X(kGateCaAlgorithm, "APL-0335", "GATE_CA_ALGORITHM", kPermissionDenied, kPublic,               \
    "the CA key is not P-256, the only one whose signatures the profiles name")                  \
  X(kGateOrganizationForm, "APL-0336", "GATE_ORGANIZATION_FORM", kPermissionDenied, kPublic,     \
    "the organizationIdentifier does not have the form that the semantics identifier promises")  \
  X(kGateCountryForm, "APL-0150", "GATE_COUNTRY_FORM", kPermissionDenied, kPublic,               \
    "the subject's countryName is not two upper-case letters")                                   \
  X(kGateSubjectText, "APL-0151", "GATE_SUBJECT_TEXT", kPermissionDenied, kPublic,               \
    "a name mixes scripts or holds control characters")                                          \
  X(kGateShortTermOrder, "APL-0152", "GATE_SHORT_TERM_ORDER", kPermissionDenied, kPublic,        \
    "the order is for more than a day, so its certificate must be one that can be revoked")      \
  X(kGatePolicyQualifier, "APL-0153", "GATE_POLICY_QUALIFIER", kPermissionDenied, kPublic,       \
    "a policy qualifier is not a CPS pointer to a web address")                                  \
  X(kGateAuthorityName, "APL-0154", "GATE_AUTHORITY_NAME", kPermissionDenied, kPublic,           \
    "a CA's or responder's name does not say country, organisation and common name once each")

INTAGLIO_REASON_TABLE(kIssuanceGateReasons, INTAGLIO_ISSUANCE_GATE_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_GATE_REASONS_H_
