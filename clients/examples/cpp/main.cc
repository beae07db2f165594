// The whole way with stubs generated from proto/: documents, a push of rows and columns, a revised
// figure, the series now and before, the progress of a measure, and a refusal.
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "documents.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/indicator_service.grpc.pb.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"
#include "policytrack/v1/plan_service.grpc.pb.h"
#include "policytrack/v1/progress_service.grpc.pb.h"

namespace v1 = policytrack::v1;
using ObservationStub = std::unique_ptr<v1::ObservationService::Stub>;

// One stream is one commit: all rows are written at its end, or none.
int64_t Push(const ObservationStub& observations,
             const std::vector<v1::PushObservationsRequest>& messages) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::PushObservationsResponse response;
  auto writer = observations->PushObservations(&context, &response);
  for (const auto& message : messages) {
    if (!writer->Write(message)) break;  // The server has ended the call: Finish says why.
  }
  writer->WritesDone();
  ThrowUnlessOk(writer->Finish());
  std::cout << "pushed: " << response.created_count() << " created, " << response.revised_count()
            << " revised, " << response.unchanged_count() << " unchanged\n";
  return response.revision();
}

void PrintSeries(const ObservationStub& observations, const std::string& title,
                 std::optional<int64_t> revision) {
  v1::ReadSeriesRequest request;
  request.set_parent("datasets/cycle-paths-km");
  if (revision) request.mutable_as_of()->set_revision(*revision);
  // A page holds 1000 series, and this dataset has one; next_page_token leads to the next page.
  auto response = Call(observations, &v1::ObservationService::Stub::ReadSeries, request);
  for (const v1::Series& series : response.series()) {
    std::cout << title << ":";
    for (int i = 0; i < series.periods_size(); ++i) {
      // The ordinal of a year is the year. No statuses means that all are normal.
      bool provisional =
          series.statuses_size() > 0 && series.statuses(i) == v1::OBSERVATION_STATUS_PROVISIONAL;
      std::cout << " " << series.periods(i) << "=" << series.values(i) << (provisional ? "p" : "");
    }
    std::cout << "\n";
  }
}

void PrintProgress(const std::unique_ptr<v1::ProgressService::Stub>& service,
                   const std::string& measure, int64_t revision) {
  v1::GetMeasureProgressRequest request;
  request.set_name(measure);
  request.set_at_least_revision(revision);  // Waits until what was pushed has been evaluated.
  v1::MeasureProgress progress =
      Call(service, &v1::ProgressService::Stub::GetMeasureProgress, request);
  std::cout << measure << ": " << v1::ProgressStatus_Name(progress.status()) << ", "
            << progress.judged_target_count() << " of " << progress.target_count()
            << " targets judged\n";
  for (const v1::TargetProgress& target : progress.targets()) {
    std::cout << target.target() << ": " << v1::ProgressStatus_Name(target.status());
    if (target.has_latest_value()) {
      std::cout << ", " << target.latest_value() << " in " << target.period();
    }
    if (target.has_expected_value()) std::cout << ", expected " << target.expected_value();
    std::cout << "\n";
  }
}

void Run(const std::string& server, const std::string& measure) {
  // The server speaks neither TLS nor authentication; across a network use a tunnel or a proxy.
  auto channel = grpc::CreateChannel(server, grpc::InsecureChannelCredentials());
  std::cout << CreateOrFind(v1::PlanService::NewStub(channel), &v1::PlanService::Stub::CreatePlan,
                            kCreatePlan);
  std::cout << CreateOrFind(v1::DatasetService::NewStub(channel),
                            &v1::DatasetService::Stub::CreateDataset, kCreateDataset);
  std::cout << CreateOrFind(v1::IndicatorService::NewStub(channel),
                            &v1::IndicatorService::Stub::CreateIndicator, kCreateIndicator);
  std::cout << CreateOrFind(v1::MeasureService::NewStub(channel),
                            &v1::MeasureService::Stub::CreateMeasure, kCreateMeasure);

  // Columns suit programs that have many figures; rows suit a few, with their periods as people
  // write them. The dataset of the first message holds for those after it.
  auto observations = v1::ObservationService::NewStub(channel);
  v1::PushObservationsRequest columns;
  columns.set_dataset("datasets/cycle-paths-km");
  auto* column = columns.add_columns();
  for (const auto& [year, km] : {std::pair(2020, 100.0), {2021, 110.0}, {2022, 121.0}}) {
    column->add_periods(year);
    column->add_values(km);
  }
  v1::PushObservationsRequest rows;
  auto* row = rows.add_rows();
  row->set_period("2023");
  row->set_value(128);
  row->set_status(v1::OBSERVATION_STATUS_PROVISIONAL);
  int64_t first = Push(observations, {columns, rows});

  rows.set_dataset("datasets/cycle-paths-km");
  row->set_value(126);
  row->set_status(v1::OBSERVATION_STATUS_NORMAL);
  int64_t revised = Push(observations, {rows});
  PrintSeries(observations, "now", std::nullopt);
  PrintSeries(observations, "before the revision", first);
  PrintProgress(v1::ProgressService::NewStub(channel), measure, revised);

  row->set_period("2023-13");
  try {
    Push(observations, {rows});
  } catch (const Failure& failure) {
    // What a program does about a failure hangs on the reason; docs/errors.md lists them.
    if (failure.info.reason() != "ROWS_INVALID") throw;
    std::cout << "refused: " << failure.Text() << "\n";
  }
}

// Ends as `policytrack` does: 1 refused, 2 usage, 3 the server cannot be reached or is too slow.
int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: policytrack_example HOST:PORT [measures/MEASURE]\n";
    return 2;
  }
  try {
    Run(argv[1], argc == 3 ? argv[2] : "measures/build-cycle-paths");
    return 0;
  } catch (const Failure& failure) {
    std::cerr << "error: " << argv[1] << ": " << failure.Text() << "\n";
    auto code = failure.status.error_code();
    return code == grpc::UNAVAILABLE || code == grpc::DEADLINE_EXCEEDED ? 3 : 1;
  }
}
