// Certificates of machines: attestation keys of a core, mutual TLS of the host's clients, and the
// pinned certificates of the link between host and core. None of them is a qualified certificate.
#ifndef INTAGLIO_HOST_X509_MACHINE_CERTIFICATES_H_
#define INTAGLIO_HOST_X509_MACHINE_CERTIFICATES_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "host/domain/certificate.h"
#include "host/domain/serial.h"
#include "host/x509/ca_description.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

// An issuer whose private key is at hand.
struct IssuingKey {
  EVP_PKEY* key;  // not owned
  const CaDescription& ca;
};

struct DeviceName {
  std::string manufacturer;  // organizationName
  std::string device;        // commonName: model and serial number
};

// The self-signed root of a maker's or a lab's devices. kNameInvalid, kValidityInvalid,
// kSigningKeyUnacceptable.
StatusOr<Bytes> MakeDeviceRoot(EVP_PKEY* key, const DeviceName& name, const Validity& validity,
                               const Serial& serial);

struct AttestationRequest {
  Serial serial;
  DeviceName device;
  ByteView attestation_spki;
  std::string key_purpose_oid;  // dotted; the draft has not been assigned one yet
  Validity validity;
};
// The certificate of a core's attestation key: digitalSignature and the one purpose. kOidInvalid,
// kSpkiUnacceptable, kSigningKeyUnacceptable (also for a key that is not the issuer's) and those
// above.
StatusOr<Bytes> MakeAttestationCertificate(const IssuingKey& device_root,
                                           const AttestationRequest& request);

enum class TlsPurpose { kServer, kClient };
enum class AltNameKind { kDns, kIp };
struct AltName {
  AltNameKind kind;
  std::string text;  // "core.example", "192.0.2.1", "::1"
};

struct TlsRequest {
  Serial serial;
  std::string common_name;
  std::string role;  // organizationalUnit; the services a client may call
  ByteView spki;
  std::vector<AltName> alt_names;  // a server needs one or more
  TlsPurpose purpose;
  Validity validity;
};
// A mutual-TLS certificate. kAltNameInvalid and those above.
StatusOr<Bytes> MakeTlsCertificate(const IssuingKey& tls_ca, const TlsRequest& request);

// The self-signed P-256 certificate one end of the link shows and the other end pins; good for
// both directions. kNameInvalid, kValidityInvalid, kSigningKeyUnacceptable.
StatusOr<Bytes> MakeLinkCertificate(EVP_PKEY* key, std::string_view common_name,
                                    const Validity& validity, const Serial& serial);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_MACHINE_CERTIFICATES_H_
