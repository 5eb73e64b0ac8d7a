// Seals of legal persons: controllers authorise a client, the client seals.
#include <algorithm>

#include "host/ctl/command_table.h"
#include "host/ctl/credential_access.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/seal_run.h"
#include "host/ctl/session.h"
#include "host/ctl/signed_document.h"
#include "host/ctl/statements.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

constexpr std::string_view kSealAuthorisationContext = "intaglio/seal-authorisation/v1";
constexpr size_t kMostHashFile = size_t{256} << 20;

struct DraftFlags {
  std::string credential;
  std::string client_key;
  uint32_t begins_in_hours = 0;
  uint32_t days = 31;
  uint32_t signatures = 0;
  uint32_t per_minute = 0;
  std::string out;
};

StatusOr<Report> SealDraft(const DraftFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdOf(flags.credential));
  ASSIGN_OR_RETURN(const Bytes client, ReadPublicKey(flags.client_key));
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  hpb::BeginAuthorisationRequest request;
  request.set_credential_id(flags.credential);
  ASSIGN_OR_RETURN(const auto begun, session.Call<hpb::BeginAuthorisationResponse>(
                                         "Sealing/BeginAuthorisation", request));
  // Begins a little earlier, for clocks that differ.
  const WallTime from = session.clock().Now() + flags.begins_in_hours * kHour - 5 * kMinute;
  pb::SealAuthorisation authorisation;
  authorisation.set_context(std::string(kSealAuthorisationContext));
  authorisation.set_core_instance(begun.core_instance());
  authorisation.set_instance_epoch(begun.instance_epoch());
  authorisation.set_nonce(begun.nonce());
  authorisation.set_key_id(AsString(key_id));
  authorisation.set_client_spki(AsString(client));
  authorisation.set_not_before_ms(from.ms);
  authorisation.set_not_after_ms((from + flags.days * kDay).ms);
  authorisation.set_most_signatures(flags.signatures);
  authorisation.set_most_per_minute(flags.per_minute);
  const Bytes octets = SerializeCanonical(authorisation);
  RETURN_IF_ERROR(WriteFile(flags.out, octets, 0644));
  Report report = ReportOf(authorisation);
  report.Octets("authorisation_id", Sha256(octets)).Text("authorisation", flags.out);
  return report;
}

struct ApproveFlags {
  std::string authorisation;
  std::string key;
  std::string out;
};

StatusOr<Report> SealApprove(const ApproveFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(flags.authorisation, kMostStatement));
  pb::SealAuthorisation authorisation;
  RETURN_IF_ERROR(ReadStatement(octets, kSealAuthorisationContext, authorisation));
  Report shown = ReportOf(authorisation);
  // What a controller compares with the client's own fingerprint.
  shown.Octets("client_id", Sha256(AsBytes(authorisation.client_spki())));
  session.Show("Authorisation to seal", shown);
  RETURN_IF_ERROR(session.Confirm("Let this client seal within these bounds?"));
  ASSIGN_OR_RETURN(const pb::Proof proof, MakeProof(key, octets));
  RETURN_IF_ERROR(WriteFile(flags.out, SerializeCanonical(proof), 0600));
  Report report;
  report.Octets("authenticator_id", key.id()).Octets("authorisation_id", Sha256(octets));
  report.Text("proof", flags.out);
  return report;
}

struct AuthoriseFlags {
  std::string credential;
  std::string authorisation;
  std::vector<std::string> proofs;
};

StatusOr<Report> SealAuthorise(const AuthoriseFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(flags.authorisation, kMostStatement));
  hpb::AuthoriseRequest request;
  request.set_credential_id(flags.credential);
  request.set_authorisation(AsString(octets));
  for (const std::string& path : flags.proofs) {
    ASSIGN_OR_RETURN(const Bytes proof, ReadInput(path, 16 * 1024));
    if (!ParseCanonical(proof, *request.add_proofs())) {
      return Fail(kStatementNotCanonical, path + ": not a proof of 'intaglio seal approve'");
    }
  }
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::AuthoriseResponse>("Sealing/Authorise", request));
  if (!Equal(AsBytes(response.authorisation_id()), Sha256(octets))) {
    return Fail(kAnswerInvalid, "the core entered another authorisation");
  }
  return ReportOf(response);
}

StatusOr<hpb::GetSealStatusResponse> FetchStatus(const std::string& credential, Session& session) {
  RETURN_IF_ERROR(KeyIdOf(credential).status());
  hpb::GetSealStatusRequest request;
  request.set_credential_id(credential);
  return session.Call<hpb::GetSealStatusResponse>("Sealing/GetSealStatus", request);
}

struct WithdrawFlags {
  std::string credential;
  std::string authorisation;
};

// Its id in hexadecimal, as 'seal status' shows it, or the file that was authorised.
StatusOr<Bytes> AuthorisationIdOf(const std::string& named) {
  if (auto id = FromHex(named); id.ok() && id->size() == 32) return id;
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(named, kMostStatement));
  pb::SealAuthorisation authorisation;
  RETURN_IF_ERROR(ReadStatement(octets, kSealAuthorisationContext, authorisation));
  return ToBytes(ByteView(Sha256(octets)));
}

StatusOr<Report> SealWithdraw(const WithdrawFlags& flags, Session& session) {
  hpb::WithdrawRequest request;
  request.set_credential_id(flags.credential);
  ASSIGN_OR_RETURN(const Bytes id, AuthorisationIdOf(flags.authorisation));
  request.set_authorisation_id(AsString(id));
  Report shown;
  shown.Text("credential", flags.credential).Octets("authorisation_id", id);
  session.Show("Authorisation to withdraw", shown);
  RETURN_IF_ERROR(session.Confirm("End it for good? Its client seals nothing more."));
  RETURN_IF_ERROR(session.Call<hpb::WithdrawResponse>("Sealing/Withdraw", request).status());
  Report report;
  report.Text("credential", flags.credential).Octets("authorisation_id", id);
  report.Text("state", "withdrawn");
  return report;
}

struct StatusFlags {
  std::string credential;
};

StatusOr<Report> SealStatus(const StatusFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const auto status, FetchStatus(flags.credential, session));
  std::vector<Report> authorisations;
  for (const auto& each : status.authorisations()) {
    const WallTime now = session.clock().Now();
    const bool queued = now.ms < each.not_before_ms(), over = now.ms >= each.not_after_ms();
    Report report = ReportOf(each);
    report.Number("remaining",
                  static_cast<int64_t>(each.most_signatures() - each.used_or_reserved()));
    report.Text("state", each.withdrawn() ? "withdrawn"
                         : over           ? "over"
                         : queued         ? "queued"
                                          : "open");
    authorisations.push_back(std::move(report));
  }
  Report report;
  report.Text("credential", flags.credential).Parts("authorisations", std::move(authorisations));
  return report;
}

struct SealFlags {
  std::string credential;
  std::string authorisation;
  std::string client_key;
  std::vector<std::string> documents;
  std::string hashes;
  std::string hash_algorithm = "sha256";
  std::string out;
  uint32_t frame = 1000;
};

// One hash a line, hexadecimal.
StatusOr<std::vector<Bytes>> ReadHashes(const std::string& path, size_t octets) {
  ASSIGN_OR_RETURN(const Bytes file, ReadInput(path, kMostHashFile));
  std::vector<Bytes> hashes;
  std::string_view rest = AsStringView(file);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    auto hash = FromHex(line);
    if (!hash.ok() || hash->size() != octets) {
      return Fail(kArgumentInvalid, path + ", line " + std::to_string(hashes.size() + 1) +
                                        ": a hash of " + std::to_string(octets) +
                                        " octets in hexadecimal is wanted");
    }
    hashes.push_back(*std::move(hash));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (hashes.empty()) return Fail(kArgumentInvalid, path + ": no hash");
  return hashes;
}

size_t OctetsOf(pb::HashAlgorithm algorithm) {
  return algorithm == pb::HASH_ALGORITHM_SHA512   ? 64
         : algorithm == pb::HASH_ALGORITHM_SHA384 ? 48
                                                  : 32;
}

// The authorisation the flags name, and the number the core expects next.
StatusOr<SealOrder> OrderOf(const SealFlags& flags, const hpb::GetSealStatusResponse& status,
                            const SigningKey& client) {
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(flags.authorisation, kMostStatement));
  pb::SealAuthorisation authorisation;
  RETURN_IF_ERROR(ReadStatement(octets, kSealAuthorisationContext, authorisation));
  if (!Equal(AsBytes(authorisation.client_spki()), client.spki())) {
    return Fail(kArgumentInvalid, "--client-key: the authorisation is for client " +
                                      ToHex(Sha256(AsBytes(authorisation.client_spki()))));
  }
  SealOrder order;
  order.credential_id = flags.credential;
  order.core_instance = ToBytes(authorisation.core_instance());
  order.authorisation_id = ToBytes(ByteView(Sha256(octets)));
  order.frame = flags.frame;
  for (const auto& each : status.authorisations()) {
    if (!Equal(AsBytes(each.authorisation_id()), order.authorisation_id)) continue;
    order.sequence = each.next_sequence();
    return order;
  }
  return Fail(kArgumentInvalid, flags.authorisation +
                                    ": the core has not been given it; "
                                    "'intaglio seal authorise' comes first");
}

// Scripts must notice; what was sealed has been written.
StatusOr<Report> Complete(const SealedHashes& sealed, Report report) {
  const auto first =
      std::ranges::find_if(sealed.failures, [](const auto& each) { return !each.empty(); });
  if (first == sealed.failures.end()) return report;
  const auto missing = std::ranges::count_if(sealed.signatures, &Bytes::empty);
  return Fail(kSealIncomplete, std::to_string(missing) + " of " +
                                   std::to_string(sealed.signatures.size()) +
                                   " are missing; the first: " + *first);
}

StatusOr<Report> SealDocuments(const SealFlags& flags, const hpb::Credential& credential,
                               SealOrder order, const SigningKey& client, Session& session) {
  RETURN_IF_ERROR(CheckCertified(credential));
  const ByteView certificate = AsBytes(credential.certificate());
  std::vector<Bytes> chain, documents;
  for (const std::string& each : credential.chain()) chain.push_back(ToBytes(each));
  std::vector<DocumentToSign> prepared;
  for (const std::string& path : flags.documents) {
    RETURN_IF_ERROR(RequireAbsent(path + ".p7s"));
    ASSIGN_OR_RETURN(Bytes document, ReadInput(path, kMostDocument));
    ASSIGN_OR_RETURN(auto each, PrepareDocument(document, certificate, session.clock().Now()));
    order.hashes.push_back(each.dtbsr);
    prepared.push_back(std::move(each));
    documents.push_back(std::move(document));
  }
  order.hash_algorithm = pb::HASH_ALGORITHM_SHA256;
  ASSIGN_OR_RETURN(SealedHashes sealed, RunSeal(order, client, session));
  std::vector<Report> written;
  for (size_t i = 0; i < documents.size(); ++i) {
    Report report;
    report.Text("document", flags.documents[i]);
    if (sealed.signatures[i].empty()) {
      written.push_back(std::move(report.Text("failure", sealed.failures[i])));
      continue;
    }
    const std::string path = flags.documents[i] + ".p7s";
    ASSIGN_OR_RETURN(const Bytes cms,
                     AssembleVerified({documents[i], certificate, chain,
                                       prepared[i].signed_attributes, sealed.signatures[i]}));
    RETURN_IF_ERROR(WriteFile(path, cms, 0644));
    written.push_back(std::move(report.Text("signature", path)));
  }
  Report report = sealed.summary;
  report.Parts("documents", std::move(written));
  return Complete(sealed, std::move(report));
}

StatusOr<Report> SealHashes(const SealFlags& flags, const hpb::Credential& credential,
                            SealOrder order, const SigningKey& client, Session& session) {
  if (flags.out.empty()) return Fail(kArgumentInvalid, "--out: the file to write is missing");
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(order.hash_algorithm,
                   EnumArgument<pb::HashAlgorithm>("--hash-algorithm", flags.hash_algorithm));
  ASSIGN_OR_RETURN(order.hashes, ReadHashes(flags.hashes, OctetsOf(order.hash_algorithm)));
  ASSIGN_OR_RETURN(SealedHashes sealed, RunSeal(order, client, session));
  std::string lines;
  for (const Bytes& each : sealed.signatures) lines += ToHex(each) + "\n";
  RETURN_IF_ERROR(WriteFile(flags.out, AsBytes(lines), 0644));
  Report report = sealed.summary;
  report.Text("certificate_sha256", ToHex(Sha256(AsBytes(credential.certificate()))));
  report.Text("signatures", flags.out);
  return Complete(sealed, std::move(report));
}

StatusOr<Report> SealSign(const SealFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey client, SigningKey::Load(flags.client_key));
  if (flags.documents.empty() == flags.hashes.empty()) {
    return Fail(kArgumentInvalid, "either --document or --hashes says what is to be sealed");
  }
  ASSIGN_OR_RETURN(const auto status, FetchStatus(flags.credential, session));
  ASSIGN_OR_RETURN(const SealOrder order, OrderOf(flags, status, client));
  return flags.hashes.empty() ? SealDocuments(flags, status.credential(), order, client, session)
                              : SealHashes(flags, status.credential(), order, client, session);
}

void AddControllers(CommandTable& table) {
  table.Add<DraftFlags>(
      {"seal draft", "Drafts an authorisation for the controllers to approve",
       "intaglio seal draft --credential ID --client-key client.key.pub --signatures 1000000"
       " --per-minute 60000 --days 31 --out seal.auth"},
      [](Flags& flags, DraftFlags& o) {
        flags.Required("--credential", o.credential, "credential id of the seal's key")
            .Required("--client-key", o.client_key, "the seal client's public key, PEM or DER")
            .Number("--signatures", o.signatures, {1, 100'000'000}, "how many at most")
            .Number("--per-minute", o.per_minute, {1, 10'000'000}, "how many in a minute at most")
            .Number("--begins-in-hours", o.begins_in_hours, {0, 8760}, "0: now")
            .Number("--days", o.days, {1, 31}, "how long it counts")
            .Required("--out", o.out, "authorisation to write");
      },
      SealDraft);
  table.Add<ApproveFlags>(
      {"seal approve", "Shows an authorisation and agrees to it as one of its controllers",
       "intaglio seal approve --authorisation seal.auth --key controller.key --out one.proof"},
      [](Flags& flags, ApproveFlags& o) {
        flags.Required("--authorisation", o.authorisation, "file of 'seal draft'")
            .Required("--key", o.key, "your authenticator, private key")
            .Required("--out", o.out, "proof file to write");
      },
      SealApprove);
  table.Add<AuthoriseFlags>(
      {"seal authorise", "Hands an authorisation and its controllers' proofs to the core",
       "intaglio seal authorise --credential ID --authorisation seal.auth --proof one.proof"
       " --proof two.proof"},
      [](Flags& flags, AuthoriseFlags& o) {
        flags.Required("--credential", o.credential, "credential id of the seal's key")
            .Required("--authorisation", o.authorisation, "file of 'seal draft'")
            .Several("--proof", o.proofs, "file of 'seal approve'; may be repeated");
      },
      SealAuthorise);
  table.Add<WithdrawFlags>(
      {"seal withdraw", "Ends an authorisation for good, at once, also while its client seals",
       "intaglio seal withdraw --credential ID --authorisation seal.auth"},
      [](Flags& flags, WithdrawFlags& o) {
        flags.Required("--credential", o.credential, "credential id of the seal's key")
            .Required("--authorisation", o.authorisation,
                      "its file, or its id as 'seal status' shows it");
      },
      SealWithdraw);
}

}  // namespace

void AddSealCommands(CommandTable& table) {
  table.Noun("seal", "Seals of legal persons: authorise a client, seal in bulk");
  AddControllers(table);
  table.Add<SealFlags>(
      {"seal sign", "Seals documents (detached CAdES beside each) or a file of hashes",
       "intaglio seal sign --credential ID --authorisation seal.auth --client-key client.key"
       " --hashes hashes.txt --out signatures.txt"},
      [](Flags& flags, SealFlags& o) {
        flags.Required("--credential", o.credential, "credential id of the seal's key")
            .Required("--authorisation", o.authorisation, "file of 'seal draft', as authorised")
            .Required("--client-key", o.client_key, "the seal client's private key")
            .Several("--document", o.documents, "file to seal; writes FILE.p7s; may be repeated")
            .Optional("--hashes", o.hashes, "file of hashes, hexadecimal, one a line")
            .Optional("--hash-algorithm", o.hash_algorithm, "of --hashes: sha256, sha384, sha512")
            .Optional("--out", o.out, "of --hashes: signatures to write, one a line in order")
            .Number("--frame", o.frame, {1, 10'000}, "hashes sent at a time");
      },
      SealSign);
  table.Add<StatusFlags>(
      {"seal status", "What is left of each authorisation of a key",
       "intaglio seal status --credential ID --json"},
      [](Flags& flags, StatusFlags& o) {
        flags.Required("--credential", o.credential, "credential id of the seal's key");
      },
      SealStatus);
}

}  // namespace intaglio::host
