#include "plugins/builtin/composite/component.h"

#include <algorithm>
#include <cmath>

namespace composite {
namespace {

namespace sdk = policytrack_plugin;

// `min_3`.
std::string Name(const char* word, int number) { return word + std::to_string(number); }

bool Has(const sdk::Setup& setup, const char* word, int number) {
  return setup.parameters.Has(Name(word, number).c_str());
}
double Number(const sdk::Setup& setup, const char* word, int number) {
  return setup.parameters.Number(Name(word, number).c_str());
}
int Slot(const sdk::Setup& setup, const char* word, int number) {
  return setup.IndexOf(Name(word, number).c_str());
}

Normalisation NormalisationOf(const sdk::Setup& setup, int number) {
  const std::string own = Name("normalisation_", number);
  const std::string& text =
      setup.parameters.Text(setup.parameters.Has(own.c_str()) ? own.c_str() : "normalisation");
  if (text == "min_max") return Normalisation::kMinMax;
  if (text == "z_score") return Normalisation::kZScore;
  if (text == "goalposts") return Normalisation::kGoalposts;
  if (text == "log_goalposts") return Normalisation::kLogGoalposts;
  if (text == "ordinal") return Normalisation::kOrdinal;
  return Normalisation::kNone;
}

bool UsesReference(Normalisation normalisation) {
  return normalisation == Normalisation::kMinMax || normalisation == Normalisation::kZScore;
}
bool UsesGoalposts(Normalisation normalisation) {
  return normalisation == Normalisation::kGoalposts ||
         normalisation == Normalisation::kLogGoalposts;
}

// That something is stated exactly when the normalisation needs it.
void CheckStated(bool stated, bool needed, const std::string& what, const char* with) {
  if (stated && !needed) throw sdk::Refused(what + " goes only with normalisation " + with);
  if (!stated && needed) throw sdk::Refused(what + " must be given for normalisation " + with);
}

sdk::Flags MarksOf(sdk::Flags a, sdk::Flags b) {
  return static_cast<sdk::Flags>(sdk::Worst(a, b) | ((a | b) & PT_FLAG_BREAK));
}

Score Missing(uint32_t reason) {
  Score score;
  score.reason = reason;
  return score;
}

Score MissingAt(const sdk::Column& column, size_t i) {
  const uint32_t reason = column.flags(i) >> PT_FLAG_REASON_SHIFT;
  return Missing(reason == PT_REASON_NONE ? PT_REASON_INPUT_MISSING : reason);
}

Score Value(double value) {
  if (!std::isfinite(value)) return Missing(PT_REASON_UNDEFINED);
  Score score;
  score.value = value;
  return score;
}

}  // namespace

void Component::CheckOpen(const sdk::Setup& setup, int number) {
  const std::string open = "but slot " + Name("c", number) + " is not fed";
  for (const char* word : {"r", "f"}) {
    if (Slot(setup, word, number) >= 0) {
      throw sdk::Refused("slot " + Name(word, number) + " is fed, " + open);
    }
  }
  for (const char* word : {"normalisation_", "weight_", "direction_", "min_", "max_", "n_", "f_"}) {
    if (Has(setup, word, number)) throw sdk::Refused(Name(word, number) + " is given, " + open);
  }
}

Component::Component(const sdk::Setup& setup, int number)
    : number_(number),
      value_(Slot(setup, "c", number)),
      reference_(Slot(setup, "r", number)),
      flag_(Slot(setup, "f", number)),
      normalisation_(NormalisationOf(setup, number)),
      lower_is_better_(Has(setup, "direction_", number) &&
                       setup.parameters.Text(Name("direction_", number).c_str()) == "lower"),
      clip_(setup.parameters.Boolean("clip")),
      scale_(setup.parameters.Number("scale")),
      weight_(Has(setup, "weight_", number) ? Number(setup, "weight_", number) : 1),
      min_reference_(static_cast<size_t>(setup.parameters.Integer("min_reference"))) {
  CheckParameters(setup);
  if (UsesGoalposts(normalisation_)) {
    minimum_ = Number(setup, "min_", number);
    maximum_ = Number(setup, "max_", number);
    if (minimum_ >= maximum_) {
      throw sdk::Refused(Name("min_", number) + " must be below " + Name("max_", number));
    }
    if (normalisation_ == Normalisation::kLogGoalposts && minimum_ <= 0) {
      throw sdk::Refused(Name("min_", number) + " must be above 0 for normalisation log_goalposts");
    }
  }
  if (normalisation_ == Normalisation::kOrdinal) ReadOrdinal(setup);
}

void Component::CheckParameters(const sdk::Setup& setup) const {
  const bool posts = UsesGoalposts(normalisation_);
  CheckStated(Has(setup, "min_", number_), posts, Name("min_", number_), "goalposts");
  CheckStated(Has(setup, "max_", number_), posts, Name("max_", number_), "goalposts");
  CheckStated(reference_ >= 0, UsesReference(normalisation_), "slot " + Name("r", number_),
              "min_max or z_score");
  const bool ordinal = normalisation_ == Normalisation::kOrdinal;
  CheckStated(Has(setup, "n_", number_), ordinal, Name("n_", number_), "ordinal");
  CheckStated(Has(setup, "f_", number_), ordinal && Has(setup, "f_", number_), Name("f_", number_),
              "ordinal");
  CheckStated(flag_ >= 0, ordinal && flag_ >= 0, "slot " + Name("f", number_), "ordinal");
  if (lower_is_better_ && normalisation_ == Normalisation::kNone) {
    throw sdk::Refused(Name("direction_", number_) +
                       " turns a score round, and without normalisation there is none");
  }
}

void Component::ReadOrdinal(const sdk::Setup& setup) {
  top_level_ = static_cast<double>(setup.parameters.Integer(Name("n_", number_).c_str()));
  has_flag_ = flag_ >= 0;
  if (!Has(setup, "f_", number_)) return;
  const bool stated = setup.parameters.Integer(Name("f_", number_).c_str()) != 0;
  if (stated == has_flag_) return;
  throw sdk::Refused(
      stated ? Name("f_", number_) + " is 1, but slot " + Name("f", number_) + " is not fed"
             : "slot " + Name("f", number_) + " is fed, but " + Name("f_", number_) + " is 0");
}

double Component::Scaled(double part) const {
  if (clip_) part = std::clamp(part, 0.0, 1.0);
  return scale_ * (lower_is_better_ ? 1 - part : part);
}

// A value against its reference set.
Score Component::Held(double value, const Pool* pool) const {
  if (pool == nullptr || pool->count() < min_reference_) return Missing(PT_REASON_TOO_FEW_POINTS);
  if (pool->largest() == pool->smallest()) return Missing(PT_REASON_ZERO_BASE);
  if (normalisation_ == Normalisation::kMinMax) {
    return Value(Scaled((value - pool->smallest()) / (pool->largest() - pool->smallest())));
  }
  const double deviation = pool->StandardDeviation();
  if (deviation == 0) return Missing(PT_REASON_ZERO_BASE);
  const double distance = (value - pool->mean()) / deviation;
  return Value(lower_is_better_ ? -distance : distance);
}

// A level of an ordinal scale, half a step less where its flag says that it holds
// for a part only.
Score Component::Ordinal(const sdk::Call& call, size_t i, double value) const {
  if (value != std::trunc(value) || value < 0 || value > top_level_) {
    return Missing(PT_REASON_UNDEFINED);
  }
  // Where there is no policy there is no scope of it either.
  if (value == 0) return Value(Scaled(0));
  double missing_scope = 0;
  sdk::Flags flags = 0;
  if (has_flag_) {
    const sdk::Column& flag = call.input(flag_);
    if (flag.missing(i)) return MissingAt(flag, i);
    if (flag.value(i) != 0 && flag.value(i) != 1) return Missing(PT_REASON_UNDEFINED);
    missing_scope = 1 - flag.value(i);
    flags = flag.flags(i);
  }
  Score score = Value(Scaled((value - 0.5 * missing_scope) / top_level_));
  score.flags = flags;
  return score;
}

Score Component::At(const sdk::Call& call, size_t i, const Reference* reference) const {
  const sdk::Column& column = call.input(value_);
  if (column.missing(i)) return MissingAt(column, i);
  const double value = column.value(i);
  Score score;
  switch (normalisation_) {
    case Normalisation::kNone:
      score.value = value;
      break;
    case Normalisation::kMinMax:
    case Normalisation::kZScore: {
      const Pool* pool = reference->At(call.period(i));
      score = Held(value, pool);
      if (pool != nullptr) score.flags = pool->quality();
      break;
    }
    case Normalisation::kGoalposts:
      score = Value(Scaled((value - minimum_) / (maximum_ - minimum_)));
      break;
    case Normalisation::kLogGoalposts:
      if (value <= 0) return Missing(PT_REASON_UNDEFINED);
      score = Value(Scaled(std::log(value / minimum_) / std::log(maximum_ / minimum_)));
      break;
    case Normalisation::kOrdinal:
      score = Ordinal(call, i, value);
      break;
  }
  score.flags = MarksOf(score.flags, column.flags(i));
  return score;
}

}  // namespace composite
