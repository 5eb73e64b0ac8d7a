// Whatever Parse() accepts names a token within the bounds of CK_TOKEN_INFO.
#include <stdlib.h>

#include "tokens/pkcs11/token_selector.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const auto selector = intaglio::tokens::TokenSelector::Parse(
      std::string_view(reinterpret_cast<const char*>(octets), size));
  if (selector.ok() && (selector->ToText().empty() || selector->ToText().size() > 200)) abort();
  return 0;
}
