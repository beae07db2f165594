// One period judged: everything about it but its value, so that the value can be
// asked about. What would flip the status, and from when on the target is out of
// reach.
//
// Thread rule: a Situation is immutable; free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_JUDGE_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_JUDGE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "plugins/builtin/attainment/method.h"
#include "plugins/builtin/attainment/path.h"
#include "plugins/builtin/attainment/pro_rata.h"
#include "plugins/builtin/attainment/verdict.h"

namespace attainment {

struct Judged {
  std::optional<Status> status;
  double score = 0;  // with a status
  std::optional<double> ratio;
  std::optional<double> projected;
  uint32_t reason = PT_REASON_UNDEFINED;  // of what is not there
};

class Situation {
 public:
  virtual ~Situation() = default;

  virtual Judged Judge(double value) const = 0;
  // The values between which the status of a growing value goes one way, up or down,
  // and at which it may leap; in any order.
  virtual std::vector<double> Corners() const = 0;
  // Whether the status of values near a given one can be believed.
  virtual bool CanFlip() const { return true; }
};

// Judged along the way from a baseline, by a method.
class OnTheWay final : public Situation {
 public:
  // `goal` is null without a final point, and then `direction` counts; both it and the
  // method must outlive this. `progress` has all but value, target and direction.
  OnTheWay(const Method* method, const Goal* goal, double direction, const Progress& progress,
           bool after_target)
      : method_(method),
        goal_(goal),
        direction_(direction),
        progress_(progress),
        after_target_(after_target) {}

  Judged Judge(double value) const override;
  std::vector<double> Corners() const override;
  bool CanFlip() const override;

 private:
  const Method* method_;
  const Goal* goal_;
  double direction_;
  Progress progress_;
  bool after_target_;
};

// Judged within the year of its target.
class WithinYear final : public Situation {
 public:
  // `goal` must outlive this; `before` is what the value comes on top of.
  WithinYear(const Goal* goal, const PartOfYear& part, double before)
      : goal_(goal), part_(part), before_(before) {}

  Judged Judge(double value) const override;
  std::vector<double> Corners() const override;

 private:
  const Goal* goal_;
  PartOfYear part_;
  double before_;
};

// The smallest change of a value after which its status is another one.
struct Flip {
  double change;
  Status status;
};
// None when no change of the value gives another status.
std::optional<Flip> FindFlip(const Situation& situation, double value);

// The first period from which `remaining`, positive, cannot be made up until `last` at
// `best` a year; from `period` on, and not later than `last`. REQUIRES: period < last.
int64_t OutOfReachFrom(int64_t period, int64_t last, double periods_per_year, double remaining,
                       double best);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_JUDGE_H_
