// policytrack_bare: what the same calls cost without a service behind them. It
// serves the methods that the cases measure, with the same messages and the same
// callback API as policytrackd, and does nothing in them: pushes are parsed and
// discarded, reads give the answer that stands in a file.
//
// Usage: policytrack_bare [--measure FILE] [--series FILE], with the bytes of a
// Measure and of a ReadSeriesResponse.
#include <signal.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "bench/fail.h"
#include "grpcpp/grpcpp.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"

namespace policytrack::bench {
namespace {

class Discard final : public grpc::ServerReadReactor<v1::PushObservationsRequest> {
 public:
  explicit Discard(v1::PushObservationsResponse* response) : response_(response) {
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      for (const auto& columns : message_.columns()) points_ += columns.values_size();
      points_ += message_.rows_size();
      return StartRead(&message_);
    }
    response_->set_created_count(points_);
    Finish(grpc::Status::OK);
  }

  void OnDone() override { delete this; }

 private:
  v1::PushObservationsResponse* const response_;
  v1::PushObservationsRequest message_;
  int64_t points_ = 0;
};

class Observations final : public v1::ObservationService::CallbackService {
 public:
  explicit Observations(v1::ReadSeriesResponse series) : series_(std::move(series)) {}

  grpc::ServerReadReactor<v1::PushObservationsRequest>* PushObservations(
      grpc::CallbackServerContext* context, v1::PushObservationsResponse* response) override {
    return new Discard(response);
  }

  grpc::ServerUnaryReactor* ReadSeries(grpc::CallbackServerContext* context,
                                       const v1::ReadSeriesRequest* request,
                                       v1::ReadSeriesResponse* response) override {
    *response = series_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::ReadSeriesResponse series_;
};

class Measures final : public v1::MeasureService::CallbackService {
 public:
  explicit Measures(v1::Measure measure) : measure_(std::move(measure)) {}

  grpc::ServerUnaryReactor* GetMeasure(grpc::CallbackServerContext* context,
                                       const v1::GetMeasureRequest* request,
                                       v1::Measure* response) override {
    *response = measure_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::Measure measure_;
};

template <typename Message>
Message Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  Message message;
  Must(file.good() && message.ParseFromString(bytes.str()), "cannot read " + path);
  return message;
}

int Run(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  v1::Measure measure;
  v1::ReadSeriesResponse series;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--measure") measure = Load<v1::Measure>(argv[i + 1]);
    if (flag == "--series") series = Load<v1::ReadSeriesResponse>(argv[i + 1]);
  }
  Measures measures(std::move(measure));
  Observations observations(std::move(series));
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&measures);
  builder.RegisterService(&observations);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  Must(server != nullptr, "the bare server cannot listen");
  std::cerr << "policytrack_bare serves (port " << port << ")" << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  return 0;
}

}  // namespace
}  // namespace policytrack::bench

int main(int argc, char** argv) { return policytrack::bench::Run(argc, argv); }
