// Certificate profiles as data: what a certificate of each kind must, may and must not hold, each
// rule with its clause. The core's own reading of the standards; the host has another, written
// apart from this one. A changed profile is a new row under a new name, never an edit. Pure;
// thread-safe.
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
  std::span<const ExtensionRule> extensions;
  std::span<const StatementRule> qc_statements;
  std::string_view qc_type;
  std::string_view semantics;
  uint16_t key_usage;
  Duration longest_validity;
};

// For the core's own STATUS keys.
struct ResponderProfile {
  std::string_view name;
  std::span<const ExtensionRule> extensions;
  std::string_view extended_key_usage;
  uint16_t key_usage;
  Duration longest_validity;
};

// For the certificate under which a CA_ISSUING key issues. Another CA made it and the security
// officers named its octets: extensions that no rule names are theirs to judge.
struct AuthorityProfile {
  std::string_view name;
  std::span<const ExtensionRule> extensions;
  uint16_t key_usage;
  KeyAlgorithm algorithm;  // signatures are ecdsa-with-SHA256 throughout
};

// Null if this core issues under no such policy.
const SubscriberProfile* FindSubscriberProfile(std::string_view policy_oid);
const ResponderProfile& OcspResponderProfile();
const AuthorityProfile& IssuingAuthorityProfile();

// How far notBefore may lie from the core's clock.
inline constexpr Duration kLatestNotBefore = 5 * kMinute;
inline constexpr Duration kEarliestNotBefore = kHour;

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_PROFILE_TABLE_H_
