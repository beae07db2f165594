// A component of the index: how its value becomes a score.
//
// Thread rule: immutable once made; any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_COMPOSITE_COMPONENT_H_
#define POLICYTRACK_PLUGINS_BUILTIN_COMPOSITE_COMPONENT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/builtin/composite/reference.h"
#include "policytrack_plugin.hpp"

namespace composite {

inline constexpr int kMaxComponents = 8;

enum class Normalisation { kNone, kMinMax, kZScore, kGoalposts, kLogGoalposts, kOrdinal };

// What a component says at a period.
struct Score {
  double value = 0;
  policytrack_plugin::Flags flags = 0;
  uint32_t reason = PT_REASON_NONE;  // why there is no value
};

class Component {
 public:
  // Component `number`, from 1. Throws Refused for parameters that do not go
  // together or with what is fed. REQUIRES: its slot is fed.
  Component(const policytrack_plugin::Setup& setup, int number);
  // Throws Refused when anything is stated of a component whose slot is open.
  static void CheckOpen(const policytrack_plugin::Setup& setup, int number);

  double weight() const { return weight_; }
  Normalisation normalisation() const { return normalisation_; }
  // The position of its reference among the inputs, or -1.
  int reference() const { return reference_; }

  // The score at a position of the axis; `reference` is null when it has none.
  Score At(const policytrack_plugin::Call& call, size_t i, const Reference* reference) const;

 private:
  void CheckParameters(const policytrack_plugin::Setup& setup) const;
  void ReadOrdinal(const policytrack_plugin::Setup& setup);
  Score Held(double value, const Pool* pool) const;
  Score Ordinal(const policytrack_plugin::Call& call, size_t i, double value) const;
  // From 0 to 1 into the scale, and the right way round.
  double Scaled(double part) const;

  int number_;
  int value_;
  int reference_;
  int flag_;
  Normalisation normalisation_;
  bool lower_is_better_;
  bool clip_;
  double scale_;
  double weight_;
  size_t min_reference_;
  double minimum_ = 0;
  double maximum_ = 0;
  double top_level_ = 0;   // N
  bool has_flag_ = false;  // F
};

}  // namespace composite

#endif  // POLICYTRACK_PLUGINS_BUILTIN_COMPOSITE_COMPONENT_H_
