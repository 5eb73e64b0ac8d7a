// SwapFolders: two folders change places in one step, durably.
#ifndef INTAGLIO_APPLIANCE_BACKUP_SWAP_FOLDERS_H_
#define INTAGLIO_APPLIANCE_BACKUP_SWAP_FOLDERS_H_

#include <string>

#include "base/status.h"

namespace intaglio::appliance {

// Both lie in `parent`, and nobody has a file in them open. There is no moment in which either name
// is missing. kSwapFailed.
Status SwapFolders(const std::string& one, const std::string& other, const std::string& parent);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_SWAP_FOLDERS_H_
