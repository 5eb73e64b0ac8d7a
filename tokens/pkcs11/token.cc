#include "tokens/pkcs11/token.h"

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/gcm.h"
#include "tokens/pkcs11/key_generation.h"
#include "tokens/pkcs11/oaep_key.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/session_pool.h"
#include "tokens/pkcs11/signing.h"
#include "tokens/pkcs11/slot.h"
#include "tokens/pkcs11/stored_octets.h"

namespace intaglio::tokens {
namespace {

const Status& StatusOfResult(const Status& status) { return status; }
template <class T>
const Status& StatusOfResult(const StatusOr<T>& result) {
  return result.status();
}

// Whether a piece of work may be done twice when the first session was lost under it.
enum class Retry { kOnce, kNever };

// What a failure says of the session it came from.
enum class Damage {
  kNone,
  kThisSession,  // an operation may be left half done in it
  kThisAnswer,   // a fault of the moment; another session may well succeed
  kAllSessions,  // so may another session, but no other that is open now
};

Damage DamageOf(const Status& status) {
  if (IsSessionFault(status) || Is(status, kKeyHandleInvalid)) return Damage::kAllSessions;
  if (Is(status, kOwnSignatureWrong)) return Damage::kThisAnswer;
  if (Is(status, kArgumentsRefused) || Is(status, kTokenFailure)) return Damage::kThisSession;
  return Damage::kNone;
}

Status CheckDigests(std::span<const MessageDigest> digests) {
  if (!digests.empty()) return OkStatus();
  return Fail(kTokenInputInvalid, "there is no digest to sign");
}

}  // namespace

struct Token::Impl {
  std::shared_ptr<Module> module;
  std::unique_ptr<SessionPool> pool;
  std::mutex making;  // a name is looked for and then taken
  // While SoftHSM copies a token key, searches by other sessions see the half-made copy as a second
  // token key; so no search for RESIDENT keys runs beside a copy.
  std::mutex copying;

  // Runs `work` with a session. One the token dropped is discarded, and the work done again with
  // another if it may be.
  template <class Work>
  auto Run(Retry retry, Work&& work, std::string_view wanted = {})
      -> decltype(work(std::declval<Session&>())) {
    const Module::Call call(*module);
    if (!call.status().ok()) return call.status();
    for (bool again = retry == Retry::kOnce;; again = false) {
      auto lease = pool->Acquire(wanted);
      if (!lease.ok()) return lease.status();
      auto result = work(**lease);
      const Damage damage = DamageOf(StatusOfResult(result));
      if (damage == Damage::kNone) return result;
      lease->MarkBroken();
      if (damage == Damage::kThisSession) return result;
      // What broke this session, or voided a handle in it, most likely did so to those at rest too.
      if (damage == Damage::kAllSessions) pool->CloseIdle();
      if (!again) return result;
    }
  }

  // The handle of a secret key, searched for once.
  StatusOr<CK_OBJECT_HANDLE> SecretKey(Session& session, const KeyLabel& label) {
    const std::string name = "secret:" + label.text();
    if (const auto known = pool->TokenObject(name)) return *known;
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, FindSecretKeyObject(session, label));
    pool->RememberTokenObject(name, key);
    return key;
  }

  StatusOr<CK_OBJECT_HANDLE> StorageKey(Session& session, const KeyLabel& label) {
    const std::string name = "storage:" + label.text();
    if (const auto known = pool->TokenObject(name)) return *known;
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, FindSecretKeyObject(session, label));
    RETURN_IF_ERROR(CheckStorageKey(session, key));
    pool->RememberTokenObject(name, key);
    return key;
  }

  StatusOr<CK_OBJECT_HANDLE> ResidentKey(Session& session, const KeyId& id) {
    const std::string_view name = AsStringView(id.octets());
    if (const auto known = session.private_keys().Find(name)) return *known;
    const std::lock_guard lock(copying);
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE token_key, FindResidentKey(session, id));
    ASSIGN_OR_RETURN(const UsableKey usable, CopyIntoSession(session, token_key));
    session.Destroy(session.private_keys().Insert(name, usable.handle, usable.owner));
    return usable.handle;
  }

  // The unwrapped key, alive in this session already if it was used lately.
  StatusOr<CK_OBJECT_HANDLE> UnwrappedKey(Session& session, const KeyId& id, WrappedKey wrapped,
                                          KeyAlgorithm algorithm, const KeyLabel& storage_key) {
    const std::string_view name = AsStringView(id.octets());
    if (const auto known = session.private_keys().Find(name, wrapped.octets)) return *known;
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE wrapping, StorageKey(session, storage_key));
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE object,
                     UnwrapKey(session, algorithm, wrapping, wrapped));
    session.Destroy(
        session.private_keys().Insert(name, object, ObjectOwner::kSession, wrapped.octets));
    return object;
  }
};

Token::Token(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Token::~Token() = default;

StatusOr<std::unique_ptr<Token>> Token::Open(std::shared_ptr<Module> module,
                                             const TokenSelector& selector, const SecretBytes& pin,
                                             PoolLimits limits) {
  auto impl = std::make_unique<Impl>();
  impl->module = module;
  ASSIGN_OR_RETURN(impl->pool, SessionPool::Open(std::move(module), selector, pin, limits));
  return std::unique_ptr<Token>(new Token(std::move(impl)));
}

const TokenDescription& Token::Describe() const { return impl_->pool->token(); }

SupervisorStatus Token::Standing() const {
  const CacheCounters& caches = impl_->module->cache_counters();
  SupervisorStatus out;
  out.counters.sessions_open = impl_->pool->sessions_open();
  out.counters.sessions_discarded = impl_->pool->sessions_discarded();
  out.counters.logins = impl_->pool->logins();
  out.counters.reinitialisations = impl_->module->generation() - 1;
  out.counters.cache_hits = caches.hits.load();
  out.counters.cache_misses = caches.misses.load();
  out.counters.cache_evictions = caches.evictions.load();
  out.tokens.push_back(
      {Describe().label + " (serial " + Describe().serial + ")", TokenState::kHealthy, OkStatus()});
  return out;
}

TokenHealth Token::Health() {
  return {impl_->pool->sessions_open(), impl_->pool->sessions_discarded(), impl_->pool->logins(),
          impl_->module->destroyed_objects(), impl_->module->generation()};
}

Status Token::Probe() {
  const Module::Call call(*impl_->module);
  RETURN_IF_ERROR(call.status());
  ASSIGN_OR_RETURN(const CK_SLOT_ID slot, impl_->pool->CurrentSlot());
  ASSIGN_OR_RETURN(const SlotToken found, ReadSlot(impl_->module->ck(), slot));
  const TokenDescription& ours = impl_->pool->token();
  if (found.token.label == ours.label && found.token.serial == ours.serial) return OkStatus();
  return Fail(kTokenGone, "where token '" + ours.label + "' (serial " + ours.serial +
                              ") was there is now '" + found.token.label + "' (serial " +
                              found.token.serial + ")");
}

Status Token::CheckSession() {
  return impl_->Run(Retry::kOnce, [](Session& session) { return session.CheckLoggedIn(); });
}

Status Token::FindAgain() {
  const Module::Call call(*impl_->module);
  RETURN_IF_ERROR(call.status());
  return impl_->pool->FindAgain();
}

void Token::CloseUnused(BootTime now, Duration longest) {
  const Module::Call call(*impl_->module);
  if (call.status().ok()) impl_->pool->CloseUnused(now, longest);
}

void Token::SetPin(const SecretBytes& pin) { impl_->pool->SetPin(pin); }

StatusOr<GeneratedKey> Token::GenerateOaepKey(const KeyLabel& label, const KeyId& id) {
  std::lock_guard lock(impl_->making);
  return impl_->Run(Retry::kNever,
                    [&](Session& session) { return MakeOaepKey(session, label, id); });
}

StatusOr<SecretBytes> Token::OpenOaep(const KeyId& id, ByteView sealed) {
  return impl_->Run(Retry::kOnce, [&](Session& session) -> StatusOr<SecretBytes> {
    const std::lock_guard lock(impl_->copying);
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, FindResidentKey(session, id));
    return OaepOpen(session, key, sealed);
  });
}

StatusOr<GeneratedKey> Token::GenerateResident(KeyAlgorithm algorithm, const KeyLabel& label,
                                               const KeyId& id) {
  std::lock_guard lock(impl_->making);
  return impl_->Run(Retry::kNever, [&](Session& session) {
    return MakeResidentKey(session, algorithm, label, id);
  });
}

StatusOr<std::vector<Bytes>> Token::SignResident(const KeyId& id, KeyAlgorithm algorithm,
                                                 Spki public_key,
                                                 std::span<const MessageDigest> digests) {
  RETURN_IF_ERROR(CheckDigests(digests));
  ASSIGN_OR_RETURN(const PublicKey key, PublicKey::FromSpki(public_key, algorithm));
  return impl_->Run(
      Retry::kOnce,
      [&](Session& session) -> StatusOr<std::vector<Bytes>> {
        ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE handle, impl_->ResidentKey(session, id));
        return SignDigests(session, handle, key, digests);
      },
      AsStringView(id.octets()));
}

Status Token::DestroyResident(const KeyId& id) {
  const Status status = impl_->Run(Retry::kOnce, [&](Session& session) -> Status {
    const std::lock_guard lock(impl_->copying);
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, FindResidentKey(session, id));
    return session.DestroyObject(key);
  });
  // Whatever the token said, nothing may sign on with a copy.
  DropKey(id);
  return status;
}

void Token::DropKey(const KeyId& id) {
  const Module::Call call(*impl_->module);
  if (call.status().ok()) impl_->pool->DropKey(AsStringView(id.octets()));
}

void Token::DropCopies() {
  const Module::Call call(*impl_->module);
  if (call.status().ok()) impl_->pool->DropCopies();
}

StatusOr<GeneratedWrappedKey> Token::GenerateWrapped(KeyAlgorithm algorithm,
                                                     const KeyLabel& storage_key) {
  return impl_->Run(Retry::kOnce, [&](Session& session) -> StatusOr<GeneratedWrappedKey> {
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE wrapping, impl_->StorageKey(session, storage_key));
    return MakeWrappedKey(session, algorithm, wrapping);
  });
}

StatusOr<KeyOrigin> Token::StorageKeyOrigin(const KeyLabel& storage_key) {
  return impl_->Run(Retry::kOnce, [&](Session& session) -> StatusOr<KeyOrigin> {
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, impl_->StorageKey(session, storage_key));
    return ReadOrigin(session, key);
  });
}

StatusOr<std::vector<Bytes>> Token::SignWrapped(const KeyId& id, WrappedKey wrapped,
                                                KeyAlgorithm algorithm, const KeyLabel& storage_key,
                                                Spki public_key,
                                                std::span<const MessageDigest> digests) {
  RETURN_IF_ERROR(CheckDigests(digests));
  ASSIGN_OR_RETURN(const PublicKey key, PublicKey::FromSpki(public_key, algorithm));
  return impl_->Run(
      Retry::kOnce,
      [&](Session& session) -> StatusOr<std::vector<Bytes>> {
        ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE object,
                         impl_->UnwrappedKey(session, id, wrapped, algorithm, storage_key));
        return SignDigests(session, object, key, digests);
      },
      AsStringView(id.octets()));
}

Status Token::VerifyP256(P256Point point, const Digest& digest, P256Signature signature) {
  const auto key = PublicKey::FromEcPoint(point.octets, KeyAlgorithm::kP256);
  if (!key.ok() || point.octets.size() != 65) {
    return Fail(kSignatureUnverifiable, "the public key is no uncompressed P-256 point: " +
                                            std::to_string(point.octets.size()) + " octets");
  }
  return impl_->Run(Retry::kOnce, [&](Session& session) {
    return VerifyDigest(session, *key, MessageDigest::Sha256(digest), signature.octets);
  });
}

Status Token::GenerateSecretKey(const KeyLabel& label) {
  std::lock_guard lock(impl_->making);
  return impl_->Run(Retry::kNever, [&](Session& session) { return MakeSecretKey(session, label); });
}

Status Token::FindSecretKey(const KeyLabel& label) {
  return impl_->Run(Retry::kOnce,
                    [&](Session& session) { return FindSecretKeyObject(session, label).status(); });
}

Status Token::DestroySecretKey(const KeyLabel& label) {
  return impl_->Run(Retry::kOnce, [&](Session& session) -> Status {
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, FindSecretKeyObject(session, label));
    impl_->pool->ForgetTokenObject("secret:" + label.text());
    impl_->pool->ForgetTokenObject("storage:" + label.text());
    return session.DestroyObject(key);
  });
}

StatusOr<Bytes> Token::SealGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                               ByteView plaintext) {
  return impl_->Run(Retry::kOnce, [&](Session& session) -> StatusOr<Bytes> {
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, impl_->SecretKey(session, label));
    return GcmSeal(session, key, nonce, aad, plaintext);
  });
}

StatusOr<Bytes> Token::OpenGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                               ByteView sealed) {
  return impl_->Run(Retry::kOnce, [&](Session& session) -> StatusOr<Bytes> {
    ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, impl_->SecretKey(session, label));
    return GcmOpen(session, key, nonce, aad, sealed);
  });
}

Status Token::ReplaceData(const KeyLabel& label, ByteView octets) {
  std::lock_guard lock(impl_->making);
  return impl_->Run(Retry::kOnce,
                    [&](Session& session) { return ReplaceDataObject(session, label, octets); });
}

StatusOr<std::vector<Bytes>> Token::ReadData(const KeyLabel& label) {
  return impl_->Run(Retry::kOnce,
                    [&](Session& session) { return ReadDataObjects(session, label); });
}

Status Token::GenerateRandom(std::span<uint8_t> out) {
  return impl_->Run(Retry::kOnce, [&](Session& session) {
    return FromCk("C_GenerateRandom",
                  session.ck().C_GenerateRandom(session.handle(), out.data(), out.size()));
  });
}

}  // namespace intaglio::tokens
