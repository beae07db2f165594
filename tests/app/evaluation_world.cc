#include "tests/app/evaluation_world.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/digest.h"
#include "core/dimension_key.h"
#include "gtest/gtest.h"
#include "policytrack/v1/plan.pb.h"
#include "services/app/definitions.h"
#include "services/app/explain.h"
#include "tests/app/evaluation_plugins.h"

namespace policytrack::app {

EvaluationWorld::EvaluationWorld(plugins::Engine* other_engine)
    : clock_(absl::FromUnixSeconds(1700000000)),
      used_engine_(other_engine == nullptr ? &engine_ : other_engine) {
  AddTestPlugins(&engine_);
  Reopen();
}

void EvaluationWorld::Reopen() {
  evaluator_.reset();
  store_.reset();
  storage::SqliteOptions options;
  options.data_dir = directory_.path() + "/data";
  options.sync_full = false;
  auto store = storage::SqliteStore::Open(options, &clock_);
  if (!store.ok()) {
    ADD_FAILURE() << store.status();
    return;
  }
  store_ = *std::move(store);
  Restart();
}

void EvaluationWorld::Restart() {
  evaluator_ = std::make_unique<Evaluator>(
      store_.get(), used_engine_,
      [this](absl::string_view line) { log_.push_back(std::string(line)); }, auditor_);
}

v1::ExplainProgressResponse EvaluationWorld::Explain(const std::string& target, int64_t as_of) {
  v1::ExplainProgressRequest request;
  request.set_target(target);
  if (as_of > 0) request.mutable_as_of()->set_revision(as_of);
  Explainer explainer(store_.get(), used_engine_, evaluator_.get());
  const auto response = explainer.ExplainProgress(request);
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? *response : v1::ExplainProgressResponse();
}

int64_t EvaluationWorld::PutBody(const std::string& name, const std::string& body,
                                 const std::vector<std::string>& references) {
  clock_.Advance(absl::Seconds(1));
  storage::WriteOptions options;
  options.principal = "editor";
  const auto revision = store_->Write(options, [&](storage::WriteTransaction& tx) {
    return tx.PutDocument(name, body, false, references);
  });
  if (!revision.ok()) {
    ADD_FAILURE() << revision.status();
    return 0;
  }
  return *revision;
}

int64_t EvaluationWorld::Put(const v1::Dataset& dataset) {
  return PutBody(dataset.name(), DeterministicBytes(dataset), {});
}
int64_t EvaluationWorld::Put(const v1::Indicator& indicator) {
  return PutBody(indicator.name(), DeterministicBytes(indicator), ReferencesOf(indicator));
}
int64_t EvaluationWorld::Put(const v1::Measure& measure) {
  return PutBody(measure.name(), DeterministicBytes(measure), ReferencesOf(measure));
}
int64_t EvaluationWorld::PutPlan(const std::string& name) {
  v1::Plan plan;
  plan.set_name(name);
  plan.set_display_name("A plan");
  return PutBody(name, DeterministicBytes(plan), {});
}

int64_t EvaluationWorld::Delete(const std::string& name) {
  clock_.Advance(absl::Seconds(1));
  const auto revision = store_->Write({}, [&](storage::WriteTransaction& tx) -> absl::Status {
    const auto document = tx.GetDocument(name, storage::kPresent);
    if (!document.ok()) return document.status();
    return tx.PutDocument(name, (*document)->body, true, {});
  });
  if (!revision.ok()) {
    ADD_FAILURE() << revision.status();
    return 0;
  }
  return *revision;
}

int64_t EvaluationWorld::Push(const std::string& dataset, const std::vector<Figure>& figures) {
  clock_.Advance(absl::Seconds(1));
  std::map<std::string, std::map<int64_t, Figure>> by_series;
  for (const Figure& figure : figures) {
    by_series[EncodeDimensionKey(figure.dimensions)][figure.period] = figure;
  }
  std::vector<storage::SeriesWrite> writes;
  for (const auto& [key, points] : by_series) {
    storage::SeriesWrite& write = writes.emplace_back();
    write.key = key;
    for (const auto& [period, figure] : points) {
      if (figure.deleted) {
        write.deletions.push_back(period);
      } else {
        write.points.Append(period, figure.value, figure.flags);
      }
    }
    write.points.revisions.clear();
  }
  storage::WriteOptions options;
  options.kind = storage::CommitKind::kPush;
  options.principal = "agency";
  const auto revision = store_->Write(options, [&](storage::WriteTransaction& tx) {
    return tx.WriteSeries(dataset, writes).status();
  });
  if (!revision.ok()) {
    ADD_FAILURE() << revision.status();
    return 0;
  }
  return *revision;
}

void EvaluationWorld::Evaluate() {
  clock_.Advance(absl::Seconds(1));
  for (int round = 0; round < 10; ++round) {
    const auto did = evaluator_->EvaluateOnce();
    if (!did.ok()) {
      ADD_FAILURE() << did.status();
      return;
    }
    if (!*did) return;
  }
  ADD_FAILURE() << "evaluation does not come to rest";
}

ComputedView EvaluationWorld::Read(const std::string& parent, int64_t as_of) {
  ComputedView result;
  const absl::Status status = store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    auto view = ReadComputed(tx, *used_engine_, parent, as_of, PeriodRange());
    if (!view.ok()) return view.status();
    result = *std::move(view);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << parent << " as of " << as_of << ": " << status;
  return result;
}

std::string EvaluationWorld::Text(const std::string& parent, const std::string& output,
                                  const std::vector<std::string>& group, int64_t as_of) {
  for (const ComputedSeries& series : Read(parent, as_of).series) {
    if (series.output != output || series.group_values != group) continue;
    std::vector<std::string> words;
    for (size_t i = 0; i < series.columns.size(); ++i) {
      const Flags flags = series.columns.flags[i];
      std::string word = absl::StrCat(series.columns.periods[i], ":");
      if (IsMissing(flags)) {
        absl::StrAppend(&word, "missing(", static_cast<int>(ReasonOfFlags(flags)), ")");
      } else {
        absl::StrAppend(&word, absl::StrFormat("%.10g", series.columns.values[i]));
      }
      if ((flags & kQualityMask) != 0) absl::StrAppend(&word, "P");
      if ((flags & kBreak) != 0) absl::StrAppend(&word, "B");
      words.push_back(std::move(word));
    }
    return absl::StrJoin(words, " ");
  }
  return "";
}

v1::Dataset MakeDataset(const std::string& name, const std::vector<std::string>& dimensions) {
  v1::Dataset dataset;
  dataset.set_name(name);
  dataset.set_display_name("Figures of " + name);
  dataset.set_unit("vehicles");
  dataset.set_frequency(v1::FREQUENCY_YEAR);
  dataset.set_accumulation(v1::ACCUMULATION_FLOW);
  dataset.set_producer("Statistics bureau");
  for (const std::string& id : dimensions) dataset.add_dimensions()->set_id(id);
  return dataset;
}

v1::Indicator MakeIndicator(const std::string& name, const std::string& plugin,
                            const std::vector<std::pair<std::string, std::string>>& inputs,
                            const std::vector<std::string>& group_by) {
  v1::Indicator indicator;
  indicator.set_name(name);
  indicator.set_display_name("Indicator " + name);
  indicator.set_plugin(plugin);
  for (const auto& [slot, source] : inputs) {
    v1::IndicatorInput& input = *indicator.add_inputs();
    input.set_slot(slot);
    const std::vector<std::string> parts = absl::StrSplit(source, '#');
    input.set_source(parts[0]);
    if (parts.size() > 1) input.set_output(parts[1]);
  }
  for (const std::string& dimension : group_by) indicator.add_group_by(dimension);
  return indicator;
}

v1::Measure MakeMeasure(const std::string& name, const std::string& indicator,
                        const std::string& output, const std::string& final_period,
                        double final_value) {
  v1::Measure measure;
  measure.set_name(name);
  measure.set_plan("plans/p");
  measure.set_display_name("Measure " + name);
  measure.add_lifecycle()->set_stage(v1::MEASURE_STAGE_IN_FORCE);
  v1::Target& target = *measure.add_targets();
  target.set_id("t");
  target.set_display_name("Sales");
  target.set_indicator(indicator);
  target.set_output(output);
  target.set_relation(v1::TARGET_RELATION_AT_LEAST);
  target.mutable_final_point()->set_period(final_period);
  target.mutable_final_point()->set_value(final_value);
  target.set_unit("vehicles");
  target.mutable_assessment()->set_plugin("plugins/judge");
  return measure;
}

std::string Describe(const ComputedView& view) {
  std::string text;
  for (const ComputedSeries& series : view.series) {
    absl::StrAppend(&text, series.output, "[", absl::StrJoin(series.group_values, ","), "]");
    for (size_t i = 0; i < series.columns.size(); ++i) {
      absl::StrAppend(&text, " ", series.columns.periods[i], ":",
                      absl::StrFormat("%a", series.columns.values[i]), "/",
                      series.columns.flags[i]);
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

bool SameSeries(const ComputedView& a, const ComputedView& b) { return Describe(a) == Describe(b); }

}  // namespace policytrack::app
