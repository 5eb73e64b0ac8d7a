// Encodes the three elements of evidence.
//
// Internal to attestation/produce. Claims are written in the order of ClaimType, so one content has
// one encoding. Pure; thread-safe.
#ifndef INTAGLIO_ATTESTATION_PRODUCE_ELEMENT_WRITER_H_
#define INTAGLIO_ATTESTATION_PRODUCE_ELEMENT_WRITER_H_

#include "attestation/model/evidence_content.h"
#include "attestation/model/oids.h"
#include "base/bytes.h"

namespace intaglio::attestation::produce_internal {

// DER TbsEvidence, version 1. kContentText, kContentPurpose, kTimeOutOfRange.
StatusOr<Bytes> WriteTbsEvidence(const EvidenceProfile& profile, const EvidenceContent& content);

bool IsUtf8(std::string_view text);

}  // namespace intaglio::attestation::produce_internal

#endif  // INTAGLIO_ATTESTATION_PRODUCE_ELEMENT_WRITER_H_
