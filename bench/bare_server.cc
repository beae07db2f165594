// policytrack_bare: what the same calls cost without a service behind them. It
// serves the methods that the cases measure, with the same messages and the same
// callback API as policytrackd, and does nothing in them: pushes are parsed and
// discarded, reads give the answer that stands in a file, and each push sends all
// who watch a message as large as that of policytrackd.
//
// Usage: policytrack_bare [--measure FILE] [--measures FILE] [--series FILE], with the
// bytes of a Measure, a ListMeasuresResponse and a ReadSeriesResponse.
#include <signal.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>

#include "bench/fail.h"
#include "grpcpp/grpcpp.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"

namespace policytrack::bench {
namespace {

class Events;

class Watcher final : public grpc::ServerWriteReactor<v1::WatchEventsResponse> {
 public:
  explicit Watcher(Events* events);
  void Send(const v1::WatchEventsResponse& message) {
    message_ = message;
    StartWrite(&message_);
  }
  void OnWriteDone(bool ok) override { message_.Clear(); }
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override;

 private:
  Events* const events_;
  v1::WatchEventsResponse message_;
};

class Events final : public v1::EventService::CallbackService {
 public:
  // One commit of one observation, as policytrackd tells it.
  Events() {
    message_.mutable_commit()->set_chain_digest(std::string(64, 'c'));
    message_.mutable_commit()->set_content_digest(std::string(64, 'd'));
    message_.add_events()->set_name(std::string(100, 'n'));
    message_.set_resume_token(std::string(50, 't'));
  }

  grpc::ServerWriteReactor<v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context, const v1::WatchEventsRequest* request) override {
    return new Watcher(this);
  }

  // Every stream has its last message when this is called.
  void Tell() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Watcher* watcher : watchers_) watcher->Send(message_);
  }
  void Add(Watcher* watcher) {
    const std::lock_guard<std::mutex> lock(mutex_);
    watchers_.insert(watcher);
  }
  void Remove(Watcher* watcher) {
    const std::lock_guard<std::mutex> lock(mutex_);
    watchers_.erase(watcher);
  }

 private:
  v1::WatchEventsResponse message_;
  std::mutex mutex_;
  std::set<Watcher*> watchers_;
};

Watcher::Watcher(Events* events) : events_(events) {
  Send({});
  events_->Add(this);
}

void Watcher::OnDone() {
  events_->Remove(this);
  delete this;
}

class Discard final : public grpc::ServerReadReactor<v1::PushObservationsRequest> {
 public:
  Discard(v1::PushObservationsResponse* response, Events* events)
      : response_(response), events_(events) {
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      for (const auto& columns : message_.columns()) points_ += columns.values_size();
      points_ += message_.rows_size();
      return StartRead(&message_);
    }
    response_->set_created_count(points_);
    events_->Tell();
    Finish(grpc::Status::OK);
  }

  void OnDone() override { delete this; }

 private:
  v1::PushObservationsResponse* const response_;
  Events* const events_;
  v1::PushObservationsRequest message_;
  int64_t points_ = 0;
};

class Observations final : public v1::ObservationService::CallbackService {
 public:
  Observations(v1::ReadSeriesResponse series, Events* events)
      : series_(std::move(series)), events_(events) {}

  grpc::ServerReadReactor<v1::PushObservationsRequest>* PushObservations(
      grpc::CallbackServerContext* context, v1::PushObservationsResponse* response) override {
    return new Discard(response, events_);
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
  Events* const events_;
};

class Measures final : public v1::MeasureService::CallbackService {
 public:
  Measures(v1::Measure measure, v1::ListMeasuresResponse page)
      : measure_(std::move(measure)), page_(std::move(page)) {}

  grpc::ServerUnaryReactor* GetMeasure(grpc::CallbackServerContext* context,
                                       const v1::GetMeasureRequest* request,
                                       v1::Measure* response) override {
    *response = measure_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* ListMeasures(grpc::CallbackServerContext* context,
                                         const v1::ListMeasuresRequest* request,
                                         v1::ListMeasuresResponse* response) override {
    *response = page_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::Measure measure_;
  const v1::ListMeasuresResponse page_;
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
  v1::ListMeasuresResponse page;
  v1::ReadSeriesResponse series;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--measure") measure = Load<v1::Measure>(argv[i + 1]);
    if (flag == "--measures") page = Load<v1::ListMeasuresResponse>(argv[i + 1]);
    if (flag == "--series") series = Load<v1::ReadSeriesResponse>(argv[i + 1]);
  }
  Measures measures(std::move(measure), std::move(page));
  Events events;
  Observations observations(std::move(series), &events);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&measures);
  builder.RegisterService(&observations);
  builder.RegisterService(&events);
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
