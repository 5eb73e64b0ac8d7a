#include "host/daemon/settings.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <openssl/err.h>

#include <charconv>
#include <filesystem>

#include "base/file.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/certificate.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "intaglio/config/v1/host.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::config::v1;

constexpr size_t kMaxConfig = 256 * 1024;
constexpr size_t kMaxPem = 64 * 1024;
constexpr size_t kMaxAgreement = 16 << 20;

Status Bad(const std::string& field, const std::string& problem) {
  return Fail(kHostConfig, field + ": " + problem);
}

class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = "line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ": " +
            message;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

Status RequireAbsolute(const std::string& field, const std::string& path) {
  if (path.empty()) return Bad(field, "is required");
  return path[0] == '/' ? OkStatus() : Bad(field, "must be an absolute path, is " + path);
}

Status Require(const std::string& field, const std::string& text) {
  return text.empty() ? Bad(field, "is required") : OkStatus();
}

StatusOr<Bytes> ReadPem(const std::string& field, const std::string& path) {
  RETURN_IF_ERROR(RequireAbsolute(field, path));
  return ReadFile(path, FileTrust::kNotWritable, kMaxPem);
}

StatusOr<SecretBytes> ReadKey(const std::string& field, const std::string& path) {
  RETURN_IF_ERROR(RequireAbsolute(field, path));
  return ReadSecretFile(path);
}

// The certificate's key must be the private key beside it; otherwise nobody could connect.
Status CheckPair(const std::string& part, ByteView certificate_pem, const SecretBytes& key_pem) {
  const auto der = CertificateFromPem(certificate_pem);
  if (!der.ok()) return Bad(part + ".certificate", DetailOf(der.status()));
  const auto certificate = ParseCertificate(*der);
  if (!certificate.ok()) return Bad(part + ".certificate", DetailOf(certificate.status()));
  const auto key = PrivateKeyFromPem(key_pem);
  if (!key.ok()) return Bad(part + ".private_key", DetailOf(key.status()));
  const bool fits = X509_check_private_key(certificate->get(), key->get()) == 1;
  ERR_clear_error();
  return fits ? OkStatus()
              : Bad(part + ".private_key", "is not the key of " + part + ".certificate");
}

// "127.0.0.1:7500" or "[::1]:7500".
Status CheckListen(const std::string& field, const std::string& text) {
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  if (colon == std::string::npos || colon == 0) return Bad(field, "'" + text + "' has no port");
  const auto [end, error] =
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Bad(field, "the port of '" + text + "' is not a number up to 65535");
  }
  return OkStatus();
}

StatusOr<GrpcServerConfig> CheckGrpc(const pb::HostGrpcConfig& config) {
  GrpcServerConfig out;
  RETURN_IF_ERROR(Require("grpc.listen", config.listen()));
  RETURN_IF_ERROR(CheckListen("grpc.listen", config.listen()));
  out.listen = config.listen();
  ASSIGN_OR_RETURN(out.certificate_pem, ReadPem("grpc.certificate", config.certificate()));
  ASSIGN_OR_RETURN(out.private_key_pem, ReadKey("grpc.private_key", config.private_key()));
  RETURN_IF_ERROR(CheckPair("grpc", out.certificate_pem, out.private_key_pem));
  ASSIGN_OR_RETURN(out.client_ca_pem, ReadPem("grpc.client_ca", config.client_ca()));
  if (const auto ca = CertificateFromPem(out.client_ca_pem); !ca.ok()) {
    return Bad("grpc.client_ca", DetailOf(ca.status()));
  }
  return out;
}

StatusOr<HttpServerConfig> CheckHttp(const pb::HostHttpConfig& config) {
  HttpServerConfig out;
  RETURN_IF_ERROR(Require("http.listen", config.listen()));
  RETURN_IF_ERROR(CheckListen("http.listen", config.listen()));
  if (config.max_connections() > 65536) return Bad("http.max_connections", "at most 65536");
  out.listen = config.listen();
  if (config.max_connections() > 0) out.max_connections = config.max_connections();
  if (config.threads() > 64) return Bad("http.threads", "at most 64");
  if (config.threads() > 0) out.threads = config.threads();
  return out;
}

StatusOr<CoreLinkConfig> CheckCore(const pb::HostLinkConfig& config) {
  CoreLinkConfig out;
  if (config.unix_socket().empty() == config.tcp_address().empty()) {
    return Bad("core", "exactly one of unix_socket and tcp_address is needed");
  }
  out.unix_socket = config.unix_socket();
  out.tcp_address = config.tcp_address();
  ASSIGN_OR_RETURN(out.certificate_pem, ReadPem("core.certificate", config.certificate()));
  ASSIGN_OR_RETURN(out.private_key_pem, ReadKey("core.private_key", config.private_key()));
  RETURN_IF_ERROR(CheckPair("core", out.certificate_pem, out.private_key_pem));
  ASSIGN_OR_RETURN(out.pinned_peer_pem, ReadPem("core.pinned_peer", config.pinned_peer()));
  if (const auto peer = CertificateFromPem(out.pinned_peer_pem); !peer.ok()) {
    return Bad("core.pinned_peer", DetailOf(peer.status()));
  }
  if (config.request_timeout_seconds() > 3600) {
    return Bad("core.request_timeout_seconds", "at most 3600");
  }
  if (config.request_timeout_seconds() > 0) {
    out.timeout = config.request_timeout_seconds() * kSecond;
  }
  return out;
}

StatusOr<Terms> CheckService(const pb::HostServiceConfig& config) {
  Terms out;
  out.boundary = config.lab() ? Boundary::kLab : Boundary::kProduction;
  RETURN_IF_ERROR(Require("service.tsp_name", config.tsp_name()));
  out.tsp_name = config.tsp_name();
  if (config.country().size() != 2) return Bad("service.country", "two letters are needed");
  out.country = config.country();
  out.policies = {CertificatePolicy::kQcpNQscd, CertificatePolicy::kQcpLQscd};
  if (config.repository_url().rfind("http://", 0) != 0) {
    return Bad("service.repository_url", "must begin with http://");
  }
  if (config.pds_url().rfind("https://", 0) != 0) {
    return Bad("service.pds_url", "must begin with https://");
  }
  if (config.pds_language().size() != 2) return Bad("service.pds_language", "two letters");
  out.repository_url = config.repository_url();
  out.urls = {.ca_issuers = out.repository_url + "/ca/ca.crt",
              .ocsp = out.repository_url + "/ocsp",
              .crl = out.repository_url + "/crl/ca.crl",
              .pds = config.pds_url(),
              .pds_language = config.pds_language(),
              .cps = ""};
  RETURN_IF_ERROR(Require("service.qscd_entry_id", config.qscd_entry_id()));
  out.qscd_entry_id = config.qscd_entry_id();
  if (config.subscriber_days() > 1095) return Bad("service.subscriber_days", "at most 1095");
  if (config.subscriber_days() > 0) out.subscriber_days = config.subscriber_days();
  if (config.crl_hours() > 48) return Bad("service.crl_hours", "at most 48");
  if (config.crl_hours() > 0) out.crl_life = config.crl_hours() * kHour;
  if (config.ocsp_hours() > 24) return Bad("service.ocsp_hours", "at most 24");
  if (config.ocsp_hours() > 0) out.ocsp_life = config.ocsp_hours() * kHour;
  RETURN_IF_ERROR(RequireAbsolute("service.agreement_file", config.agreement_file()));
  ASSIGN_OR_RETURN(out.agreement,
                   ReadFile(config.agreement_file(), FileTrust::kNotWritable, kMaxAgreement));
  if (out.agreement.empty()) return Bad("service.agreement_file", "is empty");
  out.agreement_digest = Sha256(out.agreement);
  return out;
}

}  // namespace

StatusOr<HostSettings> LoadHostSettings(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, kMaxConfig));
  pb::HostConfig config;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(AsString(content), &config)) return Bad(path, error.text());
  HostSettings out;
  RETURN_IF_ERROR(RequireAbsolute("database", config.database()));
  out.database = config.database();
  out.journal_dir = (std::filesystem::path(out.database).parent_path() / "journal").string();
  if (!config.journal_dir().empty()) {
    RETURN_IF_ERROR(RequireAbsolute("journal_dir", config.journal_dir()));
    out.journal_dir = config.journal_dir();
  }
  ASSIGN_OR_RETURN(out.grpc, CheckGrpc(config.grpc()));
  ASSIGN_OR_RETURN(out.http, CheckHttp(config.http()));
  if (!config.operations_listen().empty()) {
    RETURN_IF_ERROR(CheckListen("operations_listen", config.operations_listen()));
    out.operations_listen = config.operations_listen();
  }
  ASSIGN_OR_RETURN(out.core, CheckCore(config.core()));
  ASSIGN_OR_RETURN(out.terms, CheckService(config.service()));
  RETURN_IF_ERROR(RequireAbsolute("qscd_registry", config.qscd_registry()));
  out.qscd_registry = config.qscd_registry();
  if (config.device_roots().empty()) return Bad("device_roots", "at least one is required");
  for (const std::string& each : config.device_roots()) {
    ASSIGN_OR_RETURN(const Bytes pem, ReadPem("device_roots", each));
    auto root = CertificateFromPem(pem);
    if (!root.ok()) return Bad("device_roots", each + ": " + DetailOf(root.status()));
    Bytes der = *std::move(root);
    out.device_roots.push_back(std::move(der));
  }
  return out;
}

}  // namespace intaglio::host
