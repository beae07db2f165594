// Instances: made, refused, ended, side by side.
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/period.h"
#include "plugins/conformance/check.h"

namespace policytrack::plugins {
namespace {

constexpr int kMany = 1000;

std::string CreateProblem(const Outcome& outcome) {
  if (outcome.threw) return "an exception crossed the border in create";
  if (outcome.code == PT_OK) return "";
  if (outcome.code != PT_REFUSED) {
    return absl::StrCat("create ended with ", Ending(outcome),
                        "; what does not fit is refused, PT_REFUSED");
  }
  if (outcome.message.empty()) return "create refused without a message that says why";
  return "";
}

google::protobuf::Value NumberValue(double number) {
  google::protobuf::Value value;
  value.set_number_value(number);
  return value;
}

// The values of a parameter that lie at the border of what it allows.
std::vector<google::protobuf::Value> BorderValues(const v1::PluginParameter& parameter) {
  std::vector<google::protobuf::Value> values;
  google::protobuf::Value value;
  for (const std::string& choice : parameter.choices()) {
    value.set_string_value(choice);
    values.push_back(value);
  }
  switch (parameter.type()) {
    case v1::PARAMETER_TYPE_BOOLEAN:
      for (const bool state : {false, true}) {
        value.set_bool_value(state);
        values.push_back(value);
      }
      break;
    case v1::PARAMETER_TYPE_STRING:
      if (!parameter.choices().empty()) break;
      for (const char* text : {"", "x", "2024", "\xe4\xb8\x87", ",;%s%n\t"}) {
        value.set_string_value(text);
        values.push_back(value);
      }
      break;
    default:
      values.push_back(NumberValue(parameter.range().has_minimum() ? parameter.range().minimum()
                                   : parameter.type() == v1::PARAMETER_TYPE_INTEGER ? -1e9
                                                                                    : -1e308));
      values.push_back(NumberValue(parameter.range().has_maximum() ? parameter.range().maximum()
                                   : parameter.type() == v1::PARAMETER_TYPE_INTEGER ? 1e9
                                                                                    : 1e308));
      break;
  }
  return values;
}

std::vector<Setup> Variants(const v1::PluginDescriptor& descriptor, const Setup& setup) {
  std::vector<Setup> variants;
  for (const v1::PluginParameter& parameter : descriptor.parameters()) {
    for (google::protobuf::Value& value : BorderValues(parameter)) {
      Setup& variant = variants.emplace_back(setup);
      (*variant.parameters.mutable_fields())[parameter.name()] = std::move(value);
      variant.name = absl::StrCat(setup.name, ", ", parameter.name(), " at its border");
    }
  }
  for (int frequency = v1::FREQUENCY_DAY; frequency <= v1::FREQUENCY_YEAR; ++frequency) {
    for (int accumulation = v1::ACCUMULATION_UNSPECIFIED; accumulation <= v1::ACCUMULATION_LEVEL;
         ++accumulation) {
      Setup& variant = variants.emplace_back(setup);
      variant.frequency = static_cast<v1::Frequency>(frequency);
      variant.name = absl::StrCat(setup.name, ", by ", FrequencyWord(variant.frequency));
      for (Feed& feed : variant.feeds) {
        feed.accumulation = static_cast<v1::Accumulation>(accumulation);
      }
    }
  }
  for (const char* unit : {"percent", "index", "ratio", "vehicles"}) {
    Setup& variant = variants.emplace_back(setup);
    for (Feed& feed : variant.feeds) feed.unit = unit;
    variant.name = absl::StrCat(setup.name, ", in ", unit);
  }
  return variants;
}

}  // namespace

Verdict CheckCreate(Context* context) {
  std::string refusals;
  bool accepted = false;
  for (const Setup& setup : context->setups) {
    const bool suggested = &setup == &context->setups.back();
    const auto bound = Bind(context->descriptor, setup);
    std::string problem;
    if (!bound.ok()) {
      problem = std::string(bound.status().message());
    } else {
      Handle handle(context->library.table, context->descriptor);
      const Outcome outcome = handle.Create(*bound);
      if (const std::string wrong = CreateProblem(outcome); !wrong.empty()) {
        return Verdict::Failed(absl::StrCat(wrong, " (fed as in `", setup.name, "`)"));
      }
      accepted = accepted || outcome.code == PT_OK;
      if (outcome.code != PT_OK) problem = outcome.message;
    }
    if (problem.empty()) continue;
    if (!suggested) {
      return Verdict::Failed(
          absl::StrCat("it refuses its golden vector `", setup.name, "`: ", problem));
    }
    refusals = problem;
  }
  if (accepted) return Verdict::Passed();
  return Verdict::Failed(absl::StrCat("it refuses its defaults (", refusals,
                                      ") and has no golden vectors that say how to feed it"));
}

Verdict CheckManyInstances(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    for (int i = 0; i < kMany; ++i) {
      Handle handle(context->library.table, context->descriptor);
      const Outcome outcome = handle.Create(accepted.bound);
      if (outcome.code != PT_OK) {
        return absl::StrCat("create ended with ", Ending(outcome), " after ", i, " instances");
      }
    }
    return "";
  });
}

Verdict CheckTwoInstances(Context* context) {
  const std::vector<Accepted> all = AcceptedSetups(*context);
  for (size_t i = 0; i < all.size(); ++i) {
    const Accepted& a = all[i];
    const Accepted& b = all[(i + 1) % all.size()];
    const FedInputs of_a(PlainFeeds(*a.setup, &context->random, 30));
    const FedInputs of_b(PlainFeeds(*b.setup, &context->random, 30));
    const Outcome alone = ComputeAnew(*context, a, of_a);
    Handle first(context->library.table, context->descriptor);
    Handle second(context->library.table, context->descriptor);
    first.Create(a.bound);
    second.Create(b.bound);
    second.Compute(of_b);
    const Outcome together = first.Compute(of_a);
    second.Destroy();
    if (!SameOutcome(alone, together)) {
      return Verdict::Failed(
          absl::StrCat("an instance gives something else when there is another "
                       "one: ",
                       Difference(alone, together), " (fed as in `", a.setup->name, "` and `",
                       b.setup->name, "`)"));
    }
  }
  return Verdict::Passed();
}

Verdict CheckSetups(Context* context) {
  for (const Setup& setup : context->setups) {
    for (const Setup& variant : Variants(context->descriptor, setup)) {
      const auto bound = Bind(context->descriptor, variant);
      if (!bound.ok()) continue;  // the host refuses it
      Handle handle(context->library.table, context->descriptor);
      const std::string problem = CreateProblem(handle.Create(*bound));
      if (!problem.empty()) {
        return Verdict::Failed(absl::StrCat(problem, " (fed as in `", variant.name, "`)"));
      }
    }
  }
  return Verdict::Passed();
}

}  // namespace policytrack::plugins
