// For tests: a TBSCertList and a ResponseData that keep every rule, each part open to a change.
#ifndef INTAGLIO_APPLIANCE_DER_STATUS_OCTETS_H_
#define INTAGLIO_APPLIANCE_DER_STATUS_OCTETS_H_

#include <string>
#include <vector>

#include "appliance/der/test_der.h"

namespace intaglio::appliance::test_der {

inline Bytes Enumerated(uint8_t number) { return {0x0a, 0x01, number}; }
inline Bytes Utc(std::string_view text) { return Text(0x17, text); }
inline Bytes Generalized(std::string_view text) { return Text(0x18, text); }

inline Bytes ReasonCode(uint8_t reason) { return Extension("2.5.29.21", Enumerated(reason)); }
inline Bytes CrlEntryOf(const Bytes& serial, std::string_view date) {
  return Sequence({Integer(serial), Utc(date)});
}
inline Bytes CrlEntryOf(const Bytes& serial, std::string_view date, uint8_t reason) {
  return Sequence({Integer(serial), Utc(date), Sequence({ReasonCode(reason)})});
}

// The parts of a TBSCertList, each replaceable. An empty part is left out.
struct CrlOctets {
  Bytes version = Integer({1});
  Bytes algorithm = Sequence({Oid("1.2.840.10045.4.3.2")});
  Bytes issuer = Tbs{}.issuer;
  Bytes this_update = Utc("261123063000Z");
  Bytes next_update = Utc("261124063000Z");
  std::vector<Bytes> entries;
  Bytes revoked;  // in place of the list of `entries`
  Bytes authority_key_id =
      Extension(oid::kAuthorityKeyId, Sequence({Element(0x80, KeyIdentifier(0xca))}));
  Bytes number = Extension("2.5.29.20", Integer({7}));
  Bytes expired_certs = Extension("2.5.29.60", Generalized("20260101000000Z"));
  Bytes more_extensions;
  Bytes after;

  Bytes List() const { return entries.empty() ? revoked : Sequence(entries); }
  Bytes Tail() const {
    return Element(0xa0, Sequence({authority_key_id, number, expired_certs, more_extensions}));
  }
  Bytes Build() const {
    return Sequence({version, algorithm, issuer, this_update, next_update, List(), Tail(), after});
  }
};

// An issuingDistributionPoint with this one URL and, after it, `flags`.
inline Bytes PointName(std::string_view url) { return Element(0xa0, Element(0xa0, Uri(url))); }
inline Bytes IssuingPoint(const std::vector<Bytes>& fields) {
  return CriticalExtension("2.5.29.28", Sequence(fields));
}

inline constexpr std::string_view kSha1Oid = "1.3.14.3.2.26";
inline constexpr std::string_view kSha256Oid = "2.16.840.1.101.3.4.2.1";

struct SingleOctets {
  Bytes algorithm = Sequence({Oid(kSha1Oid), Null()});
  Bytes name_hash = Bytes(20, 0x11);
  Bytes key_hash = Bytes(20, 0x22);
  Bytes serial = Integer({0x40, 0x01});
  Bytes status = Element(0x80, {});
  Bytes this_update = Generalized("20261123063000Z");
  Bytes next_update = Element(0xa0, Generalized("20261124063000Z"));
  std::vector<Bytes> extensions;
  Bytes after;

  Bytes Build() const {
    const Bytes id =
        Sequence({algorithm, Element(0x04, name_hash), Element(0x04, key_hash), serial});
    const Bytes tail = extensions.empty() ? Bytes{} : Element(0xa1, Sequence(extensions));
    return Sequence({id, status, this_update, next_update, tail, after});
  }
};

inline Bytes Revoked(std::string_view at) { return Element(0xa1, Generalized(at)); }
inline Bytes Revoked(std::string_view at, uint8_t reason) {
  return Element(0xa1, Join({Generalized(at), Element(0xa0, Enumerated(reason))}));
}
inline Bytes ArchiveCutoff(std::string_view at) {
  return Extension("1.3.6.1.5.5.7.48.1.6", Generalized(at));
}
inline Bytes OcspNonce(size_t octets) {
  return Extension("1.3.6.1.5.5.7.48.1.2", Element(0x04, Bytes(octets, 0x5a)));
}
inline Bytes ExtendedRevoke() { return Extension("1.3.6.1.5.5.7.48.1.9", Null()); }

struct OcspOctets {
  Bytes version;
  Bytes responder = Element(0xa2, Element(0x04, Bytes(20, 0x33)));
  Bytes produced_at = Generalized("20261123063000Z");
  std::vector<SingleOctets> singles = {SingleOctets{}};
  std::vector<Bytes> extensions;
  Bytes after;

  Bytes Build() const {
    std::vector<Bytes> built;
    for (const SingleOctets& each : singles) built.push_back(each.Build());
    const Bytes tail = extensions.empty() ? Bytes{} : Element(0xa1, Sequence(extensions));
    return Sequence({version, responder, produced_at, Sequence(built), tail, after});
  }
};

}  // namespace intaglio::appliance::test_der

#endif  // INTAGLIO_APPLIANCE_DER_STATUS_OCTETS_H_
