#include "appliance/pin/pin_shares.h"

#include <algorithm>
#include <charconv>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/pin/gf256.h"

namespace intaglio::appliance {
namespace {

constexpr std::string_view kForm = "intaglio-pin-share-1";
constexpr size_t kChecksum = 8;

Status Refuse(const std::string& why) { return Fail(kPinShareRefused, why); }

Digest SecretChecksum(const ShareSet& set, ByteView pin) {
  return Sha256({AsBytes("intaglio/pin"), set, pin});
}

std::string LineChecksum(ByteView line) { return ToHex(Sha256(line)).substr(0, 2 * kChecksum); }

std::string Header(const PinShare& share) {
  return std::string(kForm) + " " + ToHex(share.set) + " " + std::to_string(share.index) + " " +
         std::to_string(share.need) + " " + std::to_string(share.count) + " ";
}

char HexDigit(unsigned value) {
  // '0'..'9' then 'a'..'f', by arithmetic: the octet is secret.
  return static_cast<char>(value + '0' + ((9u - value) >> 8 & ('a' - '0' - 10u)));
}

// The next word, without what ends it.
std::string_view Word(std::string_view& rest) {
  const size_t end = rest.find(' ');
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return word;
}

bool ReadSmall(std::string_view word, uint8_t& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc() && end == word.data() + word.size() && !word.empty() &&
         word[0] != '0';
}

bool ReadHex(std::string_view word, std::span<uint8_t> out) {
  if (word.size() != 2 * out.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
    if (!digit && !letter) return false;
    const auto value = static_cast<unsigned>(digit ? c - '0' : c - 'a' + 10);
    out[i / 2] = static_cast<uint8_t>(out[i / 2] << 4 | value);
  }
  return true;
}

// The value at `x` of the polynomial whose coefficients, lowest first, stand `stride` apart.
uint8_t ValueAt(ByteView coefficients, size_t octet, size_t stride, uint8_t x) {
  uint8_t value = 0;
  for (size_t at = coefficients.size() / stride; at-- > 0;) {
    value = GfMultiply(value, x) ^ coefficients[at * stride + octet];
  }
  return value;
}

}  // namespace

StatusOr<std::vector<PinShare>> SplitPin(const SecretBytes& pin, ShareCounts counts, Rng& rng) {
  if (pin.empty() || pin.size() > kMaxPinOctets) {
    return Refuse("a PIN to be split has 1 to 255 octets");
  }
  if (counts.need < 2 || counts.need > counts.count || counts.count > kMaxPinShares) {
    return Refuse("--need K of --shares N: 2 <= K <= N <= 16");
  }
  ShareSet set;
  RETURN_IF_ERROR(rng.Fill(set));
  const size_t size = pin.size() + kChecksum;
  SecretBytes coefficients(size * counts.need);
  const auto all = coefficients.ExposeMutable();
  RETURN_IF_ERROR(rng.Fill(all.subspan(size)));
  std::copy_n(pin.Expose().begin(), pin.size(), all.begin());
  Digest checksum = SecretChecksum(set, pin.Expose());
  std::copy_n(checksum.begin(), kChecksum, all.begin() + static_cast<ptrdiff_t>(pin.size()));
  Wipe(checksum);
  std::vector<PinShare> shares;
  for (unsigned index = 1; index <= counts.count; ++index) {
    PinShare share{set, static_cast<uint8_t>(index), static_cast<uint8_t>(counts.need),
                   static_cast<uint8_t>(counts.count), SecretBytes(size)};
    const auto octets = share.octets.ExposeMutable();
    for (size_t i = 0; i < size; ++i) octets[i] = ValueAt(all, i, size, share.index);
    shares.push_back(std::move(share));
  }
  return shares;
}

StatusOr<SecretBytes> JoinPin(const std::vector<PinShare>& shares) {
  if (shares.empty() || shares.size() != shares.front().need) {
    return Refuse("exactly as many shares are joined as are needed");
  }
  const size_t size = shares.front().octets.size();
  SecretBytes secret(size);
  const auto joined = secret.ExposeMutable();
  for (const PinShare& each : shares) {
    if (each.set != shares.front().set || each.octets.size() != size || size <= kChecksum) {
      return Refuse("the shares are of different sets");
    }
    // Lagrange's coefficient of this share at 0.
    uint8_t weight = 1;
    for (const PinShare& other : shares) {
      if (&other == &each) continue;
      if (other.index == each.index) return Refuse("a share stands twice");
      weight = GfMultiply(weight, GfMultiply(other.index, GfInverse(other.index ^ each.index)));
    }
    for (size_t i = 0; i < size; ++i) joined[i] ^= GfMultiply(weight, each.octets.Expose()[i]);
  }
  const ByteView pin = secret.Expose().first(size - kChecksum);
  Digest checksum = SecretChecksum(shares.front().set, pin);
  const bool right =
      ConstantTimeEqual(ByteView(checksum).first(kChecksum), secret.Expose().last(kChecksum));
  Wipe(checksum);
  if (!right) return Refuse("the shares do not make a PIN: one of them is of another split");
  return SecretBytes::CopyOf(pin);
}

SecretBytes WriteShare(const PinShare& share) {
  const std::string header = Header(share);
  const size_t body = header.size() + 2 * share.octets.size();
  SecretBytes line(body + 1 + 2 * kChecksum);
  const auto out = line.ExposeMutable();
  std::copy(header.begin(), header.end(), out.begin());
  size_t at = header.size();
  for (const uint8_t octet : share.octets.Expose()) {
    out[at++] = static_cast<uint8_t>(HexDigit(octet >> 4));
    out[at++] = static_cast<uint8_t>(HexDigit(octet & 15u));
  }
  out[at++] = ' ';
  const std::string checksum = LineChecksum(line.Expose().first(body));
  std::copy(checksum.begin(), checksum.end(), out.begin() + static_cast<ptrdiff_t>(at));
  return line;
}

StatusOr<PinShare> ReadShare(const SecretBytes& line) {
  if (line.size() > kMaxShareLine) return Refuse("a share is one line of at most 1024 octets");
  const std::string_view whole = AsStringView(line.Expose());
  const size_t last = whole.rfind(' ');
  if (last == std::string_view::npos || whole.substr(0, kForm.size()) != kForm) {
    return Refuse("this is no share; it begins with " + std::string(kForm));
  }
  if (LineChecksum(line.Expose().first(last)) != whole.substr(last + 1)) {
    return Refuse("the share's checksum is wrong: it was mistyped or damaged");
  }
  std::string_view rest = whole.substr(0, last);
  PinShare share;
  const bool form = Word(rest) == kForm, set = ReadHex(Word(rest), share.set);
  const bool index = ReadSmall(Word(rest), share.index), need = ReadSmall(Word(rest), share.need);
  const bool count = ReadSmall(Word(rest), share.count);
  if (!form || !set || !index || !need || !count || share.need < 2 || share.need > share.count ||
      share.count > kMaxPinShares || share.index > share.count) {
    return Refuse("the share's set, index, need or number is out of bounds");
  }
  const size_t size = rest.size() / 2;
  if (size <= kChecksum || size > kMaxPinOctets + kChecksum) {
    return Refuse("the share's octets are too few or too many");
  }
  share.octets = SecretBytes(size);
  if (!ReadHex(rest, share.octets.ExposeMutable())) return Refuse("the share's octets are not hex");
  return share;
}

StatusOr<unsigned> ShareCollector::Add(PinShare share) {
  if (share.need != need_) {
    return Refuse("the share is one of " + std::to_string(share.need) +
                  ", the configuration needs " + std::to_string(need_));
  }
  for (const PinShare& each : shares_) {
    if (each.set != share.set || each.count != share.count ||
        each.octets.size() != share.octets.size()) {
      return Refuse("the share is of another set than the ones entered before");
    }
    if (each.index == share.index) {
      return Refuse("share " + std::to_string(share.index) + " was entered before");
    }
  }
  if (shares_.size() < need_) shares_.push_back(std::move(share));
  return need_ - static_cast<unsigned>(shares_.size());
}

StatusOr<SecretBytes> ShareCollector::Join() {
  auto pin = JoinPin(shares_);
  shares_.clear();
  return pin;
}

}  // namespace intaglio::appliance
