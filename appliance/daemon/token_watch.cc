#include "appliance/daemon/token_watch.h"

#include "base/log.h"

namespace intaglio::appliance {

TokenWatch::TokenWatch(tokens::Supervisor& supervisor, JournalPort& journal)
    : supervisor_(supervisor), journal_(journal) {
  supervisor_.Start(*this);
}

TokenWatch::~TokenWatch() { supervisor_.Stop(); }

void TokenWatch::Transition(const tokens::TransitionEvent& event) {
  const std::string from(NameOf(event.from)), to(NameOf(event.to));
  const std::string why = event.why.ok() ? "" : DetailOf(event.why);
  LogWarn("token.transition", {{"token", event.token},
                               {"from", from},
                               {"to", to},
                               {"what", event.what},
                               {"ms", std::to_string(event.duration)},
                               {"reason", ReasonIdOf(event.why)},
                               {"why", why}});
  std::string note = event.token + ": " + from + " > " + to;
  if (!event.what.empty()) note += ", " + event.what;
  if (event.duration > 0) note += ", " + std::to_string(event.duration) + " ms";
  if (!why.empty()) note += ": " + why;
  const auto line = journal_.Append({.type = EventType::kTokenTransition,
                                     .reason_id = ReasonIdOf(event.why),
                                     .note = std::move(note)});
  if (!line.ok()) LogFailure("journal.append", line.status());
}

}  // namespace intaglio::appliance
