#include "host/ctl/connection.h"

#include <grpc/support/log.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/secret_bytes.h"
#include "host/ctl/reasons.h"
#include "host/grpc/error_details.h"
#include "intaglio/host/v1/services.grpc.pb.h"

namespace intaglio::host {
namespace {

namespace hpb = ::intaglio::host::v1;
using google::protobuf::MessageLite;

constexpr size_t kMostPem = 256 * 1024;
constexpr int kMostMessage = 4 * 1024 * 1024;

// The library writes its own lines to stderr; failures come as a Status anyway.
void DropLogLine(gpr_log_func_args*) {}

}  // namespace

struct Connection::Impl {
  std::string address;
  Duration timeout;
  std::shared_ptr<grpc::Channel> channel;

  void SetDeadline(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout));
  }

  Status Translate(const grpc::Status& status) const {
    if (status.ok()) return OkStatus();
    if (status.error_details().empty() && status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      return Fail(kHostUnreachable, address + ": " + status.error_message());
    }
    if (status.error_details().empty() &&
        status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return Fail(kHostUnreachable, address + ": no answer within " +
                                        std::to_string(timeout / kSecond) +
                                        " s; whether it acted is not known");
    }
    return FromWire(status.error_code(), status.error_message(), status.error_details());
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

StatusOr<std::unique_ptr<Connection>> Connection::Open(const Profile& profile, Duration timeout) {
  RETURN_IF_ERROR(CheckComplete(profile));
  ASSIGN_OR_RETURN(const Bytes ca, ReadFile(profile.ca, FileTrust::kNotWritable, kMostPem));
  ASSIGN_OR_RETURN(const Bytes certificate,
                   ReadFile(profile.certificate, FileTrust::kAnyMode, kMostPem));
  ASSIGN_OR_RETURN(Bytes key_file, ReadFile(profile.key, FileTrust::kOwnerOnly, kMostPem));
  const SecretBytes key = SecretBytes::WipeAndTake(key_file);
  gpr_set_log_function(DropLogLine);
  auto impl = std::make_unique<Impl>();
  impl->address = profile.address;
  impl->timeout = timeout;
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = AsString(ca);
  options.pem_cert_chain = AsString(certificate);
  options.pem_private_key = AsString(key.Expose());
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMostMessage);
  arguments.SetUserAgentPrefix("intaglio-ctl");
  // A proxy of the environment must not come between an officer and the host.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  impl->channel =
      grpc::CreateCustomChannel(profile.address, grpc::SslCredentials(options), arguments);
  return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

Status Connection::CallUnary(std::string_view method, const google::protobuf::Message& request,
                             google::protobuf::Message& response) {
  grpc::TemplatedGenericStub<MessageLite, MessageLite> stub(impl_->channel);
  grpc::ClientContext context;
  impl_->SetDeadline(context);
  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;
  grpc::Status status;
  stub.UnaryCall(&context, "/intaglio.host.v1." + std::string(method), grpc::StubOptions(),
                 &request, &response, [&](grpc::Status result) {
                   const std::lock_guard lock(mutex);
                   status = std::move(result);
                   done = true;
                   answered.notify_one();
                 });
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return done; });
  return impl_->Translate(status);
}

Status Connection::ReadJournal(uint64_t from_sequence,
                               const std::function<Status(ByteView)>& line) {
  const auto stub = hpb::Audit::NewStub(impl_->channel);
  grpc::ClientContext context;
  hpb::ReadCoreJournalRequest request;
  request.set_from_sequence(from_sequence);
  const auto reader = stub->ReadCoreJournal(&context, request);
  hpb::ReadCoreJournalResponse response;
  while (reader->Read(&response)) {
    for (const std::string& each : response.entries()) {
      if (Status status = line(AsBytes(each)); !status.ok()) {
        context.TryCancel();
        (void)reader->Finish();
        return status;
      }
    }
  }
  return impl_->Translate(reader->Finish());
}

Status Connection::Seal(const std::function<bool(hpb::SealFrame&)>& next,
                        const std::function<Status(hpb::SealFrameResult&)>& take) {
  const auto stub = hpb::Sealing::NewStub(impl_->channel);
  grpc::ClientContext context;
  const auto stream = stub->Seal(&context);
  std::thread sender([&] {
    hpb::SealFrame frame;
    while (next(frame)) {
      if (!stream->Write(frame)) return;  // the reader learns why
      frame.Clear();
    }
    stream->WritesDone();
  });
  Status taken;
  hpb::SealFrameResult result;
  while (taken.ok() && stream->Read(&result)) taken = take(result);
  if (!taken.ok()) context.TryCancel();
  sender.join();
  const grpc::Status ended = stream->Finish();
  return taken.ok() ? impl_->Translate(ended) : taken;
}

}  // namespace intaglio::host
