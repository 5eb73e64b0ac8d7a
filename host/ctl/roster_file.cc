#include "host/ctl/roster_file.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/ctl/statements.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
using Json = nlohmann::json;

Status Bad(const std::string& path, const std::string& problem) {
  return Fail(kArgumentInvalid, path + ": " + problem);
}

std::string Resolve(const std::string& base_file, const std::string& path) {
  const size_t slash = base_file.rfind('/');
  if (path.empty() || path[0] == '/' || slash == std::string::npos) return path;
  return base_file.substr(0, slash + 1) + path;
}

// The text of `field`, or nothing if it is missing and may be.
StatusOr<std::string> TextOf(const std::string& path, const Json& officer, const char* field) {
  const auto found = officer.find(field);
  if (found == officer.end()) return std::string();
  if (!found->is_string()) return Bad(path, std::string(field) + " must be a text");
  return found->get<std::string>();
}

Status ReadOfficer(const std::string& path, const Json& officer, pb::RosterEntry& entry) {
  if (!officer.is_object()) return Bad(path, "an officer must be an object");
  for (const auto& [key, value] : officer.items()) {
    if (key != "name" && key != "role" && key != "public_key" && key != "until") {
      return Bad(path, "unknown field " + key);
    }
  }
  ASSIGN_OR_RETURN(const std::string name, TextOf(path, officer, "name"));
  if (name.empty() || name.size() > 64) return Bad(path, "name: from 1 to 64 octets");
  ASSIGN_OR_RETURN(const std::string role, TextOf(path, officer, "role"));
  ASSIGN_OR_RETURN(const auto number, EnumArgument<pb::Role>(path + ": role of " + name, role));
  ASSIGN_OR_RETURN(const std::string key, TextOf(path, officer, "public_key"));
  if (key.empty()) return Bad(path, "public_key of " + name + " is missing");
  ASSIGN_OR_RETURN(const Bytes spki, ReadPublicKey(Resolve(path, key)));
  ASSIGN_OR_RETURN(const std::string until, TextOf(path, officer, "until"));
  if (!until.empty()) {
    ASSIGN_OR_RETURN(const int64_t end, DateArgument(path + ": until of " + name, until));
    entry.set_until_ms(end);
  }
  entry.set_name(name);
  entry.set_role(number);
  entry.set_spki(AsString(spki));
  entry.set_officer_id(AsString(Sha256(spki)));
  return OkStatus();
}

StatusOr<pb::ChangeRoster> ReadRosterFile(const std::string& path, const Bytes& octets) {
  const Json json = Json::parse(octets.begin(), octets.end(), nullptr, false);
  if (!json.is_object()) return Bad(path, "is neither JSON of a roster nor a signed command");
  const auto need = json.find("commands_need");
  if (need == json.end() || !need->is_number_unsigned() || *need > 256) {
    return Bad(path, "commands_need must be a number from 2");
  }
  const auto officers = json.find("officers");
  if (officers == json.end() || !officers->is_array()) return Bad(path, "officers must be a list");
  pb::ChangeRoster roster;
  roster.set_commands_need(need->get<uint32_t>());
  for (const Json& each : *officers)
    RETURN_IF_ERROR(ReadOfficer(path, each, *roster.add_entries()));
  return roster;
}

const pb::RosterEntry* Find(const pb::ChangeRoster& roster, const std::string& spki) {
  const auto found = std::find_if(roster.entries().begin(), roster.entries().end(),
                                  [&](const pb::RosterEntry& each) { return each.spki() == spki; });
  return found == roster.entries().end() ? nullptr : &*found;
}

Report Describe(const char* change, const pb::RosterEntry& entry) {
  Report report;
  report.Text("change", change).Text("name", entry.name());
  report.Text("role", EnumText(*pb::Role_descriptor(), entry.role()));
  report.Octets("officer_id", AsBytes(entry.officer_id()));
  report.Time("until_ms", WallTime{entry.until_ms()});
  return report;
}

// Both sides, where they differ.
Report DescribeDifference(const pb::RosterEntry& before, const pb::RosterEntry& after) {
  Report report = Describe("changed", after);
  if (before.name() != after.name()) report.Text("name_before", before.name());
  if (before.role() != after.role()) {
    report.Text("role_before", EnumText(*pb::Role_descriptor(), before.role()));
  }
  if (before.until_ms() != after.until_ms()) {
    report.Time("until_before_ms", WallTime{before.until_ms()});
  }
  return report;
}

bool Same(const pb::RosterEntry& a, const pb::RosterEntry& b) {
  return a.name() == b.name() && a.role() == b.role() && a.until_ms() == b.until_ms();
}

}  // namespace

StatusOr<int64_t> DateArgument(const std::string& flag, const std::string& text) {
  tm parts{};
  char rest = 0;
  if (text.size() == 10 && std::sscanf(text.c_str(), "%4d-%2d-%2d%c", &parts.tm_year, &parts.tm_mon,
                                       &parts.tm_mday, &rest) == 3) {
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    const tm asked = parts;
    const time_t seconds = timegm(&parts);
    // timegm turns February 30 into March 2; such a date is a mistake.
    if (parts.tm_mday == asked.tm_mday && parts.tm_mon == asked.tm_mon && seconds > 0) {
      return static_cast<int64_t>(seconds) * 1000;
    }
  }
  return Fail(kArgumentInvalid, flag + ": '" + text + "' is no date like 2027-11-23");
}

StatusOr<pb::ChangeRoster> LoadRoster(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(path, kMostStatement));
  pb::Command command;
  if (ReadStatement(octets, kCommandContext, command).ok()) {
    if (command.has_change_roster()) return command.change_roster();
    return Bad(path, "is a command that changes no roster");
  }
  return ReadRosterFile(path, octets);
}

Report RosterChanges(const pb::ChangeRoster& before, const pb::ChangeRoster& after) {
  std::vector<Report> changes;
  int64_t kept = 0;
  for (const pb::RosterEntry& each : before.entries()) {
    const pb::RosterEntry* const now = Find(after, each.spki());
    if (now == nullptr) {
      changes.push_back(Describe("removed", each));
    } else if (Same(each, *now)) {
      ++kept;
    } else {
      changes.push_back(DescribeDifference(each, *now));
    }
  }
  for (const pb::RosterEntry& each : after.entries()) {
    if (Find(before, each.spki()) == nullptr) changes.push_back(Describe("added", each));
  }
  Report report;
  report.Number("commands_need_before", before.commands_need());
  report.Number("commands_need_after", after.commands_need());
  report.Number("entries_unchanged", kept).Parts("entries", std::move(changes));
  return report;
}

}  // namespace intaglio::host
