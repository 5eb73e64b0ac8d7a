#include "hardware-sim/faults/action.h"

#include "hardware-sim/faults/ck_names.h"
#include "hardware-sim/faults/reasons.h"

namespace intaglio::sim {
namespace {

constexpr uint32_t kLongestMs = 600'000;

Status Bad(const std::string& where, const std::string& what) {
  return Fail(kFaultInvalid, where + " " + what);
}

Status AtMost(const std::string& where, uint64_t value, uint64_t most) {
  if (value <= most) return OkStatus();
  return Bad(where, "is " + std::to_string(value) + "; at most " + std::to_string(most));
}

StatusOr<CK_RV> FailureNamed(const std::string& where, const std::string& text) {
  if (text.empty()) return Bad(where, "is required: a return value such as CKR_DEVICE_ERROR");
  const auto rv = ReturnValueNamed(text);
  if (!rv) return Bad(where, "'" + text + "' is no return value of PKCS#11 and no 0x number");
  if (*rv == CKR_OK) return Bad(where, "CKR_OK is no failure; use pass to let calls through");
  return *rv;
}

StatusOr<CK_ATTRIBUTE_TYPE> Attribute(const std::string& where, const std::string& text) {
  if (text.empty()) return Bad(where, "is required: an attribute such as CKA_LOCAL");
  const auto type = AttributeNamed(text);
  if (!type) return Bad(where, "'" + text + "' is no attribute of PKCS#11 and no 0x number");
  return *type;
}

StatusOr<Action> DelayOf(const v1::Delay& delay, const std::string& where) {
  RETURN_IF_ERROR(AtMost(where + ".milliseconds", delay.milliseconds(), kLongestMs));
  RETURN_IF_ERROR(AtMost(where + ".jitter_milliseconds", delay.jitter_milliseconds(), kLongestMs));
  if (delay.milliseconds() == 0 && delay.jitter_milliseconds() == 0) {
    return Bad(where + ".milliseconds", "is required");
  }
  return Delay{delay.milliseconds(), delay.jitter_milliseconds()};
}

StatusOr<Action> HangOf(const v1::Hang& hang, const std::string& where) {
  const std::string field = where + ".at_most_milliseconds";
  RETURN_IF_ERROR(AtMost(field, hang.at_most_milliseconds(), kLongestMs));
  Hang out{hang.at_most_milliseconds() == 0 ? kLongestMs : hang.at_most_milliseconds(),
           std::nullopt};
  if (!hang.code().empty()) {
    ASSIGN_OR_RETURN(out.rv, FailureNamed(where + ".code", hang.code()));
  }
  return out;
}

StatusOr<Action> ReturnOf(const v1::ReturnCode& code, const std::string& where) {
  ASSIGN_OR_RETURN(const CK_RV rv, FailureNamed(where + ".code", code.code()));
  switch (code.when()) {
    case v1::WHEN_UNSPECIFIED:
      return ReturnInstead{rv};
    case v1::WHEN_AFTER_THE_CALL:
      return ReturnAfterwards{rv};
    default:
      return Bad(where + ".when", "has no meaning known to this simulator");
  }
}

StatusOr<Action> SetValueOf(const v1::SetAttribute& set, const std::string& where) {
  ASSIGN_OR_RETURN(const CK_ATTRIBUTE_TYPE type, Attribute(where + ".attribute", set.attribute()));
  switch (set.value_case()) {
    case v1::SetAttribute::kFlag:
      return SetValue{type, Bytes{static_cast<uint8_t>(set.flag() ? CK_TRUE : CK_FALSE)}};
    case v1::SetAttribute::kNumber: {
      const CK_ULONG number = set.number();
      const auto* octets = reinterpret_cast<const uint8_t*>(&number);
      return SetValue{type, Bytes(octets, octets + sizeof number)};
    }
    case v1::SetAttribute::kOctets:
      RETURN_IF_ERROR(AtMost(where + ".octets size", set.octets().size(), 8192));
      return SetValue{type, ToBytes(set.octets())};
    default:
      return Bad(where, "needs one of flag, number and octets");
  }
}

StatusOr<Action> FailDeviceOf(const v1::DeviceError& error, const std::string& where) {
  FailDevice out{CKR_DEVICE_ERROR, error.milliseconds(), error.calls()};
  if (!error.code().empty()) {
    ASSIGN_OR_RETURN(out.rv, FailureNamed(where + ".code", error.code()));
  }
  return out;
}

// Whether an action can be done to a call.
struct Judge {
  Function function;
  Scope scope;
  bool operator()(const SpoilSignature&) const { return AnswersSignature(function); }
  bool operator()(const RepeatSignature&) const { return AnswersSignature(function); }
  bool operator()(const CorruptValue&) const { return ReadsAttributes(); }
  bool operator()(const SetValue&) const { return ReadsAttributes(); }
  bool operator()(const HideValue&) const { return ReadsAttributes(); }
  bool operator()(const CloseSessions&) const { return scope == Scope::kSession; }
  bool operator()(const LogOut&) const { return scope == Scope::kSession; }
  bool operator()(const RepeatOctet&) const { return function == Function::kC_GenerateRandom; }
  bool operator()(const RefuseObjects&) const { return MakesObjects(function); }
  bool operator()(const PullToken&) const { return scope != Scope::kModule; }
  bool operator()(const MoveSlots&) const { return scope != Scope::kModule; }
  bool operator()(const FailDevice&) const {
    return scope == Scope::kToken || scope == Scope::kSession;
  }
  // What can befall any call but the one that only hands out the list of functions.
  template <class Other>
  bool operator()(const Other&) const {
    return function != Function::kC_GetFunctionList;
  }
  bool ReadsAttributes() const { return function == Function::kC_GetAttributeValue; }
};

}  // namespace

StatusOr<Action> ActionOf(const v1::Fault& fault, const std::string& where) {
  using F = v1::Fault;
  switch (fault.action_case()) {
    case F::kDelay:
      return DelayOf(fault.delay(), where + ".delay");
    case F::kHang:
      return HangOf(fault.hang(), where + ".hang");
    case F::kReturnCode:
      return ReturnOf(fault.return_code(), where + ".return_code");
    case F::kWrongSignature:
      if (!v1::Spoiling_IsValid(fault.wrong_signature().how())) {
        return Bad(where + ".wrong_signature.how", "has no meaning known to this simulator");
      }
      return SpoilSignature{fault.wrong_signature().how()};
    case F::kDuplicateSignature:
      return RepeatSignature{};
    case F::kCorruptAttribute: {
      ASSIGN_OR_RETURN(
          const CK_ATTRIBUTE_TYPE type,
          Attribute(where + ".corrupt_attribute.attribute", fault.corrupt_attribute().attribute()));
      return CorruptValue{type};
    }
    case F::kSetAttribute:
      return SetValueOf(fault.set_attribute(), where + ".set_attribute");
    case F::kHideAttribute: {
      ASSIGN_OR_RETURN(const CK_ATTRIBUTE_TYPE type, Attribute(where + ".hide_attribute.attribute",
                                                               fault.hide_attribute().attribute()));
      return HideValue{type};
    }
    case F::kLoseSession:
      if (!v1::SessionScope_IsValid(fault.lose_session().scope())) {
        return Bad(where + ".lose_session.scope", "has no meaning known to this simulator");
      }
      return CloseSessions{fault.lose_session().scope()};
    case F::kLoseLogin:
      return LogOut{};
    case F::kRemoveToken:
      return PullToken{fault.remove_token().milliseconds(), fault.remove_token().calls(),
                       fault.remove_token().other_slot()};
    case F::kRenumberSlots:
      return MoveSlots{};
    case F::kDeviceError:
      return FailDeviceOf(fault.device_error(), where + ".device_error");
    case F::kCrash:
      return EndProcess{};
    case F::kStuckRandom:
      RETURN_IF_ERROR(AtMost(where + ".stuck_random.octet", fault.stuck_random().octet(), 255));
      return RepeatOctet{static_cast<uint8_t>(fault.stuck_random().octet())};
    case F::kDiskFull:
      return RefuseObjects{};
    case F::kPass:
      return LetPass{};
    default:
      return Bad(where, "has no action: delay, hang, return_code, ...");
  }
}

std::string_view NameOf(const Action& action) {
  // In the order of the variant.
  static constexpr std::string_view kNames[] = {"delay",
                                                "hang",
                                                "return_code",
                                                "return_code",
                                                "wrong_signature",
                                                "duplicate_signature",
                                                "corrupt_attribute",
                                                "set_attribute",
                                                "hide_attribute",
                                                "lose_session",
                                                "lose_login",
                                                "remove_token",
                                                "renumber_slots",
                                                "device_error",
                                                "crash",
                                                "stuck_random",
                                                "disk_full",
                                                "pass"};
  static_assert(std::size(kNames) == std::variant_size_v<Action>);
  return kNames[action.index()];
}

bool AppliesTo(const Action& action, Function function) {
  const Scope scope = TraitsOf(function).scope;
  return std::visit(Judge{function, scope}, action);
}

std::optional<CK_ATTRIBUTE_TYPE> AttributeOf(const Action& action) {
  if (const auto* corrupt = std::get_if<CorruptValue>(&action)) return corrupt->type;
  if (const auto* set = std::get_if<SetValue>(&action)) return set->type;
  if (const auto* hide = std::get_if<HideValue>(&action)) return hide->type;
  return std::nullopt;
}

}  // namespace intaglio::sim
