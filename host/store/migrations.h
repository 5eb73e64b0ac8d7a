// The schema as numbered steps, applied in order, each once.
#ifndef INTAGLIO_HOST_STORE_MIGRATIONS_H_
#define INTAGLIO_HOST_STORE_MIGRATIONS_H_

#include <span>
#include <string_view>

namespace intaglio::host {

// Statement n (from 0) leads from version n to n + 1. A landed step is never changed; a change is a
// new step. Statements within a step are separated by ';'.
std::span<const std::string_view> Migrations();

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_MIGRATIONS_H_
