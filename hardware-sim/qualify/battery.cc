#include "hardware-sim/qualify/battery.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hardware-sim/faults/ck_names.h"

namespace intaglio::sim {
namespace {

std::string Trimmed(const CK_UTF8CHAR* text, size_t size) {
  std::string out(reinterpret_cast<const char*>(text), size);
  out.erase(std::find(out.begin(), out.end(), '\0'), out.end());
  const size_t end = out.find_last_not_of(' ');
  out.erase(end == std::string::npos ? 0 : end + 1);
  return out;
}

std::string Version(const CK_VERSION& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kNotSupported:
      break;
  }
  return "not supported";
}

size_t QualifyReport::CountOf(Verdict verdict) const {
  return static_cast<size_t>(std::ranges::count_if(
      results, [&](const CheckResult& each) { return each.finding.verdict == verdict; }));
}

Finding Pass(std::string evidence) { return {Verdict::kPass, std::move(evidence)}; }
Finding Fails(std::string evidence) { return {Verdict::kFail, std::move(evidence)}; }
Finding NotSupported(std::string evidence) { return {Verdict::kNotSupported, std::move(evidence)}; }

std::string Said(std::string_view call, CK_RV rv) {
  return std::string(call) + ": " + NameOfReturnValue(rv);
}

Finding MustRefuse(std::string_view attempt, CK_RV rv) {
  return rv == CKR_OK ? Fails(Said(attempt, rv)) : Pass(Said(attempt, rv));
}

QualifyReport Qualify(const Cryptoki& cryptoki, Locking locking,
                      const std::function<void(const Check&)>& progress) {
  QualifyReport report;
  const CK_INFO info = cryptoki.Info();
  const CK_TOKEN_INFO token = cryptoki.TokenInfo();
  report.module = cryptoki.module().path;
  report.library = Trimmed(info.manufacturerID, sizeof info.manufacturerID) + ", " +
                   Trimmed(info.libraryDescription, sizeof info.libraryDescription) + " " +
                   Version(info.libraryVersion);
  report.token = Trimmed(token.label, sizeof token.label) + ", " +
                 Trimmed(token.model, sizeof token.model) + ", firmware " +
                 Version(token.firmwareVersion);
  std::vector<std::span<const Check>> groups{KeyChecks(), AccessChecks(), BehaviourChecks()};
  if (locking == Locking::kLockThePin) groups.push_back(LockingChecks());
  for (const auto& group : groups) {
    for (const Check& check : group) {
      if (progress) progress(check);
      report.results.push_back({&check, check.run(cryptoki)});
    }
  }
  return report;
}

std::string ToText(const QualifyReport& report) {
  std::string out = report.module + "\n" + report.library + "\ntoken: " + report.token + "\n\n";
  for (const auto& [check, finding] : report.results) {
    std::string verdict(NameOf(finding.verdict));
    verdict.resize(14, ' ');
    out += verdict + std::string(check->id) + ": " + std::string(check->claim) + "\n" +
           std::string(14, ' ') + finding.evidence + "\n";
    if (finding.verdict == Verdict::kFail) {
      out += std::string(14, ' ') + std::string(check->why) + "\n";
    }
  }
  return out + "\n" + std::to_string(report.CountOf(Verdict::kPass)) + " pass, " +
         std::to_string(report.CountOf(Verdict::kFail)) + " fail, " +
         std::to_string(report.CountOf(Verdict::kNotSupported)) + " not supported\n";
}

std::string ToJson(const QualifyReport& report) {
  nlohmann::ordered_json out{{"module", report.module},
                             {"library", report.library},
                             {"token", report.token},
                             {"pass", report.CountOf(Verdict::kPass)},
                             {"fail", report.CountOf(Verdict::kFail)},
                             {"not_supported", report.CountOf(Verdict::kNotSupported)}};
  for (const auto& [check, finding] : report.results) {
    out["checks"].push_back({{"id", check->id},
                             {"claim", check->claim},
                             {"verdict", NameOf(finding.verdict)},
                             {"evidence", finding.evidence},
                             {"why", check->why}});
  }
  // What a module says of itself need not be UTF-8.
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ToHtml(const QualifyReport& report) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Qualification of " +
      Escaped(report.module) +
      "</title>\n<style>body{font:15px/1.45 sans-serif;max-width:70em;margin:2em auto;padding:0 "
      "1em}"
      "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;"
      "padding:.4em .6em;text-align:left;vertical-align:top}.pass{color:#05692c}"
      ".fail{color:#a3081b;font-weight:bold}.not{color:#666}code{font-size:90%}</style>"
      "</head>\n<body><h1>" +
      Escaped(report.library) + "</h1>\n<p><code>" + Escaped(report.module) +
      "</code><br>Token: " + Escaped(report.token) + "</p>\n<p>" +
      std::to_string(report.CountOf(Verdict::kPass)) + " pass, " +
      std::to_string(report.CountOf(Verdict::kFail)) + " fail, " +
      std::to_string(report.CountOf(Verdict::kNotSupported)) +
      " not supported.</p>\n<table><tr><th>Check</th><th>Result</th><th>Evidence</th></tr>\n";
  for (const auto& [check, finding] : report.results) {
    const std::string_view verdict = NameOf(finding.verdict);
    out += "<tr><td><b>" + Escaped(check->id) + "</b><br>" + Escaped(check->claim) +
           "</td><td class=\"" + std::string(verdict.substr(0, verdict.find(' '))) + "\">" +
           std::string(verdict) + "</td><td><code>" + Escaped(finding.evidence) + "</code>";
    if (finding.verdict == Verdict::kFail) out += "<br>" + Escaped(check->why);
    out += "</td></tr>\n";
  }
  return out + "</table></body></html>\n";
}

}  // namespace intaglio::sim
