// Supervisor: one or several tokens with the same keys, kept in service.
//
// It owns the modules and tokens. A call goes to the first token that is well; where it fails for a
// reason that a repair may end, the token is repaired (new sessions and login, found in another
// slot, module initialised anew: remedy.cc) and the call repeated, and where that does not help, it
// goes to the next token. A call that must not happen twice is never repeated; signing may be: the
// caller has journalled its intent, and signatures are returned once. A refused PIN is not tried
// again. No call waits for ever for anything of ours; a call the module itself does not return from
// holds its own thread alone.
//
// Keys made here are made in the first token only: the others get them by the vendor's backup, as
// RESIDENT keys must anyway. Destroying takes effect in every token or fails. Thread-safe.
#ifndef INTAGLIO_TOKENS_PKCS11_SUPERVISOR_H_
#define INTAGLIO_TOKENS_PKCS11_SUPERVISOR_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tokens/pkcs11/supervised_token.h"
#include "tokens/pkcs11/supervision.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::tokens {

class Supervisor final : public TokenKeys {
 public:
  // Opens the tokens, the preferred one first. Those that cannot be opened now are tried again
  // later, except for their PIN; if none can, the first one's failure. kTokenInputInvalid for no
  // token or more than 8. `clock` outlives this.
  static StatusOr<std::unique_ptr<Supervisor>> Open(std::vector<SupervisedTokenConfig> tokens,
                                                    const Clock& clock, SupervisorTiming timing);
  // Stops, then closes the tokens; wants no call in flight.
  ~Supervisor() override;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // From here until Stop() a thread looks after the tokens and tells `observer` of what has
  // happened since Open(). Once.
  void Start(SupervisorObserver& observer);
  // Returns when the observer has been told of everything; it is not called afterwards.
  void Stop();
  // What the thread does each time; for callers that have none.
  void Tend();

  SupervisorStatus Standing() const override;
  // Another PIN for the token of that index in the configuration; tried once, at once.
  Status SetPin(size_t index, const SecretBytes& pin);

  const TokenDescription& Describe() const override;
  StatusOr<GeneratedKey> GenerateResident(KeyAlgorithm algorithm, const KeyLabel& label,
                                          const KeyId& id) override;
  StatusOr<std::vector<Bytes>> SignResident(const KeyId& id, KeyAlgorithm algorithm,
                                            Spki public_key,
                                            std::span<const MessageDigest> digests) override;
  Status DestroyResident(const KeyId& id) override;
  StatusOr<GeneratedWrappedKey> GenerateWrapped(KeyAlgorithm algorithm,
                                                const KeyLabel& storage_key) override;
  StatusOr<KeyOrigin> StorageKeyOrigin(const KeyLabel& storage_key) override;
  StatusOr<std::vector<Bytes>> SignWrapped(const KeyId& id, WrappedKey wrapped,
                                           KeyAlgorithm algorithm, const KeyLabel& storage_key,
                                           Spki public_key,
                                           std::span<const MessageDigest> digests) override;
  void DropKey(const KeyId& id) override;
  void DropCopies() override;
  Status VerifyP256(P256Point point, const Digest& digest, P256Signature signature) override;
  Status GenerateSecretKey(const KeyLabel& label) override;
  Status FindSecretKey(const KeyLabel& label) override;
  Status DestroySecretKey(const KeyLabel& label) override;
  StatusOr<Bytes> SealGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                          ByteView plaintext) override;
  StatusOr<Bytes> OpenGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                          ByteView sealed) override;
  Status ReplaceData(const KeyLabel& label, ByteView octets) override;
  StatusOr<std::vector<Bytes>> ReadData(const KeyLabel& label) override;
  Status GenerateRandom(std::span<uint8_t> out) override;

 private:
  enum class Repeat { kAllowed, kNever };

  Supervisor(const Clock& clock, SupervisorTiming timing) : clock_(clock), timing_(timing) {}
  void Tell(TransitionEvent event);
  void Deliver(SupervisorObserver& observer);
  void Look(SupervisorObserver& observer);
  void Serving(size_t index);
  bool AllWell() const;

  // Runs `work` on the first token that can do it.
  template <class Work>
  auto Run(Absence absence, Work work) -> decltype(work(std::declval<Token&>()));
  // Runs `work` on one token, repairing it in between where that helps.
  template <class Work>
  auto RunOn(SupervisedToken& token, Absence absence, Repeat repeat, Work& work)
      -> decltype(work(std::declval<Token&>()));
  // Runs `work` on every token; the first failure that is not kKeyNotFound, if any.
  template <class Work>
  Status RunOnAll(Work work);

  const Clock& clock_;
  const SupervisorTiming timing_;
  ModuleShelf shelf_;
  std::vector<std::unique_ptr<SupervisedToken>> tokens_;
  std::atomic<size_t> serving_{0};
  std::atomic<uint64_t> fail_overs_{0};

  std::mutex events_mutex_;
  std::condition_variable wake_;
  std::vector<TransitionEvent> events_;
  bool stopping_ = false;
  SupervisorObserver* observer_ = nullptr;
  std::thread thread_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SUPERVISOR_H_
