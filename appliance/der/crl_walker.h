// CrlWalker: reads a TBSCertList strictly while it passes, however large, in bounded memory.
//
// It keeps the header, the entry it is in and the extensions, never the list; each entry is handed
// on as it completes. Used by one thread. [RFC 5280 §5.1]
#ifndef INTAGLIO_APPLIANCE_DER_CRL_WALKER_H_
#define INTAGLIO_APPLIANCE_DER_CRL_WALKER_H_

#include <functional>
#include <memory>
#include <optional>

#include "appliance/crypto/sha256_stream.h"
#include "appliance/der/crl_extensions.h"
#include "appliance/domain/statements.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::appliance {

inline constexpr uint64_t kMaxCrlOctets = uint64_t{1} << 30;

struct CrlEntry {
  Serial serial;
  WallTime revoked_at;
  CrlReason reason = CrlReason::kUnspecified;
};

struct CrlFacts {
  Bytes issuer;  // DER Name
  WallTime this_update;
  WallTime next_update;
  CrlExtensions extensions;
  uint64_t entries = 0;
  Digest tbs_sha256{};
};

class CrlWalker final {
 public:
  // Told each entry, in order; a failure of it ends the walk.
  using EntrySink = std::function<Status(const CrlEntry&)>;

  // `length`: octets of the whole TBSCertList, 1 to kMaxCrlOctets: kCrlShape, kDerTooLarge.
  static StatusOr<std::unique_ptr<CrlWalker>> Create(uint64_t length, EntrySink sink);

  // The next octets, in pieces of any size. kCrlShape, kCrlOrder, kCrlExtension, kTbsSerial,
  // kTbsSignatureAlgorithm, the DER Reasons and the sink's. After a failure every call fails.
  Status Feed(ByteView octets);
  // Once, after the last octet. kCrlShape if octets are missing.
  StatusOr<CrlFacts> Finish();

 private:
  enum class Stage { kOuter, kHeader, kListHeader, kEntry, kExtensions, kDone };

  CrlWalker(uint64_t length, EntrySink sink) : length_(length), sink_(std::move(sink)) {}

  Status TakeSlice(ByteView octets);
  Status Step(bool& progress);
  Status ReadOuter(bool& progress);
  Status ReadHeaderField(bool& progress);
  Status ReadListHeader(bool& progress);
  Status ReadEntries(bool& progress);
  Status TakeEntry(ByteView octets);
  Status ReadExtensions(bool& progress);
  // The next whole element of the buffer; nothing if it has not all arrived. Larger than `most` is
  // kDerTooLarge.
  StatusOr<std::optional<Bytes>> TakeElement(size_t most);
  Status TakeHeaderElement(const Bytes& element);

  const uint64_t length_;
  const EntrySink sink_;
  Sha256Stream hash_;
  uint64_t fed_ = 0;
  bool failed_ = false;
  Bytes buffer_;
  uint64_t consumed_ = 0;  // octets taken out of the buffer so far
  Stage stage_ = Stage::kOuter;
  int header_field_ = 0;
  uint64_t list_end_ = 0;
  std::optional<Serial> last_serial_;
  CrlFacts facts_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_CRL_WALKER_H_
