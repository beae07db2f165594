// Filters over random and mutated texts, with a fixed seed: they neither crash
// nor hang, and what is refused is refused as filters are.
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "core/error.h"
#include "core/filter.h"
#include "gtest/gtest.h"
#include "policytrack/v1/commit.pb.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack {
namespace {

TEST(FilterFuzzTest, RandomAndMutatedTexts) {
  std::mt19937 random(160);
  const auto below = [&random](size_t end) { return random() % end; };
  const std::vector<std::string> parts = {"AND",
                                          "OR",
                                          "NOT",
                                          "-",
                                          "(",
                                          ")",
                                          "=",
                                          "!=",
                                          "<",
                                          "<=",
                                          ">",
                                          ">=",
                                          ":",
                                          ".",
                                          ",",
                                          "*",
                                          "\"",
                                          "'",
                                          "\\",
                                          " ",
                                          "  ",
                                          "\n",
                                          "plan",
                                          "regions",
                                          "targets",
                                          "dimensions",
                                          "value",
                                          "create_time",
                                          "assessment",
                                          "parameters",
                                          "translations",
                                          "zh",
                                          "display_name",
                                          "stage",
                                          "MEASURE_STAGE_ADOPTED",
                                          "true",
                                          "null",
                                          "-1.5e3",
                                          "18446744073709551616",
                                          "1e308",
                                          "20s",
                                          "2024-09-05",
                                          "2024-09-05T08:00:00+08:00",
                                          "河南",
                                          "\u3000",
                                          "\xff",
                                          "\xf0\x9f",
                                          "\\u",
                                          "D83D",
                                          "\"a*\"",
                                          "'x'",
                                          "revision",
                                          "kind",
                                          "changes.name",
                                          "allowed_range.minimum"};
  const std::vector<std::string> seeds = {
      R"(stage = MEASURE_STAGE_ADOPTED AND (regions:"CN-HA" OR agencies.display_name:"*工业*"))",
      R"(dimensions.region = "CN" value >= -1.5e3 NOT series_break = true)",
      R"(translations."zh-Hans".display_name = "\u6CB3*" create_time > 2024-09-05T08:00:00+08:00)",
      R"(targets.assessment.parameters.years:(3 OR "x" OR null) -milestones.due_date:2024-09)",
  };
  v1::Measure measure;
  measure.set_plan("plans/a");
  measure.add_regions("CN-HA");
  measure.add_agencies()->set_display_name("工业和信息化厅");
  (*measure.mutable_translations())["zh"].set_display_name("河南");
  auto* const target = measure.add_targets();
  (*target->mutable_assessment()->mutable_parameters()->mutable_fields())["years"].set_number_value(
      3);
  v1::Observation observation;
  (*observation.mutable_dimensions())["region"] = "CN";
  observation.set_value(1.5);
  const v1::Dataset dataset;
  const v1::Commit commit;
  const std::vector<const google::protobuf::Message*> messages = {&measure, &observation, &dataset,
                                                                  &commit};
  int parsed = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string text;
    if (below(2) == 0) {
      for (size_t count = below(24); count > 0; --count) {
        text += parts[below(parts.size())];
        if (below(2) == 0) text += ' ';
      }
    } else {
      text = seeds[below(seeds.size())];
      for (size_t count = 1 + below(4); count > 0 && !text.empty(); --count) {
        const size_t at = below(text.size());
        switch (below(4)) {
          case 0:
            text[at] = static_cast<char>(below(256));
            break;
          case 1:
            text.erase(at, 1 + below(4));
            break;
          case 2:
            text.insert(at, parts[below(parts.size())]);
            break;
          default:
            text.insert(at, text.substr(below(text.size()), below(20)));
        }
      }
    }
    for (const auto* message : messages) {
      const auto filter = Filter::Parse(text, message->GetDescriptor());
      if (filter.ok()) {
        ++parsed;
        filter->Matches(*message);
      } else {
        ASSERT_EQ(ReasonOf(filter.status()), reason::kFilterInvalid) << filter.status();
        int position = 0;
        ASSERT_TRUE(absl::SimpleAtoi(MetadataOf(filter.status(), "position"), &position));
        ASSERT_GE(position, 1);
        ASSERT_LE(position, static_cast<int>(text.size()) + 1);
      }
    }
  }
  EXPECT_GT(parsed, 1000);  // else the texts are too wild to test anything
}

}  // namespace
}  // namespace policytrack
