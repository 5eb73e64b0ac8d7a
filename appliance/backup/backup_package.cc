#include "appliance/backup/backup_package.h"

#include <algorithm>

#include "appliance/backup/oaep_seal.h"
#include "appliance/backup/reasons.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/policy/journal_policy.h"
#include "appliance/records/canonical.h"
#include "appliance/state/row_codec.h"
#include "intaglio/core/v1/backup.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr char kHeaderContext[] = "intaglio/backup/v1";
constexpr char kSealContext[] = "intaglio/backup-seal/v1";
constexpr size_t kMaxHeader = 1024;
constexpr size_t kMaxSealedKey = 1024;
constexpr size_t kMaxSignature = 128;
constexpr size_t kKeyOctets = 32;

// The dump holds record keys: it does not outlive its use.
struct WipedDump {
  pb::StateDump message;
  Bytes octets;
  ~WipedDump() {
    for (pb::DumpedEpoch& each : *message.mutable_epochs()) {
      (void)SecretBytes::WipeAndTake(*each.mutable_record_key());
    }
    Wipe(octets);
  }
};

Bytes EncodeHeader(const BackupHead& head) {
  pb::BackupHeader out;
  out.set_context(kHeaderContext);
  out.set_format(head.format);
  out.set_core_instance(AsString(head.core_instance.view()));
  out.set_instance_epoch(head.instance_epoch);
  out.set_made_at_ms(head.made_at.ms);
  out.set_journal_sequence(head.journal.sequence);
  out.set_journal_chain_hash(AsString(head.journal.chain_hash));
  out.set_target_spki_sha256(AsString(head.target_spki_sha256));
  out.set_copy(head.copy);
  out.set_copies(head.copies);
  out.set_command_sha256(AsString(head.command_sha256));
  return SerializeCanonical(out);
}

StatusOr<BackupHead> DecodeHeader(ByteView octets) {
  pb::BackupHeader in;
  if (!ParseCanonical(octets, kMaxHeader, in) || in.context() != kHeaderContext) {
    return Fail(kBackupUnreadable, "its header is not one of this format");
  }
  BackupHead out;
  const auto chain = ToDigest(AsBytes(in.journal_chain_hash()));
  const auto target = ToDigest(AsBytes(in.target_spki_sha256()));
  const auto command = ToDigest(AsBytes(in.command_sha256()));
  if (!Assign(AsBytes(in.core_instance()), out.core_instance) || !chain.ok() || !target.ok() ||
      !command.ok() || in.instance_epoch() == 0 || in.copy() == 0 || in.copy() > in.copies()) {
    return Fail(kBackupUnreadable, "a field of its header is out of bounds");
  }
  out.format = in.format();
  out.instance_epoch = in.instance_epoch();
  out.made_at = {in.made_at_ms()};
  out.journal = {in.journal_sequence(), *chain};
  out.target_spki_sha256 = *target;
  out.copy = in.copy();
  out.copies = in.copies();
  out.command_sha256 = *command;
  return out;
}

void FillDump(const BackupState& state, WipedDump& out) {
  for (const CarriedRow& each : state.rows) {
    pb::DumpedRow& row = *out.message.add_rows();
    row.set_table(each.table);
    row.set_key(AsString(each.key));
    row.set_value(AsString(each.value));
  }
  for (const CarriedEpoch& each : state.epochs) {
    pb::DumpedEpoch& epoch = *out.message.add_epochs();
    epoch.set_epoch(each.epoch);
    epoch.set_record_key(AsString(each.key.Expose()));
    epoch.set_created_at_ms(each.created_at.ms);
  }
  out.message.set_instance(AsString(EncodeRow(state.instance)));
  out.message.set_high_water_ms(state.high_water.ms);
  out.octets = SerializeCanonical(out.message);
}

Digest SealDigest(ByteView header, ByteView sealed_key, ByteView iv, ByteView ciphertext) {
  pb::BackupSeal seal;
  seal.set_context(kSealContext);
  seal.set_header(AsString(header));
  seal.set_sealed_key(AsString(sealed_key));
  seal.set_iv(AsString(iv));
  seal.set_ciphertext_sha256(AsString(Sha256(ciphertext)));
  return Sha256(SerializeCanonical(seal));
}

StatusOr<BackupState> TakeDump(WipedDump& dump) {
  if (!ParseCanonical(dump.octets, kMostBackup, dump.message)) {
    return Fail(kBackupUnreadable, "its content is not a state of this format");
  }
  BackupState out;
  auto instance = DecodeInstance(AsBytes(dump.message.instance()));
  if (!instance.ok()) return Fail(kBackupUnreadable, DetailOf(instance.status()));
  out.instance = *std::move(instance);
  out.high_water = {dump.message.high_water_ms()};
  for (pb::DumpedEpoch& each : *dump.message.mutable_epochs()) {
    if (each.epoch() == 0 || each.record_key().size() != kKeyOctets) {
      return Fail(kBackupUnreadable, "a record key is out of shape");
    }
    out.epochs.push_back({each.epoch(),
                          SecretBytes::WipeAndTake(*each.mutable_record_key()),
                          {each.created_at_ms()}});
  }
  if (out.epochs.empty()) return Fail(kBackupUnreadable, "it has no record key");
  out.rows.reserve(static_cast<size_t>(dump.message.rows_size()));
  for (const pb::DumpedRow& each : dump.message.rows()) {
    out.rows.push_back({each.table(), ToBytes(each.key()), ToBytes(each.value())});
  }
  return out;
}

Status CheckOwnWord(const BackupFile& file, const StoredInstance& instance) {
  const auto point = PointOfSpki(instance.journal_spki);
  const auto signature = SignatureFromDer(file.signature);
  const Digest digest = SealDigest(file.header, file.sealed_key, file.iv, file.ciphertext);
  if (!point || !signature || !VerifyEs256InSoftware(*point, digest, *signature)) {
    return Fail(kBackupForged, "the signature is not by the JOURNAL key of the core inside");
  }
  if (file.head.core_instance != instance.identity.instance ||
      file.head.instance_epoch != instance.identity.instance_epoch ||
      file.head.format != instance.format) {
    return Fail(kBackupForged, "its header is of another core than its content");
  }
  return OkStatus();
}

}  // namespace

StatusOr<Bytes> BackupSigner::Make(const BackupHead& head, const BackupState& state,
                                   ByteView target_spki) {
  const Bytes header = EncodeHeader(head);
  SecretBytes key(kKeyOctets);
  RETURN_IF_ERROR(rng_.Fill(key.ExposeMutable()));
  GcmIv iv{};
  RETURN_IF_ERROR(rng_.Fill(iv));
  ASSIGN_OR_RETURN(const Bytes sealed_key, OaepSeal(target_spki, key, rng_));
  WipedDump dump;
  FillDump(state, dump);
  const Bytes ciphertext = GcmSeal(key, iv, header, dump.octets);
  const Digest digest = SealDigest(header, sealed_key, iv, ciphertext);
  ASSIGN_OR_RETURN(auto signatures,
                   token_.Sign(JournalPolicy::PermitBackup(journal_key_, digest), journal_key_));
  pb::BackupPackage out;
  out.set_header(AsString(header));
  out.set_sealed_key(AsString(sealed_key));
  out.set_iv(AsString(iv));
  out.set_ciphertext(AsString(ciphertext));
  out.set_signature(AsString(signatures.front()));
  return SerializeCanonical(out);
}

StatusOr<BackupFile> ReadBackup(ByteView file) {
  pb::BackupPackage in;
  if (!ParseCanonical(file, kMostBackup, in)) {
    return Fail(kBackupUnreadable, "it is not a backup package");
  }
  if (in.sealed_key().size() > kMaxSealedKey || in.signature().size() > kMaxSignature) {
    return Fail(kBackupUnreadable, "its key or its signature is too long");
  }
  BackupFile out;
  out.header = ToBytes(in.header());
  ASSIGN_OR_RETURN(out.head, DecodeHeader(out.header));
  if (in.iv().size() != out.iv.size()) return Fail(kBackupUnreadable, "its IV has 12 octets");
  std::copy(in.iv().begin(), in.iv().end(), out.iv.begin());
  out.sealed_key = ToBytes(in.sealed_key());
  out.ciphertext = ToBytes(in.ciphertext());
  out.signature = ToBytes(in.signature());
  return out;
}

StatusOr<BackupState> OpenBackup(const BackupFile& file, const SecretBytes& key) {
  if (key.size() != kKeyOctets) return Fail(kBackupForged, "its key has another length");
  WipedDump dump;
  auto opened = GcmOpen(key, file.iv, file.header, file.ciphertext);
  if (!opened) return Fail(kBackupForged, "header or content was changed");
  dump.octets = *std::move(opened);
  ASSIGN_OR_RETURN(BackupState state, TakeDump(dump));
  RETURN_IF_ERROR(CheckOwnWord(file, state.instance));
  return state;
}

}  // namespace intaglio::appliance
