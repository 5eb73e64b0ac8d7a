#include "hardware-sim/faults/text_form.h"

#include <stdlib.h>

#include <memory>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "hardware-sim/faults/reasons.h"

namespace intaglio::sim {
namespace v1 {
std::string_view SimSchema();
}  // namespace v1

namespace {

namespace pb = google::protobuf;

class Schema final {
 public:
  Schema() {
    pb::FileDescriptorSet set;
    const std::string_view octets = v1::SimSchema();
    if (!set.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) abort();
    for (const auto& file : set.file()) {
      if (pool_.BuildFile(file) == nullptr) abort();
    }
  }
  // An empty message of that full name.
  std::unique_ptr<pb::Message> Make(const std::string& name) {
    const pb::Descriptor* type = pool_.FindMessageTypeByName(name);
    if (type == nullptr) abort();
    return std::unique_ptr<pb::Message>(factory_.GetPrototype(type)->New());
  }

 private:
  pb::DescriptorPool pool_;
  pb::DynamicMessageFactory factory_{&pool_};
};

// Made at the first use and never taken down: threads may still read while a process exits.
Schema& TheSchema() {
  static Schema* const schema = new Schema();
  return *schema;
}

class FirstError final : public pb::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = "line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ": " +
            message;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Status ParseText(std::string_view text, const std::string& where, pb::MessageLite& out) {
  out.Clear();
  const auto message = TheSchema().Make(out.GetTypeName());
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(std::string(text), message.get())) {
    return Fail(kConfigurationInvalid, where + ": " + error.text());
  }
  if (!out.ParseFromString(message->SerializeAsString())) {
    return Fail(kConfigurationInvalid, where + ": holds text that is not UTF-8");
  }
  return OkStatus();
}

std::string PrintText(const pb::MessageLite& message, Layout layout) {
  const auto copy = TheSchema().Make(message.GetTypeName());
  if (!copy->ParseFromString(message.SerializeAsString())) abort();
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(layout == Layout::kOneLine);
  std::string out;
  if (!printer.PrintToString(*copy, &out)) abort();
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace intaglio::sim
