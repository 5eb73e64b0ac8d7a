// CrlTbsWriter: a TBSCertList of any length, written in pieces.
//
// DER wants lengths before contents, so the entries are read twice: once to measure, once to write.
// Nothing is kept per entry, so memory does not grow with the CRL; one snapshot of the status log
// must serve both passes. Entries in strictly ascending serial order let the core merge the stream
// against its own rows as it passes.
#ifndef INTAGLIO_HOST_X509_CRL_BUILDER_H_
#define INTAGLIO_HOST_X509_CRL_BUILDER_H_

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "host/domain/certificate.h"
#include "host/domain/revocation_reason.h"
#include "host/domain/serial.h"
#include "host/x509/ca_description.h"

namespace intaglio::host {

struct CrlEntry {
  Serial serial;
  WallTime revoked_at;  // whole seconds are written
  RevocationReason reason;
};

// The entries of one CRL, read more than once.
class CrlEntrySource {
 public:
  virtual ~CrlEntrySource() = default;
  // Goes back to the first entry of the same snapshot.
  virtual Status Rewind() = 0;
  // The next entry, or nothing at the end.
  virtual StatusOr<std::optional<CrlEntry>> Next() = 0;
};

struct CrlFields {
  const CaDescription& issuer;
  WallTime this_update;
  WallTime next_update;  // kNoWellDefinedEnd for a last CRL
  uint64_t number;
  // Since when expired certificates stay listed [EN 319 411-2 CSS-6.3.10-05]; nothing if they do
  // not.
  std::optional<WallTime> expired_certs_from;
  // The shard's URL, as in the CRLDP of its certificates; nothing for a CRL of everything.
  std::optional<std::string> distribution_point;
};

using CrlSink = std::function<Status(ByteView)>;

class CrlTbsWriter final {
 public:
  // First pass over `entries`, which must outlive the writer. kCrlDates if nextUpdate is not after
  // thisUpdate or a time cannot be encoded, kCrlOrder, kUrlInvalid; the source's failures.
  static StatusOr<CrlTbsWriter> Create(const CrlFields& fields, CrlEntrySource& entries);

  // Octets of the whole TBSCertList.
  uint64_t size() const { return size_; }
  uint64_t entry_count() const { return entry_count_; }

  // Second pass: hands the TBSCertList to `sink` in pieces of `piece_octets` (at least 4096), the
  // last one shorter. kCrlOrder or kCrlSourceChanged if the entries are not those of the first
  // pass, and then what the sink got must be thrown away; the source's and the sink's failures.
  Status Write(size_t piece_octets, const CrlSink& sink) const;

 private:
  CrlTbsWriter() = default;

  CrlEntrySource* entries_ = nullptr;
  Bytes head_;  // up to the first entry
  Bytes tail_;  // crlExtensions
  uint64_t entry_count_ = 0;
  uint64_t entry_octets_ = 0;
  uint64_t size_ = 0;
};

// The whole TBSCertList in memory, for small CRLs. Failures of the two passes.
StatusOr<Bytes> BuildCrlTbs(const CrlFields& fields, CrlEntrySource& entries);

// What stands before and after the TBSCertList in the finished CRL, so that it can be streamed too.
struct CrlFrame {
  Bytes before;
  Bytes after;
};
// kSignatureMalformed.
StatusOr<CrlFrame> FrameCrl(uint64_t tbs_size, ByteView signature_der);
// The finished CRL. kTbsMalformed, kSignatureMalformed.
StatusOr<Bytes> AssembleCrl(ByteView tbs, ByteView signature_der);

// OK if `crl_der` was issued and signed by `issuer_der`. kCertificateMalformed for either,
// kCertificateNotVerified.
Status VerifyCrl(ByteView crl_der, ByteView issuer_der);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_CRL_BUILDER_H_
