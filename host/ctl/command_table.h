// CommandTable: every command of `intaglio`, with its flags, help and example.
//
// Commands are rows: a path ("officer approve"), a struct of flags, a function from flags to a
// Report. Parsing, help, output and exit codes are here once. The parser library stays behind
// Flags.
#ifndef INTAGLIO_HOST_CTL_COMMAND_TABLE_H_
#define INTAGLIO_HOST_CTL_COMMAND_TABLE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/ctl/report.h"
#include "host/ctl/session.h"

namespace CLI {
class App;
}

namespace intaglio::host {

// The flags of one command. Names are "--flag", or "FILE" for a positional one.
class Flags final {
 public:
  Flags& Required(const std::string& name, std::string& value, const std::string& meaning);
  Flags& Optional(const std::string& name, std::string& value, const std::string& meaning);
  // May be given several times.
  Flags& Several(const std::string& name, std::vector<std::string>& values,
                 const std::string& meaning);
  // A whole number in [least, most]; the value's present content is the default.
  struct Range {
    uint32_t least;
    uint32_t most;
  };
  Flags& Number(const std::string& name, uint32_t& value, Range range, const std::string& meaning);
  Flags& Switch(const std::string& name, bool& value, const std::string& meaning);

 private:
  friend class CommandTable;
  explicit Flags(CLI::App& parser) : parser_(parser) {}
  CLI::App& parser_;
};

// What a person reads about a command.
struct Verb {
  std::string path;     // "command compose generate-key"
  std::string summary;  // one line
  std::string example;  // a whole command line
};

// Exit codes; stable.
inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnreachable = 3;

class CommandTable final {
 public:
  CommandTable();
  ~CommandTable();
  CommandTable(const CommandTable&) = delete;
  CommandTable& operator=(const CommandTable&) = delete;

  // A group of commands. Comes before its commands.
  void Noun(const std::string& path, const std::string& meaning);

  template <class Options>
  void Add(const Verb& verb, void (*bind)(Flags&, Options&),
           StatusOr<Report> (*run)(const Options&, Session&)) {
    auto options = std::make_shared<Options>();
    AddErased(
        verb, [options, bind](Flags& flags) { bind(flags, *options); },
        [options, run](Session& session) { return run(*options, session); });
  }
  void Add(const Verb& verb, StatusOr<Report> (*run)(Session&));

  // Parses, runs, prints. Answers the exit code; throws nothing.
  int Run(int argc, const char* const* argv, const Terminal& terminal, const Clock& clock,
          Rng& rng);

 private:
  using Runner = std::function<StatusOr<Report>(Session&)>;
  void AddErased(const Verb& verb, const std::function<void(Flags&)>& bind, Runner run);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The rows, by noun.
void AddKeyCommands(CommandTable& table);
void AddCeremonyCommands(CommandTable& table);
void AddMachineCertificateCommands(CommandTable& table);
void AddCommandCommands(CommandTable& table);
void AddCoreCommands(CommandTable& table);
void AddEvidenceCommands(CommandTable& table);
void AddApplicationCommands(CommandTable& table);
void AddOfficerCommands(CommandTable& table);
void AddAuthenticatorCommands(CommandTable& table);
void AddCredentialCommands(CommandTable& table);
void AddSealCommands(CommandTable& table);
void AddSigningCommands(CommandTable& table);
void AddRevocationCommands(CommandTable& table);
void AddJournalCommands(CommandTable& table);
void AddPolicyCommands(CommandTable& table);
void AddRecoverCommand(CommandTable& table);

// The whole program.
int RunIntaglio(int argc, const char* const* argv, const Terminal& terminal);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_COMMAND_TABLE_H_
