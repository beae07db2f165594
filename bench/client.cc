#include "bench/client.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "bench/fail.h"
#include "bench/spread.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/indicator_service.grpc.pb.h"
#include "policytrack/v1/plan_service.grpc.pb.h"

namespace policytrack::bench {
namespace {

// Of one commit: well below the 256 MiB that a server gathers for one push.
constexpr int kPointsInCommit = 2000000;
constexpr int kSeriesInCommit = 100000;
constexpr int kMonthsInYear = 12;

}  // namespace

std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

Client::Client(const std::string& address)
    : channel_(OwnChannel(address)),
      measures_(v1::MeasureService::NewStub(channel_)),
      observations_(v1::ObservationService::NewStub(channel_)),
      progress_(v1::ProgressService::NewStub(channel_)) {}

void Client::CreateDataset() {
  v1::CreateDatasetRequest request;
  request.set_dataset_id(kDataset);
  *request.mutable_dataset() = MakeDataset();
  v1::Dataset created;
  grpc::ClientContext context;
  Must(v1::DatasetService::NewStub(channel_)->CreateDataset(&context, request, &created),
       "CreateDataset");
}

void Client::CreatePlan() {
  v1::CreatePlanRequest request;
  request.set_plan_id(kPlan);
  *request.mutable_plan() = MakePlan();
  v1::Plan created;
  grpc::ClientContext context;
  Must(v1::PlanService::NewStub(channel_)->CreatePlan(&context, request, &created), "CreatePlan");
}

int64_t Client::CreateGrowth(const std::string& id) {
  v1::CreateIndicatorRequest request;
  request.set_indicator_id(id);
  *request.mutable_indicator() = MakeGrowth();
  v1::Indicator created;
  grpc::ClientContext context;
  Must(v1::IndicatorService::NewStub(channel_)->CreateIndicator(&context, request, &created),
       "CreateIndicator");
  return created.revision();
}

void Client::CreateMeasure(const std::string& id, const v1::Measure& measure) {
  v1::CreateMeasureRequest request;
  request.set_measure_id(id);
  *request.mutable_measure() = measure;
  v1::Measure created;
  grpc::ClientContext context;
  Must(measures_->CreateMeasure(&context, request, &created), "CreateMeasure");
}

v1::PushObservationsResponse Client::Push(const PushMessages& messages) {
  v1::PushObservationsResponse response;
  grpc::ClientContext context;
  const auto stream = observations_->PushObservations(&context, &response);
  for (const auto& message : messages) {
    if (!stream->Write(message)) break;
  }
  stream->WritesDone();
  Must(stream->Finish(), "PushObservations");
  return response;
}

v1::PushObservationsResponse Client::Push(const v1::PushObservationsRequest& message) {
  v1::PushObservationsResponse response;
  grpc::ClientContext context;
  const auto stream = observations_->PushObservations(&context, &response);
  stream->WriteLast(message, grpc::WriteOptions());
  Must(stream->Finish(), "PushObservations");
  return response;
}

double Client::PushAll(const Figures& figures) {
  const int in_commit = std::clamp(kPointsInCommit / figures.periods(), 1, kSeriesInCommit);
  double seconds = 0;
  for (int first = 0; first < figures.series(); first += in_commit) {
    const int end = std::min(first + in_commit, figures.series());
    const PushMessages messages = AsColumns(figures, first, end, 0, figures.periods());
    v1::PushObservationsResponse answer;
    seconds += SecondsOf([&] { answer = Push(messages); });
    ExpectCreated(answer, int64_t{end - first} * figures.periods());
  }
  return seconds;
}

v1::Measure Client::GetMeasure(const v1::GetMeasureRequest& request) {
  v1::Measure measure;
  grpc::ClientContext context;
  Must(measures_->GetMeasure(&context, request, &measure), "GetMeasure");
  return measure;
}

v1::ListMeasuresResponse Client::ListMeasures(const v1::ListMeasuresRequest& request) {
  v1::ListMeasuresResponse response;
  grpc::ClientContext context;
  Must(measures_->ListMeasures(&context, request, &response), "ListMeasures");
  return response;
}

v1::ReadSeriesResponse Client::ReadSeries(const v1::ReadSeriesRequest& request) {
  v1::ReadSeriesResponse response;
  grpc::ClientContext context;
  Must(observations_->ReadSeries(&context, request, &response), "ReadSeries");
  return response;
}

v1::PlanProgress Client::ProgressAfter(int64_t revision) {
  v1::GetPlanProgressRequest request;
  request.set_name(absl::StrCat("plans/", kPlan));
  request.set_at_least_revision(revision);
  while (true) {
    v1::PlanProgress progress;
    grpc::ClientContext context;
    const grpc::Status status = progress_->GetPlanProgress(&context, request, &progress);
    // The server waits for some seconds and then says that it is not done yet.
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) continue;
    Must(status, "GetPlanProgress");
    return progress;
  }
}

v1::ReadSeriesRequest OneSeries(const std::string& region) {
  v1::ReadSeriesRequest request;
  request.set_parent(absl::StrCat("datasets/", kDataset));
  request.set_filter(absl::StrCat("dimensions.region = \"", region, "\""));
  return request;
}

v1::ReadSeriesRequest OneGrowth(const Figures& figures, int series, int month,
                                const std::string& indicator) {
  v1::ReadSeriesRequest request;
  request.set_parent(absl::StrCat("indicators/", indicator));
  request.set_filter(
      absl::StrCat("output = growth AND dimensions.region = \"", figures.region(series), "\""));
  request.set_start_period(figures.period_text(month));
  request.set_end_period(figures.period_text(month));
  return request;
}

void ExpectCreated(const v1::PushObservationsResponse& answer, int64_t created) {
  Must(answer.created_count() == created && answer.revised_count() == 0 &&
           answer.unchanged_count() == 0 && answer.deleted_count() == 0 &&
           answer.rejected_count() == 0,
       absl::StrCat("a push created ", answer.created_count(), " observations and not ", created));
}

void ExpectSeries(const v1::ReadSeriesResponse& answer, const Figures& figures, int series,
                  int months) {
  Must(answer.series_size() == 1 && answer.series(0).periods_size() == months &&
           answer.series(0).values_size() == months,
       absl::StrCat("a read did not give one series of ", months, " months"));
  for (int month = 0; month < months; ++month) {
    Must(answer.series(0).periods(month) == figures.period(month) &&
             answer.series(0).values(month) == figures.value(series, month),
         absl::StrCat("a read gave a wrong figure for ", figures.period_text(month)));
  }
}

void ExpectGrowth(const v1::ReadSeriesResponse& answer, const Figures& figures, int series,
                  int month) {
  Must(answer.series_size() == 1 && answer.series(0).values_size() == 1,
       "the growth of a series was not computed");
  const double before = figures.value(series, month - kMonthsInYear);
  const double growth = (figures.value(series, month) - before) / before * 100;
  Must(std::fabs(answer.series(0).values(0) - growth) < 1e-6,
       absl::StrCat("growth is ", answer.series(0).values(0), " and not ", growth));
}

}  // namespace policytrack::bench
