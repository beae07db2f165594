// Filters on dimensions: where one names the series it is looked up and not
// searched for, and the answer is the same.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SeriesFilterTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    v1::CreateDatasetRequest dataset = Text<v1::CreateDatasetRequest>(R"pb(
      dataset_id: "stock"
      dataset {
        display_name: "Stock"
        unit: "vehicles"
        frequency: FREQUENCY_YEAR
        accumulation: ACCUMULATION_STOCK
        dimensions { id: "region" }
        dimensions { id: "kind" }
      })pb");
    v1::Dataset created;
    ASSERT_EQ(CodeOf(CALL(datasets_, CreateDataset, dataset, &created)), "OK");
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/stock");
    for (const char* region : {"A", "AB", "B", "_T"}) {
      for (const char* kind : {"bus", "car", "_T"}) {
        for (const char* year : {"2020", "2021", "2022"}) {
          v1::Observation* row = message.add_rows();
          row->set_period(year);
          (*row->mutable_dimensions())["region"] = region;
          (*row->mutable_dimensions())["kind"] = kind;
          row->set_value(message.rows_size());
        }
      }
    }
    v1::PushObservationsResponse pushed;
    ASSERT_EQ(CodeOf(Push({message}, &pushed)), "OK");
    revision_ = pushed.revision();
    v1::CreateIndicatorRequest indicator = Text<v1::CreateIndicatorRequest>(R"pb(
      indicator_id: "level"
      indicator {
        display_name: "Level"
        plugin: "plugins/level"
        inputs { slot: "value" source: "datasets/stock" }
        group_by: "region"
        group_by: "kind"
      })pb");
    CreateEvaluated(indicator);
  }

  // Creates an indicator and waits until it is evaluated.
  void CreateEvaluated(const v1::CreateIndicatorRequest& create) {
    v1::Indicator created;
    ASSERT_EQ(CodeOf(CALL(indicators_, CreateIndicator, create, &created)), "OK");
    v1::ListObservationsRequest wait;
    wait.set_parent(created.name());
    wait.set_at_least_revision(created.revision());
    v1::ListObservationsResponse ignored;
    ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, wait, &ignored)), "OK");
  }

  // The series as "region/kind:points", page by page.
  std::vector<std::string> Series(const std::string& parent, const std::string& filter,
                                  int page_size = 0, int64_t as_of = 0) {
    std::vector<std::string> all;
    v1::ReadSeriesRequest request;
    request.set_parent(parent);
    request.set_filter(filter);
    request.set_page_size(page_size);
    if (as_of > 0) request.mutable_as_of()->set_revision(as_of);
    do {
      v1::ReadSeriesResponse response;
      EXPECT_EQ(CodeOf(CALL(observations_, ReadSeries, request, &response)), "OK") << filter;
      for (const v1::Series& series : response.series()) {
        all.push_back(absl::StrCat(series.dimensions().at("region"), "/",
                                   series.dimensions().at("kind"), ":", series.values_size()));
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  // The values of rows, page by page.
  std::vector<double> Rows(const std::string& parent, const std::string& filter, int page_size) {
    std::vector<double> all;
    v1::ListObservationsRequest request;
    request.set_parent(parent);
    request.set_filter(filter);
    request.set_page_size(page_size);
    do {
      v1::ListObservationsResponse response;
      EXPECT_EQ(CodeOf(CALL(observations_, ListObservations, request, &response)), "OK") << filter;
      for (const v1::Observation& row : response.observations()) all.push_back(row.value());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  int64_t revision_ = 0;
};

TEST_F(SeriesFilterTest, OneSeriesByAllItsDimensions) {
  for (const char* parent : {"datasets/stock", "indicators/level"}) {
    EXPECT_THAT(Series(parent, R"(dimensions.region = "A" AND dimensions.kind = "car")"),
                ElementsAre("A/car:3"));
    EXPECT_THAT(Series(parent, R"(dimensions.kind = "bus" dimensions.region = "_T")"),
                ElementsAre("_T/bus:3"));
    // The key of the total over all leaves every value out.
    EXPECT_THAT(Series(parent, R"(dimensions.kind = "_T" dimensions.region = "_T")"),
                ElementsAre("_T/_T:3"));
    EXPECT_THAT(Series(parent, R"(dimensions.kind = "_T" dimensions.region = "C")"), IsEmpty());
    EXPECT_THAT(Series(parent, R"(dimensions.kind = "" dimensions.region = "")"), IsEmpty());
    // What a separator of keys would make of these is another series.
    EXPECT_THAT(Series(parent, "dimensions.kind = \"_T\" dimensions.region = \"A\\u001fcar\""),
                IsEmpty());
  }
}

// One key is looked up in each output that there is, without a look at other keys.
TEST_F(SeriesFilterTest, OneKeyOfEveryOutput) {
  CreateEvaluated(Text<v1::CreateIndicatorRequest>(R"pb(
    indicator_id: "ratio"
    indicator {
      display_name: "Ratio"
      plugin: "plugins/ratio"
      inputs { slot: "numerator" source: "datasets/stock" }
      inputs { slot: "denominator" source: "datasets/stock" }
      group_by: "region"
      group_by: "kind"
    })pb"));
  const std::string one = R"(dimensions.region = "A" AND dimensions.kind = "car")";
  for (const int page_size : {0, 1}) {
    EXPECT_THAT(Series("indicators/ratio", one, page_size), ElementsAre("A/car:3", "A/car:3"));
  }
  EXPECT_THAT(Series("indicators/ratio", one + " AND output = share"), ElementsAre("A/car:3"));
}

TEST_F(SeriesFilterTest, WhatElseTheFilterSaysStillCounts) {
  for (const char* parent : {"datasets/stock", "indicators/level"}) {
    const std::string one = R"(dimensions.region = "A" dimensions.kind = "car")";
    EXPECT_THAT(Series(parent, one + R"( frequency = FREQUENCY_MONTH)"), IsEmpty());
    EXPECT_THAT(Series(parent, one + R"( dimensions.region = "B")"), IsEmpty());
    EXPECT_THAT(Series(parent, one + R"( NOT dimensions.kind = "car")"), IsEmpty());
    EXPECT_THAT(Series(parent, R"(dimensions.region = "B" (dimensions.kind = bus OR )"
                               R"(dimensions.kind = car))"),
                ElementsAre("B/bus:3", "B/car:3"));
  }
}

TEST_F(SeriesFilterTest, OneDimensionLeavesTheOtherOpen) {
  for (const char* parent : {"datasets/stock", "indicators/level"}) {
    for (const int page_size : {0, 1, 2}) {
      EXPECT_THAT(Series(parent, R"(dimensions.kind = "bus")", page_size),
                  ElementsAre("A/bus:3", "AB/bus:3", "B/bus:3", "_T/bus:3"));
    }
  }
}

TEST_F(SeriesFilterTest, RowsOfOneSeriesPageByPage) {
  const std::string one = R"(dimensions.region = "AB" dimensions.kind = "bus")";
  for (const char* parent : {"datasets/stock", "indicators/level"}) {
    for (const int page_size : {0, 1, 2}) {
      EXPECT_THAT(Rows(parent, one, page_size), ElementsAre(10, 11, 12)) << page_size;
    }
  }
}

TEST_F(SeriesFilterTest, AsOfBeforeItWasThere) {
  const std::string one = R"(dimensions.region = "A" dimensions.kind = "car")";
  EXPECT_THAT(Series("datasets/stock", one, 0, revision_), ElementsAre("A/car:3"));
  EXPECT_THAT(Series("datasets/stock", one, 0, revision_ - 1), IsEmpty());
}

}  // namespace
}  // namespace policytrack::rpc_test
