// Event: one line of the journal before it is chained.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_EVENT_H_
#define INTAGLIO_APPLIANCE_DOMAIN_EVENT_H_

#include <optional>
#include <string>
#include <vector>

#include "appliance/domain/checkpoint.h"
#include "appliance/domain/ids.h"
#include "base/clock.h"

namespace intaglio::appliance {

// Numbers as in journal.proto; append only.
enum class EventType : int {
  kInitialised = 1,
  kStarted = 2,
  kStopped = 3,
  kLinkOpened = 4,
  kLinkRefused = 5,
  kLinkEnded = 6,
  kRefused = 7,
  kCommandExecuted = 8,
  kKeyGenerated = 9,
  kAttested = 10,
  kSerialDrawn = 11,
  kCertificateIntent = 12,
  kCertificateSigned = 13,
  kActivationBegun = 14,
  kSignIntent = 15,
  kSigned = 16,
  kCertificateAccepted = 17,
  kBlocked = 18,
  kRevoked = 19,
  kSuspended = 20,
  kReinstated = 21,
  kCrlIntent = 22,
  kCrlSigned = 23,
  kOcspSigned = 24,
  kTimeStopped = 25,
  kTimeConfirmed = 26,
  kTimeSynchronisation = 27,
  kTailRepaired = 28,
  kDeviceCertificateInstalled = 29,
  kCheckpoint = 30,
  kSegmentRotated = 31,
  kExportConfirmed = 32,
  kStorageAlarm = 33,
  kTokenTransition = 34,
  kSelfTest = 35,
  kErrorState = 36,
  kZeroised = 37,
  kAuthenticatorAdded = 38,
  kAuthenticatorRemoved = 39,
  kSealAuthorised = 40,
  kSealIntent = 41,
  kSealed = 42,
  kSealQuotaWarning = 43,
  kKeyErased = 44,  // KEY_DESTROYED in the schema; kKeyDestroyed is a Reason
  kEpochStarted = 45,
  kRecordResealed = 46,
  kEpochDestroyed = 47,
  kRosterChanged = 48,
  kConfigurationApproved = 49,
  kQscdEntrySet = 50,
  kTrustAnchorsSet = 51,
  kHostsPinned = 52,
  kBackupMade = 53,
  kRestored = 54,
  kUpgraded = 55,
  kRowsRebuilt = 56,
  kRebuiltOpened = 57,
  kSealTakenBack = 58,  // SEAL_WITHDRAWN in the schema; kSealWithdrawn is a Reason
};

struct Event {
  EventType type = EventType::kRefused;
  std::optional<KeyId> key_id;
  std::optional<Digest> statement_digest;
  Bytes serial;
  std::optional<KeyId> issuer_key_id;
  std::optional<Digest> content_digest;
  std::optional<Digest> output_digest;
  uint32_t count = 0;
  Bytes sealed_record;
  Bytes certificate;
  std::string reason_id;
  std::string note;  // no personal data
  std::vector<OfficerId> officers;
  std::optional<Digest> state_hash;
  Bytes host_audit_head;
  Bytes statement;
  Bytes proofs;  // over `statement`, as they came
  std::optional<WallTime> effective_at;
  std::optional<Checkpoint> checkpoint;  // kCheckpoint alone
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_EVENT_H_
