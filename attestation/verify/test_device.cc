#include "attestation/verify/test_device.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "attestation/model/der_writer.h"
#include "attestation/verify/openssl_handles.h"

namespace intaglio::attestation {
namespace {

using PkeyCtxPtr = verify_internal::CPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

EVP_PKEY* Native(const TestKey& key) { return static_cast<EVP_PKEY*>(key.native()); }

void Must(bool done) {
  if (!done) std::abort();
}

void AddExtension(X509* certificate, int nid, const std::optional<std::string>& value) {
  if (!value) return;
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value->c_str());
  Must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Bytes Nonce() { return Bytes(32, 0x5a); }

}  // namespace

TestKey TestKey::Generate(const char* curve) {
  EVP_PKEY* key = EVP_EC_gen(curve);
  Must(key != nullptr);
  return TestKey(std::shared_ptr<void>(
      key, [](void* pointer) { EVP_PKEY_free(static_cast<EVP_PKEY*>(pointer)); }));
}

Bytes TestKey::Spki() const {
  unsigned char* out = nullptr;
  const int length = i2d_PUBKEY(Native(*this), &out);
  Must(length > 0);
  Bytes spki(out, out + length);
  OPENSSL_free(out);
  return spki;
}

Bytes TestKey::SignDigest(const Digest& digest) const {
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new(Native(*this), nullptr));
  Bytes signature(256);
  size_t length = signature.size();
  Must(EVP_PKEY_sign_init(ctx.get()) == 1 &&
       EVP_PKEY_sign(ctx.get(), signature.data(), &length, digest.data(), digest.size()) == 1);
  signature.resize(length);
  return signature;
}

Bytes TestKey::SignMessage(ByteView message, const char* hash) const {
  const verify_internal::DigestCtxPtr ctx(EVP_MD_CTX_new());
  Bytes signature(256);
  size_t length = signature.size();
  Must(EVP_DigestSignInit_ex(ctx.get(), nullptr, hash, nullptr, nullptr, Native(*this), nullptr) ==
           1 &&
       EVP_DigestSign(ctx.get(), signature.data(), &length, message.data(), message.size()) == 1);
  signature.resize(length);
  return signature;
}

CertificateSpec RootSpec() {
  return {"Test device root", "critical,CA:TRUE", "critical,keyCertSign,cRLSign", std::nullopt};
}
CertificateSpec IntermediateSpec() {
  return {"Test device CA", "critical,CA:TRUE", "critical,keyCertSign", std::nullopt};
}
CertificateSpec AkSpec() {
  return {"Test AK", "critical,CA:FALSE", "critical,digitalSignature",
          "critical," + std::string(kDraftAttestationEku)};
}

Bytes Issue(const CertificateSpec& spec, const TestKey& subject, const TestKey& issuer,
            const std::optional<Bytes>& issuer_certificate) {
  static long serial = 1;
  const verify_internal::X509Ptr certificate(X509_new());
  X509* x = certificate.get();
  Must(X509_set_version(x, X509_VERSION_3) == 1 &&
       ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial) == 1);
  Must(ASN1_TIME_set(X509_getm_notBefore(x), spec.from.ms / kSecond) != nullptr &&
       ASN1_TIME_set(X509_getm_notAfter(x), spec.until.ms / kSecond) != nullptr);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(spec.name.c_str()), -1, -1, 0);
  if (issuer_certificate) {
    const unsigned char* at = issuer_certificate->data();
    const verify_internal::X509Ptr parent(
        d2i_X509(nullptr, &at, static_cast<long>(issuer_certificate->size())));
    Must(parent != nullptr);
    X509_set_issuer_name(x, X509_get_subject_name(parent.get()));
  } else {
    X509_set_issuer_name(x, X509_get_subject_name(x));
  }
  Must(X509_set_pubkey(x, Native(subject)) == 1);
  AddExtension(x, NID_basic_constraints, spec.basic_constraints);
  AddExtension(x, NID_key_usage, spec.key_usage);
  AddExtension(x, NID_ext_key_usage, spec.extended_key_usage);
  AddExtension(x, NID_subject_key_identifier, "hash");
  Must(X509_sign(x, Native(issuer), EVP_sha256()) > 0);
  return verify_internal::DerOf(x);
}

Bytes WithExtensions(const Bytes& certificate, const Extensions& extensions,
                     const TestKey& issuer) {
  const unsigned char* at = certificate.data();
  const verify_internal::X509Ptr x(d2i_X509(nullptr, &at, static_cast<long>(certificate.size())));
  for (const auto& [oid, value] : extensions) {
    ASN1_OBJECT* const object = OBJ_txt2obj(oid.c_str(), 1);
    ASN1_OCTET_STRING* const octets = ASN1_OCTET_STRING_new();
    Must(ASN1_OCTET_STRING_set(octets, value.data(), static_cast<int>(value.size())) == 1);
    X509_EXTENSION* const extension = X509_EXTENSION_create_by_OBJ(nullptr, object, 0, octets);
    Must(X509_add_ext(x.get(), extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(object);
  }
  Must(X509_sign(x.get(), Native(issuer), EVP_sha256()) > 0);
  return verify_internal::DerOf(x.get());
}

TestDevice TestDevice::Create(const CertificateSpec& ak, const CertificateSpec& intermediate) {
  TestKey root_key = TestKey::Generate();
  TestKey intermediate_key = TestKey::Generate();
  TestKey ak_key = TestKey::Generate();
  const Bytes root = Issue(RootSpec(), root_key, root_key, std::nullopt);
  const Bytes middle = Issue(intermediate, intermediate_key, root_key, root);
  const Bytes leaf = Issue(ak, ak_key, intermediate_key, middle);
  return {root_key, root, intermediate_key, middle, ak_key, leaf};
}

Bytes ClaimDer(ClaimType type, ByteView value) {
  return DerSequence({DerOid(EvidenceProfile::Draft().OidOf(type)), value});
}
Bytes ClaimDer(const char* dotted, ByteView value) {
  return DerSequence({DerOid(*Oid::FromDotted(dotted)), value});
}
Bytes ElementDer(ElementType type, std::vector<Bytes> claims) {
  return DerSequence({DerOid(EvidenceProfile::Draft().OidOf(type)), DerSequenceOf(claims)});
}
Bytes ElementDer(const char* dotted, std::vector<Bytes> claims) {
  return DerSequence({DerOid(*Oid::FromDotted(dotted)), DerSequenceOf(claims)});
}
Bytes TbsDer(int64_t version, std::vector<Bytes> elements) {
  return DerSequence({DerInteger(version), DerSequenceOf(elements)});
}

Bytes SidDer(std::optional<Bytes> key_id, std::optional<Bytes> spki,
             std::optional<Bytes> certificate) {
  std::vector<Bytes> members;
  if (key_id) members.push_back(DerExplicit(0, DerOctetString(*key_id)));
  if (spki) members.push_back(DerExplicit(1, *spki));
  if (certificate) members.push_back(DerExplicit(2, *certificate));
  return DerSequenceOf(members);
}

Bytes BlockDer(ByteView sid, const char* algorithm, ByteView signature,
               std::optional<Bytes> parameters) {
  const Bytes identifier = DerSequence(
      {DerOid(*Oid::FromDotted(algorithm)), parameters ? ByteView(*parameters) : ByteView()});
  return DerSequence({sid, identifier, DerOctetString(signature)});
}

Bytes EvidenceDer(ByteView tbs, std::vector<Bytes> blocks, std::vector<Bytes> intermediates) {
  Bytes chain;
  if (!intermediates.empty()) chain = DerExplicit(0, DerSequenceOf(intermediates));
  return DerSequence({tbs, DerSequenceOf(blocks), chain});
}

Bytes SignedBy(const TestDevice& device, ByteView tbs) {
  const Bytes sid = SidDer(std::nullopt, std::nullopt, device.ak_certificate);
  return EvidenceDer(tbs, {BlockDer(sid, "1.2.840.10045.4.3.2", device.ak.SignMessage(tbs))},
                     {device.intermediate});
}

EvidenceContent ResidentContent(const Bytes& key_spki) {
  EvidenceContent content;
  content.transaction.nonce = Nonce();
  content.transaction.timestamp = kTestNow;
  content.platform.vendor = "Test Vendor";
  content.platform.hwmodel = ToBytes("TM-1");
  content.platform.hwversion = "1.0";
  content.platform.hwserial = "TM-0001";
  content.platform.swname = "firmware";
  content.platform.swversion = "2.3.4";
  content.platform.debugstat = kDebugDisabledPermanently;
  KeyClaims key;
  key.identifiers = {"key-1"};
  key.spki = key_spki;
  key.extractable = false;
  key.sensitive = true;
  key.never_extractable = true;
  key.local = true;
  key.purposes = {KeyPurpose::kSign};
  key.residency = Residency::kResident;
  content.keys = {key};
  return content;
}

EvidenceContent WrappedContent(const Bytes& key_spki) {
  EvidenceContent content = ResidentContent(key_spki);
  KeyClaims& key = content.keys[0];
  key.extractable = true;
  key.never_extractable = false;
  key.residency = Residency::kWrapped;
  key.wrap_with_trusted = true;
  KeyClaims storage;
  storage.identifiers = {"storage-1"};
  storage.extractable = false;
  storage.sensitive = true;
  storage.never_extractable = true;
  storage.local = true;
  storage.purposes = {KeyPurpose::kWrap, KeyPurpose::kUnwrap};
  storage.residency = Residency::kResident;
  storage.key_class = KeyClass::kStorage;
  storage.trusted = true;
  content.keys.push_back(storage);
  return content;
}

}  // namespace intaglio::attestation
