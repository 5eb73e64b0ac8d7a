// What a link server needs from the core behind it.
#ifndef INTAGLIO_APPLIANCE_LINK_FRAME_HANDLER_H_
#define INTAGLIO_APPLIANCE_LINK_FRAME_HANDLER_H_

#include <string>

#include "base/bytes.h"

namespace intaglio::appliance {

// Carries out requests. Called on worker threads, many at once for one connection; answers may be
// given in any order.
class FrameHandler {
 public:
  virtual ~FrameHandler() = default;
  // The answer to one frame; a failure ends the connection, and only it.
  virtual StatusOr<Bytes> Handle(uint64_t connection, ByteView frame) = 0;
  // The connection is over; no Handle() for it is running or will come.
  virtual void Closed(uint64_t connection) = 0;
};

// Is told what becomes of connections, once for each event. Called on the link's own thread.
class LinkObserver {
 public:
  virtual ~LinkObserver() = default;
  virtual void Opened(uint64_t connection, const std::string& peer) = 0;
  // A connection that never became one: too many, or the handshake failed.
  virtual void Refused(const Status& status, const std::string& peer) = 0;
  // OK if the peer closed it in order.
  virtual void Ended(uint64_t connection, const Status& status) = 0;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_FRAME_HANDLER_H_
