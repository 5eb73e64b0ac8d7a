// A device for tests: keys, certificates of any quality, and evidence of any shape.
//
// For tests of attestation and of what uses it; production code never links it. It can make what a
// device never would, which is the point.
#ifndef INTAGLIO_ATTESTATION_VERIFY_TEST_DEVICE_H_
#define INTAGLIO_ATTESTATION_VERIFY_TEST_DEVICE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attestation/model/evidence_content.h"
#include "attestation/model/oids.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::attestation {

// 2026-11-23T06:30:00Z, when these tests take place.
inline constexpr WallTime kTestNow{1795415400000};

class TestKey final {
 public:
  // `curve` as OpenSSL names it.
  static TestKey Generate(const char* curve = "P-256");

  Bytes Spki() const;
  // DER ECDSA-Sig-Value over the SHA-256 value.
  Bytes SignDigest(const Digest& digest) const;
  Bytes SignMessage(ByteView message, const char* hash = "SHA256") const;
  void* native() const { return key_.get(); }

 private:
  explicit TestKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;  // EVP_PKEY
};

struct CertificateSpec {
  std::string name;
  // Values of the extensions in OpenSSL's configuration syntax; absent: no such extension.
  std::optional<std::string> basic_constraints;
  std::optional<std::string> key_usage;
  std::optional<std::string> extended_key_usage;
  WallTime from = kTestNow - 30 * kDay;
  WallTime until = kTestNow + 365 * kDay;
};
CertificateSpec RootSpec();
CertificateSpec IntermediateSpec();
CertificateSpec AkSpec();

// `issuer_certificate` absent: self-signed.
Bytes Issue(const CertificateSpec& spec, const TestKey& subject, const TestKey& issuer,
            const std::optional<Bytes>& issuer_certificate);

// Dotted OID -> content of an extension.
using Extensions = std::multimap<std::string, Bytes>;
// The certificate with these extensions too, signed anew.
Bytes WithExtensions(const Bytes& certificate, const Extensions& extensions, const TestKey& issuer);

// Root → intermediate → attestation key.
struct TestDevice {
  static TestDevice Create(const CertificateSpec& ak = AkSpec(),
                           const CertificateSpec& intermediate = IntermediateSpec());

  TestKey root_key;
  Bytes root;
  TestKey intermediate_key;
  Bytes intermediate;
  TestKey ak;
  Bytes ak_certificate;
};

// Evidence by hand, with no rule kept.
Bytes ClaimDer(ClaimType type, ByteView value);
Bytes ClaimDer(const char* dotted, ByteView value);
Bytes ElementDer(ElementType type, std::vector<Bytes> claims);
Bytes ElementDer(const char* dotted, std::vector<Bytes> claims);
Bytes TbsDer(int64_t version, std::vector<Bytes> elements);
Bytes SidDer(std::optional<Bytes> key_id, std::optional<Bytes> spki,
             std::optional<Bytes> certificate);
Bytes BlockDer(ByteView sid, const char* algorithm, ByteView signature,
               std::optional<Bytes> parameters = std::nullopt);
Bytes EvidenceDer(ByteView tbs, std::vector<Bytes> blocks, std::vector<Bytes> intermediates);
// `tbs` signed by the device's attestation key, with its certificate and the intermediate.
Bytes SignedBy(const TestDevice& device, ByteView tbs);

// Claims that appraisal accepts for the entry that the appraisal tests use.
EvidenceContent ResidentContent(const Bytes& key_spki);
EvidenceContent WrappedContent(const Bytes& key_spki);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_VERIFY_TEST_DEVICE_H_
