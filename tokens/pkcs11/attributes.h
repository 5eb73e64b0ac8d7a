// Attributes: templates that own what they point to, and typed reading.
#ifndef INTAGLIO_TOKENS_PKCS11_ATTRIBUTES_H_
#define INTAGLIO_TOKENS_PKCS11_ATTRIBUTES_H_

#include <list>
#include <string_view>
#include <vector>

#include "tokens/pkcs11/session.h"

namespace intaglio::tokens {

// A template for one call. Its CK_ATTRIBUTEs point into itself, so it neither copies nor moves.
// Never holds secret values.
class AttributeTemplate final {
 public:
  AttributeTemplate() = default;
  AttributeTemplate(const AttributeTemplate&) = delete;
  AttributeTemplate& operator=(const AttributeTemplate&) = delete;

  AttributeTemplate& True(CK_ATTRIBUTE_TYPE type) { return Flag(type, CK_TRUE); }
  AttributeTemplate& False(CK_ATTRIBUTE_TYPE type) { return Flag(type, CK_FALSE); }
  AttributeTemplate& Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  AttributeTemplate& Octets(CK_ATTRIBUTE_TYPE type, ByteView value);

  CK_ATTRIBUTE* get() { return attributes_.data(); }
  CK_ULONG size() const { return attributes_.size(); }

 private:
  AttributeTemplate& Flag(CK_ATTRIBUTE_TYPE type, CK_BBOOL value);

  std::list<Bytes> values_;
  std::vector<CK_ATTRIBUTE> attributes_;
};

// kTemplateRefused where the object has no such attribute, kKeyUseRefused where it may not be read.
StatusOr<bool> ReadFlag(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
StatusOr<CK_ULONG> ReadNumber(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
// At most 8192 octets, else kTemplateRefused.
StatusOr<Bytes> ReadOctets(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

// One search; always closed, whatever happens in between.
class FindScope final {
 public:
  static StatusOr<std::unique_ptr<FindScope>> Start(Session& session, AttributeTemplate& wanted);
  ~FindScope();
  FindScope(const FindScope&) = delete;
  FindScope& operator=(const FindScope&) = delete;
  // The next handles, at most `limit`; none at the end.
  StatusOr<std::vector<CK_OBJECT_HANDLE>> Next(size_t limit);

 private:
  explicit FindScope(Session& session) : session_(session) {}
  Session& session_;
};

// The one object that matches. kKeyNotFound and kKeyAmbiguous name it by `what`; kNotLoggedIn where
// the object may only be hidden.
StatusOr<CK_OBJECT_HANDLE> FindOne(Session& session, AttributeTemplate& wanted,
                                   std::string_view what);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_ATTRIBUTES_H_
