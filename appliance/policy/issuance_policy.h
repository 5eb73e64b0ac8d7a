// IssuancePolicy: may an issuing CA's key sign this TBSCertificate? The only judge that mints a
// permit over a certificate. It believes nothing the host says: the octets are read by this core,
// the order is signed by officers, keys, serial and CA certificate come from the core's own
// records. Judges only; it reads no state and writes none. Thread-safe. [DESIGN 5; EN 319 411-2
// GEN-6.6.1]
#ifndef INTAGLIO_APPLIANCE_POLICY_ISSUANCE_POLICY_H_
#define INTAGLIO_APPLIANCE_POLICY_ISSUANCE_POLICY_H_

#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/key_record.h"
#include "appliance/domain/roster.h"
#include "appliance/domain/rows.h"
#include "appliance/domain/statements.h"
#include "appliance/policy/profile_table.h"
#include "appliance/policy/sign_permit.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::appliance {

// Facts gathered beforehand; the order's approvals and expiry have been checked, and `order_digest`
// is over the octets that officers signed.
struct SubscriberFacts {
  const TbsFacts& tbs;
  const Digest& tbs_sha256;
  const IssuanceOrder& order;
  const Digest& order_digest;
  const KeyRecord& subject_key;
  const KeyRecord& ca_key;
  const TbsFacts& ca_certificate;
  const SerialRow& serial;  // of tbs.serial under ca_key
  WallTime now;
  const QscdEntry& qscd_entry;
};

struct ResponderFacts {
  const TbsFacts& tbs;
  const Digest& tbs_sha256;
  const KeyRecord& status_key;
  const KeyRecord& ca_key;
  const TbsFacts& ca_certificate;
  const SerialRow& serial;  // of tbs.serial under ca_key
  WallTime now;
};

class IssuancePolicy final {
 public:
  // Whether an order may name this policy at all: its subject is of the policy's kind of person,
  // and a key to be generated is of a purpose that the policy certifies. kPolicySubject. [EN 319
  // 411-2 5.1]
  static Status JudgeOrder(const IssuanceOrder& order, const SubscriberProfile& profile);
  // A subscriber's certificate under the profile of the order's policy. The permit is for `ca_key`
  // and `tbs_sha256`. kPolicyUnsupported, kPolicySubject, kKeyPurpose, kOriginUnproven,
  // kQscdEntryLapsed and the Reasons of gate_reasons.h.
  static StatusOr<SignPermit> JudgeSubscriber(const SubscriberFacts& facts);
  // A certificate for OCSP signing, for a STATUS key of this core and no other.
  // [RFC 6960 §4.2.2.2; EN 319 411-1 CSS-6.6.3-01A, -01B] Reasons as above.
  static StatusOr<SignPermit> JudgeResponder(const ResponderFacts& facts);
  // Whether this certificate may become the one `ca_key` issues under. Its own signature is the
  // security officers' business, who named its octets. kKeyPurpose, kOriginUnproven,
  // kGatePublicKey, kGateCaAlgorithm, kGateCaNotValid, kGateAuthorityName, kGateSubjectString,
  // kGateExtensionForbidden, kGateExtensionMissing, kGateExtensionCritical, kGateBasicConstraints,
  // kGatePolicyQualifier, kGateKeyUsage. [RFC 5280 §4.2.1.2, §4.2.1.3, §4.2.1.9; EN 319 412-2
  // GEN-4.2.3.1]
  static Status JudgeCaInstallation(const TbsFacts& certificate, const KeyRecord& ca_key,
                                    WallTime now);
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_ISSUANCE_POLICY_H_
