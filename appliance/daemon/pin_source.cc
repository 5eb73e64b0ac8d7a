#include "appliance/daemon/pin_source.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "appliance/domain/reasons.h"
#include "appliance/pin/pin_socket.h"
#include "base/rng.h"

namespace intaglio::appliance {
namespace {

std::string PinSocketOf(const CoreSettings& settings) { return settings.state_dir + "/pin.sock"; }

std::string ShareFile(const std::string& dir, size_t index) {
  return dir + "/pin-share-" + std::to_string(index);
}

StatusOr<SecretBytes> ReadStandardInput() {
  SecretBytes buffer(kMaxShareLine);
  const auto room = buffer.ExposeMutable();
  size_t size = 0;
  while (size < room.size()) {
    const ssize_t got = read(STDIN_FILENO, room.data() + size, room.size() - size);
    if (got <= 0) break;
    size += static_cast<size_t>(got);
    if (room[size - 1] == '\n') break;
  }
  while (size > 0 && (room[size - 1] == '\n' || room[size - 1] == '\r')) --size;
  if (size == 0) return Fail(kPinShareRefused, "no share on standard input");
  return SecretBytes::CopyOf(buffer.Expose().first(size));
}

}  // namespace

std::string PinFileOf(const TokenSettings& token) {
  if (token.pin_credential.empty()) return token.pin_file;
  const char* folder = getenv("CREDENTIALS_DIRECTORY");
  return folder == nullptr ? std::string() : std::string(folder) + "/" + token.pin_credential;
}

StatusOr<SecretBytes> ReadPin(const CoreSettings& settings, const TokenSettings& token) {
  if (token.entered_pin) return SecretBytes::CopyOf(token.entered_pin->Expose());
  if (token.pin_shares_need > 0) return AwaitShares(PinSocketOf(settings), token.pin_shares_need);
  const std::string file = PinFileOf(token);
  if (file.empty()) {
    return Fail(kPinUnavailable,
                "CREDENTIALS_DIRECTORY is not set; give the service the credential " +
                    token.pin_credential + " by LoadCredential=");
  }
  return ReadSecretFile(file);
}

StatusOr<std::string> SplitPinFile(const PinSplit& split) {
  ASSIGN_OR_RETURN(const SecretBytes pin, ReadSecretFile(split.pin_file));
  if (split.need > kMaxPinShares || split.shares > kMaxPinShares) {
    return Fail(kPinShareRefused, "at most " + std::to_string(kMaxPinShares) + " shares");
  }
  SystemRng rng;
  ASSIGN_OR_RETURN(
      const auto shares,
      SplitPin(pin, {static_cast<unsigned>(split.need), static_cast<unsigned>(split.shares)}, rng));
  std::error_code error;
  for (size_t i = 1; i <= kMaxPinShares; ++i) {
    if (std::filesystem::exists(ShareFile(split.out_dir, i), error)) {
      return Fail(kPinShareRefused,
                  ShareFile(split.out_dir, i) + " is there already; no share is overwritten");
    }
  }
  for (const PinShare& each : shares) {
    const SecretBytes line = WriteShare(each);
    RETURN_IF_ERROR(WriteFile(ShareFile(split.out_dir, each.index), line.Expose(), 0600));
  }
  return "{\"set\":\"" + ToHex(shares.front().set) +
         "\",\"shares\":" + std::to_string(split.shares) +
         ",\"need\":" + std::to_string(split.need) + "}";
}

StatusOr<std::string> EnterPinShare(const CoreSettings& settings, const std::string& share_file) {
  ASSIGN_OR_RETURN(const SecretBytes line,
                   share_file.empty() ? ReadStandardInput() : ReadSecretFile(share_file));
  ASSIGN_OR_RETURN(const unsigned missing, EnterShare(PinSocketOf(settings), line));
  return "{\"missing\":" + std::to_string(missing) + "}";
}

}  // namespace intaglio::appliance
