#include "tokens/pkcs11/attributes.h"

#include <string.h>

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr CK_ULONG kMaxAttribute = 8192;

// A value of exactly the size of T.
template <class T>
StatusOr<T> ReadFixed(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  T value{};
  CK_ATTRIBUTE attribute{type, &value, sizeof value};
  const CK_RV rv = session.ck().C_GetAttributeValue(session.handle(), object, &attribute, 1);
  RETURN_IF_ERROR(FromCk("C_GetAttributeValue", rv));
  if (attribute.ulValueLen != sizeof value) {
    return Fail(kTemplateRefused, "attribute " + std::to_string(type) + " has " +
                                      std::to_string(attribute.ulValueLen) + " octets, not " +
                                      std::to_string(sizeof value));
  }
  return value;
}

}  // namespace

AttributeTemplate& AttributeTemplate::Flag(CK_ATTRIBUTE_TYPE type, CK_BBOOL value) {
  return Octets(type, ByteView(&value, 1));
}

AttributeTemplate& AttributeTemplate::Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return Octets(type, ByteView(reinterpret_cast<const uint8_t*>(&value), sizeof value));
}

AttributeTemplate& AttributeTemplate::Octets(CK_ATTRIBUTE_TYPE type, ByteView value) {
  Bytes& stored = values_.emplace_back(ToBytes(value));
  attributes_.push_back({type, stored.data(), stored.size()});
  return *this;
}

StatusOr<bool> ReadFlag(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  ASSIGN_OR_RETURN(const CK_BBOOL value, ReadFixed<CK_BBOOL>(session, object, type));
  return value != CK_FALSE;
}

StatusOr<CK_ULONG> ReadNumber(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  return ReadFixed<CK_ULONG>(session, object, type);
}

StatusOr<Bytes> ReadOctets(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  const auto& ck = session.ck();
  RETURN_IF_ERROR(FromCk("C_GetAttributeValue",
                         ck.C_GetAttributeValue(session.handle(), object, &attribute, 1)));
  if (attribute.ulValueLen > kMaxAttribute) {
    return Fail(kTemplateRefused, "attribute " + std::to_string(type) + " claims to have " +
                                      std::to_string(attribute.ulValueLen) + " octets");
  }
  Bytes value(attribute.ulValueLen);
  attribute.pValue = value.data();
  RETURN_IF_ERROR(FromCk("C_GetAttributeValue",
                         ck.C_GetAttributeValue(session.handle(), object, &attribute, 1)));
  if (attribute.ulValueLen > value.size()) {
    return Fail(kTemplateRefused, "attribute " + std::to_string(type) + " changed while read");
  }
  value.resize(attribute.ulValueLen);
  return value;
}

StatusOr<std::unique_ptr<FindScope>> FindScope::Start(Session& session, AttributeTemplate& wanted) {
  RETURN_IF_ERROR(FromCk("C_FindObjectsInit", session.ck().C_FindObjectsInit(
                                                  session.handle(), wanted.get(), wanted.size())));
  return std::unique_ptr<FindScope>(new FindScope(session));
}

FindScope::~FindScope() { (void)session_.ck().C_FindObjectsFinal(session_.handle()); }

StatusOr<std::vector<CK_OBJECT_HANDLE>> FindScope::Next(size_t limit) {
  std::vector<CK_OBJECT_HANDLE> out(limit);
  CK_ULONG count = 0;
  RETURN_IF_ERROR(FromCk(
      "C_FindObjects", session_.ck().C_FindObjects(session_.handle(), out.data(), limit, &count)));
  out.resize(std::min<size_t>(count, limit));
  return out;
}

StatusOr<CK_OBJECT_HANDLE> FindOne(Session& session, AttributeTemplate& wanted,
                                   std::string_view what) {
  std::vector<CK_OBJECT_HANDLE> found;
  {
    ASSIGN_OR_RETURN(const auto search, FindScope::Start(session, wanted));
    ASSIGN_OR_RETURN(found, search->Next(2));
  }
  const std::string name(what);
  if (found.size() > 1) return Fail(kKeyAmbiguous, "more than one object is " + name);
  if (found.size() == 1) return found.front();
  RETURN_IF_ERROR(session.CheckLoggedIn());
  return Fail(kKeyNotFound, "no object is " + name);
}

}  // namespace intaglio::tokens
