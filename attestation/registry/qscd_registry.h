// QscdRegistry: the list of device configurations that the service accepts.
//
// Read once from a textproto (proto/intaglio/config/v1/qscd_registry.proto) into an immutable
// value; the schema does not leave this component. Invariant: ids are unique, each entry was
// entered by two different people, dates are real and in order, and a CERTIFIED entry names its
// certificate and the hash of its report. Thread-safe. [Regulation (EU) 910/2014 Art 29–31]
#ifndef INTAGLIO_ATTESTATION_REGISTRY_QSCD_REGISTRY_H_
#define INTAGLIO_ATTESTATION_REGISTRY_QSCD_REGISTRY_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attestation/model/qscd_entry.h"
#include "base/bytes.h"

namespace intaglio::attestation {

class QscdRegistry final {
 public:
  // Unknown and repeated fields are refused. Fails with the Reasons ATT-0800 to ATT-0810; the
  // detail names the entry and the field.
  static StatusOr<QscdRegistry> FromTextproto(std::string_view text);
  // Refuses a file that group or others can write before parsing it. Also kFileUnreadable,
  // kFileMode, kFileTooLarge.
  static StatusOr<QscdRegistry> FromFile(const std::string& path);

  // The entry, which lives as long as this registry. kRegistryEntryNotFound.
  StatusOr<const QscdEntry*> Find(std::string_view id) const;
  // In the order of their ids.
  std::vector<const QscdEntry*> entries() const;
  // The entries that do not hold on `today`: new issuance under them stops, and their certificates
  // are due for revocation. [EN 319 411-2 REV-6.3.9-02 b)]
  std::vector<const QscdEntry*> NotHoldingOn(Date today) const;
  // The text as read, for the audit record of which list was in force.
  const std::string& text() const { return text_; }

 private:
  QscdRegistry() = default;

  std::map<std::string, QscdEntry, std::less<>> entries_;
  std::string text_;
};

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_REGISTRY_QSCD_REGISTRY_H_
