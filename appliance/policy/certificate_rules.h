// Rules over what a TBSCertificate says, one function a rule or a group that shares an extension.
// IssuancePolicy asks them; each fails for the Reason named. Pure; thread-safe.
#ifndef INTAGLIO_APPLIANCE_POLICY_CERTIFICATE_RULES_H_
#define INTAGLIO_APPLIANCE_POLICY_CERTIFICATE_RULES_H_

#include <span>
#include <string_view>

#include "appliance/der/tbs_certificate.h"
#include "appliance/policy/profile_table.h"
#include "base/status.h"

namespace intaglio::appliance {

// kGateNotBefore, kGateNotAfter, kGateValidityTooLong.
Status CheckValidity(const TbsFacts& tbs, Duration longest, WallTime now);
// Exactly the attributes of `rules`, each once, as ordered, and of a form that may be ordered.
// kGateSubjectShape, kGateSubjectString, kGateSubjectValue, and the misfit of each rule. [EN 319
// 412-2 NAT-4.2.4; EN 319 412-3 4.2.1; EN 319 412-1 5.1.3, 5.1.4]
Status CheckSubject(const TbsFacts& tbs, std::span<const AttributeRule> rules,
                    const Subject& ordered);
// Whether attributes may stand in a CA's or responder's name that no rule names.
enum class OtherAttributes { kAllowed, kRefused };
// kGateAuthorityName, kGateSubjectString, and the misfit of each rule. [EN 319 412-2 GEN-4.2.3.1]
Status CheckAuthorityName(const TbsFacts& tbs, std::span<const NameRule> rules,
                          OtherAttributes others);
// Those of `rules` as they demand, and no others. kGateExtensionForbidden, kGateExtensionMissing,
// kGateExtensionCritical.
Status CheckExtensions(const ExtensionFacts& extensions, std::span<const ExtensionRule> rules);
// Exactly one ETSI qualified policy and it is the profile's; none that contradicts it.
// kGatePolicyOid. [EN 319 411-2 GEN-6.3.3-02; EN 319 412-2 QCS-5.2-2]
Status CheckPolicies(const ExtensionFacts& extensions, const SubscriberProfile& profile);
// No policy that says what the certificate is not. kGatePolicyOid.
Status CheckNoQualifiedPolicy(const ExtensionFacts& extensions);
// Of qualifiers only CPS pointers. kGatePolicyQualifier. [RFC 5280 4.2.1.4]
Status CheckPolicyQualifiers(const ExtensionFacts& extensions);
// kGateQcRepeated, kGateQcLegislation, kGateQcSscd, kGateQcUnknown, kGateQcMissing, kGateQcType,
// kGateQcPds, kGateQcSemantics. [EN 319 412-5 4]
Status CheckQcStatements(const QcStatements& statements, const SubscriberProfile& profile);
// kGateKeyUsage.
Status CheckKeyUsage(const ExtensionFacts& extensions, const Cited<uint16_t>& exactly);
// kGateBasicConstraints.
Status CheckNotAuthority(const ExtensionFacts& extensions);
// kGateOcspSigning. [RFC 6960 §4.2.2.2]
Status CheckNotResponder(const ExtensionFacts& extensions);
// The CA's key identifier and nothing besides. kGateAuthorityKeyId. [EN 319 412-2 GEN-4.3.1-1]
Status CheckAuthorityKeyId(const ExtensionFacts& extensions, const TbsFacts& ca_certificate);
// Whether the certificate says that it is a short-term one, in full or in part.
bool ClaimsShortTerm(const ExtensionFacts& extensions);
// At least one address each of CRL, CA certificate and responder. kGateCrlUrl, kGateCaIssuersUrl,
// kGateOcspUrl. [EN 319 412-2 4.3.11, 4.4.1]
Status CheckStatusAddresses(const ExtensionFacts& extensions);
// An address of the CA certificate, none of a responder. kGateCaIssuersUrl, kGateOcspUrl. [EN 319
// 412-2 4.4.1; RFC 9608 §4]
Status CheckShortTermAddresses(const ExtensionFacts& extensions);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_CERTIFICATE_RULES_H_
