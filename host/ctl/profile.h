// Profile: where intaglio-host is and as whom to call it.
//
// A JSON file, so that one person keeps one small file for each role:
//   {"address": "127.0.0.1:7500", "ca": "tls-ca.pem",
//    "certificate": "officer-tls.pem", "key": "officer-tls.key"}
// Paths are relative to the file. Flags override single values.
#ifndef INTAGLIO_HOST_CTL_PROFILE_H_
#define INTAGLIO_HOST_CTL_PROFILE_H_

#include <string>

#include "base/status.h"

namespace intaglio::host {

struct Profile {
  std::string address;      // "host:port"
  std::string ca;           // PEM file of the CA of the host's certificate
  std::string certificate;  // PEM file; its organizationalUnit is the role
  std::string key;          // PEM file, mode 0600
};

// kProfileInvalid naming the member: unknown, missing or not text. Members may be absent here.
StatusOr<Profile> LoadProfile(const std::string& path);
// `first`, with what it leaves empty taken from `second`.
Profile Merged(Profile first, const Profile& second);
// kProfileInvalid naming the first empty member and the flag that sets it.
Status CheckComplete(const Profile& profile);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_PROFILE_H_
