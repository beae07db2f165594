#include "bench/messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace policytrack::bench {
namespace {

// What one message of a push holds: well below a server's limit of 4 MiB for a
// message, and enough that its frame costs nothing.
constexpr int kPointsInMessage = 32768;
constexpr int kRowsInMessage = 4096;

std::string DatasetName() { return absl::StrCat("datasets/", kDataset); }

void AddReference(const std::string& title, v1::Reference* reference) {
  reference->set_title(title);
  reference->set_uri("https://www.example.org/documents/2024/11/guidance-on-the-car-industry.html");
  reference->set_publisher("General Office of the People's Government");
  reference->set_language_code("en");
}

void AddTarget(const Figures& figures, int series, v1::Measure* measure) {
  const std::string& region = figures.region(series);
  v1::Target* target = measure->add_targets();
  target->set_id(region);
  target->set_display_name(absl::StrCat("Growth of at least 20 percent in ", region));
  target->set_indicator(absl::StrCat("indicators/", kIndicator));
  target->set_output("growth");
  (*target->mutable_group())["region"] = region;
  target->set_relation(v1::TARGET_RELATION_AT_LEAST);
  target->mutable_baseline()->set_period(figures.period_text(figures.periods() / 2));
  target->mutable_baseline()->set_value(2);
  target->mutable_final_point()->set_period(
      figures.period_text(figures.periods() + Figures::kMonthsToCome));
  target->mutable_final_point()->set_value(20);
  target->set_unit("percent");
  target->mutable_assessment()->set_plugin("plugins/attainment");
  auto& parameters = *target->mutable_assessment()->mutable_parameters()->mutable_fields();
  parameters["method"].set_string_value("linear_pace");
  AddReference("Guidance on the car industry, annex 2", target->add_references());
}

}  // namespace

v1::Dataset MakeDataset() {
  v1::Dataset dataset;
  dataset.set_display_name("Vehicle output by region");
  dataset.set_unit("vehicles");
  dataset.set_frequency(v1::FREQUENCY_MONTH);
  dataset.set_accumulation(v1::ACCUMULATION_FLOW);
  dataset.add_dimensions()->set_id("region");
  return dataset;
}

v1::Indicator MakeGrowth() {
  v1::Indicator indicator;
  indicator.set_display_name("Growth of vehicle output on the year before");
  indicator.set_plugin("plugins/growth");
  (*indicator.mutable_parameters()->mutable_fields())["method"].set_string_value("year_on_year");
  v1::IndicatorInput* input = indicator.add_inputs();
  input->set_slot("value");
  input->set_source(DatasetName());
  indicator.add_group_by("region");
  return indicator;
}

v1::Plan MakePlan() {
  v1::Plan plan;
  plan.set_display_name("Plan for the car industry");
  return plan;
}

v1::Measure MakeMeasure(const Figures& figures, const std::vector<int>& series) {
  v1::Measure measure;
  measure.set_plan(absl::StrCat("plans/", kPlan));
  measure.set_display_name("Expand whole-vehicle production");
  measure.set_description(
      "Expand the production of whole vehicles around the capital and its airport zone; help "
      "makers raise output, market share and competitiveness.");
  measure.set_language_code("en");
  v1::Translation& chinese = (*measure.mutable_translations())["zh"];
  chinese.set_display_name("扩大整车生产规模");
  chinese.set_description(
      "以省会和航空港区为中心扩大整车生产规模，支持企业提高产量、市场份额和竞争力。");
  v1::Translation& arabic = (*measure.mutable_translations())["ar"];
  arabic.set_display_name("توسيع إنتاج المركبات الكاملة");
  measure.set_category("production");
  v1::StageEntry* stage = measure.add_lifecycle();
  stage->set_stage(v1::MEASURE_STAGE_IN_FORCE);
  stage->mutable_effective_date()->set_year(2024);
  stage->mutable_effective_date()->set_month(11);
  stage->mutable_effective_date()->set_day(9);
  v1::Agency* agency = measure.add_agencies();
  agency->set_display_name("Department of Industry and Information Technology");
  agency->set_role(v1::AGENCY_ROLE_LEAD);
  measure.add_regions("CN-HA");
  for (const int s : series) AddTarget(figures, s, &measure);
  AddReference("Guidance on the car industry", measure.add_references());
  AddReference("Report of the conference on cooperation in the car industry",
               measure.add_references());
  return measure;
}

PushMessages AsColumns(const Figures& figures, int first, int end) {
  return AsColumns(figures, 0, figures.series(), first, end);
}

PushMessages AsColumns(const Figures& figures, int first_series, int end_series, int first,
                       int end) {
  PushMessages messages;
  const int in_message = std::max(1, kPointsInMessage / std::max(1, end - first));
  for (int s = first_series; s < end_series; ++s) {
    if ((s - first_series) % in_message == 0) messages.emplace_back();
    v1::ObservationColumns* columns = messages.back().add_columns();
    (*columns->mutable_dimensions())["region"] = figures.region(s);
    for (int month = first; month < end; ++month) {
      columns->add_periods(figures.period(month));
      columns->add_values(figures.value(s, month));
    }
  }
  messages.front().set_dataset(DatasetName());
  return messages;
}

PushMessages AsRows(const Figures& figures, int first, int end) {
  std::vector<std::string> periods;
  for (int month = first; month < end; ++month) periods.push_back(figures.period_text(month));
  PushMessages messages(1);
  messages.front().set_dataset(DatasetName());
  for (int s = 0; s < figures.series(); ++s) {
    for (int month = first; month < end; ++month) {
      if (messages.back().rows_size() == kRowsInMessage) messages.emplace_back();
      v1::Observation* row = messages.back().add_rows();
      row->set_period(periods[month - first]);
      (*row->mutable_dimensions())["region"] = figures.region(s);
      row->set_value(figures.value(s, month));
    }
  }
  return messages;
}

v1::PushObservationsRequest OneRow(const Figures& figures, int series, int month) {
  v1::PushObservationsRequest message;
  message.set_dataset(DatasetName());
  v1::Observation* row = message.add_rows();
  row->set_period(figures.period_text(month));
  (*row->mutable_dimensions())["region"] = figures.region(series);
  row->set_value(figures.value(series, month));
  return message;
}

}  // namespace policytrack::bench
