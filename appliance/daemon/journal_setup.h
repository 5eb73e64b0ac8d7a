// JournalSetup: the core's journal, its anchor and its key, opened together and checked against
// each other and the rows.
#ifndef INTAGLIO_APPLIANCE_DAEMON_JOURNAL_SETUP_H_
#define INTAGLIO_APPLIANCE_DAEMON_JOURNAL_SETUP_H_

#include <memory>
#include <string>

#include "appliance/anchor/anchor.h"
#include "appliance/daemon/config.h"
#include "appliance/daemon/vault.h"
#include "appliance/journal/file_journal.h"
#include "appliance/token/pkcs11_keys.h"

namespace intaglio::appliance {

// The anchor that the configuration names. `token` outlives it.
std::unique_ptr<AnchorPort> MakeAnchor(const CoreSettings& settings, tokens::TokenKeys& token);

// Generates the JOURNAL key and enters it into the row, which the caller stores.
Status MakeJournalKey(TokenPort& token, Rng& rng, StoredInstance& instance);
JournalSigner SignerOf(const StoredInstance& instance, uint64_t boot_count);

struct CoreJournal {
  std::unique_ptr<AnchorPort> anchor;
  std::unique_ptr<FileJournal> journal;
  StoredTime time;  // with this start counted, if it is one
  bool rows_vouched = false;
};
enum class Opening {
  kStart,    // the core begins to run; the start is counted in the rows
  kConsole,  // a verb of the console, under the approved configuration and a clock that is not
             // behind
  kZeroise,  // whatever the rows are
};
// Opens the journal for this start of the core, before the rows count it. What rows and anchor know
// of it must hold:
// FileJournal::Open's and CheckAnchor's Reasons, the anchor's, the rows'.
StatusOr<CoreJournal> OpenCoreJournal(const CoreSettings& settings, Vault& vault,
                                      const Clock& clock, Opening opening);
// To be called last by a console verb, with the rows as it leaves them: where they were vouched for
// when it began they are again.
Status CloseCoreJournal(const CoreJournal& core, LmdbState& rows);

// `journal verify`: every line from the files alone; against rows and anchor where they can be
// reached. `journal_key`: PEM or DER file of the JOURNAL key; empty: the rows' or the journal's own
// word. One JSON line.
StatusOr<std::string> VerifyCoreJournal(const CoreSettings& settings,
                                        const std::string& journal_key);
// The same of a folder with nothing else known.
StatusOr<std::string> VerifyJournalFolder(const std::string& dir, const std::string& journal_key);
// `journal prune`, while no core runs. ExportJournal::Prune's Reasons. One JSON line.
StatusOr<std::string> PruneJournal(const CoreSettings& settings, uint64_t before);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_JOURNAL_SETUP_H_
