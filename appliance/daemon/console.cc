#include "appliance/daemon/console.h"

#include "appliance/crypto/hash.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/lost_mark.h"
#include "appliance/daemon/pem.h"
#include "appliance/daemon/program.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/file_journal.h"
#include "appliance/token/pkcs11_keys.h"
#include "appliance/usecases/services.h"
#include "attestation/produce/evidence_producer.h"
#include "base/clock.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxPem = 64 * 1024;

}  // namespace

StatusOr<std::string> InitialiseCore(const CoreSettings& settings, const std::string& init_file,
                                     const std::string& spki_out,
                                     const std::string& journal_key_out) {
  ASSIGN_OR_RETURN(CoreIdentity identity, LoadInit(init_file));
  ASSIGN_OR_RETURN(const Program program, ThisProgram());
  identity.configuration_sha256 = settings.file_sha256;
  ASSIGN_OR_RETURN(const Bytes host, DerOrPem(settings.link.pinned_peer_pem, "CERTIFICATE"));
  identity.pinned_hosts = {{Sha256(host), {}}};
  SystemClock clock;
  SystemRng rng;
  ASSIGN_OR_RETURN(Vault vault, MakeVault(settings, rng, clock.Now()));
  ASSIGN_OR_RETURN(const auto storage_key, tokens::KeyLabel::Create(settings.token.storage_key));
  Pkcs11Keys keys(*vault.token, storage_key);
  // Before anything else: without a trusted wrapping key no signer key can ever be made.
  RETURN_IF_ERROR(keys.DescribeStorageKey().status());
  ASSIGN_OR_RETURN(identity.instance, DrawId<CoreInstance>(rng));
  ASSIGN_OR_RETURN(const KeyId attestation_id, DrawId<KeyId>(rng));
  ASSIGN_OR_RETURN(const GeneratedKey attestation_key,
                   keys.GenerateResident(KeyAlgorithm::kP256, attestation_id, "attestation"));
  RETURN_IF_ERROR(WriteFile(spki_out, AsBytes(ToPem(attestation_key.spki, "PUBLIC KEY")), 0644));
  StoredInstance instance{.identity = identity,
                          .attestation_spki = attestation_key.spki,
                          .attestation_certificate = {},
                          .attestation_chain = {},
                          .attestation_cka_id = ToBytes(attestation_id.view()),
                          .journal_spki = {},
                          .journal_cka_id = {},
                          .format = program.format,
                          .written_by = program.version,
                          .program_sha256 = program.sha256};
  RETURN_IF_ERROR(MakeJournalKey(keys, rng, instance));
  {
    const auto anchor = MakeAnchor(settings, *vault.token);
    // Whatever an earlier core left there is not of this one; where that one is lost, it tells how
    // far its journal had come.
    RETURN_IF_ERROR(KeepLostMark(*vault.token, *anchor));
    RETURN_IF_ERROR(anchor->Found());
    ASSIGN_OR_RETURN(const auto journal,
                     FileJournal::Open(JournalDir(settings), clock, 0, std::nullopt));
    ASSIGN_OR_RETURN(const Bytes init_octets,
                     ReadFile(init_file, FileTrust::kNotWritable, 256 * 1024));
    std::vector<OfficerId> officers;
    for (const Officer& each : identity.roster) officers.push_back(each.id);
    RETURN_IF_ERROR(journal
                        ->Append({.type = EventType::kInitialised,
                                  .key_id = attestation_id,
                                  .content_digest = Sha256(attestation_key.spki),
                                  .note = "instance " + identity.instance.hex() + ", QSCD entry " +
                                          identity.qscd_entry.entry_id,
                                  .officers = officers,
                                  .statement = init_octets})
                        .status());
    Checkpointer checkpointer(*journal, keys, *anchor, SignerOf(instance, 0), {},
                              [](const Status& found) { LogFailure("journal.anchor", found); });
    RETURN_IF_ERROR(checkpointer.MakeOne());
    RETURN_IF_ERROR(vault.state->StoreJournalAnchor(journal->Head()));
  }
  RETURN_IF_ERROR(vault.state->StoreTime({clock.Now(), 0}));
  RETURN_IF_ERROR(vault.state->StoreInstance(instance));
  if (!journal_key_out.empty()) {
    RETURN_IF_ERROR(
        WriteFile(journal_key_out, AsBytes(ToPem(instance.journal_spki, "PUBLIC KEY")), 0644));
  }
  return "{\"core_instance\":\"" + identity.instance.hex() + "\",\"attestation_public_key\":\"" +
         spki_out + "\",\"journal_key_id\":\"" + ToHex(Sha256(instance.journal_spki)) +
         "\",\"officers\":" + std::to_string(identity.roster.size()) + "}";
}

StatusOr<std::string> InstallDeviceCertificate(const CoreSettings& settings,
                                               const std::string& certificate_file,
                                               const std::string& chain_file) {
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  ASSIGN_OR_RETURN(auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "run intaglio-core init first");
  ASSIGN_OR_RETURN(const Program program, ThisProgram());
  RETURN_IF_ERROR(CheckProgram(*instance, program, settings.boundary));
  ASSIGN_OR_RETURN(const Bytes file, ReadFile(certificate_file, FileTrust::kAnyMode, kMaxPem));
  ASSIGN_OR_RETURN(instance->attestation_certificate, DerOrPem(file, "CERTIFICATE"));
  instance->attestation_chain.clear();
  if (!chain_file.empty()) {
    ASSIGN_OR_RETURN(const Bytes chain, ReadFile(chain_file, FileTrust::kAnyMode, kMaxPem));
    ASSIGN_OR_RETURN(instance->attestation_chain, PemBlocks(chain, "CERTIFICATE"));
  }
  ASSIGN_OR_RETURN(const auto producer,
                   attestation::EvidenceProducer::Create(attestation::EvidenceProfile::Draft(),
                                                         instance->attestation_certificate,
                                                         instance->attestation_chain));
  if (producer.ak_spki() != instance->attestation_spki) {
    return Fail(kConfigInvalid, certificate_file + " is for another key than this core's");
  }
  SystemClock clock;
  ASSIGN_OR_RETURN(const CoreJournal core_journal,
                   OpenCoreJournal(settings, vault, clock, Opening::kConsole));
  const auto& journal = core_journal.journal;
  RETURN_IF_ERROR(journal
                      ->Append({.type = EventType::kDeviceCertificateInstalled,
                                .certificate = instance->attestation_certificate})
                      .status());
  RETURN_IF_ERROR(vault.state->StoreInstance(*instance));
  RETURN_IF_ERROR(CloseCoreJournal(core_journal, *vault.state));
  return std::string("{\"device_certificate\":\"") +
         ToHex(Sha256(instance->attestation_certificate)) + "\"}";
}

}  // namespace intaglio::appliance
