#include "appliance/daemon/config.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <stdio.h>
#include <time.h>

#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/daemon/pem.h"
#include "appliance/domain/reasons.h"
#include "appliance/pin/pin_shares.h"
#include "appliance/usecases/commands/roster_rules.h"
#include "intaglio/config/v1/core.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::config::v1;

constexpr size_t kMaxConfig = 256 * 1024;
constexpr size_t kMaxPem = 64 * 1024;
constexpr int kMostDeviceRoots = 16;
constexpr size_t kMaxDeviceRoot = 4096;

Status Bad(const std::string& field, const std::string& problem) {
  return Fail(kConfigInvalid, field + ": " + problem);
}

// The first error of a textproto, with its place.
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

template <class Message>
StatusOr<Message> ParseFile(const std::string& path, ByteView content) {
  Message message;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(AsString(content), &message)) return Bad(path, error.text());
  return message;
}

Status RequireAbsolute(const std::string& field, const std::string& path) {
  if (path.empty()) return Bad(field, "is required");
  return path[0] == '/' ? OkStatus() : Bad(field, "must be an absolute path, is " + path);
}

Status CheckPinSource(const pb::TokenConfig& config) {
  const bool file = !config.pin_file().empty(), credential = !config.pin_credential().empty();
  const bool shares = config.pin_shares_need() > 0;
  if (int{file} + int{credential} + int{shares} != 1) {
    return Bad("token.pin_file", "exactly one of pin_file, pin_credential and pin_shares_need");
  }
  if (credential && (config.pin_credential().find('/') != std::string::npos ||
                     config.pin_credential()[0] == '.')) {
    return Bad("token.pin_credential", "is the name of a systemd credential, not a path");
  }
  if (shares && (config.pin_shares_need() < 2 || config.pin_shares_need() > kMaxPinShares)) {
    return Bad("token.pin_shares_need", "from 2 to 16");
  }
  return file ? RequireAbsolute("token.pin_file", config.pin_file()) : OkStatus();
}

StatusOr<TokenSettings> CheckToken(const pb::TokenConfig& config) {
  TokenSettings out{.module = config.module(),
                    .selector = config.selector(),
                    .pin_file = config.pin_file(),
                    .pin_credential = config.pin_credential(),
                    .pin_shares_need = config.pin_shares_need(),
                    .storage_key = config.storage_key(),
                    .softhsm_conf = config.softhsm_conf()};
  RETURN_IF_ERROR(RequireAbsolute("token.module", out.module));
  RETURN_IF_ERROR(CheckPinSource(config));
  if (out.selector.empty()) return Bad("token.selector", "is required: a label or a pkcs11: URI");
  if (out.storage_key.empty()) return Bad("token.storage_key", "is required: the label of the key");
  if (config.max_sessions() > 256) return Bad("token.max_sessions", "at most 256");
  if (config.max_sessions() > 0) out.max_sessions = config.max_sessions();
  if (config.idle_timeout_seconds() > kDay / kSecond) {
    return Bad("token.idle_timeout_seconds", "at most a day, 86400");
  }
  out.idle_timeout = config.idle_timeout_seconds() * kSecond;
  if (config.cached_keys() > 4096) return Bad("token.cached_keys", "at most 4096");
  if (config.cached_keys() > 0) out.cached_keys = config.cached_keys();
  if (config.reinitialise_after_objects() > 0) {
    if (config.reinitialise_after_objects() < 1000) {
      return Bad("token.reinitialise_after_objects", "at least 1000: each time every session ends");
    }
    out.reinitialise_after = config.reinitialise_after_objects();
  }
  return out;
}

// Tokens that stand in for the first wrap under the same key; a process has one SoftHSM.
StatusOr<std::vector<TokenSettings>> CheckStandbyTokens(const pb::CoreConfig& config,
                                                        const TokenSettings& first) {
  if (config.standby_tokens_size() > 7) return Bad("standby_tokens", "at most 7");
  std::vector<TokenSettings> out;
  for (const pb::TokenConfig& each : config.standby_tokens()) {
    ASSIGN_OR_RETURN(TokenSettings token, CheckToken(each));
    if (token.storage_key != first.storage_key) {
      return Bad("standby_tokens.storage_key", "must be the first token's, " + first.storage_key);
    }
    if (!token.softhsm_conf.empty() && token.softhsm_conf != first.softhsm_conf) {
      return Bad("standby_tokens.softhsm_conf", "a process has one; it is the first token's");
    }
    out.push_back(std::move(token));
  }
  return out;
}

StatusOr<LinkServerConfig> CheckLink(const pb::LinkConfig& config, BoundaryKind boundary) {
  LinkServerConfig out;
  if (config.unix_socket().empty() == config.tcp_listen().empty()) {
    return Bad("link", "exactly one of unix_socket and tcp_listen is needed");
  }
  if (!config.unix_socket().empty() && boundary == BoundaryKind::kProduction) {
    return Bad("link.unix_socket", "is for labs; in production the host runs on another machine");
  }
  out.unix_socket = config.unix_socket();
  out.tcp_listen = config.tcp_listen();
  RETURN_IF_ERROR(RequireAbsolute("link.certificate", config.certificate()));
  RETURN_IF_ERROR(RequireAbsolute("link.private_key", config.private_key()));
  RETURN_IF_ERROR(RequireAbsolute("link.pinned_peer", config.pinned_peer()));
  ASSIGN_OR_RETURN(out.certificate_pem,
                   ReadFile(config.certificate(), FileTrust::kNotWritable, kMaxPem));
  ASSIGN_OR_RETURN(out.private_key_pem, ReadSecretFile(config.private_key()));
  ASSIGN_OR_RETURN(out.pinned_peer_pem,
                   ReadFile(config.pinned_peer(), FileTrust::kNotWritable, kMaxPem));
  if (config.max_connections() > 0) out.max_connections = config.max_connections();
  if (config.workers() > 64) return Bad("link.workers", "at most 64");
  if (config.workers() > 0) out.workers = config.workers();
  return out;
}

StatusOr<JournalOptions> CheckJournal(const pb::JournalConfig& config,
                                      const pb::AnchorConfig& anchor) {
  constexpr uint32_t kFirstNvIndex = 0x01800000, kLastNvIndex = 0x01bffffe;
  JournalOptions out;
  if (config.checkpoint_every_events() > 0) out.pace.lines = config.checkpoint_every_events();
  if (config.checkpoint_every_seconds() > kDay / kSecond) {
    return Bad("journal.checkpoint_every_seconds", "at most 86400");
  }
  if (config.checkpoint_every_seconds() > 0) {
    out.pace.time = config.checkpoint_every_seconds() * kSecond;
  }
  if (config.segment_mib() > 4096) return Bad("journal.segment_mib", "at most 4096");
  if (config.segment_mib() > 0) out.limits.segment = {uint64_t{config.segment_mib()} << 20};
  const uint64_t least_free = config.least_free_mib() > 0 ? config.least_free_mib() : 64;
  out.limits.least_free_octets = least_free << 20;
  if (!anchor.has_tpm()) return out;
  if (anchor.tpm().tcti().empty()) return Bad("anchor.tpm.tcti", "is required");
  // The mark lies at the index behind the counter's.
  if (anchor.tpm().nv_index() < kFirstNvIndex || anchor.tpm().nv_index() > kLastNvIndex) {
    return Bad("anchor.tpm.nv_index", "from 0x01800000 to 0x01bffffe");
  }
  out.tpm = TpmPlace{anchor.tpm().tcti(), anchor.tpm().nv_index()};
  return out;
}

StatusOr<Role> RoleOf(const std::string& name) {
  if (name == "security-officer") return Role::kSecurityOfficer;
  if (name == "registration-officer") return Role::kRegistrationOfficer;
  if (name == "revocation-officer") return Role::kRevocationOfficer;
  if (name == "auditor") return Role::kAuditor;
  return Bad("officers.role", "'" + name +
                                  "' is not security-officer, registration-officer, "
                                  "revocation-officer or auditor");
}

StatusOr<WallTime> DateOf(const std::string& field, const std::string& text) {
  tm parts{};
  char rest = 0;
  if (text.size() != 10 || sscanf(text.c_str(), "%4d-%2d-%2d%c", &parts.tm_year, &parts.tm_mon,
                                  &parts.tm_mday, &rest) != 3) {
    return Bad(field, "'" + text + "' is not a date like 2027-11-23");
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const tm asked = parts;
  const time_t seconds = timegm(&parts);
  // timegm turns February 30 into March 2; such a date is a mistake.
  if (parts.tm_mday != asked.tm_mday || parts.tm_mon != asked.tm_mon) {
    return Bad(field, "'" + text + "' is no day of the calendar");
  }
  return WallTime{static_cast<int64_t>(seconds) * 1000};
}

std::string Resolve(const std::string& base_file, const std::string& path) {
  const size_t slash = base_file.rfind('/');
  if (path.empty() || path[0] == '/' || slash == std::string::npos) return path;
  return base_file.substr(0, slash + 1) + path;
}

}  // namespace

StatusOr<CoreSettings> LoadSettings(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, kMaxConfig));
  ASSIGN_OR_RETURN(const auto config, ParseFile<pb::CoreConfig>(path, content));
  CoreSettings out;
  out.file_sha256 = Sha256(content);
  out.state_dir = config.state_dir();
  RETURN_IF_ERROR(RequireAbsolute("state_dir", out.state_dir));
  if (config.boundary() == pb::BOUNDARY_LAB) {
    out.boundary = BoundaryKind::kLab;
  } else if (config.boundary() != pb::BOUNDARY_PRODUCTION) {
    return Bad("boundary", "is required: BOUNDARY_LAB or BOUNDARY_PRODUCTION");
  }
  ASSIGN_OR_RETURN(out.token, CheckToken(config.token()));
  ASSIGN_OR_RETURN(out.standby_tokens, CheckStandbyTokens(config, out.token));
  ASSIGN_OR_RETURN(out.link, CheckLink(config.link(), out.boundary));
  ASSIGN_OR_RETURN(out.journal, CheckJournal(config.journal(), config.anchor()));
  return out;
}

StatusOr<CoreIdentity> LoadInit(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, kMaxConfig));
  ASSIGN_OR_RETURN(const auto config, ParseFile<pb::CoreInit>(path, content));
  CoreIdentity out;
  out.commands_need = config.commands_need();
  for (const pb::Officer& each : config.officers()) {
    Officer officer;
    officer.name = each.name();
    if (officer.name.empty() || officer.name.size() > 64) {
      return Bad("officers.name", "from 1 to 64 octets");
    }
    ASSIGN_OR_RETURN(officer.role, RoleOf(each.role()));
    ASSIGN_OR_RETURN(const Bytes file,
                     ReadFile(Resolve(path, each.public_key()), FileTrust::kNotWritable, kMaxPem));
    ASSIGN_OR_RETURN(officer.spki, DerOrPem(file, "PUBLIC KEY"));
    if (!PointOfSpki(officer.spki)) {
      return Bad("officers.public_key", each.public_key() + " is not a P-256 public key");
    }
    officer.id.octets = Sha256(officer.spki);
    out.roster.push_back(std::move(officer));
  }
  RETURN_IF_ERROR(CheckRoster(out.roster, out.commands_need));
  if (config.device_roots_size() > kMostDeviceRoots) return Bad("device_roots", "at most 16");
  for (const std::string& each : config.device_roots()) {
    ASSIGN_OR_RETURN(const Bytes file,
                     ReadFile(Resolve(path, each), FileTrust::kNotWritable, kMaxPem));
    ASSIGN_OR_RETURN(Bytes root, DerOrPem(file, "CERTIFICATE"));
    if (root.size() > kMaxDeviceRoot) return Bad("device_roots", each + " is over 4096 octets");
    out.device_roots.push_back(std::move(root));
  }
  out.qscd_entry.entry_id = config.qscd_entry_id();
  if (out.qscd_entry.entry_id.empty()) return Bad("qscd_entry_id", "is required");
  ASSIGN_OR_RETURN(out.qscd_entry.valid_until,
                   DateOf("qscd_valid_until", config.qscd_valid_until()));
  return out;
}

}  // namespace intaglio::appliance
