// Private data objects of a token: small octet strings that only its logged-in user can see.
#ifndef INTAGLIO_TOKENS_PKCS11_STORED_OCTETS_H_
#define INTAGLIO_TOKENS_PKCS11_STORED_OCTETS_H_

#include <vector>

#include "tokens/pkcs11/key.h"
#include "tokens/pkcs11/session.h"

namespace intaglio::tokens {

// Makes the object, then destroys the others of the label: a crash in between leaves the old and
// the new, never neither. At most 1024 octets, else kTokenInputInvalid.
Status ReplaceDataObject(Session& session, const KeyLabel& label, ByteView octets);
// The values of every object of the label; none if there is none.
StatusOr<std::vector<Bytes>> ReadDataObjects(Session& session, const KeyLabel& label);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_STORED_OCTETS_H_
