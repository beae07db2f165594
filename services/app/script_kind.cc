#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "core/utf8.h"
#include "policytrack/v1/script.pb.h"
#include "services/app/kinds.h"
#include "services/app/readers.h"
#include "services/app/scripts.h"
#include "services/app/text_checks.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;

constexpr int kMaxInputs = 16;
constexpr int kMaxLookBack = 1200;
constexpr size_t kMaxSlotBytes = 63;
constexpr size_t kMaxCodeBytes = 64 << 10;

// A name in Lua and of a slot.
bool IsSlotName(const std::string& name) {
  if (name.empty() || name.size() > kMaxSlotBytes || !absl::ascii_islower(name[0])) return false;
  if (name.back() == '_') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

const v1::ScriptInput* FindInput(const v1::Script& script, absl::string_view slot) {
  for (const v1::ScriptInput& input : script.inputs()) {
    if (absl::string_view(input.slot()) == slot) return &input;
  }
  return nullptr;
}

absl::Status CheckText(const v1::Script& script) {
  if (script.expression().empty() && script.code().empty()) {
    return FieldRequired("script.expression", "must be set, or code must be");
  }
  if (!script.expression().empty() && !script.code().empty()) {
    return FieldInvalid("script.code", "is set beside expression; leave one of them out");
  }
  for (const auto& [field, text] : {std::make_pair("script.expression", &script.expression()),
                                    std::make_pair("script.code", &script.code())}) {
    if (text->size() > kMaxCodeBytes) {
      return FieldInvalid(field, absl::StrCat("has ", text->size(), " bytes; at most ",
                                              kMaxCodeBytes, " are read"));
    }
    if (absl::StrContains(*text, '\0')) return FieldInvalid(field, "holds a NUL character");
  }
  return absl::OkStatus();
}

absl::Status CheckSlot(const v1::Script& script, int index) {
  const v1::ScriptInput& input = script.inputs(index);
  const std::string field = absl::StrCat("script.inputs[", index, "]");
  if (!IsSlotName(input.slot())) {
    return FieldInvalid(absl::StrCat(field, ".slot"),
                        absl::StrCat(Quoted(input.slot()),
                                     " is not a name: small letters, digits and `_`, beginning "
                                     "with a letter and not ending with `_`, at most ",
                                     kMaxSlotBytes));
  }
  if (FindInput(script, input.slot()) != &input) {
    return FieldInvalid(absl::StrCat(field, ".slot"),
                        absl::StrCat("`", input.slot(), "` comes twice"));
  }
  return absl::OkStatus();
}

absl::Status CheckInput(const v1::Script& script, int index) {
  const v1::ScriptInput& input = script.inputs(index);
  const std::string field = absl::StrCat("script.inputs[", index, "]");
  if (input.optional() && !script.handles_missing()) {
    return FieldInvalid(absl::StrCat(field, ".optional"),
                        "needs handles_missing: an input that is left open is missing everywhere");
  }
  const std::string& other = input.same_unit_as();
  if (!other.empty() && (other == input.slot() || FindInput(script, other) == nullptr)) {
    return FieldInvalid(absl::StrCat(field, ".same_unit_as"),
                        absl::StrCat("there is no other input ", Quoted(other)));
  }
  std::set<int> accumulations;
  for (const int accumulation : input.accumulations()) {
    if (accumulation != v1::ACCUMULATION_UNSPECIFIED && accumulations.insert(accumulation).second) {
      continue;
    }
    return FieldInvalid(absl::StrCat(field, ".accumulations"),
                        "an accumulation is not stated or comes twice");
  }
  return absl::OkStatus();
}

absl::Status CheckUnitOf(const v1::Script& script) {
  if (!absl::StartsWith(script.unit(), "@")) return CheckUnit("script.unit", script.unit());
  const v1::ScriptInput* input = FindInput(script, script.unit().substr(1));
  if (input != nullptr && !input->optional()) return absl::OkStatus();
  return FieldInvalid("script.unit",
                      absl::StrCat(Quoted(script.unit()), " is not an input that is always fed"));
}

class ScriptKind final : public DocumentKind {
 public:
  explicit ScriptKind(plugins::Engine* engine) : engine_(engine) {}

  std::string collection() const override { return kScripts; }
  std::string singular() const override { return "script"; }
  MessagePtr New() const override { return std::make_unique<v1::Script>(); }

  absl::Status Check(storage::ReadTransaction& tx, const Message* before,
                     Message* next) const override {
    const auto& script = static_cast<const v1::Script&>(*next);
    PT_RETURN_IF_ERROR(CheckLanguage("script.language_code", script.language_code()));
    PT_RETURN_IF_ERROR(
        CheckTranslations("script.translations", script.language_code(), script.translations()));
    PT_RETURN_IF_ERROR(CheckReferences("script.references", script.references()));
    PT_RETURN_IF_ERROR(CheckText(script));
    if (script.inputs_size() > kMaxInputs) {
      return FieldInvalid(
          "script.inputs",
          absl::StrCat("has ", script.inputs_size(), " inputs; at most ", kMaxInputs, " are fed"));
    }
    for (int i = 0; i < script.inputs_size(); ++i) PT_RETURN_IF_ERROR(CheckSlot(script, i));
    for (int i = 0; i < script.inputs_size(); ++i) PT_RETURN_IF_ERROR(CheckInput(script, i));
    if (std::all_of(script.inputs().begin(), script.inputs().end(),
                    [](const v1::ScriptInput& input) { return input.optional(); })) {
      return FieldInvalid("script.inputs", "may all be left open; one must always be fed");
    }
    PT_RETURN_IF_ERROR(CheckUnitOf(script));
    if (script.look_back() < 0 || script.look_back() > kMaxLookBack) {
      return FieldInvalid("script.look_back", absl::StrCat("must be from 0 to ", kMaxLookBack));
    }
    // What it computes has been tried before.
    if (before != nullptr &&
        FormulaOf(static_cast<const v1::Script&>(*before)) == FormulaOf(script)) {
      return absl::OkStatus();
    }
    return DryRun(*engine_, script);
  }

  std::vector<std::string> References(const Message&) const override { return {}; }

  // Indicators that use this one must still fit it.
  absl::Status CheckDependents(storage::WriteTransaction& tx,
                               const Message& document) const override {
    return CheckReaders(tx, *engine_, static_cast<const v1::Script&>(document).name());
  }

 private:
  plugins::Engine* const engine_;
};

}  // namespace

std::unique_ptr<DocumentKind> MakeScriptKind(plugins::Engine* engine) {
  return std::make_unique<ScriptKind>(engine);
}

}  // namespace policytrack::app
