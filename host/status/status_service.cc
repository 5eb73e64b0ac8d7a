#include "host/status/status_service.h"

#include <algorithm>
#include <variant>

#include "base/log.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/ca_description.h"
#include "host/x509/crl_builder.h"
#include "host/x509/ocsp_request.h"
#include "host/x509/ocsp_response.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr size_t kPage = 1000;
constexpr size_t kChunk = 256 * 1024;
constexpr size_t kPresignBatch = 100;
// Another host of this service may activate a CA or renew the responder.
constexpr Duration kSignersAge = 10 * kSecond;
// The core's Reason for a CRL number it has signed before; its register is append-only.
constexpr std::string_view kCrlNumberTaken = "APL-0357";
// The core takes numbers up to this far after its last.
constexpr uint64_t kCrlNumberStep = 1000;
constexpr int kCrlAttempts = 8;

WallTime WholeSeconds(WallTime time) { return {time.ms / 1000 * 1000}; }

// Revoked and suspended certificates of one snapshot, a page at a time.
class StoredEntries final : public CrlEntrySource {
 public:
  explicit StoredEntries(RevokedSnapshot& snapshot) : snapshot_(snapshot) {}
  Status Rewind() override {
    page_.clear();
    next_ = 0;
    after_.clear();
    done_ = false;
    return OkStatus();
  }
  StatusOr<std::optional<CrlEntry>> Next() override {
    if (next_ == page_.size() && !done_) {
      ASSIGN_OR_RETURN(page_, snapshot_.After(after_, kPage));
      next_ = 0;
      done_ = page_.size() < kPage;
      if (!page_.empty()) after_ = page_.back().serial;
    }
    if (next_ == page_.size()) return std::nullopt;
    const SerialStatus& status = page_[next_++];
    ASSIGN_OR_RETURN(const Serial serial, Serial::FromHexText(status.serial));
    return CrlEntry{serial, status.changed_at, status.reason};
  }

 private:
  RevokedSnapshot& snapshot_;
  std::vector<SerialStatus> page_;
  size_t next_ = 0;
  std::string after_;
  bool done_ = false;
};

// What a client is told: its own mistakes by name, a core or a service that is not there for now as
// "try later". [RFC 6960 §2.3]
OcspErrorStatus ErrorFor(const Status& failure) {
  const auto code = failure.code();
  if (code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded ||
      code == absl::StatusCode::kResourceExhausted || Is(failure, kServiceNotReady)) {
    return OcspErrorStatus::kTryLater;
  }
  return OcspErrorFor(failure);
}

bool IsCoreAway(const Status& failure) {
  return failure.code() == absl::StatusCode::kUnavailable ||
         failure.code() == absl::StatusCode::kDeadlineExceeded;
}

OcspCertStatus ToOcsp(const SerialStatus& status) {
  if (status.state == CertificateState::kRevoked || status.state == CertificateState::kSuspended) {
    return OcspRevoked{status.changed_at, status.reason};
  }
  return OcspGood{};
}

// A status cannot be older than the revocation it tells of, a date that the core's clock has
// passed.
WallTime NoEarlier(WallTime time, const SerialStatus& status) {
  if (std::holds_alternative<OcspGood>(ToOcsp(status))) return time;
  return std::max(time, status.changed_at);
}

}  // namespace

struct StatusService::Signers {
  ServiceKey ca_key;
  ServiceKey status_key;
  CaDescription ca;
  OcspIssuer issuer;
  Bytes responder_key_hash;
};

StatusOr<std::shared_ptr<const StatusService::Signers>> StatusService::ReadSigners() {
  ASSIGN_OR_RETURN(const auto ca_key, store_.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  ASSIGN_OR_RETURN(const auto status_key, store_.ActiveServiceKey(ServiceKeyPurpose::kStatus));
  if (!ca_key || !status_key) {
    return Fail(kServiceNotReady, "activate the issuing CA and its responder first");
  }
  ASSIGN_OR_RETURN(CaDescription ca, CaDescription::Create(ca_key->certificate));
  ASSIGN_OR_RETURN(Bytes key_hash, KeyIdentifier(status_key->spki));
  OcspIssuer issuer(ca);
  return std::make_shared<const Signers>(
      Signers{*ca_key, *status_key, std::move(ca), std::move(issuer), std::move(key_hash)});
}

StatusOr<std::shared_ptr<const StatusService::Signers>> StatusService::FindSigners() {
  const WallTime now = clock_.Now();
  std::lock_guard lock(signers_mutex_);
  const bool fresh = signers_ && now >= signers_read_at_ && now - signers_read_at_ < kSignersAge;
  if (!fresh) {
    ASSIGN_OR_RETURN(signers_, ReadSigners());
    signers_read_at_ = now;
  }
  return signers_;
}

void StatusService::ForgetSigners() {
  std::lock_guard lock(signers_mutex_);
  signers_.reset();
}

// Everything but storing it.
StatusOr<PublishedCrl> StatusService::BuildCrl(const Signers& signers, uint64_t number) {
  PublishedCrl crl;
  crl.number = number;
  ASSIGN_OR_RETURN(crl.this_update, core_clock_.Now());
  crl.next_update = crl.this_update + terms_.crl_life;
  RETURN_IF_ERROR(store_.WithRevoked([&](RevokedSnapshot& snapshot) -> Status {
    ASSIGN_OR_RETURN(crl.status_sequence, snapshot.StatusSequence());
    StoredEntries entries(snapshot);
    ASSIGN_OR_RETURN(const CrlTbsWriter writer,
                     CrlTbsWriter::Create({.issuer = signers.ca,
                                           .this_update = crl.this_update,
                                           .next_update = crl.next_update,
                                           .number = crl.number,
                                           .expired_certs_from = signers.ca.validity().not_before,
                                           .distribution_point = std::nullopt},
                                          entries));
    Bytes tbs;
    tbs.reserve(writer.size());
    ASSIGN_OR_RETURN(
        const Bytes signature,
        core_.SignCrl(signers.ca_key.sealed_record, writer.size(), [&](const OctetSink& sink) {
          return writer.Write(kChunk, [&](ByteView octets) -> Status {
            tbs.insert(tbs.end(), octets.begin(), octets.end());
            return sink(octets);
          });
        }));
    crl.entries = writer.entry_count();
    ASSIGN_OR_RETURN(crl.der, AssembleCrl(tbs, signature));
    return OkStatus();
  }));
  RETURN_IF_ERROR(VerifyCrl(crl.der, signers.ca_key.certificate));
  return crl;
}

StatusOr<PublishedCrl> StatusService::PublishCrl() {
  std::lock_guard lock(crl_mutex_);
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  ASSIGN_OR_RETURN(const auto latest, store_.LatestCrlFacts());
  uint64_t number = latest ? latest->number + 1 : 1;
  auto crl = BuildCrl(*signers, number);
  // The core has signed that number and the answer was lost, or the database is an old one: go up
  // until the core takes it. Numbers need only grow. [RFC 5280 §5.2.3]
  for (int attempt = 0; attempt < kCrlAttempts && ReasonIdOf(crl.status()) == kCrlNumberTaken;
       ++attempt) {
    number += attempt == 0 ? 1 : kCrlNumberStep;
    crl = BuildCrl(*signers, number);
  }
  RETURN_IF_ERROR(crl.status());
  RETURN_IF_ERROR(store_.Update([&](StoreTransaction& store) -> Status {
    RETURN_IF_ERROR(store.PutCrl(*crl));
    return store.AppendAudit(
        {"crl-published", std::to_string(crl->number), std::to_string(crl->entries) + " entries"});
  }));
  return crl;
}

Status StatusService::KeepCrlFresh() {
  ASSIGN_OR_RETURN(const auto latest, store_.LatestCrlFacts());
  if (latest && clock_.Now() < latest->this_update + terms_.crl_life / 2) {
    uint64_t newest = 0;
    RETURN_IF_ERROR(store_.WithRevoked([&](RevokedSnapshot& snapshot) -> Status {
      ASSIGN_OR_RETURN(newest, snapshot.StatusSequence());
      return OkStatus();
    }));
    if (newest <= latest->status_sequence) return OkStatus();
  }
  return PublishCrl().status();
}

StatusOr<Bytes> StatusService::BuildAnswer(const Signers& signers, const SerialStatus& status,
                                           WallTime now) {
  ASSIGN_OR_RETURN(const Serial serial, Serial::FromHexText(status.serial));
  const WallTime dated = NoEarlier(now, status);
  return BuildOcspResponseData(
      {.responder_key_hash = signers.responder_key_hash,
       .produced_at = dated,
       .answers = {{.cert_id = signers.issuer.CertId(OcspHash::kSha1, serial),
                    .status = ToOcsp(status),
                    .this_update = dated,
                    .next_update = dated + terms_.ocsp_life,
                    .archive_cutoff = signers.ca.validity().not_before}},
       .nonce = std::nullopt,
       .extended_revoke = ExtendedRevoke::kAbsent});
}

Status StatusService::PresignBatch(const Signers& signers,
                                   const std::vector<SerialStatus>& statuses) {
  ASSIGN_OR_RETURN(const WallTime now, core_clock_.Now());
  CorePort::OcspInput input{signers.ca_key.sealed_record, signers.status_key.sealed_record, {}};
  for (const SerialStatus& status : statuses) {
    ASSIGN_OR_RETURN(Bytes data, BuildAnswer(signers, status, now));
    input.response_data.push_back(std::move(data));
  }
  ASSIGN_OR_RETURN(const auto signatures, core_.SignOcsp(input));
  if (signatures.size() != statuses.size()) {
    return Fail(kCoreAnswerWrong, "another number of OCSP signatures than asked for");
  }
  return store_.Update([&](StoreTransaction& store) -> Status {
    for (size_t i = 0; i < statuses.size(); ++i) {
      ASSIGN_OR_RETURN(Bytes der, AssembleOcspResponse(input.response_data[i], signatures[i],
                                                       signers.status_key.certificate));
      const WallTime dated = NoEarlier(now, statuses[i]);
      RETURN_IF_ERROR(
          store.PutOcsp(statuses[i], {std::move(der), dated, dated + terms_.ocsp_life}));
    }
    return OkStatus();
  });
}

StatusOr<size_t> StatusService::PresignOcsp() {
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  const WallTime now = clock_.Now();
  RETURN_IF_ERROR(
      store_.Update([&](StoreTransaction& store) { return store.DropExpiredOcsp(now); }));
  ASSIGN_OR_RETURN(const auto due, store_.OcspDue(now, now - terms_.ocsp_life / 4, kPresignBatch));
  if (due.empty()) return 0;
  const Status whole = PresignBatch(*signers, due);
  if (whole.ok()) return due.size();
  if (IsCoreAway(whole) || due.size() == 1) return whole;
  // One answer that the core refuses must not keep the others from being signed.
  size_t done = 0;
  for (const SerialStatus& status : due) {
    const Status alone = PresignBatch(*signers, {status});
    if (alone.ok()) {
      ++done;
    } else {
      LogFailure("ocsp.refused", alone);
    }
  }
  if (done == 0) return whole;
  return done;
}

Status StatusService::RefreshOcsp(const std::string& serial) {
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  ASSIGN_OR_RETURN(const auto status, store_.FindStatus(serial));
  if (!status) return Fail(kSerialNotOurs, "serial " + serial);
  return PresignBatch(*signers, {*status});
}

OcspReply StatusService::AnswerOcsp(ByteView request) {
  const auto asked = ParseOcspRequest(request, kOcspRequestLimits2026);
  // Not logged: anybody may send anything, as often as they like.
  if (!asked.ok()) return {OcspError(OcspErrorFor(asked.status())), std::nullopt};
  auto reply = Answer(*asked);
  if (reply.ok()) return *std::move(reply);
  LogFailure("ocsp.answer", reply.status());
  return {OcspError(ErrorFor(reply.status())), std::nullopt};
}

StatusOr<OcspReply> StatusService::Answer(const OcspRequest& asked) {
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  for (const CertIdView& each : asked.cert_ids) {
    if (!signers->issuer.Matches(each)) {
      return OcspReply{OcspError(OcspErrorStatus::kUnauthorized), std::nullopt};
    }
  }
  const WallTime now = WholeSeconds(clock_.Now());
  std::optional<PresignedOcsp> stored;
  if (asked.cert_ids.size() == 1 && asked.cert_ids[0].hash == OcspHash::kSha1) {
    ASSIGN_OR_RETURN(stored, store_.FindOcsp(asked.cert_ids[0].serial.ToHexText()));
    if (stored && now >= stored->next_update) stored.reset();
  }
  if (stored && !asked.nonce) return OcspReply{stored->der, std::move(stored)};
  auto signed_now = SignAnswer(*signers, asked);
  // While the core is away a nonce goes unanswered, the status does not. [RFC 9654 §2.1]
  if (!signed_now.ok() && stored && IsCoreAway(signed_now.status())) {
    return OcspReply{stored->der, std::nullopt};
  }
  return signed_now;
}

StatusOr<OcspReply> StatusService::SignAnswer(const Signers& signers, const OcspRequest& asked) {
  ASSIGN_OR_RETURN(const WallTime now, core_clock_.Now());
  OcspResponseFields fields{.responder_key_hash = signers.responder_key_hash,
                            .produced_at = now,
                            .answers = {},
                            .nonce = std::nullopt,
                            .extended_revoke = ExtendedRevoke::kAbsent};
  if (asked.nonce) fields.nonce = ToBytes(*asked.nonce);
  for (const CertIdView& each : asked.cert_ids) {
    ASSIGN_OR_RETURN(const auto status, store_.FindStatus(each.serial.ToHexText()));
    OcspAnswer answer{ToBytes(each.der), OcspUnknown{}, now, now + terms_.ocsp_life, std::nullopt};
    // Never "good" for a serial that was not issued. [EN 319 411-1 OVR-6.6.3-02]
    if (status) {
      answer.status = ToOcsp(*status);
      const WallTime dated = NoEarlier(now, *status);
      answer.this_update = dated;
      answer.next_update = dated + terms_.ocsp_life;
      fields.produced_at = std::max(fields.produced_at, dated);
      answer.archive_cutoff = signers.ca.validity().not_before;
    }
    fields.answers.push_back(std::move(answer));
  }
  ASSIGN_OR_RETURN(const Bytes data, BuildOcspResponseData(fields));
  ASSIGN_OR_RETURN(
      const auto signatures,
      core_.SignOcsp({signers.ca_key.sealed_record, signers.status_key.sealed_record, {data}}));
  if (signatures.size() != 1) {
    return Fail(kCoreAnswerWrong, "another number of OCSP signatures than asked for");
  }
  ASSIGN_OR_RETURN(Bytes der,
                   AssembleOcspResponse(data, signatures.front(), signers.status_key.certificate));
  return OcspReply{std::move(der), std::nullopt};
}

}  // namespace intaglio::host
