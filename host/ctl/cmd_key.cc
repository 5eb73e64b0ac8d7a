#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

struct KeyNewFlags {
  std::string out;
  std::string public_out;
};

Report ReportOfKey(ByteView spki) {
  Report report;
  report.Octets("id", Sha256(spki));
  report.Octets("spki", spki);
  return report;
}

StatusOr<Report> KeyNew(const KeyNewFlags& flags, Session&) {
  const std::string public_file = flags.public_out.empty() ? flags.out + ".pub" : flags.public_out;
  RETURN_IF_ERROR(RequireAbsent(public_file));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::CreateFile(flags.out));
  RETURN_IF_ERROR(WriteFile(public_file, AsBytes(SpkiToPem(key.spki())), 0644));
  Report report = ReportOfKey(key.spki());
  report.Text("private_key", flags.out).Text("public_key", public_file);
  return report;
}

struct KeyShowFlags {
  std::string file;
};

StatusOr<Report> KeyShow(const KeyShowFlags& flags, Session&) {
  if (const auto spki = ReadPublicKey(flags.file); spki.ok()) return ReportOfKey(*spki);
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.file));
  return ReportOfKey(key.spki());
}

}  // namespace

void AddKeyCommands(CommandTable& table) {
  table.Noun("key", "Keys of officers, signers and machines, in files");
  table.Add<KeyNewFlags>(
      {"key new", "Makes a P-256 key; its id is how officers and authenticators are named",
       "intaglio key new --out officer.key"},
      [](Flags& flags, KeyNewFlags& o) {
        flags.Required("--out", o.out, "private key file to make (PEM, mode 0600)")
            .Optional("--public-out", o.public_out, "public key file to make (default: OUT.pub)");
      },
      KeyNew);
  table.Add<KeyShowFlags>(
      {"key show", "Shows a key's id and public half", "intaglio key show officer.key.pub"},
      [](Flags& flags, KeyShowFlags& o) {
        flags.Required("FILE", o.file, "private or public key, PEM or DER");
      },
      KeyShow);
}

}  // namespace intaglio::host
