// What the daemon keeps in the row store beside the rows of keys and certificates.
#ifndef INTAGLIO_APPLIANCE_STATE_STORED_INSTANCE_H_
#define INTAGLIO_APPLIANCE_STATE_STORED_INSTANCE_H_

#include <string>
#include <vector>

#include "appliance/domain/roster.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::appliance {

// Who this core is, who commands it, and the key that attests for it.
struct StoredInstance {
  CoreIdentity identity;
  Bytes attestation_spki;         // DER
  Bytes attestation_certificate;  // DER; empty until the console installs it
  std::vector<Bytes> attestation_chain;
  Bytes attestation_cka_id;
  Bytes journal_spki;  // DER: of the key that signs the journal's checkpoints
  Bytes journal_cka_id;
  uint32_t format = 0;      // of the whole state, from 1
  std::string written_by;   // version of the program that wrote here last
  Digest program_sha256{};  // of that program
};

// A record key under the token's private key.
struct StoredEpoch {
  uint32_t epoch = 0;  // from 1
  Bytes sealed_record_key;
  WallTime created_at;
};

// The highest wall time seen, and how often the core has started.
struct StoredTime {
  WallTime high_water;
  uint64_t boot_count = 0;
};

// The journal of a core that is lost, as officers vouched for it.
struct VouchedJournal {
  Bytes journal_spki;  // DER
  uint64_t sequence = 0;
  Digest chain_hash{};
};

// A restore without a backup, from its preparation until the keys are open.
struct StoredRestore {
  Nonce nonce;  // of the one command that the console takes next
  std::vector<VouchedJournal> journals;
  bool rebuilt = false;
  std::vector<Officer> officers;  // security officers of the last journal, without their keys
  uint32_t commands_need = 0;     // so many of them
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_STORED_INSTANCE_H_
