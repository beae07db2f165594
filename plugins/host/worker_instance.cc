#include "plugins/host/worker_instance.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/utf8.h"
#include "plugins/checks/gate.h"
#include "plugins/host/failures.h"
#include "plugins/host/worker_messages.h"

namespace policytrack::plugins {
namespace {

using Result = absl::StatusOr<std::vector<Columns>>;

// What one message holds at most, beyond a single call.
constexpr size_t kMessagePoints = 500000;
constexpr size_t kMessageCalls = 256;
// After so many processes were lost to one batch the rest of it is not tried.
constexpr int kMostLost = 8;

std::string MessageText(const char* text, uint32_t length) {
  return length == 0 ? "it does not say why" : ToUtf8(absl::string_view(text, length));
}

size_t Points(const BatchCall& call) {
  size_t points = call.axis->size();
  for (const InputView& input : call.inputs) {
    points += input->size();
    if (input.parts != nullptr) points += input.parts->size() * input->size();
  }
  return points;
}

class WorkerInstance final : public Instance {
 public:
  WorkerInstance(std::shared_ptr<WorkerPool> pool, const std::vector<Parameter>& parameters,
                 std::vector<BoundInput> inputs)
      : pool_(std::move(pool)),
        inputs_(std::move(inputs)),
        id_(pool_->AddInstance()),
        setup_(SetupMessage(pool_->descriptor(), parameters, inputs_)) {}
  ~WorkerInstance() override { pool_->RemoveInstance(id_); }

  // Makes it in a worker, and asks how far changes reach.
  absl::Status Create();

  Window window() const override { return window_; }

  Result Compute(const std::vector<int64_t>& axis, const std::vector<InputView>& inputs,
                 PeriodRange window) override {
    return std::move(ComputeBatch({{&axis, inputs, window}})[0]);
  }

  std::vector<Result> ComputeBatch(const std::vector<BatchCall>& calls) override;

 private:
  // Calls [first, last) of a batch.
  struct Range {
    size_t first;
    size_t last;
  };
  struct Batch {
    const std::vector<BatchCall>* calls;
    std::vector<Result>* results;
    std::deque<Range> todo;
    int lost = 0;          // workers
    bool retried = false;  // after a kill from outside
    absl::Status last;     // why the last worker was lost
  };

  // Tells a worker of the instance unless it knows.
  Exchanged TellOf(WorkerProcess* worker);
  absl::Status CreateFailed(const wire::Reply& reply) const;
  // Gives back a worker that replied.
  void GiveBack(std::unique_ptr<WorkerProcess> worker, const wire::Reply& reply, bool computed);
  void Run(Batch* batch, Range range);
  // What the worker answered for a range.
  void Answer(Batch* batch, Range range, const Exchanged& outcome, const BatchLayout& layout,
              const char* output);
  // A range whose worker is lost: the call to blame is answered, the others are
  // tried again without it.
  void Split(Batch* batch, Range range, const Exchanged& outcome);
  Result ReadResult(const BatchCall& call, uint32_t index, const BatchLayout& layout,
                    const char* output) const;
  const v1::PluginDescriptor& descriptor() const { return pool_->descriptor(); }
  absl::Status Overran() const { return PluginOverran(descriptor(), pool_->call_deadline()); }

  const std::shared_ptr<WorkerPool> pool_;
  const std::vector<BoundInput> inputs_;
  const uint64_t id_;
  const std::string setup_;
  Window window_{kUnbounded, kUnbounded};
};

Exchanged WorkerInstance::TellOf(WorkerProcess* worker) {
  Exchanged outcome;
  outcome.kind = Exchanged::Kind::kReplied;
  if (worker->instances().count(id_) > 0) return outcome;
  wire::Request request = {};
  request.kind = wire::kCreate;
  request.instance = id_;
  request.input_size = wire::kArenaStart + setup_.size();
  if (const absl::Status status = worker->Reserve(request.input_size, 1); !status.ok()) {
    const std::string text(status.message());
    outcome.reply.code = wire::kNoMemory;
    outcome.reply.message_length =
        static_cast<uint32_t>(text.copy(outcome.reply.message, sizeof(outcome.reply.message)));
    return outcome;
  }
  std::memcpy(worker->input() + wire::kArenaStart, setup_.data(), setup_.size());
  outcome = worker->Exchange(request, pool_->call_deadline());
  if (outcome.kind == Exchanged::Kind::kReplied && outcome.reply.code == PT_OK) {
    worker->instances().insert(id_);
  }
  return outcome;
}

void WorkerInstance::GiveBack(std::unique_ptr<WorkerProcess> worker, const wire::Reply& reply,
                              bool computed) {
  if (reply.code == wire::kNoMemory) {
    // Its arenas may not be those that this side knows.
    pool_->Lost(std::move(worker), "it had no room for the figures", false);
  } else {
    pool_->Return(std::move(worker), computed);
  }
}

absl::Status WorkerInstance::CreateFailed(const wire::Reply& reply) const {
  const std::string message = MessageText(reply.message, reply.message_length);
  if (reply.code == PT_REFUSED) return PluginRefuses(descriptor(), message);
  return PluginFailed(descriptor(), message);
}

absl::Status WorkerInstance::Create() {
  for (bool again : {true, false}) {
    PT_ASSIGN_OR_RETURN(std::unique_ptr<WorkerProcess> worker, pool_->Take());
    const Exchanged outcome = TellOf(worker.get());
    if (outcome.kind == Exchanged::Kind::kReplied) {
      GiveBack(std::move(worker), outcome.reply, false);
      if (outcome.reply.code != PT_OK) return CreateFailed(outcome.reply);
      window_ = {outcome.reply.look_back, outcome.reply.look_ahead};
      if (window_.look_back < kUnbounded || window_.look_ahead < kUnbounded) {
        return PluginFailed(descriptor(), "its window is negative");
      }
      return absl::OkStatus();
    }
    const bool overran = outcome.kind == Exchanged::Kind::kOverran;
    pool_->Lost(std::move(worker), overran ? "it did not come back" : outcome.how, true);
    if (overran) return Overran();
    if (!outcome.killed_from_outside || !again) return PluginFailed(descriptor(), outcome.how);
  }
  return absl::OkStatus();
}

std::vector<Result> WorkerInstance::ComputeBatch(const std::vector<BatchCall>& calls) {
  std::vector<Result> results(calls.size());
  Batch batch;
  batch.calls = &calls;
  batch.results = &results;
  size_t points = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    const absl::Status status = CheckInputs(inputs_, *calls[i].axis, calls[i].inputs);
    if (!status.ok()) {
      results[i] = status;
      continue;
    }
    points += Points(calls[i]);
    const bool joins = !batch.todo.empty() && batch.todo.back().last == i &&
                       i - batch.todo.back().first < kMessageCalls && points <= kMessagePoints;
    if (joins) {
      batch.todo.back().last = i + 1;
    } else {
      batch.todo.push_back({i, i + 1});
      points = Points(calls[i]);
    }
  }
  while (!batch.todo.empty()) {
    const Range range = batch.todo.front();
    batch.todo.pop_front();
    Run(&batch, range);
  }
  return results;
}

void WorkerInstance::Run(Batch* batch, Range range) {
  const auto answer_all = [&](const absl::Status& status) {
    for (size_t i = range.first; i < range.last; ++i) (*batch->results)[i] = status;
  };
  if (batch->lost >= kMostLost) return answer_all(batch->last);
  auto taken = pool_->Take();
  if (!taken.ok()) return answer_all(taken.status());
  std::unique_ptr<WorkerProcess> worker = *std::move(taken);

  Exchanged outcome = TellOf(worker.get());
  if (outcome.kind == Exchanged::Kind::kReplied && outcome.reply.code != PT_OK) {
    GiveBack(std::move(worker), outcome.reply, false);
    return answer_all(CreateFailed(outcome.reply));
  }
  std::vector<std::unique_ptr<ConvertedInputs>> converted;
  std::vector<CallInput> inputs;
  for (size_t i = range.first; i < range.last; ++i) {
    const BatchCall& call = (*batch->calls)[i];
    converted.push_back(std::make_unique<ConvertedInputs>(inputs_, call.inputs));
    inputs.push_back({call.axis, &converted.back()->views(), call.window});
  }
  const BatchLayout layout(inputs_, descriptor().outputs_size(), std::move(inputs));
  if (outcome.kind == Exchanged::Kind::kReplied) {
    wire::Request request = {};
    request.kind = wire::kCompute;
    request.instance = id_;
    request.count = layout.count();
    request.input_size = layout.input_bytes();
    request.output_size = layout.output_bytes();
    const absl::Status room = worker->Reserve(request.input_size, request.output_size);
    if (!room.ok()) {
      pool_->Return(std::move(worker), false);
      return answer_all(PluginFailed(descriptor(), room.message()));
    }
    layout.Write(worker->input(), worker->output());
    outcome = worker->Exchange(request, pool_->call_deadline());
  }
  if (outcome.kind == Exchanged::Kind::kReplied) {
    Answer(batch, range, outcome, layout, worker->output());
    GiveBack(std::move(worker), outcome.reply, true);
    return;
  }
  // One batch is one crash, however many processes it takes to find the culprit.
  pool_->Lost(std::move(worker),
              outcome.kind == Exchanged::Kind::kOverran ? "it did not come back" : outcome.how,
              batch->lost == 0);
  ++batch->lost;
  Split(batch, range, outcome);
}

void WorkerInstance::Answer(Batch* batch, Range range, const Exchanged& outcome,
                            const BatchLayout& layout, const char* output) {
  const wire::Reply& reply = outcome.reply;
  std::vector<Result>& results = *batch->results;
  if (reply.code != PT_OK) {
    const absl::Status status =
        PluginFailed(descriptor(), MessageText(reply.message, reply.message_length));
    for (size_t i = range.first; i < range.last; ++i) results[i] = status;
    return;
  }
  const size_t begun = range.first + reply.count;
  for (size_t i = range.first; i < begun; ++i) {
    results[i] =
        ReadResult((*batch->calls)[i], static_cast<uint32_t>(i - range.first), layout, output);
  }
  if (outcome.cancelled && reply.count > 0) results[begun - 1] = Overran();
  if (begun == range.last) return;
  if (outcome.cancelled && reply.count > 0) {
    batch->todo.push_front({begun, range.last});
    return;
  }
  // A worker stops early only when it is told to.
  const absl::Status status = PluginFailed(descriptor(), "its worker left out a computation");
  for (size_t i = begun; i < range.last; ++i) results[i] = status;
}

void WorkerInstance::Split(Batch* batch, Range range, const Exchanged& outcome) {
  const bool overran = outcome.kind == Exchanged::Kind::kOverran;
  batch->last = overran ? Overran() : PluginFailed(descriptor(), outcome.how);
  std::vector<Result>& results = *batch->results;
  if (!overran && outcome.killed_from_outside && !batch->retried) {
    batch->retried = true;
    batch->todo.push_front(range);
    return;
  }
  if (range.last - range.first == 1) {
    results[range.first] = batch->last;
    return;
  }
  // What it says of itself is a hint: whoever is blamed without reason is tried
  // alone, and the results of a process that came to such an end are not used.
  const size_t current =
      range.first + std::min<uint64_t>(outcome.current, range.last - range.first - 1);
  if (current + 1 < range.last) batch->todo.push_front({current + 1, range.last});
  if (overran) {
    results[current] = batch->last;
  } else {
    batch->todo.push_front({current, current + 1});
  }
  if (range.first < current) batch->todo.push_front({range.first, current});
}

Result WorkerInstance::ReadResult(const BatchCall& call, uint32_t index, const BatchLayout& layout,
                                  const char* output) const {
  const wire::CallResult result = layout.Result(output, index);
  if (result.code == PT_CANCELLED) {
    return PluginFailed(descriptor(), "it stopped, but was not told to");
  }
  if (result.code != PT_OK) {
    return PluginFailed(descriptor(), MessageText(result.message, result.message_length));
  }
  std::vector<Columns> outputs;
  for (int o = 0; o < descriptor().outputs_size(); ++o) {
    auto columns = layout.Output(output, index, o);
    if (!columns.ok()) return TooManyPoints(descriptor(), o, call.axis->size());
    outputs.push_back(*std::move(columns));
    PT_RETURN_IF_ERROR(CheckResult(descriptor(), descriptor().outputs(o), *call.axis, call.window,
                                   &outputs.back()));
  }
  return outputs;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instance>> MakeWorkerInstance(
    std::shared_ptr<WorkerPool> pool, const std::vector<Parameter>& parameters,
    std::vector<BoundInput> inputs) {
  auto instance = std::make_unique<WorkerInstance>(std::move(pool), parameters, std::move(inputs));
  PT_RETURN_IF_ERROR(instance->Create());
  return std::unique_ptr<Instance>(std::move(instance));
}

}  // namespace policytrack::plugins
