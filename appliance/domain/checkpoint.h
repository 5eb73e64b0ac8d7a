// Checkpoint: the JOURNAL key's word that the chain up to a line is this core's.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_CHECKPOINT_H_
#define INTAGLIO_APPLIANCE_DOMAIN_CHECKPOINT_H_

#include <string>
#include <vector>

#include "appliance/domain/ids.h"

namespace intaglio::appliance {

// Signatures made with one key.
struct KeyUse {
  Bytes key_id;
  uint64_t signatures = 0;
  friend bool operator==(const KeyUse&, const KeyUse&) = default;
};

struct Checkpoint {
  CoreInstance core_instance;
  uint32_t instance_epoch = 1;
  uint64_t sequence = 0;        // the line before this one
  Digest chain_hash{};          // of that line
  uint64_t anchor_counter = 0;  // what the anchor says once it knows of this checkpoint
  std::string anchor_kind;
  std::vector<KeyUse> uses;  // since the last checkpoint, ascending by key
  Digest journal_key_id{};   // SHA-256 of the JOURNAL key's DER SPKI
  Bytes signature;           // DER ECDSA-Sig-Value
  Bytes journal_spki;        // in the first checkpoint of a boot and of a segment
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_CHECKPOINT_H_
