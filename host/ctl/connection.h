// Connection: mutual TLS to intaglio-host, and its methods by name.
//
// The only place of the command line that knows gRPC, so the commands compile without it.
// Thread-safe.
#ifndef INTAGLIO_HOST_CTL_CONNECTION_H_
#define INTAGLIO_HOST_CTL_CONNECTION_H_

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/ctl/profile.h"

namespace intaglio::host::v1 {
class SealFrame;
class SealFrameResult;
}  // namespace intaglio::host::v1

namespace intaglio::host {

class Connection final {
 public:
  // Reads the files; connects at the first call. kProfileInvalid, and ReadFile's Reasons.
  static StatusOr<std::unique_ptr<Connection>> Open(const Profile& profile, Duration timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Calls `method` ("Enrolment/CreateApplication"). The host's refusals carry their Reason;
  // kHostUnreachable when there is no answer.
  template <class Response>
  StatusOr<Response> Call(std::string_view method, const google::protobuf::Message& request) {
    Response response;
    RETURN_IF_ERROR(CallUnary(method, request, response));
    return response;
  }

  // Hands over the core's journal lines from a sequence number on; ends with the first failure of
  // `line`. Failures as Call().
  Status ReadJournal(uint64_t from_sequence, const std::function<Status(ByteView)>& line);

  // Sends what `next` fills, on a thread of its own, until it answers false, and hands each frame's
  // result to `take` in the order of the frames. The host's pace is felt in `next`. Ends with the
  // first failure of `take`, or of the stream as Call()'s.
  Status Seal(const std::function<bool(v1::SealFrame&)>& next,
              const std::function<Status(v1::SealFrameResult&)>& take);

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  Status CallUnary(std::string_view method, const google::protobuf::Message& request,
                   google::protobuf::Message& response);

  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_CONNECTION_H_
