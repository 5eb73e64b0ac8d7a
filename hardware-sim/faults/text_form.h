// TextForm: the text of the simulator's schemas.
//
// The simulator's own message classes are lite, so that the module can be loaded into any program,
// more than once; the text form needs the schema, which goes along as octets and is read into a
// pool that no other code knows.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_TEXT_FORM_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_TEXT_FORM_H_

#include <string>
#include <string_view>

#include "base/status.h"
#include "google/protobuf/message_lite.h"

namespace intaglio::sim {

// Fills `out` from `text`. kConfigurationInvalid with `where`, line, column and what is wrong;
// `out` is then empty.
Status ParseText(std::string_view text, const std::string& where,
                 google::protobuf::MessageLite& out);

enum class Layout { kOneLine, kIndented };
std::string PrintText(const google::protobuf::MessageLite& message, Layout layout);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_TEXT_FORM_H_
