// What tests of evaluation stand on: a store in a directory of its own, plugins
// made of lambdas, and short ways to write documents and figures.
#ifndef POLICYTRACK_TESTS_APP_EVALUATION_WORLD_H_
#define POLICYTRACK_TESTS_APP_EVALUATION_WORLD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/columns.h"
#include "plugins/fake/fake_engine.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/progress_service.pb.h"
#include "services/app/computed_reader.h"
#include "services/app/evaluator.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/temporary_directory.h"

namespace policytrack::app {

// A figure to push, or to take away.
struct Figure {
  std::vector<std::string> dimensions;
  int64_t period = 0;
  double value = 0;
  Flags flags = kNormal;
  bool deleted = false;
};

inline Figure Gone(std::vector<std::string> dimensions, int64_t period) {
  return {std::move(dimensions), period, 0, kNormal, true};
}

class EvaluationWorld {
 public:
  // With the plugins of AddTestPlugins, or with those of an engine that outlives it.
  explicit EvaluationWorld(plugins::Engine* other_engine = nullptr);

  storage::Store& store() { return *store_; }
  plugins::FakeEngine& engine() { return engine_; }
  Evaluator& evaluator() { return *evaluator_; }
  FakeClock& clock() { return clock_; }
  std::vector<std::string>& log() { return log_; }

  // Writes a document in one commit and returns its revision.
  int64_t Put(const v1::Dataset& dataset);
  int64_t Put(const v1::Indicator& indicator);
  int64_t Put(const v1::Measure& measure);
  int64_t PutPlan(const std::string& name);
  int64_t Delete(const std::string& name);
  // Pushes figures in one commit and returns its revision.
  int64_t Push(const std::string& dataset, const std::vector<Figure>& figures);

  // Evaluates until there is nothing left to do.
  void Evaluate();
  // How often what is evaluated is audited, from the next Restart on; never at first.
  void SetAuditor(Auditor auditor) { auditor_ = auditor; }
  // A new evaluator over the same store, as after a restart.
  void Restart();
  // Stops and opens the store again, with a new evaluator.
  void Reopen();

  // The outputs of a parent.
  ComputedView Read(const std::string& parent, int64_t as_of = storage::kPresent);
  // One output of one group, "" for none: "2020:1.5 2021:missing(1)" with marks P
  // for a quality other than normal and B for a break.
  std::string Text(const std::string& parent, const std::string& output,
                   const std::vector<std::string>& group = {}, int64_t as_of = storage::kPresent);
  // ExplainProgress of a target, now or as of a revision; empty when it failed, which
  // fails the test.
  v1::ExplainProgressResponse Explain(const std::string& target, int64_t as_of = 0);

 private:
  int64_t PutBody(const std::string& name, const std::string& body,
                  const std::vector<std::string>& references);

  storage::TemporaryDirectory directory_;
  FakeClock clock_;
  std::unique_ptr<storage::SqliteStore> store_;
  plugins::FakeEngine engine_;
  plugins::Engine* const used_engine_;
  Auditor auditor_;
  std::vector<std::string> log_;
  std::unique_ptr<Evaluator> evaluator_;
};

// Yearly, in vehicles, with these dimensions.
v1::Dataset MakeDataset(const std::string& name, const std::vector<std::string>& dimensions = {});
// Slot to source; an indicator is written as `indicators/x#output`.
v1::Indicator MakeIndicator(const std::string& name, const std::string& plugin,
                            const std::vector<std::pair<std::string, std::string>>& inputs,
                            const std::vector<std::string>& group_by = {});
// A measure in force with one target `t` of at least `final_value` in
// `final_period`, judged by plugins/judge.
v1::Measure MakeMeasure(const std::string& name, const std::string& indicator,
                        const std::string& output, const std::string& final_period,
                        double final_value);

// Two views with the same series and figures, whatever their revisions.
bool SameSeries(const ComputedView& a, const ComputedView& b);
std::string Describe(const ComputedView& view);

}  // namespace policytrack::app

#endif  // POLICYTRACK_TESTS_APP_EVALUATION_WORLD_H_
