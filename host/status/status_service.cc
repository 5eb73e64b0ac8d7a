#include "host/status/status_service.h"

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

WallTime WholeSeconds(WallTime time) { return {time.ms / 1000 * 1000}; }

// Revoked and suspended certificates, a page at a time.
class StoredEntries final : public CrlEntrySource {
 public:
  explicit StoredEntries(StorePort& store) : store_(store) {}
  Status Rewind() override {
    page_.clear();
    next_ = 0;
    after_.clear();
    done_ = false;
    return OkStatus();
  }
  StatusOr<std::optional<CrlEntry>> Next() override {
    if (next_ == page_.size() && !done_) {
      ASSIGN_OR_RETURN(page_, store_.RevokedAfter(after_, kPage));
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
  StorePort& store_;
  std::vector<SerialStatus> page_;
  size_t next_ = 0;
  std::string after_;
  bool done_ = false;
};

OcspCertStatus ToOcsp(const SerialStatus& status) {
  if (status.state == CertificateState::kRevoked || status.state == CertificateState::kSuspended) {
    return OcspRevoked{status.changed_at, status.reason};
  }
  return OcspGood{};
}

}  // namespace

struct StatusService::Signers {
  ServiceKey ca_key;
  ServiceKey status_key;
  CaDescription ca;
  OcspIssuer issuer;
  Bytes responder_key_hash;
};

StatusOr<std::shared_ptr<const StatusService::Signers>> StatusService::FindSigners() {
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

StatusOr<PublishedCrl> StatusService::PublishCrl() {
  std::lock_guard lock(crl_mutex_);
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  ASSIGN_OR_RETURN(const auto latest, store_.LatestCrl());
  PublishedCrl crl;
  crl.number = latest ? latest->number + 1 : 1;
  crl.this_update = WholeSeconds(clock_.Now());
  crl.next_update = crl.this_update + terms_.crl_life;
  StoredEntries entries(store_);
  ASSIGN_OR_RETURN(const CrlTbsWriter writer,
                   CrlTbsWriter::Create({.issuer = signers->ca,
                                         .this_update = crl.this_update,
                                         .next_update = crl.next_update,
                                         .number = crl.number,
                                         .expired_certs_from = signers->ca.validity().not_before,
                                         .distribution_point = std::nullopt},
                                        entries));
  Bytes tbs;
  ASSIGN_OR_RETURN(
      const Bytes signature,
      core_.SignCrl(signers->ca_key.sealed_record, writer.size(), [&](const OctetSink& sink) {
        return writer.Write(kChunk, [&](ByteView octets) -> Status {
          tbs.insert(tbs.end(), octets.begin(), octets.end());
          return sink(octets);
        });
      }));
  crl.entries = writer.entry_count();
  ASSIGN_OR_RETURN(crl.der, AssembleCrl(tbs, signature));
  RETURN_IF_ERROR(VerifyCrl(crl.der, signers->ca_key.certificate));
  RETURN_IF_ERROR(store_.Update([&](StoreTransaction& store) -> Status {
    RETURN_IF_ERROR(store.PutCrl(crl));
    return store.AppendAudit({"crl-published", std::to_string(crl.number),
                              std::to_string(writer.entry_count()) + " entries"});
  }));
  return crl;
}

Status StatusService::KeepCrlFresh() {
  ASSIGN_OR_RETURN(const auto latest, store_.LatestCrl());
  if (latest && clock_.Now() < latest->this_update + terms_.crl_life / 2) return OkStatus();
  return PublishCrl().status();
}

StatusOr<Bytes> StatusService::BuildAnswer(const Signers& signers, const SerialStatus& status,
                                           WallTime now) {
  ASSIGN_OR_RETURN(const Serial serial, Serial::FromHexText(status.serial));
  return BuildOcspResponseData(
      {.responder_key_hash = signers.responder_key_hash,
       .produced_at = now,
       .answers = {{.cert_id = signers.issuer.CertId(OcspHash::kSha1, serial),
                    .status = ToOcsp(status),
                    .this_update = now,
                    .next_update = now + terms_.ocsp_life,
                    .archive_cutoff = signers.ca.validity().not_before}},
       .nonce = std::nullopt,
       .extended_revoke = ExtendedRevoke::kAbsent});
}

Status StatusService::PresignBatch(const Signers& signers,
                                   const std::vector<SerialStatus>& statuses) {
  const WallTime now = WholeSeconds(clock_.Now());
  CorePort::OcspInput input{signers.ca_key.sealed_record, signers.status_key.sealed_record, {}};
  for (const SerialStatus& status : statuses) {
    ASSIGN_OR_RETURN(Bytes data, BuildAnswer(signers, status, now));
    input.response_data.push_back(std::move(data));
  }
  ASSIGN_OR_RETURN(const auto signatures, core_.SignOcsp(input));
  return store_.Update([&](StoreTransaction& store) -> Status {
    for (size_t i = 0; i < statuses.size(); ++i) {
      ASSIGN_OR_RETURN(Bytes der, AssembleOcspResponse(input.response_data[i], signatures[i],
                                                       signers.status_key.certificate));
      RETURN_IF_ERROR(
          store.PutOcsp(statuses[i].serial, {std::move(der), now, now + terms_.ocsp_life}));
    }
    return OkStatus();
  });
}

StatusOr<size_t> StatusService::PresignOcsp() {
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  const WallTime now = clock_.Now();
  ASSIGN_OR_RETURN(const auto due, store_.OcspDue(now, now - terms_.ocsp_life / 4, kPresignBatch));
  if (due.empty()) return 0;
  RETURN_IF_ERROR(PresignBatch(*signers, due));
  return due.size();
}

Status StatusService::RefreshOcsp(const std::string& serial) {
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  ASSIGN_OR_RETURN(const auto status, store_.FindStatus(serial));
  if (!status) return Fail(kSerialNotOurs, "serial " + serial);
  return PresignBatch(*signers, {*status});
}

OcspReply StatusService::AnswerOcsp(ByteView request) {
  auto reply = Answer(request);
  if (reply.ok()) return *std::move(reply);
  LogWarn("ocsp.error", {{"status", std::string(reply.status().message())}});
  return {OcspError(OcspErrorFor(reply.status())), std::nullopt};
}

StatusOr<OcspReply> StatusService::Answer(ByteView request) {
  ASSIGN_OR_RETURN(const OcspRequest parsed, ParseOcspRequest(request, kOcspRequestLimits2026));
  ASSIGN_OR_RETURN(const auto signers, FindSigners());
  for (const CertIdView& asked : parsed.cert_ids) {
    if (!signers->issuer.Matches(asked)) {
      return OcspReply{OcspError(OcspErrorStatus::kUnauthorized), std::nullopt};
    }
  }
  const bool plain =
      parsed.cert_ids.size() == 1 && !parsed.nonce && parsed.cert_ids[0].hash == OcspHash::kSha1;
  const WallTime now = WholeSeconds(clock_.Now());
  if (plain) {
    ASSIGN_OR_RETURN(auto stored, store_.FindOcsp(parsed.cert_ids[0].serial.ToHexText()));
    if (stored && now < stored->next_update) return OcspReply{stored->der, std::move(stored)};
  }
  OcspResponseFields fields{.responder_key_hash = signers->responder_key_hash,
                            .produced_at = now,
                            .answers = {},
                            .nonce = std::nullopt,
                            .extended_revoke = ExtendedRevoke::kAbsent};
  if (parsed.nonce) fields.nonce = ToBytes(*parsed.nonce);
  for (const CertIdView& asked : parsed.cert_ids) {
    ASSIGN_OR_RETURN(const auto status, store_.FindStatus(asked.serial.ToHexText()));
    OcspAnswer answer{ToBytes(asked.der), OcspUnknown{}, now, now + terms_.ocsp_life, std::nullopt};
    // Never "good" for a serial that was not issued. [EN 319 411-1 OVR-6.6.3-02]
    if (status) {
      answer.status = ToOcsp(*status);
      answer.archive_cutoff = signers->ca.validity().not_before;
    }
    fields.answers.push_back(std::move(answer));
  }
  ASSIGN_OR_RETURN(const Bytes data, BuildOcspResponseData(fields));
  ASSIGN_OR_RETURN(
      const auto signatures,
      core_.SignOcsp({signers->ca_key.sealed_record, signers->status_key.sealed_record, {data}}));
  ASSIGN_OR_RETURN(Bytes der,
                   AssembleOcspResponse(data, signatures.front(), signers->status_key.certificate));
  return OcspReply{std::move(der), std::nullopt};
}

}  // namespace intaglio::host
