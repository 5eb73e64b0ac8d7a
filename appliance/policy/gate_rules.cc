#include "appliance/policy/gate_rules.h"

#include <algorithm>

#include "appliance/der/reasons.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/status_reasons.h"

namespace intaglio::appliance {
namespace {

// In the order of judging: form, key and order, binding, validity, name, extensions, statements;
// then lists and answers.
constexpr GateRule kRules[] = {
    // The form of what is signed. Any other flaw of encoding is refused for a DER_ Reason.
    {&kDerTruncated, "SRALO", "X.690 8.1.3", "every element ends inside its parent"},
    {&kDerLength, "SRALO", "X.690 10.1", "lengths are definite and minimal"},
    {&kDerTag, "SRALO", "X.690 8.1.2", "only tags in use here, in their one form"},
    {&kDerUnexpected, "SRALO", "RFC 5280 4.1, 5.1; RFC 6960 4.2.1", "each field in its place"},
    {&kDerTrailing, "SRALO", "X.690 8.1.1", "nothing after the end of a structure"},
    {&kDerIntegerForm, "SRALO", "X.690 8.3.2", "integers are minimal"},
    {&kDerBooleanForm, "SRALO", "X.690 11.1", "TRUE is FF"},
    {&kDerOidForm, "SRALO", "X.690 8.19", "arcs are minimal and whole"},
    {&kDerBitStringForm, "SRALO", "X.690 11.2", "unused bits are counted and zero"},
    {&kDerTimeForm, "SRALO", "RFC 5280 4.1.2.5, 5.1.2.4", "UTCTime until 2049, seconds, Z"},
    {&kDerStringForm, "SRALO", "X.690 8.23; X.680 41", "strings hold what their type allows"},
    {&kDerDepth, "SRALO", "core limit", "at most 16 levels"},
    {&kDerTooLarge, "SRALO", "core limit", "bounded octets and elements"},
    {&kTbsVersion, "SRA", "RFC 5280 4.1.2.1; EN 319 412-2 4.1", "version 3"},
    {&kTbsSerial, "SRAL", "RFC 5280 4.1.2.2", "serials are positive and have 1 to 20 octets"},
    {&kTbsSignatureAlgorithm, "SRAL", "EN 319 412-2 GEN-4.2.2-2", "ecdsa-with-SHA256"},
    {&kTbsName, "SRA", "RFC 5280 4.1.2.4", "a name has RDNs, each of one attribute"},
    {&kTbsValidity, "SRA", "RFC 5280 4.1.2.5", "the end is not before the beginning"},
    {&kTbsUniqueId, "SRA", "RFC 5280 4.1.2.8", "no unique identifiers"},
    {&kTbsExtensionRepeated, "SRAL", "RFC 5280 4.2, 5.2", "no extension twice"},
    {&kTbsDefaultEncoded, "SRAL", "X.690 11.5", "a default value is not written"},
    {&kTbsExtensionValue, "SRA", "RFC 5280 4.2; EN 319 412-5 Annex B",
     "a known extension has its own type, and members that are in use here"},
    {&kTbsSecondReader, "SRA", "DESIGN 5", "Mbed TLS reads the certificate too"},
    {&kTbsReadingsDiffer, "SRA", "DESIGN 5", "and reads the same in it"},
    {&kCertificateAlgorithm, "A", "RFC 5280 4.1.1.2", "outer and inner algorithm are the same"},

    // The order, the keys and the serial.
    {&kPolicyUnsupported, "S", "EN 319 411-2 5.1", "a policy that this core issues under"},
    {&kPolicySubject, "S", "EN 319 411-2 5.1, SDP-6.3.5-10", "person and key suit the policy"},
    {&kGateIssuerKey, "SR", "EN 319 411-1 GEN-6.3.3-01", "the CA that the order names"},
    {&kKeyPurpose, "SRALO", "EN 319 411-1 GEN-6.5.3-03; 411-2 SDP-6.3.5-05, -10",
     "each key does what it was made for"},
    {&kGateCaNotValid, "SRA", "EN 319 411-1 GEN-6.3.3-05", "the CA certificate is valid now"},
    {&kGateOrderKey, "S", "EN 319 411-1 GEN-6.3.2-00A", "the key that the order speaks of"},
    {&kGateKeyCertified, "S", "TS 119 431-1 LNK-6.2.2; DESIGN 4", "one certificate a key"},
    {&kOriginUnproven, "SRA", "EN 319 411-2 SDP-6.5.1-04", "the key is from inside the token"},
    {&kQscdEntryLapsed, "S", "EN 319 411-2 SDP-6.5.1-02, -07A", "the device is certified today"},
    {&kGateSerialState, "SR", "EN 319 412-2 GEN-4.2.6-01 (CIR 2025/1943); 411-1 GEN-6.3.3-02A",
     "a serial that this core drew, of 126 random bits, for this certificate alone"},

    // What binds a certificate to its issuer and key.
    {&kGateIssuer, "SR", "RFC 5280 4.1.2.4, 6.1.3", "the CA's name, octet by octet"},
    {&kGatePublicKey, "SRA", "EN 319 411-1 GEN-6.3.2-00A; 412-2 GEN-4.2.5-2", "the record's key"},
    {&kGateCaAlgorithm, "A", "EN 319 412-2 GEN-4.2.2-2", "CA keys are P-256"},
    {&kGateOutlivesCa, "SR", "EN 319 411-1 GEN-6.3.3-05", "it ends no later than its CA's"},
    {&kGateAuthorityKeyId, "SR", "EN 319 412-2 GEN-4.3.1-1; RFC 5280 4.2.1.1",
     "authorityKeyIdentifier names the CA's key and nothing else"},

    // Validity.
    {&kGateNotBefore, "SR", "EN 319 411-1 GEN-6.3.3; DESIGN 5", "it begins about now"},
    {&kGateNotAfter, "SR", "RFC 5280 4.1.2.5", "it is not over, and not empty"},
    {&kGateValidityTooLong, "SR", "EN 319 411-1 REG-6.3.1, GEN-6.6.1-05; DESIGN 4",
     "no longer than order and profile; a day for one-time keys and short-term certificates"},
    {&kGateShortTermOrder, "S", "EN 319 411-1 GEN-6.6.1-03, -04, REV-6.3.9-15",
     "what cannot be revoked was ordered for a day"},

    // The names.
    {&kGateSubjectShape, "SR", "EN 319 412-2 NAT-4.2.4-1 to -3; 412-3 4.2.1",
     "exactly the attributes of the profile, each once"},
    {&kGateSubjectString, "SR", "RFC 5280 4.1.2.4; X.520", "strings of the attribute's types"},
    {&kGateSubjectValue, "S", "EN 319 412-2 NAT-4.2.4-12, -15", "the values that were ordered"},
    {&kGateSerialNumberForm, "S", "EN 319 412-1 5.1.3", "PNOEE- and an identifier"},
    {&kGateOrganizationForm, "S", "EN 319 412-1 5.1.4", "VATEE- and an identifier"},
    {&kGateCountryForm, "SRA", "X.520 6.3.1; ISO 3166-1", "two upper-case letters"},
    {&kGateSubjectText, "SRA", "EN 319 412-2 NAT-4.2.4-19",
     "no control characters; one script in a person's name"},
    {&kGateAuthorityName, "RA", "EN 319 412-2 GEN-4.2.3.1-1 to -3",
     "country, organisation and common name once each, at most one identifier"},

    // Extensions.
    {&kGateBasicConstraints, "SRA", "RFC 5280 4.2.1.9", "cA for CAs alone"},
    {&kGateOcspSigning, "S", "RFC 6960 4.2.2.2", "OCSPSigning for responders alone"},
    {&kGateExtensionMissing, "SRA", "as each row of profile_table.cc says", "what is required"},
    {&kGateExtensionForbidden, "SRA", "EN 319 412-2 4.3; 411-1 GEN-6.6.1-04, -05; RFC 9608 3",
     "nothing that the profile does not name"},
    {&kGateExtensionCritical, "SRA", "as each row of profile_table.cc says", "critical or not"},
    {&kGatePolicyOid, "SR", "EN 319 411-2 GEN-6.3.3-02, GEN-6.6.1-05; 412-2 QCS-5.2-1, -2",
     "the ordered policy, once, and none that contradicts it"},
    {&kGatePolicyQualifier, "SRA", "RFC 5280 4.2.1.4", "CPS pointers to the web alone"},
    {&kGateKeyUsage, "SRA", "EN 319 412-2 4.3.2; 411-1 GEN-6.5.3-03", "exactly the profile's bits"},
    {&kGateExtendedKeyUsage, "R", "RFC 6960 4.2.2.2", "OCSPSigning and nothing else"},
    {&kGateCrlUrl, "S", "EN 319 412-2 4.3.11", "an http address of the CRL"},
    {&kGateCaIssuersUrl, "S", "EN 319 412-2 4.4.1", "an http address of the CA certificate"},
    {&kGateOcspUrl, "SR", "EN 319 412-2 4.4.1; 411-1 CSS-6.6.3-01B; RFC 9608 4",
     "a responder's address if it can be revoked, and only then"},

    // qcStatements.
    {&kGateQcRepeated, "S", "EN 319 412-5 QCS-4.1-02A", "no statement twice"},
    {&kGateQcLegislation, "S", "EN 319 412-5 4.2.4", "no QcCClegislation in the Union"},
    {&kGateQcSscd, "S", "EN 319 412-5 4.2.2; 411-2 GEN-6.6.1-03, -04", "QcSSCD with -qscd alone"},
    {&kGateQcUnknown, "S", "EN 319 412-5 4.3.2, 4.3.3; 412-2 QCS-5.2-2",
     "none for which the order holds no evidence"},
    {&kGateQcMissing, "S", "EN 319 411-2 GEN-6.6.1-02; 412-5 4.2.1", "all that fit"},
    {&kGateQcType, "S", "EN 319 412-5 4.2.3", "the one type of the profile"},
    {&kGateQcPds, "S", "EN 319 412-5 4.3.4", "https, ISO 639-1, one in English"},
    {&kGateQcSemantics, "S", "EN 319 412-1 5.1.3, 5.1.4", "the identifier's semantics alone"},

    // CRLs.
    {&kCrlShape, "L", "RFC 5280 5.1, 5.1.2.6", "one TBSCertList of version 2, no empty list"},
    {&kCrlOrder, "L", "DESIGN 5", "entries ascend by serial"},
    {&kCrlExtension, "L", "RFC 5280 5.2.1, 5.2.3, 5.2.5, 5.3.1",
     "number and key identifier; entries have a reason or nothing; no others"},
    {&kCrlIssuer, "L", "RFC 5280 5.1.2.3, 5.2.1", "this CA's name and key identifier"},
    {&kCrlScope, "L", "RFC 5280 5.2.5; EN 319 411-1 CSS-6.3.9-08", "all certificates and reasons"},
    {&kCrlThisUpdate, "L", "RFC 5280 5.1.2.4; EN 319 411-1 REV-6.2.4-07", "now, never back"},
    {&kCrlLast, "L", "EN 319 411-2 CSS-6.3.10-07, -09", "a last CRL under its own order"},
    {&kCrlNextUpdate, "L", "EN 319 411-1 CSS-6.3.9-05, -06", "after thisUpdate, within 48 hours"},
    {&kCrlNumberOrder, "L", "RFC 5280 5.2.3", "the number rises, by at most 1,000"},
    {&kCrlExpiredCerts, "L", "EN 319 411-2 CSS-6.3.10-05", "expiredCertsOnCRL, as all are kept"},
    {&kCrlHidesRevocation, "L", "EN 319 411-1 REV-6.2.4-03C, CSS-6.3.10-08", "no row left out"},
    {&kCrlUnknownEntry, "L", "EN 319 411-1 CSS-6.3.10-09", "no entry without its row"},
    {&kCrlContradictsRow, "L", "EN 319 411-1 CSS-6.3.10-09", "date and reason of the row"},

    // OCSP answers.
    {&kOcspShape, "O", "RFC 6960 4.2.1, 4.4.1, 4.4.4; RFC 9654 2.1",
     "one ResponseData as this service makes them; nonces of 1 to 128 octets"},
    {&kOcspResponder, "O", "RFC 6960 4.2.2.3", "byKey names the STATUS key"},
    {&kOcspIssuer, "O", "RFC 6960 4.1.1", "each CertID names this CA"},
    {&kOcspTime, "O", "RFC 6960 4.2.2.1", "now; produced no earlier than thisUpdate"},
    {&kOcspNextUpdate, "O", "EN 319 411-1 REV-6.2.4-03A; DESIGN 5", "within 24 hours"},
    {&kOcspArchiveCutoff, "O", "EN 319 411-2 CSS-6.3.10-10", "no further back than the CA"},
    {&kOcspHidesRevocation, "O", "EN 319 411-1 REV-6.2.4-03C", "revoked means revoked"},
    {&kOcspContradictsRow, "O", "EN 319 411-1 CSS-6.3.10-09", "status, date, reason of the row"},
    {&kOcspNotIssued, "O", "EN 319 411-1 OVR-6.6.3-02; RFC 6960 2.2",
     "what was not issued is never good"},
};

}  // namespace

std::span<const GateRule> GateRules() { return kRules; }

Status Refuse(const Reason& reason, const std::string& detail) {
  const auto* rule = std::ranges::find(kRules, &reason, &GateRule::reason);
  if (rule == std::end(kRules)) return Fail(reason, detail);
  return Fail(reason, detail + " [" + std::string(rule->clause) + "]");
}

}  // namespace intaglio::appliance
