// What is written once for all kinds of documents reaches the methods of each:
// get, list and revisions of datasets, indicators and measures. Plans have more
// tests in document_service_test.cc.
#include "absl/strings/str_cat.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

class DocumentKindsTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    MakePlan();
    MakeDataset();
    MakeIndicator();
    v1::CreateMeasureRequest create;
    create.set_measure_id("m");
    *create.mutable_measure() = MeasureOf();
    v1::Measure measure;
    ASSERT_EQ(CodeOf(CALL(measures_, CreateMeasure, create, &measure)), "OK");
    clock_.Advance(absl::Hours(1));
  }

  // The answer to a request in text format.
  template <typename Stub, typename Request, typename Response>
  static Response Ask(const std::unique_ptr<Stub>& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const std::string& text) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    Response response;
    EXPECT_EQ(CodeOf((stub.get()->*method)(&context, Text<Request>(text), &response)), "OK")
        << text;
    return response;
  }

  // The past, the present and the only one listed, of a document that was renamed.
  template <typename Resource>
  static void ExpectStates(const Resource& first, const Resource& second, const Resource& past,
                           const Resource& present, const Resource& listed) {
    EXPECT_EQ(second.display_name(), "Renamed");
    EXPECT_GT(second.revision(), first.revision());
    EXPECT_EQ(past.SerializeAsString(), first.SerializeAsString());
    EXPECT_EQ(present.SerializeAsString(), second.SerializeAsString());
    EXPECT_EQ(listed.SerializeAsString(), second.SerializeAsString());
  }
  template <typename Revision, typename Resource>
  static void ExpectRevision(const Revision& revision, const Resource& state) {
    EXPECT_EQ(revision.name(), absl::StrCat(state.name(), "/revisions/", state.revision()));
    EXPECT_EQ(revision.snapshot().SerializeAsString(), state.SerializeAsString());
    EXPECT_EQ(revision.create_time().seconds(), state.update_time().seconds());
    EXPECT_FALSE(revision.deleted());
  }
};

std::string AsOf(int64_t revision) { return absl::StrCat(" as_of { revision: ", revision, " }"); }
std::string Page(const std::string& token) {
  return absl::StrCat(" page_size: 1 page_token: '", token, "'");
}

TEST_F(DocumentKindsTest, Datasets) {
  using Stub = v1::DatasetService::Stub;
  const std::string name = R"(name: "datasets/sales")";
  const auto first = Ask(datasets_, &Stub::GetDataset, name);
  const auto second = Ask(datasets_, &Stub::UpdateDataset,
                          absl::StrCat("dataset { ", name, " display_name: 'Renamed' }"));
  const auto list = Ask(datasets_, &Stub::ListDatasets, "");
  ASSERT_EQ(list.datasets_size(), 1);
  ExpectStates(first, second, Ask(datasets_, &Stub::GetDataset, name + AsOf(first.revision())),
               Ask(datasets_, &Stub::GetDataset, name), list.datasets(0));
  const auto newest = Ask(datasets_, &Stub::ListDatasetRevisions, name + Page(""));
  ExpectRevision(newest.dataset_revisions(0), second);
  const auto oldest =
      Ask(datasets_, &Stub::ListDatasetRevisions, name + Page(newest.next_page_token()));
  ExpectRevision(oldest.dataset_revisions(0), first);
  EXPECT_EQ(oldest.next_page_token(), "");
}

TEST_F(DocumentKindsTest, Indicators) {
  using Stub = v1::IndicatorService::Stub;
  const std::string name = R"(name: "indicators/level")";
  const auto first = Ask(indicators_, &Stub::GetIndicator, name);
  const auto second = Ask(indicators_, &Stub::UpdateIndicator,
                          absl::StrCat("indicator { ", name, " display_name: 'Renamed' }"));
  const auto list = Ask(indicators_, &Stub::ListIndicators, "");
  ASSERT_EQ(list.indicators_size(), 1);
  ExpectStates(first, second, Ask(indicators_, &Stub::GetIndicator, name + AsOf(first.revision())),
               Ask(indicators_, &Stub::GetIndicator, name), list.indicators(0));
  const auto newest = Ask(indicators_, &Stub::ListIndicatorRevisions, name + Page(""));
  ExpectRevision(newest.indicator_revisions(0), second);
  const auto oldest =
      Ask(indicators_, &Stub::ListIndicatorRevisions, name + Page(newest.next_page_token()));
  ExpectRevision(oldest.indicator_revisions(0), first);
  EXPECT_EQ(oldest.next_page_token(), "");
}

TEST_F(DocumentKindsTest, Measures) {
  using Stub = v1::MeasureService::Stub;
  const std::string name = R"(name: "measures/m")";
  const auto first = Ask(measures_, &Stub::GetMeasure, name);
  const auto second = Ask(measures_, &Stub::UpdateMeasure,
                          absl::StrCat("measure { ", name, " display_name: 'Renamed' }"));
  const auto list = Ask(measures_, &Stub::ListMeasures, "");
  ASSERT_EQ(list.measures_size(), 1);
  ExpectStates(first, second, Ask(measures_, &Stub::GetMeasure, name + AsOf(first.revision())),
               Ask(measures_, &Stub::GetMeasure, name), list.measures(0));
  const auto newest = Ask(measures_, &Stub::ListMeasureRevisions, name + Page(""));
  ExpectRevision(newest.measure_revisions(0), second);
  const auto oldest =
      Ask(measures_, &Stub::ListMeasureRevisions, name + Page(newest.next_page_token()));
  ExpectRevision(oldest.measure_revisions(0), first);
  EXPECT_EQ(oldest.next_page_token(), "");
}

}  // namespace
}  // namespace policytrack::rpc_test
