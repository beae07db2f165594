// composite: several components as one index. Formulas in README.md.
#include <algorithm>
#include <cmath>
#include <optional>

#include "plugins/builtin/composite/component.h"
#include "plugins/builtin/composite/reference.h"
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;
using composite::Component;
using composite::Normalisation;
using composite::Reference;
using composite::Score;

// What becomes of a component that has no score.
enum class MissingRule { kReject, kZero, kReweight };

class Composite final : public sdk::Instance {
 public:
  explicit Composite(const sdk::Setup& setup)
      : geometric_(setup.parameters.Text("mean") == "geometric"),
        up_to_now_(setup.parameters.Text("reference") == "up_to_now") {
    const std::string& rule = setup.parameters.Text("missing_components");
    rule_ = rule == "zero"       ? MissingRule::kZero
            : rule == "reweight" ? MissingRule::kReweight
                                 : MissingRule::kReject;
    ReadComponents(setup);
    CheckMean();
    // Rejecting means that all must be there, unless told how many.
    least_ = rule_ == MissingRule::kReject ? components_.size() : 1;
    if (!setup.parameters.Has("min_components")) return;
    least_ = static_cast<size_t>(setup.parameters.Integer("min_components"));
    if (least_ > components_.size()) {
      throw sdk::Refused("min_components is " + std::to_string(least_) + ", but only " +
                         std::to_string(components_.size()) +
                         " components with a weight above 0 are fed");
    }
  }

  // References have periods of their own, which the host gives whole.
  sdk::Window window() const override { return {0, 0}; }

  void Compute(sdk::Call& call) override {
    std::vector<std::optional<Reference>> references;
    for (const Component& component : components_) {
      std::optional<Reference>& reference = references.emplace_back();
      if (component.reference() < 0) continue;
      reference.emplace(call, call.input(component.reference()), up_to_now_);
    }
    std::vector<Score> scores(components_.size());
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      for (size_t c = 0; c < components_.size(); ++c) {
        scores[c] =
            components_[c].At(call, i, references[c].has_value() ? &*references[c] : nullptr);
      }
      Write(scores, call.period(i), &call);
    }
  }

 private:
  void ReadComponents(const sdk::Setup& setup) {
    for (int number = 1; number <= composite::kMaxComponents; ++number) {
      if (setup.IndexOf(("c" + std::to_string(number)).c_str()) < 0) {
        Component::CheckOpen(setup, number);
        continue;
      }
      Component component(setup, number);
      // A component without weight says nothing, whether it is there or not.
      if (component.weight() > 0) components_.push_back(component);
    }
    if (components_.empty()) {
      throw sdk::Refused("the weights of the components sum to 0: give at least one a weight");
    }
  }

  void CheckMean() const {
    if (!geometric_) return;
    if (rule_ == MissingRule::kZero) {
      throw sdk::Refused(
          "a geometric mean has no place for zeros: use missing_components reject or reweight");
    }
    for (const Component& component : components_) {
      if (component.normalisation() != Normalisation::kZScore) continue;
      throw sdk::Refused(
          "a geometric mean needs scores above 0, and z-scores are on both sides of it");
    }
  }

  void Write(const std::vector<Score>& scores, int64_t period, sdk::Call* call) const {
    size_t there = 0;
    uint32_t reason = PT_REASON_NONE;
    sdk::Flags flags = 0;
    for (const Score& score : scores) {
      if (score.reason == PT_REASON_NONE) {
        ++there;
        flags = static_cast<sdk::Flags>(sdk::Worst(flags, score.flags) |
                                        ((flags | score.flags) & PT_FLAG_BREAK));
      } else if (reason == PT_REASON_NONE) {
        reason = score.reason;
      }
    }
    call->output(1).Put(period, static_cast<double>(there), flags);
    // least_ is never 0: without any component there is no index.
    if (there < least_) return call->output(0).PutMissing(period, reason);
    const std::optional<double> mean = geometric_ ? GeometricMean(scores) : ArithmeticMean(scores);
    if (!mean.has_value()) return call->output(0).PutMissing(period, PT_REASON_UNDEFINED);
    // Something is left out, and the index stands for the whole.
    if (there < scores.size()) {
      flags = static_cast<sdk::Flags>((flags & PT_FLAG_BREAK) |
                                      sdk::Worst(flags, PT_QUALITY_ESTIMATED));
    }
    call->output(0).Put(period, *mean, flags);
  }

  std::optional<double> ArithmeticMean(const std::vector<Score>& scores) const {
    double sum = 0;
    double weights = 0;
    for (size_t c = 0; c < scores.size(); ++c) {
      const bool missing = scores[c].reason != PT_REASON_NONE;
      if (missing && rule_ != MissingRule::kZero) continue;
      weights += components_[c].weight();
      if (!missing) sum += components_[c].weight() * scores[c].value;
    }
    return sum / weights;
  }

  // Nothing when a score is not above 0.
  std::optional<double> GeometricMean(const std::vector<Score>& scores) const {
    double sum = 0;
    double weights = 0;
    for (size_t c = 0; c < scores.size(); ++c) {
      if (scores[c].reason != PT_REASON_NONE) continue;
      if (scores[c].value <= 0) return std::nullopt;
      weights += components_[c].weight();
      sum += components_[c].weight() * std::log(scores[c].value);
    }
    return std::exp(sum / weights);
  }

  bool geometric_;
  bool up_to_now_;
  MissingRule rule_ = MissingRule::kReject;
  size_t least_ = 1;
  std::vector<Component> components_;  // with a weight above 0
};

}  // namespace

POLICYTRACK_PLUGIN(Composite);
