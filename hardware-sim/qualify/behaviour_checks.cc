// How the module behaves: templates, sessions, threads, processes, random numbers.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "hardware-sim/qualify/battery.h"

namespace intaglio::sim {
namespace {

using As = QualifySession::As;

constexpr char kLabel[] = "intaglio-qualify-session";
constexpr int kThreads = 8, kSignaturesEach = 25;

Finding OwnSignaturesVerify(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  KeyPairHandles keys;
  CK_RV rv = session.GenerateP256({}, &keys);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKeyPair", rv));
  Bytes signature;
  rv = session.Sign(keys.secret, Bytes(32, 1), &signature);
  if (rv != CKR_OK) return Fails(Said("C_Sign", rv));
  const CK_RV right = session.Verify(keys.open, Bytes(32, 1), signature);
  const CK_RV wrong = session.Verify(keys.open, Bytes(32, 2), signature);
  const std::string evidence = Said("C_Verify", right) + "; " + Said("over another digest", wrong);
  if (right == CKR_FUNCTION_NOT_SUPPORTED) return NotSupported(evidence);
  return right == CKR_OK && wrong == CKR_SIGNATURE_INVALID ? Pass(evidence) : Fails(evidence);
}

Finding BadTemplatesAreRefused(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  CK_OBJECT_HANDLE key = 0;
  Template nonsense;
  nonsense.Number(CKA_CLASS, CKO_PRIVATE_KEY).Number(CKA_KEY_TYPE, CKK_EC);
  const CK_RV incomplete = session.Create(nonsense, &key);
  Template size;
  size.Number(CKA_VALUE_LEN, 31);
  const CK_RV odd = session.GenerateAes(size, &key);
  Template unknown;
  unknown.Flag(0x7fffff01, true);
  KeyPairHandles keys;
  const CK_RV attribute = session.GenerateP256(unknown, &keys);
  const std::string evidence = Said("a private key without a value", incomplete) + "; " +
                               Said("an AES key of 31 octets", odd) + "; " +
                               Said("an attribute nobody knows", attribute);
  return incomplete != CKR_OK && odd != CKR_OK && attribute != CKR_OK ? Pass(evidence)
                                                                      : Fails(evidence);
}

Finding MechanismMustFit(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  KeyPairHandles keys;
  const CK_RV rv = session.GenerateP256({}, &keys);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKeyPair", rv));
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  const CK_RV init = cryptoki->C_SignInit(session.handle(), &mechanism, keys.secret);
  Bytes signature;
  const CK_RV used = init == CKR_OK ? session.SignFinal(Bytes(32, 1), &signature) : init;
  return MustRefuse("C_Sign with CKM_RSA_PKCS and an EC key", used);
}

Finding SessionObjectsEnd(const Cryptoki& cryptoki) {
  QualifySession watcher(cryptoki, As::kUser);
  if (watcher.rv() != CKR_OK) return NotSupported(Said("C_Login", watcher.rv()));
  size_t during = 0, after = 0;
  {
    QualifySession session(cryptoki, As::kNobody);
    Template labelled;
    labelled.Text(CKA_LABEL, kLabel);
    KeyPairHandles keys;
    const CK_RV rv = session.GenerateP256(labelled, &keys);
    if (rv != CKR_OK) return NotSupported(Said("C_GenerateKeyPair", rv));
    session.Count(kLabel, &during);
  }
  watcher.Count(kLabel, &after);
  const std::string evidence = "found " + std::to_string(during) + " before C_CloseSession and " +
                               std::to_string(after) + " after";
  return during > 0 && after == 0 ? Pass(evidence) : Fails(evidence);
}

Finding OperationsAreTheSessions(const Cryptoki& cryptoki) {
  QualifySession first(cryptoki, As::kUser), second(cryptoki, As::kNobody);
  if (first.rv() != CKR_OK) return NotSupported(Said("C_Login", first.rv()));
  if (second.rv() != CKR_OK) return NotSupported(Said("a second C_OpenSession", second.rv()));
  KeyPairHandles keys;
  CK_RV rv = first.GenerateP256({}, &keys);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKeyPair", rv));
  rv = first.SignInit(keys.secret);
  if (rv != CKR_OK) return NotSupported(Said("C_SignInit", rv));
  Bytes signature;
  const CK_RV foreign = second.SignFinal(Bytes(32, 1), &signature);
  const CK_RV own = first.SignFinal(Bytes(32, 1), &signature);
  const std::string evidence =
      Said("C_Sign in another session", foreign) + "; " + Said("in the one that began it", own);
  return foreign != CKR_OK && own == CKR_OK ? Pass(evidence) : Fails(evidence);
}

Finding ThreadsAtOnce(const Cryptoki& cryptoki) {
  QualifySession holder(cryptoki, As::kUser);
  if (holder.rv() != CKR_OK) return NotSupported(Said("C_Login", holder.rv()));
  std::atomic<int> good{0}, wrong{0};
  std::atomic<CK_RV> last_error{CKR_OK};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      QualifySession session(cryptoki, As::kNobody);
      KeyPairHandles keys;
      CK_RV rv = session.rv() == CKR_OK ? session.GenerateP256({}, &keys) : session.rv();
      for (int i = 0; i < kSignaturesEach && rv == CKR_OK; ++i) {
        const Bytes digest(32, static_cast<uint8_t>(t * kSignaturesEach + i));
        Bytes signature;
        rv = session.Sign(keys.secret, digest, &signature);
        if (rv != CKR_OK) break;
        rv = session.Verify(keys.open, digest, signature);
        ++(rv == CKR_OK ? good : wrong);
      }
      if (rv != CKR_OK) last_error = rv;
    });
  }
  for (std::thread& each : threads) each.join();
  std::string evidence = std::to_string(good.load()) + " of " +
                         std::to_string(kThreads * kSignaturesEach) + " signatures of " +
                         std::to_string(kThreads) + " threads verify";
  if (last_error != CKR_OK) evidence += "; " + Said("the last error", last_error);
  return good == kThreads * kSignaturesEach ? Pass(evidence) : Fails(evidence);
}

// In the child, on its own thread of execution: whether a parent's session signs.
Finding ChildHasNoSessions(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  KeyPairHandles keys;
  const CK_RV rv = session.GenerateP256({}, &keys);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKeyPair", rv));
  int ends[2];
  if (pipe(ends) != 0) return NotSupported("no pipe");
  const pid_t child = fork();
  if (child < 0) return NotSupported("no process");
  if (child == 0) {
    alarm(10);
    Bytes signature;
    const CK_RV used = session.Sign(keys.secret, Bytes(32, 1), &signature);
    const bool told = write(ends[1], &used, sizeof used) == sizeof used;
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  CK_RV used = CKR_OK;
  const bool told = read(ends[0], &used, sizeof used) == sizeof used;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!told) return Fails("C_Sign in a child process ended or hung the child");
  return MustRefuse("C_Sign in a child process with its parent's session", used);
}

Finding RandomDiffers(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kNobody);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_OpenSession", session.rv()));
  Bytes first(32, 0), second(32, 0);
  const CK_RV one = cryptoki->C_GenerateRandom(session.handle(), first.data(), first.size());
  const CK_RV two = cryptoki->C_GenerateRandom(session.handle(), second.data(), second.size());
  if (one != CKR_OK || two != CKR_OK) return NotSupported(Said("C_GenerateRandom", one));
  return first != second && first != Bytes(32, 0) ? Pass("two draws of 32 octets differ")
                                                  : Fails("two draws of 32 octets are the same");
}

constexpr Check kChecks[] = {
    {"sign.verifies", "Signatures verify, and over nothing else",
     "Wrong signatures would leave the device as good ones.", OwnSignaturesVerify},
    {"template.refused", "Templates that make no sense are refused",
     "A misspelt attribute would be dropped in silence, and with it what it was to forbid.",
     BadTemplatesAreRefused},
    {"template.mechanism", "A mechanism works with keys of its kind only",
     "Keys would be used in ways nobody has analysed.", MechanismMustFit},
    {"session.objects", "Session objects end with their session",
     "Unwrapped keys would stay behind.", SessionObjectsEnd},
    {"session.operations", "An operation belongs to the session that began it",
     "One caller would finish what another began.", OperationsAreTheSessions},
    {"concurrency.threads", "Many threads sign at once and every signature is right",
     "Signatures would be mixed up or lost under load.", ThreadsAtOnce},
    {"process.fork", "A child process does not have its parent's sessions",
     "Whatever a service starts could sign.", ChildHasNoSessions},
    {"random.differs", "Random octets differ from draw to draw", "Keys and nonces would repeat.",
     RandomDiffers},
};

}  // namespace

std::span<const Check> BehaviourChecks() { return kChecks; }

}  // namespace intaglio::sim
