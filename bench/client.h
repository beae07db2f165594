// One connection to a server, and the calls that the cases make. An answer that
// is not the expected one ends the benchmark.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_BENCH_CLIENT_H_
#define POLICYTRACK_BENCH_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "bench/messages.h"
#include "grpcpp/grpcpp.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"
#include "policytrack/v1/progress_service.grpc.pb.h"

namespace policytrack::bench {

// A channel that shares its connection with no other.
std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address);

class Client {
 public:
  explicit Client(const std::string& address);

  // Create under the ids of messages.h.
  void CreateDataset();
  void CreatePlan();
  // Gives the revision.
  int64_t CreateGrowth(const std::string& id = kIndicator);
  void CreateMeasure(const std::string& id, const v1::Measure& measure);

  v1::PushObservationsResponse Push(const PushMessages& messages);
  v1::PushObservationsResponse Push(const v1::PushObservationsRequest& message);
  // Pushes all figures as columns, in as many commits as a server takes them in by
  // default. Gives the seconds without those of making the messages.
  double PushAll(const Figures& figures);
  v1::Measure GetMeasure(const v1::GetMeasureRequest& request);
  v1::ListMeasuresResponse ListMeasures(const v1::ListMeasuresRequest& request);
  v1::ReadSeriesResponse ReadSeries(const v1::ReadSeriesRequest& request);
  // The progress of the plan when evaluation has passed a revision.
  v1::PlanProgress ProgressAfter(int64_t revision);

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::MeasureService::Stub> measures_;
  const std::unique_ptr<v1::ObservationService::Stub> observations_;
  const std::unique_ptr<v1::ProgressService::Stub> progress_;
};

// Reads one series of the dataset.
v1::ReadSeriesRequest OneSeries(const std::string& region);

// Reads the growth of one series in one month.
v1::ReadSeriesRequest OneGrowth(const Figures& figures, int series, int month,
                                const std::string& indicator = kIndicator);

// Ends the benchmark unless a push did exactly this and nothing else.
void ExpectCreated(const v1::PushObservationsResponse& answer, int64_t created);

// Ends the benchmark unless the series has the months [0, months) of the data set.
void ExpectSeries(const v1::ReadSeriesResponse& answer, const Figures& figures, int series,
                  int months);

// Ends the benchmark unless this is the growth of a series on the year before.
void ExpectGrowth(const v1::ReadSeriesResponse& answer, const Figures& figures, int series,
                  int month);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_CLIENT_H_
