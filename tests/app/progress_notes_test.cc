// What is said beside a judgement.
#include "services/app/progress_notes.h"

#include <string>

#include "core/observation_status.h"
#include "core/period.h"
#include "gtest/gtest.h"

namespace policytrack::app {
namespace {

const int64_t kJanuary = *ParsePeriod(v1::FREQUENCY_MONTH, "2023-01");

Columns Months(int count) {
  Columns columns;
  for (int m = 0; m < count; ++m) columns.Append(kJanuary + m, 100, kNormal, 1);
  return columns;
}

v1::Target ProRata() {
  v1::Target target;
  target.mutable_assessment()->set_plugin("plugins/attainment");
  (*target.mutable_assessment()->mutable_parameters()->mutable_fields())["method"].set_string_value(
      "pro_rata");
  return target;
}

TEST(ProgressNotes, TheAmountOfAYearIsItsFlowsSoFar) {
  v1::Target target = ProRata();
  const Columns values = Months(15);
  const auto amount = [&](int64_t at, v1::Accumulation accumulation = v1::ACCUMULATION_FLOW) {
    return AmountOfYear(target, values, at, v1::FREQUENCY_MONTH, accumulation);
  };
  EXPECT_EQ(amount(14), 300) << "2024-03";
  EXPECT_EQ(amount(11), 1200);
  EXPECT_EQ(amount(0), 100);
  EXPECT_EQ(amount(14, v1::ACCUMULATION_YEAR_TO_DATE), std::nullopt);
  auto& fields = *target.mutable_assessment()->mutable_parameters()->mutable_fields();
  fields["year_end_month"].set_number_value(3);
  EXPECT_EQ(amount(14), 1200) << "of the year from 2023-04 to 2024-03";
  EXPECT_EQ(amount(2), 300);
  fields["method"].set_string_value("linear_pace");
  EXPECT_EQ(amount(14), std::nullopt);
}

TEST(ProgressNotes, NewerPeriodsWithoutValueAreNamedOnce) {
  Columns values = Months(1);
  EXPECT_EQ(NewerWithoutValue(values, 0, v1::FREQUENCY_MONTH), "");
  values.Append(kJanuary + 1, 0, MissingFlags(v1::MISSING_REASON_HOLIDAY), 1);
  EXPECT_EQ(NewerWithoutValue(values, 0, v1::FREQUENCY_MONTH), "");
  for (int m = 2; m < 7; ++m) {
    values.Append(kJanuary + m, 0, MissingFlags(v1::MISSING_REASON_SUPPRESSED), 1);
  }
  const std::string why = " has no value because the source suppresses the value, ";
  EXPECT_EQ(NewerWithoutValue(values, 0, v1::FREQUENCY_MONTH),
            "2023-03" + why + "2023-04" + why + "2023-05" + why + "nor have 2 later ones");
}

}  // namespace
}  // namespace policytrack::app
