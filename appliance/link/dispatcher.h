// Dispatcher: turns a frame into a use case's values and its outcome into a frame.
//
// Everything in a frame is a claim of the host. The dispatcher checks only shape and bounds;
// whether an act may be done is for the judges behind the use cases.
#ifndef INTAGLIO_APPLIANCE_LINK_DISPATCHER_H_
#define INTAGLIO_APPLIANCE_LINK_DISPATCHER_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "appliance/link/core_use_cases.h"
#include "appliance/link/frame_handler.h"

namespace intaglio::core::v1 {
class CoreRequest;
class CoreResponse;
}  // namespace intaglio::core::v1

namespace intaglio::appliance {

class Dispatcher final : public FrameHandler {
 public:
  Dispatcher(const CoreServices& services, CoreUseCases use_cases, std::string version,
             uint64_t boot_count)
      : services_(services),
        use_cases_(use_cases),
        version_(std::move(version)),
        boot_count_(boot_count) {}

  // kRequestInvalid, which ends the connection, for octets that are not a canonical CoreRequest
  // with an id and an act. Every other outcome is an answer. Thread-safe.
  StatusOr<Bytes> Handle(uint64_t connection, ByteView frame) override;
  void Closed(uint64_t connection) override;

 private:
  struct OpenCrl {
    std::mutex mutex;
    std::unique_ptr<SignStatus::CrlStream> stream;
  };

  Status Route(uint64_t connection, const core::v1::CoreRequest& request,
               core::v1::CoreResponse& response);
  Status RouteCrl(uint64_t connection, const core::v1::CoreRequest& request,
                  core::v1::CoreResponse& response);
  std::shared_ptr<OpenCrl> FindCrl(uint64_t connection, uint64_t stream);
  void JournalRefusal(const core::v1::CoreRequest& request, const Status& status);

  const CoreServices& services_;
  const CoreUseCases use_cases_;
  const std::string version_;
  const uint64_t boot_count_;
  std::mutex mutex_;
  uint64_t next_stream_ = 1;
  // One open CRL a connection: its number and its stream.
  std::map<uint64_t, std::pair<uint64_t, std::shared_ptr<OpenCrl>>> open_crls_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_DISPATCHER_H_
