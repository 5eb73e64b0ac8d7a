// MbedtlsSha: SHA-256 and SHA-1 under one set of names, for Mbed TLS 2.28 and 3.x.
//
// 2.28 has functions that cannot report a failure and others, named _ret, that can; 3.x has only
// the latter and calls them by the plain names. Only this folder's sources include it.
#ifndef INTAGLIO_APPLIANCE_CRYPTO_MBEDTLS_SHA_H_
#define INTAGLIO_APPLIANCE_CRYPTO_MBEDTLS_SHA_H_

#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include <cstddef>
#include <cstdint>

namespace intaglio::appliance {

// Each: 0, or what Mbed TLS says is wrong.
inline int Sha256Starts(mbedtls_sha256_context* context) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_sha256_starts(context, 0);
#else
  return mbedtls_sha256_starts_ret(context, 0);
#endif
}

inline int Sha256Update(mbedtls_sha256_context* context, const uint8_t* octets, size_t size) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_sha256_update(context, octets, size);
#else
  return mbedtls_sha256_update_ret(context, octets, size);
#endif
}

inline int Sha256Finish(mbedtls_sha256_context* context, uint8_t* digest) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_sha256_finish(context, digest);
#else
  return mbedtls_sha256_finish_ret(context, digest);
#endif
}

inline int Sha1Whole(const uint8_t* octets, size_t size, uint8_t* digest) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_sha1(octets, size, digest);
#else
  return mbedtls_sha1_ret(octets, size, digest);
#endif
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_CRYPTO_MBEDTLS_SHA_H_
