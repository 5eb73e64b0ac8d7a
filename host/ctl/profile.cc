#include "host/ctl/profile.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "host/ctl/reasons.h"

namespace intaglio::host {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostProfile = 16 * 1024;

std::string Relative(const std::string& profile, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  return (std::filesystem::path(profile).parent_path() / path).string();
}

}  // namespace

StatusOr<Profile> LoadProfile(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes file, ReadFile(path, FileTrust::kNotWritable, kMostProfile));
  const Json json = Json::parse(file.begin(), file.end(), nullptr, false);
  if (!json.is_object()) return Fail(kProfileInvalid, path + ": one JSON object is wanted");
  Profile out;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return Fail(kProfileInvalid, path + ": '" + name + "' must be a text");
    const auto text = value.get<std::string>();
    if (name == "address") {
      out.address = text;
    } else if (name == "ca") {
      out.ca = Relative(path, text);
    } else if (name == "certificate") {
      out.certificate = Relative(path, text);
    } else if (name == "key") {
      out.key = Relative(path, text);
    } else {
      return Fail(kProfileInvalid, path + ": unknown member '" + name +
                                       "'; known are address, ca, certificate, key");
    }
  }
  return out;
}

Profile Merged(Profile first, const Profile& second) {
  if (first.address.empty()) first.address = second.address;
  if (first.ca.empty()) first.ca = second.ca;
  if (first.certificate.empty()) first.certificate = second.certificate;
  if (first.key.empty()) first.key = second.key;
  return first;
}

Status CheckComplete(const Profile& profile) {
  const auto missing = [](const char* member, const char* flag) {
    return Fail(kProfileInvalid, std::string("no ") + member + "; give " + flag +
                                     " or a profile (--profile or INTAGLIO_PROFILE)");
  };
  if (profile.address.empty()) return missing("address", "--address");
  if (profile.ca.empty()) return missing("ca", "--tls-ca");
  if (profile.certificate.empty()) return missing("certificate", "--tls-certificate");
  if (profile.key.empty()) return missing("key", "--tls-key");
  return OkStatus();
}

}  // namespace intaglio::host
