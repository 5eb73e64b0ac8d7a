// File: reading and writing whole small files, carefully.
#ifndef INTAGLIO_BASE_FILE_H_
#define INTAGLIO_BASE_FILE_H_

#include <string>

#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace intaglio {

// Who else may touch a file that is about to be trusted.
enum class FileTrust {
  kAnyMode,      // content is checked by other means (signed, hashed, public)
  kNotWritable,  // group and others may not write; owner is root or this user (configuration)
  kOwnerOnly,    // group and others have no access; owner is root or this user (secrets)
};

// The file's octets; checks owner and mode on the open descriptor, before anything is parsed.
// kFileUnreadable, kFileMode, kFileTooLarge.
StatusOr<Bytes> ReadFile(const std::string& path, FileTrust trust, size_t max_size);
// A secret in a text file (a PIN): kOwnerOnly, at most 4096 octets, one trailing newline dropped.
StatusOr<SecretBytes> ReadSecretFile(const std::string& path);
// Replaces the file by write, fsync and rename: a crash leaves the old content or the new.
// `mode` as in chmod(2).
Status WriteFile(const std::string& path, ByteView content, unsigned mode);

}  // namespace intaglio

#endif  // INTAGLIO_BASE_FILE_H_
