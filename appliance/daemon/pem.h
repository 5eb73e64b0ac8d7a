// PEM on the console: files that officers and ceremonies hand over.
#ifndef INTAGLIO_APPLIANCE_DAEMON_PEM_H_
#define INTAGLIO_APPLIANCE_DAEMON_PEM_H_

#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace intaglio::appliance {

// Every PEM block with this label ("CERTIFICATE"), decoded, in order. kConfigInvalid for a block
// that does not end or is not base64, or if there is none.
StatusOr<std::vector<Bytes>> PemBlocks(ByteView file, std::string_view label);
// One DER object, given as it is or as a single PEM block.
StatusOr<Bytes> DerOrPem(ByteView file, std::string_view label);
std::string ToPem(ByteView der, std::string_view label);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_PEM_H_
