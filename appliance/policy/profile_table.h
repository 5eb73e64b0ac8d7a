// Certificate profiles as data: what a certificate of each kind must, may and must not hold, each
// value with its clause. What holds for every profile is in gate_rules.h. The core's own reading of
// the standards; the host has another, written apart from this one. Pure; thread-safe.
#ifndef INTAGLIO_APPLIANCE_POLICY_PROFILE_TABLE_H_
#define INTAGLIO_APPLIANCE_POLICY_PROFILE_TABLE_H_

#include <span>
#include <string>
#include <string_view>

#include "appliance/domain/key_record.h"
#include "appliance/domain/statements.h"
#include "base/clock.h"

namespace intaglio::appliance {

enum class Presence { kRequired, kOptional };
enum class Criticality { kCritical, kNotCritical, kEither };
// What strings an attribute may be of.
enum class StringForm { kPrintable, kPrintableOrUtf8 };

// A value of a profile and the clause that demands it.
template <class T>
struct Cited {
  T value;
  std::string_view clause;
};

// An extension that is in no rule of a profile is refused.
struct ExtensionRule {
  std::string_view oid;
  Presence presence;
  Criticality criticality;
  std::string_view clause;
};

// The field of the ordered person; null if the order names a person of the other kind.
template <class Person, std::string Person::*kField>
const std::string* Ordered(const Subject& subject) {
  const auto* person = std::get_if<Person>(&subject);
  return person == nullptr ? nullptr : &(person->*kField);
}

// A subject attribute, exactly once, with the value of the order's field.
struct AttributeRule {
  std::string_view oid;
  const std::string* (*ordered)(const Subject&);
  StringForm form;
  bool (*fits)(std::string_view);  // what an officer cannot allow either
  const Reason* misfit;
  std::string_view clause;
};

// An attribute in the name of a CA or a responder, which no order names: at most once.
struct NameRule {
  std::string_view oid;
  Presence presence;
  StringForm form;
  bool (*fits)(std::string_view);
  const Reason* misfit;
  std::string_view clause;
};

// A qcStatement, exactly once. One that is in no rule of a profile is refused.
struct StatementRule {
  std::string_view oid;
  std::string_view clause;
};

// For keys of subscribers, named by the ETSI policy that the order names.
struct SubscriberProfile {
  std::string_view policy_oid;
  std::string_view name;
  bool needs_qscd;
  std::span<const KeyPurpose> key_purposes;  // what the certified key may be for
  // Other policies of ETSI's generic arc that this one is built on and may stand beside it.
  std::span<const std::string_view> base_policies;
  std::span<const AttributeRule> subject;
  std::span<const ExtensionRule> extensions;  // of certificates that can be revoked
  // Of those that say they need not be: valid no longer than a revocation may take. [EN 319 411-1
  // GEN-6.6.1-03]
  std::span<const ExtensionRule> short_term_extensions;
  std::span<const StatementRule> qc_statements;
  Cited<std::string_view> qc_type;
  Cited<std::string_view> semantics;
  Cited<uint16_t> key_usage;
  Cited<Duration> longest_validity;
};

// For the core's own STATUS keys.
struct ResponderProfile {
  std::string_view name;
  std::span<const NameRule> subject;  // and nothing else
  std::span<const ExtensionRule> extensions;
  Cited<std::string_view> extended_key_usage;
  Cited<uint16_t> key_usage;
  Cited<Duration> longest_validity;
};

// For the certificate under which a CA_ISSUING key issues. Another CA made it and the security
// officers named its octets; what the core does not recognise in it they cannot have judged by it.
struct AuthorityProfile {
  std::string_view name;
  std::span<const NameRule> subject;  // others may stand beside these
  std::span<const ExtensionRule> extensions;
  Cited<uint16_t> key_usage;
  Cited<KeyAlgorithm> algorithm;  // signatures are ecdsa-with-SHA256 throughout
};

// Null if this core issues under no such policy.
const SubscriberProfile* FindSubscriberProfile(std::string_view policy_oid);
const ResponderProfile& OcspResponderProfile();
const AuthorityProfile& IssuingAuthorityProfile();

// A short-term certificate's: both ends count, so that the whole is 24 hours. [EN 319 411-1 3.1;
// RFC 5280 4.1.2.5]
inline constexpr Duration kShortTermLife = kDay - kSecond;
// The one-time key's own bound, whichever its certificate's form.
inline constexpr Duration kOneTimeLife = kDay;

// How far notBefore may lie from the core's clock.
inline constexpr Duration kLatestNotBefore = 5 * kMinute;
inline constexpr Duration kEarliestNotBefore = kHour;

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_PROFILE_TABLE_H_
