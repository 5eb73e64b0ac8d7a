// SealService: the Sealing service of the schema: authorisations, and a stream of frames.
//
// A frame costs one look-up of its record and one line of audit; its hashes and signatures pass by
// unread. Results leave in the order of the frames; a client that does not read them is not read
// from.
#ifndef INTAGLIO_HOST_GRPC_SEAL_SERVICE_H_
#define INTAGLIO_HOST_GRPC_SEAL_SERVICE_H_

#include <memory>

#include "base/clock.h"
#include "host/core_link/linked_seals.h"
#include "host/sealing/sealing.h"

namespace grpc {
class Service;
}

namespace intaglio::host {

// All outlive the service.
struct SealUseCases {
  Sealing& sealing;
  LinkedSeals& core;
  StorePort& store;
  const Clock& clock;
};

std::unique_ptr<grpc::Service> MakeSealService(const SealUseCases& use_cases);

// Frames of one stream under way; of all streams with the core; and streams at once.
inline constexpr size_t kSealFramesInFlight = 8;
inline constexpr size_t kSealFramesAtCore = 6;
inline constexpr size_t kMostSealStreams = 16;

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_SEAL_SERVICE_H_
