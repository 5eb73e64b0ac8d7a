#include "host/x509/openssl_ptr.h"

#include <openssl/err.h>

#include <string>

namespace intaglio::host {

Status OpensslFail(const Reason& reason, std::string_view what) {
  std::string detail(what);
  while (const unsigned long code = ERR_get_error()) {
    char text[256];
    ERR_error_string_n(code, text, sizeof(text));
    detail += "; ";
    detail += text;
  }
  return Fail(reason, std::move(detail));
}

}  // namespace intaglio::host
