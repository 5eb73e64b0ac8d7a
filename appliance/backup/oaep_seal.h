// OaepSeal: a secret that only the holder of one RSA key opens. The other half is
// tokens/pkcs11/oaep_key.h, which says why SHA-1.
#ifndef INTAGLIO_APPLIANCE_BACKUP_OAEP_SEAL_H_
#define INTAGLIO_APPLIANCE_BACKUP_OAEP_SEAL_H_

#include "base/rng.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

// RSAES-OAEP, SHA-1, MGF1 with SHA-1, empty label. kTargetKeyWeak unless `spki` is a sound RSA key
// of 3,072 bit; the generator's Reasons. [RFC 8017 §7.1.1]
StatusOr<Bytes> OaepSeal(ByteView spki, const SecretBytes& secret, Rng& rng);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_OAEP_SEAL_H_
