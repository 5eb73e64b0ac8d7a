#include "host/grpc/seal_service.h"

#include <grpcpp/grpcpp.h>
#include <openssl/sha.h>

#include <atomic>
#include <thread>

#include "base/log.h"
#include "host/domain/usecase_reasons.h"
#include "host/grpc/peer_role.h"
#include "host/grpc/request_check.h"
#include "host/grpc/role_policy.h"
#include "host/grpc/wire.h"
#include "host/sealing/frame_gate.h"
#include "host/sealing/frame_window.h"
#include "intaglio/host/v1/services.grpc.pb.h"

namespace intaglio::host {
namespace {

// A frame of ten thousand RSA signatures takes a token on two processors half a minute.
constexpr Duration kFrameTimeout = 120 * kSecond;
constexpr size_t kMostBatch = 512 * 1024;

// Shape alone, and of the frame alone: the core looks at each hash.
Status CheckFrame(const hpb::SealFrame& frame) {
  const auto invalid = [](const char* field, const char* problem) {
    return Fail(kFieldInvalid, std::string("field ") + field + ": " + problem);
  };
  if (!frame.GetReflection()->GetUnknownFields(frame).empty()) {
    return invalid("SealFrame", "this version does not know all of it");
  }
  if (frame.credential_id().size() != 32) return invalid("credential_id", "32 octets are allowed");
  if (frame.batch().empty() || frame.batch().size() > kMostBatch) {
    return invalid("batch", "from 1 to 524288 octets are allowed");
  }
  if (frame.client_signature().size() < 8 || frame.client_signature().size() > 80) {
    return invalid("client_signature", "from 8 to 80 octets are allowed");
  }
  return OkStatus();
}

cpb::Failure FailureOf(const Status& status) {
  cpb::Failure out;
  out.set_code(static_cast<int>(status.code()));
  out.set_reason_id(ReasonIdOf(status));
  out.set_reason_name(ReasonNameOf(status));
  out.set_detail(PublicDetailOf(status));
  return out;
}

// What became of a frame, and what the audit log says of it.
struct Outcome {
  hpb::SealFrameResult result;
  Sealing::Frame audit;
};

class SealService final : public hpb::Sealing::Service {
 public:
  explicit SealService(const SealUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status BeginAuthorisation(grpc::ServerContext* context,
                                  const hpb::BeginAuthorisationRequest* request,
                                  hpb::BeginAuthorisationResponse* response) override {
    return Serve(*context, *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const auto begun, use_cases_.sealing.Begin(request->credential_id()));
      response->set_nonce(AsString(begun.nonce));
      response->set_core_instance(AsString(begun.core_instance));
      response->set_instance_epoch(begun.instance_epoch);
      return OkStatus();
    });
  }
  grpc::Status Authorise(grpc::ServerContext* context, const hpb::AuthoriseRequest* request,
                         hpb::AuthoriseResponse* response) override {
    return Serve(*context, *request, [&]() -> Status {
      std::vector<Bytes> proofs;
      for (const auto& each : request->proofs())
        proofs.push_back(ToBytes(each.SerializeAsString()));
      ASSIGN_OR_RETURN(const Bytes id,
                       use_cases_.sealing.Authorise(request->credential_id(),
                                                    AsBytes(request->authorisation()), proofs));
      response->set_authorisation_id(AsString(id));
      return OkStatus();
    });
  }
  grpc::Status Withdraw(grpc::ServerContext* context, const hpb::WithdrawRequest* request,
                        hpb::WithdrawResponse*) override {
    return Serve(*context, *request, [&]() -> Status {
      const std::string role = PeerRole(*context);
      if (role != "administrator") {
        return Fail(kRoleDenied, "a certificate for role '" + role +
                                     "' may not withdraw; one for role 'administrator' may");
      }
      return use_cases_.sealing.Withdraw(request->credential_id(),
                                         AsBytes(request->authorisation_id()));
    });
  }
  grpc::Status GetSealStatus(grpc::ServerContext* context, const hpb::GetSealStatusRequest* request,
                             hpb::GetSealStatusResponse* response) override {
    return Serve(*context, *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const auto standing, use_cases_.sealing.Describe(request->credential_id()));
      ASSIGN_OR_RETURN(const auto ca,
                       use_cases_.store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
      std::vector<Bytes> chain;
      if (ca) {
        chain.push_back(ca->certificate);
        chain.insert(chain.end(), ca->chain.begin(), ca->chain.end());
      }
      Fill(standing.credential, chain, use_cases_.clock.Now(), *response->mutable_credential());
      for (const auto& each : standing.authorisations) {
        auto& entry = *response->add_authorisations();
        entry.set_authorisation_id(AsString(each.authorisation_id));
        entry.set_not_before_ms(each.not_before.ms);
        entry.set_not_after_ms(each.not_after.ms);
        entry.set_most_signatures(each.most_signatures);
        entry.set_used_or_reserved(each.used_or_reserved);
        entry.set_client_id(AsString(each.client_id));
        entry.set_nearly_spent(each.nearly_spent);
        entry.set_next_sequence(each.next_sequence);
        entry.set_withdrawn(each.withdrawn);
      }
      return OkStatus();
    });
  }

  grpc::Status Seal(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<hpb::SealFrameResult, hpb::SealFrame>* stream) override {
    const Status allowed = CheckRole(PeerRole(*context), "Sealing");
    if (!allowed.ok()) return ToGrpc(allowed);
    if (streams_.fetch_add(1) >= kMostSealStreams) {
      streams_.fetch_sub(1);
      return ToGrpc(Fail(kSealStreams, std::to_string(kMostSealStreams) + " are open"));
    }
    const Status ended = Carry(*context, *stream);
    streams_.fetch_sub(1);
    return ToGrpc(ended);
  }

 private:
  using Window = FrameWindow<Outcome>;
  using Stream = grpc::ServerReaderWriter<hpb::SealFrameResult, hpb::SealFrame>;

  template <class Request, class Handler>
  static grpc::Status Serve(const grpc::ServerContext& context, const Request& request,
                            const Handler& handler) {
    Status status = CheckRole(PeerRole(context), "Sealing");
    if (status.ok()) status = CheckRequest(request);
    if (status.ok()) status = handler();
    return ToGrpc(status);
  }

  // Reads frames here and writes results on a thread of its own, until both ends are done.
  Status Carry(grpc::ServerContext& context, Stream& stream) {
    const auto window = std::make_shared<Window>(kSealFramesInFlight);
    Status written;
    std::thread writer([&] { written = WriteResults(context, stream, *window); });
    hpb::SealFrame frame;
    while (stream.Read(&frame)) {
      const auto slot = window->Open();
      if (!slot) break;
      if (!Submit(context, std::move(frame), *slot, window)) break;
      frame = hpb::SealFrame();
    }
    // A client that closed its half still reads; one that is gone, or a host that stops, does not.
    if (context.IsCancelled()) window->Abandon();
    window->Close();
    writer.join();
    return written;
  }

  // False if nobody waits for the answer any more.
  bool Submit(grpc::ServerContext& context, hpb::SealFrame frame, size_t slot,
              const std::shared_ptr<Window>& window) {
    Outcome outcome;
    outcome.audit.credential_id = frame.credential_id();
    Status status = CheckFrame(frame);
    cpb::SealRequest request;
    if (status.ok()) {
      auto record = use_cases_.sealing.RecordOf(frame.credential_id());
      status = record.status();
      if (record.ok()) request.set_record(AsString(*record));
    }
    if (!status.ok()) {
      *outcome.result.mutable_failure() = FailureOf(status);
      window->Fill(slot, std::move(outcome));
      return true;
    }
    Digest digest;
    SHA256(reinterpret_cast<const uint8_t*>(frame.batch().data()), frame.batch().size(),
           digest.data());
    outcome.audit.batch_sha256 = ToBytes(ByteView(digest));
    request.set_batch(std::move(*frame.mutable_batch()));
    request.set_client_signature(std::move(*frame.mutable_client_signature()));
    if (frame.has_chunk()) *request.mutable_chunk() = std::move(*frame.mutable_chunk());
    if (!gate_->Enter([&] { return context.IsCancelled(); })) return false;
    const auto kept = std::make_shared<Outcome>(std::move(outcome));
    use_cases_.core.Seal(std::move(request), kFrameTimeout,
                         [kept, slot, window, gate = gate_](StatusOr<cpb::SealResponse> response) {
                           gate->Leave();
                           Take(std::move(response), *kept);
                           window->Fill(slot, std::move(*kept));
                         });
    return true;
  }

  static void Take(StatusOr<cpb::SealResponse> response, Outcome& outcome) {
    if (!response.ok()) {
      *outcome.result.mutable_failure() = FailureOf(response.status());
      return;
    }
    for (const auto& each : response->results()) {
      ++(each.has_failure() ? outcome.audit.failed : outcome.audit.sealed);
    }
    outcome.audit.nearly_spent = response->nearly_spent();
    *outcome.result.mutable_sealed() = *std::move(response);
  }

  Status WriteResults(grpc::ServerContext& context, Stream& stream, Window& window) {
    while (auto outcome = window.Take([&] { return context.IsCancelled(); })) {
      if (outcome->result.has_sealed()) {
        // The signatures exist whatever the database says; but a host that cannot keep its audit
        // log must not go on.
        if (const Status kept = use_cases_.sealing.Record(outcome->audit); !kept.ok()) {
          window.Abandon();
          context.TryCancel();
          return kept;
        }
      }
      if (!stream.Write(outcome->result)) {  // the client went away
        window.Abandon();
        context.TryCancel();
        return OkStatus();
      }
    }
    return OkStatus();
  }

  const SealUseCases use_cases_;
  const std::shared_ptr<FrameGate> gate_ = std::make_shared<FrameGate>(kSealFramesAtCore);
  std::atomic<size_t> streams_{0};
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSealService(const SealUseCases& use_cases) {
  return std::make_unique<SealService>(use_cases);
}

}  // namespace intaglio::host
