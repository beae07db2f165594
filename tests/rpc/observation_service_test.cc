// Pushing and reading observations: atomicity, counts, row errors, vintages,
// pages.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::HasSubstr;

class ObservationServiceTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    MakeDataset();
  }

  static v1::Observation Row(const std::string& period, double value,
                             const std::string& region = "CN-HA") {
    v1::Observation row;
    row.set_period(period);
    row.set_value(value);
    (*row.mutable_dimensions())["region"] = region;
    return row;
  }
  static v1::PushObservationsRequest Rows(const std::vector<v1::Observation>& rows) {
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/sales");
    for (const auto& row : rows) *message.add_rows() = row;
    return message;
  }
  std::string PushCode(const std::vector<v1::PushObservationsRequest>& messages) {
    v1::PushObservationsResponse response;
    return CodeOf(Push(messages, &response));
  }
  v1::ListObservationsResponse List(int64_t as_of = 0) {
    v1::ListObservationsRequest request;
    request.set_parent("datasets/sales");
    if (as_of > 0) request.mutable_as_of()->set_revision(as_of);
    v1::ListObservationsResponse response;
    EXPECT_EQ(CodeOf(CALL(observations_, ListObservations, request, &response)), "OK");
    return response;
  }
};

TEST_F(ObservationServiceTest, CountsWhatAPushDid) {
  v1::PushObservationsResponse response;
  ASSERT_EQ(
      CodeOf(Push({Rows({Row("2024-01", 1), Row("2024-02", 2), Row("2024-03", 3)})}, &response)),
      "OK");
  EXPECT_EQ(response.created_count(), 3);
  EXPECT_EQ(response.revision(), 2);
  v1::Observation gone = Row("2024-03", 0);
  gone.clear_value();
  gone.set_deleted(true);
  ASSERT_EQ(CodeOf(Push({Rows({Row("2024-01", 1), Row("2024-02", 2.5), gone, Row("2024-04", 4),
                               Row("2024-04", 4)})},
                        &response)),
            "OK");
  EXPECT_EQ(response.created_count(), 1);
  EXPECT_EQ(response.revised_count(), 1);
  EXPECT_EQ(response.unchanged_count(), 2);  // equal to what is there, and repeated
  EXPECT_EQ(response.deleted_count(), 1);
  EXPECT_EQ(response.rejected_count(), 0);
  EXPECT_EQ(response.revision(), 3);
  // The same again changes nothing and makes no revision.
  ASSERT_EQ(CodeOf(Push({Rows({Row("2024-02", 2.5)})}, &response)), "OK");
  EXPECT_EQ(response.unchanged_count(), 1);
  EXPECT_EQ(response.revision(), 3);
  // Each vintage is still there.
  EXPECT_EQ(List(2).observations_size(), 3);
  EXPECT_EQ(List(2).observations(1).value(), 2);
  EXPECT_EQ(List().observations(1).value(), 2.5);
  EXPECT_EQ(List().observations(1).revision(), 3);
}

TEST_F(ObservationServiceTest, OneBadRowRefusesAll) {
  v1::PushObservationsResponse response;
  const grpc::Status status =
      Push({Rows({Row("2024-01", 1), Row("2024-13", 2), Row("2024-02", -5)})}, &response);
  EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT ROWS_INVALID");
  EXPECT_EQ(MetadataOf(status, "row"), "1");
  EXPECT_EQ(MetadataOf(status, "rejected_count"), "2");
  EXPECT_THAT(status.error_message(), HasSubstr("2024-13"));
  EXPECT_LT(status.error_details().size(), 4096u);
  EXPECT_EQ(List().observations_size(), 0);
}

TEST_F(ObservationServiceTest, EachBadRowIsNamed) {
  v1::PushObservationsRequest message = Rows({
      Row("2024-Q1", 1),      // 0: another frequency
      Row("2024-01", NAN),    // 1: no number
      Row("2024-01", -1),     // 2: out of range
      Row("2024-01", 1, ""),  // 3: empty dimension
      Row("2024-02", 1),      // 4: good
      Row("2024-02", 2),      // 5: contradicts row 4
      Row("2024-03", 1),      // 6: unknown dimension
      Row("2024-04", 1),      // 7: dimension left out
      Row("2024-05", 1),      // 8: no value
      Row("2024-06", 1),      // 9: deleted with a value
      Row("2024-07", 1),      // 10: unknown status
  });
  (*message.mutable_rows(6)->mutable_dimensions())["colour"] = "red";
  message.mutable_rows(7)->clear_dimensions();
  message.mutable_rows(8)->clear_value();
  message.mutable_rows(9)->set_deleted(true);
  message.mutable_rows(10)->set_status(static_cast<v1::ObservationStatus>(77));
  message.mutable_options()->set_return_partial_success(true);
  v1::PushObservationsResponse response;
  ASSERT_EQ(CodeOf(Push({message}, &response)), "OK");
  EXPECT_EQ(response.created_count(), 1);
  EXPECT_EQ(response.rejected_count(), 10);
  std::vector<std::string> errors;
  for (const auto& error : response.row_errors()) {
    errors.push_back(absl::StrCat(error.row(), " ", error.reason(), " ", error.field()));
    EXPECT_NE(error.message(), "");
  }
  EXPECT_EQ(errors,
            (std::vector<std::string>{
                "0 FIELD_INVALID period", "1 FIELD_INVALID value", "2 FIELD_INVALID value",
                "3 FIELD_INVALID dimensions.region", "5 FIELD_INVALID period",
                "6 FIELD_INVALID dimensions.colour", "7 FIELD_REQUIRED dimensions.region",
                "8 FIELD_REQUIRED value", "9 FIELD_INVALID deleted", "10 FIELD_INVALID status"}));
}

// The order of a map differs from run to run and from message to message.
TEST_F(ObservationServiceTest, OfSeveralBadDimensionsTheFirstByIdIsNamed) {
  for (int round = 0; round < 20; ++round) {
    v1::PushObservationsRequest message = Rows({Row("2024-01", 1)});
    auto& dimensions = *message.mutable_rows(0)->mutable_dimensions();
    for (int i = 9; i > 0; --i) dimensions[absl::StrCat("unknown-", i, "-", round)] = "x";
    v1::PushObservationsResponse response;
    const grpc::Status status = Push({message}, &response);
    EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT ROWS_INVALID");
    EXPECT_THAT(status.error_message(), HasSubstr(absl::StrCat("unknown-1-", round)));
  }
}

TEST_F(ObservationServiceTest, TheMessageAroundTheRows) {
  v1::PushObservationsRequest message = Rows({Row("2024-01", 1)});
  message.clear_dataset();
  EXPECT_EQ(PushCode({message}), "INVALID_ARGUMENT FIELD_REQUIRED");
  message.set_dataset("sales");
  EXPECT_EQ(PushCode({message}), "INVALID_ARGUMENT NAME_INVALID");
  message.set_dataset("datasets/none");
  EXPECT_EQ(PushCode({message}), "NOT_FOUND RESOURCE_NOT_FOUND");
  message = Rows({Row("2024-01", 1)});
  message.mutable_options()->set_request_id("x");
  EXPECT_EQ(PushCode({message}), "INVALID_ARGUMENT FIELD_INVALID");
  v1::PushObservationsRequest late = Rows({});
  late.mutable_options();
  EXPECT_EQ(PushCode({Rows({Row("2024-01", 1)}), late}), "INVALID_ARGUMENT FIELD_INVALID");
  message = Rows({});
  message.add_columns();
  EXPECT_EQ(PushCode({message}), "INVALID_ARGUMENT FIELD_REQUIRED");
  message.mutable_columns(0)->add_periods(24288);
  EXPECT_EQ(PushCode({message}), "INVALID_ARGUMENT FIELD_REQUIRED");
  message.mutable_columns(0)->add_values(1);
  message.mutable_columns(0)->add_values(2);
  EXPECT_EQ(PushCode({message}), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(List().observations_size(), 0);
  // A dataset that does not exist, told apart from bad rows.
  message = Rows({Row("2024-01", 1)});
  message.set_dataset("datasets/none");
  message.mutable_options()->set_return_partial_success(true);
  v1::PushObservationsResponse response;
  ASSERT_EQ(CodeOf(Push({message}, &response)), "OK");
  EXPECT_EQ(response.row_errors(0).reason(), "RESOURCE_NOT_FOUND");
}

TEST_F(ObservationServiceTest, ColumnsAndRowsAreTheSame) {
  v1::PushObservationsRequest message = Rows({});
  auto* block = message.add_columns();
  (*block->mutable_dimensions())["region"] = "CN-HA";
  for (int month = 0; month < 12; ++month) {
    block->add_periods(2024 * 12 + month);
    block->add_values(month + 0.5);
    block->add_statuses(month == 11 ? v1::OBSERVATION_STATUS_PROVISIONAL
                                    : v1::OBSERVATION_STATUS_NORMAL);
  }
  block->add_break_indexes(6);
  v1::PushObservationsResponse response;
  ASSERT_EQ(CodeOf(Push({message}, &response)), "OK");
  EXPECT_EQ(response.created_count(), 12);
  const auto rows = List();
  ASSERT_EQ(rows.observations_size(), 12);
  EXPECT_EQ(rows.observations(0).period(), "2024-01");
  EXPECT_EQ(rows.observations(11).status(), v1::OBSERVATION_STATUS_PROVISIONAL);
  EXPECT_TRUE(rows.observations(6).series_break());

  v1::ReadSeriesRequest request;
  request.set_parent("datasets/sales");
  request.set_start_period("2024-03");
  request.set_end_period("2024-07");
  v1::ReadSeriesResponse series;
  ASSERT_EQ(CodeOf(CALL(observations_, ReadSeries, request, &series)), "OK");
  ASSERT_EQ(series.series_size(), 1);
  EXPECT_EQ(series.series(0).periods(0), 2024 * 12 + 2);
  EXPECT_EQ(series.series(0).values(4), 6.5);
  EXPECT_EQ(series.series(0).break_indexes(0), 4);
  EXPECT_EQ(series.series(0).revisions(0), 2);
  // The rows just read push back unchanged.
  std::vector<v1::Observation> again(rows.observations().begin(), rows.observations().end());
  ASSERT_EQ(CodeOf(Push({Rows(again)}, &response)), "OK");
  EXPECT_EQ(response.unchanged_count(), 12);
}

TEST_F(ObservationServiceTest, RequestIdReplaysAPush) {
  v1::PushObservationsRequest message = Rows({Row("2024-01", 1)});
  message.mutable_options()->set_request_id("00000000-0000-4000-8000-000000000001");
  v1::PushObservationsResponse first, again;
  ASSERT_EQ(CodeOf(Push({message}, &first)), "OK");
  ASSERT_EQ(CodeOf(Push({message}, &again)), "OK");
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.created_count(), 1);
  EXPECT_EQ(again.revision(), first.revision());
  message.mutable_rows(0)->set_value(2);
  EXPECT_EQ(PushCode({message}), "INVALID_ARGUMENT REQUEST_ID_REUSED");
}

TEST_F(ObservationServiceTest, ValidateOnlyCountsAndWritesNothing) {
  v1::PushObservationsRequest message = Rows({Row("2024-01", 1)});
  message.mutable_options()->set_validate_only(true);
  v1::PushObservationsResponse response;
  ASSERT_EQ(CodeOf(Push({message}, &response)), "OK");
  EXPECT_EQ(response.created_count(), 1);
  EXPECT_EQ(response.revision(), 1);
  EXPECT_EQ(List().observations_size(), 0);
}

TEST_F(ObservationServiceTest, APushBeyondTheLimitIsRefused) {
  // 4 MiB in the fixture: about 160 000 observations.
  std::vector<v1::PushObservationsRequest> messages;
  for (int i = 0; i < 100; ++i) {
    v1::PushObservationsRequest message = Rows({});
    auto* block = message.add_columns();
    (*block->mutable_dimensions())["region"] = absl::StrCat("r", i);
    for (int p = 0; p < 2000; ++p) {
      block->add_periods(12000 + p);
      block->add_values(1);
    }
    messages.push_back(std::move(message));
  }
  const grpc::Status status = [&] {
    v1::PushObservationsResponse response;
    return Push(messages, &response);
  }();
  EXPECT_EQ(CodeOf(status), "RESOURCE_EXHAUSTED REQUEST_TOO_LARGE");
  EXPECT_EQ(List().observations_size(), 0);
}

TEST_F(ObservationServiceTest, ABrokenStreamLeavesNothing) {
  {
    grpc::ClientContext context;
    v1::PushObservationsResponse response;
    auto writer = observations_->PushObservations(&context, &response);
    writer->Write(Rows({Row("2024-01", 1)}));
    context.TryCancel();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // A later push is the next revision: nothing came between.
  EXPECT_EQ(PushRow("sales", "CN-HA", "2024-02", 1), 2);
  EXPECT_EQ(List().observations_size(), 1);
}

TEST_F(ObservationServiceTest, PagesHoldEveryRowOnce) {
  for (const char* region : {"A", "B", "C"}) {
    v1::PushObservationsRequest message = Rows({});
    auto* block = message.add_columns();
    (*block->mutable_dimensions())["region"] = region;
    for (int p = 0; p < 10; ++p) {
      block->add_periods(24000 + p);
      block->add_values(p);
    }
    ASSERT_EQ(PushCode({message}), "OK");
  }
  v1::ListObservationsRequest request;
  request.set_parent("datasets/sales");
  request.set_page_size(7);
  std::vector<std::string> seen;
  int pages = 0;
  do {
    v1::ListObservationsResponse page;
    ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, request, &page)), "OK");
    for (const auto& row : page.observations()) {
      seen.push_back(row.dimensions().at("region") + row.period());
    }
    request.set_page_token(page.next_page_token());
    PushRow("sales", "B", absl::StrCat("203", pages, "-01"), 1);  // not part of the listing
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 5);
  EXPECT_EQ(seen.size(), 30u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST_F(ObservationServiceTest, ALongSeriesIsCutOverPages) {
  v1::CreateDatasetRequest create;
  create.set_dataset_id("daily");
  *create.mutable_dataset() = Text<v1::Dataset>(R"(
    display_name: "D" unit: "percent" frequency: FREQUENCY_DAY accumulation: ACCUMULATION_LEVEL)");
  v1::Dataset dataset;
  ASSERT_EQ(CodeOf(CALL(datasets_, CreateDataset, create, &dataset)), "OK");
  constexpr int kDays = 150000;
  v1::PushObservationsRequest message;
  message.set_dataset("datasets/daily");
  auto* block = message.add_columns();
  for (int day = 0; day < kDays; ++day) {
    block->add_periods(day - 100000);
    block->add_values(day);
  }
  ASSERT_EQ(PushCode({message}), "OK");
  v1::ReadSeriesRequest request;
  request.set_parent("datasets/daily");
  int64_t next = -100000;
  int pages = 0;
  do {
    v1::ReadSeriesResponse page;
    ASSERT_EQ(CodeOf(CALL(observations_, ReadSeries, request, &page)), "OK");
    ASSERT_LT(page.ByteSizeLong(), size_t{4} << 20);
    for (const auto& series : page.series()) {
      for (const int64_t period : series.periods()) ASSERT_EQ(period, next++);
    }
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(next, kDays - 100000);
  EXPECT_GT(pages, 1);
}

TEST_F(ObservationServiceTest, ReadsRefuseBadArguments) {
  const auto code = [&](const v1::ListObservationsRequest& request) {
    v1::ListObservationsResponse response;
    const grpc::Status status = CALL(observations_, ListObservations, request, &response);
    return CodeOf(status) + " " + MetadataOf(status, "field");
  };
  v1::ListObservationsRequest good, request;
  good.set_parent("datasets/sales");
  EXPECT_EQ(code(request), "INVALID_ARGUMENT FIELD_REQUIRED parent");
  request.set_parent("plans/x");
  EXPECT_EQ(code(request), "INVALID_ARGUMENT NAME_INVALID parent");
  request.set_parent("datasets/none");
  EXPECT_EQ(code(request), "NOT_FOUND RESOURCE_NOT_FOUND ");
  request.set_parent("indicators/none");
  EXPECT_EQ(code(request), "NOT_FOUND RESOURCE_NOT_FOUND ");
  request.set_parent("measures/none/targets/none");
  EXPECT_EQ(code(request), "NOT_FOUND RESOURCE_NOT_FOUND ");
  request = good;
  request.set_start_period("2024");
  EXPECT_EQ(code(request), "INVALID_ARGUMENT FIELD_INVALID start_period");
  request = good;
  request.set_start_period("2024-02");
  request.set_end_period("2024-01");
  EXPECT_EQ(code(request), "INVALID_ARGUMENT FIELD_INVALID end_period");
  request = good;
  request.set_page_size(-1);
  EXPECT_EQ(code(request), "INVALID_ARGUMENT FIELD_INVALID page_size");
  request = good;
  request.set_page_token("xxxx");
  EXPECT_EQ(code(request), "INVALID_ARGUMENT PAGE_TOKEN_INVALID page_token");
  request = good;
  request.set_filter("period =");
  EXPECT_THAT(code(request), HasSubstr("INVALID_ARGUMENT FILTER_INVALID"));
  request = good;
  request.mutable_as_of();
  EXPECT_EQ(code(request), "INVALID_ARGUMENT FIELD_INVALID as_of");
  request = good;
  request.set_at_least_revision(99);
  EXPECT_EQ(code(request), "INVALID_ARGUMENT FIELD_INVALID at_least_revision");
}

TEST_F(ObservationServiceTest, AsOfATime) {
  PushRow("sales", "CN-HA", "2024-01", 1);
  const absl::Time between = clock_.Now() + absl::Hours(1);
  clock_.Advance(absl::Hours(2));
  PushRow("sales", "CN-HA", "2024-01", 2);
  v1::ListObservationsRequest request;
  request.set_parent("datasets/sales");
  request.mutable_as_of()->mutable_time()->set_seconds(absl::ToUnixSeconds(between));
  v1::ListObservationsResponse response;
  ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, request, &response)), "OK");
  ASSERT_EQ(response.observations_size(), 1);
  EXPECT_EQ(response.observations(0).value(), 1);
  request.mutable_as_of()->mutable_time()->set_seconds(1000);
  EXPECT_EQ(CodeOf(CALL(observations_, ListObservations, request, &response)),
            "INVALID_ARGUMENT FIELD_INVALID");
}

}  // namespace
}  // namespace policytrack::rpc_test
