#include "plugins/worker/calls.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/worker/control.h"
#include "plugins/worker/plugin.h"

namespace policytrack::worker {
namespace {

constexpr uint64_t kBlockBytes = 16 << 10;

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

void BadRequest(wire::Reply* reply, const char* what) {
  SetMessage(reply, wire::kBadRequest, "the request names %s that are not there", what);
}

}  // namespace

template <typename T>
T* Calls::Scratch(uint64_t count) {
  if (count > UINT32_MAX) return nullptr;
  return static_cast<T*>(ScratchBytes(count * sizeof(T)));
}

void* Calls::ScratchBytes(uint64_t bytes) {
  bytes = (bytes + 15) / 16 * 16;
  if (blocks_ == nullptr || bytes > blocks_->size - blocks_->used) {
    const uint64_t size = bytes > kBlockBytes ? bytes : kBlockBytes;
    auto* block = static_cast<Block*>(malloc(sizeof(Block) + size));
    if (block == nullptr) return nullptr;
    *block = {blocks_, size, 0};
    blocks_ = block;
  }
  void* result = reinterpret_cast<char*>(blocks_ + 1) + blocks_->used;
  blocks_->used += bytes;
  memset(result, 0, bytes);
  return result;
}

Calls::Handle* Calls::Find(uint64_t instance) {
  for (uint32_t i = 0; i < handle_count_; ++i) {
    if (handles_[i].instance == instance) return &handles_[i];
  }
  return nullptr;
}

void Calls::Create(const wire::Request& request, wire::Reply* reply) {
  const uint64_t limit = request.input_size;
  const auto* setup = input_->At<wire::SetupRecord>(wire::kArenaStart, 1, limit);
  if (setup == nullptr || Find(request.instance) != nullptr) return BadRequest(reply, "a setup");
  const auto* parameters =
      input_->At<wire::ParameterRecord>(setup->parameters, setup->parameter_count, limit);
  const auto* metas = input_->At<wire::MetaRecord>(setup->inputs, setup->input_count, limit);
  const auto* outputs = input_->At<uint64_t>(setup->outputs, setup->output_count, limit);
  if (parameters == nullptr || metas == nullptr || outputs == nullptr) {
    return BadRequest(reply, "records");
  }
  auto* raw_parameters = Scratch<pt_parameter_v1>(setup->parameter_count);
  auto* raw_metas = Scratch<pt_input_meta_v1>(setup->input_count);
  auto* parameter_pointers = Scratch<const pt_parameter_v1*>(setup->parameter_count);
  auto* meta_pointers = Scratch<const pt_input_meta_v1*>(setup->input_count);
  auto* names = Scratch<const char*>(setup->output_count);
  if (raw_parameters == nullptr || raw_metas == nullptr || parameter_pointers == nullptr ||
      meta_pointers == nullptr || names == nullptr) {
    return SetMessage(reply, wire::kNoMemory, "its process has no memory left");
  }
  bool good = true;
  for (uint32_t i = 0; i < setup->parameter_count; ++i) {
    const wire::ParameterRecord& record = parameters[i];
    raw_parameters[i] = {sizeof(pt_parameter_v1), record.type, input_->Text(record.name, limit),
                         record.number, input_->Text(record.text, limit)};
    good = good && raw_parameters[i].name != nullptr && raw_parameters[i].text != nullptr;
    parameter_pointers[i] = &raw_parameters[i];
  }
  for (uint32_t i = 0; i < setup->input_count; ++i) {
    const wire::MetaRecord& record = metas[i];
    raw_metas[i] = {sizeof(pt_input_meta_v1),
                    record.frequency,
                    record.accumulation,
                    0,
                    record.periods_per_year,
                    input_->Text(record.slot, limit),
                    input_->Text(record.unit, limit),
                    input_->Text(record.unit_kind, limit),
                    record.unit_factor,
                    record.year_start_month,
                    0};
    good = good && raw_metas[i].slot != nullptr && raw_metas[i].unit != nullptr &&
           raw_metas[i].unit_kind != nullptr;
    meta_pointers[i] = &raw_metas[i];
  }
  for (uint32_t i = 0; i < setup->output_count; ++i) {
    names[i] = input_->Text(outputs[i], limit);
    good = good && names[i] != nullptr;
  }
  if (!good) return BadRequest(reply, "texts");
  if (handle_count_ == handle_room_) {
    const uint32_t room = handle_room_ == 0 ? 16 : handle_room_ * 2;
    auto* grown = static_cast<Handle*>(realloc(handles_, room * sizeof(Handle)));
    if (grown == nullptr) return SetMessage(reply, wire::kNoMemory, "its process has no memory");
    handles_ = grown;
    handle_room_ = room;
  }
  const pt_setup_v1 raw = {sizeof(pt_setup_v1),
                           setup->parameter_count,
                           setup->input_count,
                           setup->output_count,
                           parameter_pointers,
                           meta_pointers,
                           names};
  pt_message_v1 message = {sizeof(pt_message_v1), sizeof(reply->message), 0, 0, reply->message};
  void* handle = nullptr;
  ResetEnvironment();
  reply->code = table_->create(&raw, &handle, &message);
  reply->message_length =
      message.length < sizeof(reply->message) ? message.length : sizeof(reply->message);
  if (reply->code != PT_OK) return;
  handles_[handle_count_++] = {request.instance, handle};
  reply->look_back = PT_UNBOUNDED;
  reply->look_ahead = PT_UNBOUNDED;
  if (table_->window == nullptr) return;
  pt_window_v1 window = {sizeof(pt_window_v1), 0, PT_UNBOUNDED, PT_UNBOUNDED};
  ResetEnvironment();
  if (table_->window(handle, &window) != PT_OK) {
    --handle_count_;
    table_->destroy(handle);
    return SetMessage(reply, PT_FAILED, "it cannot tell its window");
  }
  reply->look_back = window.look_back;
  reply->look_ahead = window.look_ahead;
}

void Calls::Destroy(const wire::Request& request, wire::Reply* reply) {
  Handle* found = Find(request.instance);
  if (found == nullptr) return BadRequest(reply, "an instance");
  void* handle = found->handle;
  *found = handles_[--handle_count_];
  ResetEnvironment();
  table_->destroy(handle);
}

void Calls::Compute(const wire::Request& request, wire::Reply* reply) {
  Handle* found = Find(request.instance);
  const auto* records =
      input_->At<wire::CallRecord>(wire::kArenaStart, request.count, request.input_size);
  auto* results =
      output_->At<wire::CallResult>(wire::kArenaStart, request.count, request.output_size);
  const auto* in = input_->At<wire::ArenaIn>(0, 1, wire::kArenaStart);
  auto* out = output_->At<wire::ArenaOut>(0, 1, wire::kArenaStart);
  if (found == nullptr || records == nullptr || results == nullptr || in == nullptr ||
      out == nullptr) {
    return BadRequest(reply, "calls");
  }
  void* handle = found->handle;
  for (uint32_t i = 0; i < request.count; ++i) {
    pt_call_v1 call = {};
    if (!Prepare(request, records[i], &call)) return BadRequest(reply, "columns");
    const int64_t now = Now();
    __atomic_store_n(&out->started_ns, now, __ATOMIC_RELAXED);
    __atomic_store_n(&out->current, i, __ATOMIC_RELEASE);
    call.cancel = &in->cancel;
    call.deadline_ns = now + request.call_nanoseconds;
    wire::CallResult& result = results[i];
    pt_message_v1 message = {sizeof(pt_message_v1), sizeof(result.message), 0, 0, result.message};
    ResetEnvironment();
    const int32_t code = table_->compute(handle, &call, &message);
    result.code = code;
    result.message_length =
        message.length < sizeof(result.message) ? message.length : sizeof(result.message);
    for (uint32_t o = 0; o < call.output_count; ++o) {
      const auto* to = input_->At<wire::OutputRecord>(
          records[i].outputs + o * sizeof(wire::OutputRecord), 1, request.input_size);
      *output_->At<uint64_t>(to->count, 1, request.output_size) = call.outputs[o]->count;
    }
    reply->count = i + 1;
    // What comes after would only see that it is to stop.
    if (__atomic_load_n(&in->cancel, __ATOMIC_RELAXED) != 0) return;
  }
}

bool Calls::Prepare(const wire::Request& request, const wire::CallRecord& record,
                    pt_call_v1* call) {
  while (blocks_ != nullptr && blocks_->next != nullptr) {
    Block* old = blocks_;
    blocks_ = old->next;
    free(old);
  }
  if (blocks_ != nullptr) blocks_->used = 0;

  const uint64_t limit = request.input_size;
  const auto* columns = input_->At<wire::ColumnRecord>(record.inputs, record.input_count, limit);
  const auto* outputs = input_->At<wire::OutputRecord>(record.outputs, record.output_count, limit);
  const auto* axis = input_->At<int64_t>(record.axis, record.axis_count, limit);
  auto* raw_columns = Scratch<pt_column_v1>(record.input_count);
  auto* raw_outputs = Scratch<pt_output_v1>(record.output_count);
  auto* column_pointers = Scratch<const pt_column_v1*>(record.input_count);
  auto* output_pointers = Scratch<pt_output_v1*>(record.output_count);
  if (columns == nullptr || outputs == nullptr || axis == nullptr || raw_columns == nullptr ||
      raw_outputs == nullptr || column_pointers == nullptr || output_pointers == nullptr) {
    return false;
  }
  for (uint32_t i = 0; i < record.input_count; ++i) {
    if (!FillColumn(request, columns[i], &raw_columns[i]) ||
        !FillParts(request, columns[i], &raw_columns[i])) {
      return false;
    }
    column_pointers[i] = &raw_columns[i];
  }
  for (uint32_t i = 0; i < record.output_count; ++i) {
    const wire::OutputRecord& to = outputs[i];
    // One place more than the plugin is told of.
    if (to.capacity == UINT64_MAX) return false;
    const uint64_t places = to.capacity + 1;
    raw_outputs[i] = {sizeof(pt_output_v1),
                      0,
                      to.capacity,
                      0,
                      output_->At<int64_t>(to.periods, places, request.output_size),
                      output_->At<double>(to.values, places, request.output_size),
                      output_->At<uint16_t>(to.flags, places, request.output_size)};
    if (raw_outputs[i].periods == nullptr || raw_outputs[i].values == nullptr ||
        raw_outputs[i].flags == nullptr ||
        output_->At<uint64_t>(to.count, 1, request.output_size) == nullptr) {
      return false;
    }
    output_pointers[i] = &raw_outputs[i];
  }
  call->struct_size = sizeof(*call);
  call->input_count = record.input_count;
  call->output_count = record.output_count;
  call->axis_count = record.axis_count;
  call->axis = axis;
  call->inputs = column_pointers;
  call->outputs = output_pointers;
  call->window_first = record.window_first;
  call->window_last = record.window_last;
  return true;
}

bool Calls::FillColumn(const wire::Request& request, const wire::ColumnRecord& record,
                       pt_column_v1* column) {
  const uint64_t limit = request.input_size;
  *column = {sizeof(pt_column_v1),
             0,
             record.count,
             input_->At<int64_t>(record.periods, record.count, limit),
             input_->At<double>(record.values, record.count, limit),
             input_->At<uint16_t>(record.flags, record.count, limit),
             0,
             nullptr,
             nullptr};
  return column->periods != nullptr && column->values != nullptr && column->flags != nullptr;
}

bool Calls::FillParts(const wire::Request& request, const wire::ColumnRecord& record,
                      pt_column_v1* column) {
  const uint64_t count = record.part_count;
  if (count == 0) return true;
  const auto* records = input_->At<wire::ColumnRecord>(record.parts, count, request.input_size);
  auto* parts = Scratch<pt_column_v1>(count);
  auto* pointers = Scratch<const pt_column_v1*>(count);
  auto* names = Scratch<const char*>(count);
  if (records == nullptr || parts == nullptr || pointers == nullptr || names == nullptr) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (!FillColumn(request, records[i], &parts[i])) return false;
    names[i] = input_->Text(records[i].name, request.input_size);
    if (names[i] == nullptr) return false;
    pointers[i] = &parts[i];
  }
  column->part_count = count;
  column->parts = pointers;
  column->part_names = names;
  return true;
}

}  // namespace policytrack::worker
