// OcspResponseData: what an OCSP answer says, read strictly before it is signed. [RFC 6960 §4.2.1]
#ifndef INTAGLIO_APPLIANCE_DER_OCSP_RESPONSE_DATA_H_
#define INTAGLIO_APPLIANCE_DER_OCSP_RESPONSE_DATA_H_

#include <optional>
#include <variant>
#include <vector>

#include "appliance/domain/statements.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::appliance {

inline constexpr size_t kMaxOcspOctets = 16 * 1024;

enum class CertIdHash { kSha1, kSha256 };

struct OcspGood {};
struct OcspRevoked {
  WallTime at;
  CrlReason reason = CrlReason::kUnspecified;
};
struct OcspUnknown {};

struct OcspSingle {
  CertIdHash hash = CertIdHash::kSha1;
  Bytes issuer_name_hash;
  Bytes issuer_key_hash;
  Serial serial;
  std::variant<OcspGood, OcspRevoked, OcspUnknown> status;
  WallTime this_update;
  WallTime next_update;
  std::optional<WallTime> archive_cutoff;
};

struct OcspResponseData {
  Bytes responder_key_hash;  // 20 octets
  WallTime produced_at;
  std::vector<OcspSingle> singles;  // 1 to 20
  bool extended_revoke = false;
};

// kOcspShape and the DER Reasons. Only what our host writes is read: responderID byKey, nextUpdate
// present, archiveCutoff, nonce and extended-revoke as the only extensions.
StatusOr<OcspResponseData> ReadOcspResponseData(ByteView octets);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_OCSP_RESPONSE_DATA_H_
