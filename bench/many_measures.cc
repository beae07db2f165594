#include "bench/many_measures.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "bench/client.h"
#include "bench/fail.h"

namespace policytrack::bench {
namespace {

constexpr int kConnections = 4;
constexpr int kUnderWay = 256;

struct Creating {
  grpc::ClientContext context;
  v1::Measure created;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::Measure>> reader;
};

void Await(grpc::CompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  Must(queue->Next(&tag, &ok) && ok, "a call ended without an answer");
  const std::unique_ptr<Creating> done(static_cast<Creating*>(tag));
  Must(done->status, "CreateMeasure");
}

}  // namespace

std::string ManyMeasureId(int number) { return absl::StrFormat("measure-%06d", number); }

void CreateManyMeasures(const std::string& address, int count,
                        const std::function<v1::Measure(int)>& make) {
  std::vector<std::unique_ptr<v1::MeasureService::Stub>> stubs;
  for (int i = 0; i < kConnections; ++i) {
    stubs.push_back(v1::MeasureService::NewStub(OwnChannel(address)));
  }
  grpc::CompletionQueue queue;
  v1::CreateMeasureRequest request;
  for (int i = 0; i < count; ++i) {
    if (i >= kUnderWay) Await(&queue);
    request.set_measure_id(ManyMeasureId(i));
    *request.mutable_measure() = make(i);
    auto creating = std::make_unique<Creating>();
    creating->reader =
        stubs[i % kConnections]->AsyncCreateMeasure(&creating->context, request, &queue);
    Creating* const tag = creating.release();  // Await takes it again
    tag->reader->Finish(&tag->created, &tag->status, tag);
  }
  for (int i = 0; i < std::min(count, kUnderWay); ++i) Await(&queue);
  queue.Shutdown();
}

}  // namespace policytrack::bench
