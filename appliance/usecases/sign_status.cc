#include "appliance/usecases/sign_status.h"

#include "appliance/crypto/hash.h"
#include "appliance/der/crl_walker.h"
#include "appliance/der/ocsp_response_data.h"
#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/sole_control_policy.h"
#include "appliance/policy/status_policy.h"
#include "appliance/policy/status_reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMostOcspAnswers = 100;

}  // namespace

class SignStatus::Stream final : public SignStatus::CrlStream {
 public:
  static StatusOr<std::unique_ptr<CrlStream>> Begin(SignStatus& owner, OpenedKey ca,
                                                    uint64_t length) {
    std::unique_ptr<Stream> stream(new Stream(owner, std::move(ca)));
    CrlMerge& merge = stream->merge_;
    ASSIGN_OR_RETURN(stream->walker_, CrlWalker::Create(length, [&merge](const CrlEntry& entry) {
                       return merge.Take(entry);
                     }));
    return StatusOr<std::unique_ptr<CrlStream>>(std::move(stream));
  }

  Status Feed(uint64_t offset, ByteView octets) override {
    if (failed_ || offset != fed_) {
      return Fail(kStreamUnknown, "octet " + std::to_string(fed_) + " is next");
    }
    fed_ += octets.size();
    const Status status = walker_->Feed(octets);
    failed_ = !status.ok();
    return status;
  }

  StatusOr<Bytes> Finish() override {
    if (failed_) return Fail(kStreamUnknown, "the stream failed before");
    failed_ = true;  // a stream is signed once or never
    const CoreServices& services = owner_.services_;
    ASSIGN_OR_RETURN(const CrlFacts facts, walker_->Finish());
    ASSIGN_OR_RETURN(const CompleteList complete, merge_.Finish());
    ASSIGN_OR_RETURN(const WallTime now, services.time.Now());
    ASSIGN_OR_RETURN(const CertificateParts certificate,
                     ReadCertificate(ca_.record.ca_certificate));
    std::lock_guard lock(owner_.crl_mutex_);
    // A row may have come or gone where the merge had already passed, and none may now until the
    // list is signed.
    const auto still = owner_.changes_.HoldStill();
    if (owner_.changes_.generation() != generation_) {
      return Fail(kCrlHidesRevocation, "state changed while the CRL was built; build it again");
    }
    // The key may have been blocked since the stream began.
    ASSIGN_OR_RETURN(const auto key_row, services.state.FindKey(ca_.record.key_id));
    if (!key_row) return Fail(kRecordStale, "the CA key's row is gone");
    RETURN_IF_ERROR(CheckKeyState(*key_row));
    ASSIGN_OR_RETURN(CaRow row, services.state.FindCa(ca_.record.key_id));
    ASSIGN_OR_RETURN(SignPermit permit, StatusPolicy::JudgeCrl({.facts = facts,
                                                                .complete = complete,
                                                                .ca_row = row,
                                                                .ca_key = ca_.record,
                                                                .ca_certificate = certificate.facts,
                                                                .now = now}));
    Event event{.type = EventType::kCrlIntent,
                .key_id = ca_.record.key_id,
                .issuer_key_id = ca_.record.key_id,
                .content_digest = facts.tbs_sha256,
                .count = static_cast<uint32_t>(facts.entries),
                .note = "number " + std::to_string(facts.extensions.number)};
    RETURN_IF_ERROR(services.journal.Append(event).status());
    ASSIGN_OR_RETURN(auto signatures, services.token.Sign(std::move(permit), ca_.record));
    row.last_crl_number = facts.extensions.number;
    row.last_this_update = facts.this_update;
    RETURN_IF_ERROR(services.state.Update(
        [&](RowTransaction& rows) { return rows.PutCa(ca_.record.key_id, row); }));
    event.type = EventType::kCrlSigned;
    event.output_digest = Sha256(signatures.front());
    RETURN_IF_ERROR(services.journal.Append(event).status());
    return std::move(signatures.front());
  }

 private:
  Stream(SignStatus& owner, OpenedKey ca)
      : owner_(owner),
        ca_(std::move(ca)),
        generation_(owner.changes_.generation()),
        merge_([this](const Serial& after, size_t most) {
          return owner_.services_.state.RevokedAfter(ca_.record.key_id, after, most);
        }) {}

  SignStatus& owner_;
  const OpenedKey ca_;
  const uint64_t generation_;
  CrlMerge merge_;
  std::unique_ptr<CrlWalker> walker_;
  uint64_t fed_ = 0;
  bool failed_ = false;
};

StatusOr<std::unique_ptr<SignStatus::CrlStream>> SignStatus::BeginCrl(ByteView ca_record,
                                                                      uint64_t tbs_length) {
  if (tbs_length == 0 || tbs_length > kMaxCrlOctets) {
    return Fail(kRequestInvalid, "field tbs_length: from 1 to 1,073,741,824");
  }
  RETURN_IF_ERROR(services_.time.Now().status());
  ASSIGN_OR_RETURN(OpenedKey ca, OpenInstalledCa(services_, ca_record));
  return Stream::Begin(*this, std::move(ca), tbs_length);
}

StatusOr<std::vector<Bytes>> SignStatus::SignOcsp(const OcspInput& input) {
  if (input.response_data.empty() || input.response_data.size() > kMostOcspAnswers) {
    return Fail(kRequestInvalid, "field response_data: from 1 to 100");
  }
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey ca, OpenInstalledCa(services_, input.ca_record));
  ASSIGN_OR_RETURN(const OpenedKey status,
                   OpenUsableKey(services_, input.status_record, KeyPurpose::kStatus));
  ASSIGN_OR_RETURN(const CertificateParts certificate, ReadCertificate(ca.record.ca_certificate));
  std::vector<OcspResponseData> responses;
  std::vector<Digest> digests;
  Bytes all_digests;
  for (const Bytes& octets : input.response_data) {
    ASSIGN_OR_RETURN(OcspResponseData data, ReadOcspResponseData(octets));
    responses.push_back(std::move(data));
    digests.push_back(Sha256(octets));
    all_digests.insert(all_digests.end(), digests.back().begin(), digests.back().end());
  }
  const auto judge = [&](WallTime at) {
    return StatusPolicy::JudgeOcsp({.responses = responses,
                                    .digests = digests,
                                    .status_key = status.record,
                                    .ca_certificate = certificate.facts,
                                    .find_serial =
                                        [&](const Serial& serial) {
                                          return services_.state.FindSerial(ca.record.key_id,
                                                                            serial);
                                        },
                                    .now = at});
  };
  const uint64_t generation = changes_.generation();
  ASSIGN_OR_RETURN(SignPermit permit, judge(now));
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kOcspSigned,
                               .key_id = status.record.key_id,
                               .issuer_key_id = ca.record.key_id,
                               .content_digest = Sha256(all_digests),
                               .count = static_cast<uint32_t>(responses.size())})
                      .status());
  ASSIGN_OR_RETURN(auto signatures, services_.token.Sign(std::move(permit), status.record));
  // No answer leaves behind a change of state that it does not show. Changes elsewhere in the CA
  // cost a second look, not the signatures.
  const auto still = changes_.HoldStill();
  if (changes_.generation() != generation) RETURN_IF_ERROR(judge(now).status());
  return signatures;
}

}  // namespace intaglio::appliance
