#include "tokens/pkcs11/stored_octets.h"

#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr size_t kMostOctets = 1024;
constexpr size_t kMostObjects = 64;
constexpr int kMostTries = 5;
constexpr std::string_view kApplication = "intaglio";

void Describe(AttributeTemplate& out, const KeyLabel& label) {
  out.Number(CKA_CLASS, CKO_DATA)
      .True(CKA_TOKEN)
      .True(CKA_PRIVATE)
      .Octets(CKA_APPLICATION, AsBytes(kApplication))
      .Octets(CKA_LABEL, AsBytes(label.text()));
}

StatusOr<std::vector<CK_OBJECT_HANDLE>> Find(Session& session, const KeyLabel& label) {
  AttributeTemplate wanted;
  Describe(wanted, label);
  std::vector<CK_OBJECT_HANDLE> found;
  {
    ASSIGN_OR_RETURN(const auto search, FindScope::Start(session, wanted));
    ASSIGN_OR_RETURN(found, search->Next(kMostObjects));
  }
  // A private object is hidden from a session that lost its login; that is not "none".
  if (found.empty()) RETURN_IF_ERROR(session.CheckLoggedIn());
  return found;
}

// Whether a search finds an object of this label with this value.
StatusOr<bool> IsFound(Session& session, const KeyLabel& label, ByteView octets) {
  ASSIGN_OR_RETURN(const auto found, Find(session, label));
  for (const CK_OBJECT_HANDLE each : found) {
    ASSIGN_OR_RETURN(const Bytes value, ReadOctets(session, each, CKA_VALUE));
    if (Equal(value, octets)) return true;
  }
  return false;
}

}  // namespace

Status ReplaceDataObject(Session& session, const KeyLabel& label, ByteView octets) {
  if (octets.empty() || octets.size() > kMostOctets) {
    return Fail(kTokenInputInvalid, "a data object has 1 to 1024 octets");
  }
  ASSIGN_OR_RETURN(const auto old, Find(session, label));
  AttributeTemplate made;
  Describe(made, label);
  made.Octets(CKA_VALUE, octets);
  for (int tries = 0; tries < kMostTries; ++tries) {
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    RETURN_IF_ERROR(
        FromCk("C_CreateObject",
               session.ck().C_CreateObject(session.handle(), made.get(), made.size(), &handle)));
    // While another thread searches, SoftHSM may lose attributes of an object that is being made,
    // CKA_TOKEN among them, and nobody finds it again. The old ones stay until the new one is
    // found.
    ASSIGN_OR_RETURN(const bool found, IsFound(session, label, octets));
    if (!found) {
      RETURN_IF_ERROR(session.DestroyObject(handle));
      continue;
    }
    for (const CK_OBJECT_HANDLE each : old) RETURN_IF_ERROR(session.DestroyObject(each));
    return OkStatus();
  }
  return Fail(kTokenFailure, "the token does not keep the data object " + label.text());
}

StatusOr<std::vector<Bytes>> ReadDataObjects(Session& session, const KeyLabel& label) {
  ASSIGN_OR_RETURN(const auto found, Find(session, label));
  std::vector<Bytes> values;
  for (const CK_OBJECT_HANDLE each : found) {
    ASSIGN_OR_RETURN(Bytes value, ReadOctets(session, each, CKA_VALUE));
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace intaglio::tokens
