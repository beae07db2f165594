#include "plugins/host/worker_messages.h"

#include <cstring>
#include <utility>

namespace policytrack::plugins {
namespace {

constexpr int64_t kGuardPeriod = 0x5ca1ab1e;
constexpr double kGuardValue = 0x5ca1ab1e;
constexpr Flags kGuardFlags = 0xa5a5;

uint64_t Aligned(uint64_t bytes) {
  return (bytes + wire::kAlignment - 1) / wire::kAlignment * wire::kAlignment;
}

// Records and texts in the order in which they are added, named by their offset in
// the arena.
class Bytes {
 public:
  template <typename T>
  uint64_t Add(const T* values, size_t count) {
    bytes_.resize(Aligned(bytes_.size()));
    const uint64_t offset = wire::kArenaStart + bytes_.size();
    if (count > 0) bytes_.append(reinterpret_cast<const char*>(values), count * sizeof(T));
    return offset;
  }
  uint64_t AddText(const std::string& text) {
    const uint64_t offset = wire::kArenaStart + bytes_.size();
    bytes_.append(text.c_str(), text.size() + 1);
    return offset;
  }
  // Over what was added first.
  template <typename T>
  void SetFirst(const T& record) {
    std::memcpy(bytes_.data(), &record, sizeof(record));
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Writes into the input arena from its start on, or only counts how much that is.
class ArenaWriter {
 public:
  explicit ArenaWriter(char* arena) : arena_(arena) {}

  uint64_t Reserve(uint64_t bytes) {
    const uint64_t offset = at_;
    at_ = Aligned(at_ + bytes);
    return offset;
  }
  template <typename T>
  uint64_t Put(const std::vector<T>& values) {
    const uint64_t offset = Reserve(values.size() * sizeof(T));
    if (arena_ != nullptr && !values.empty()) {
      std::memcpy(arena_ + offset, values.data(), values.size() * sizeof(T));
    }
    return offset;
  }
  uint64_t PutText(const std::string& text) {
    const uint64_t offset = Reserve(text.size() + 1);
    if (arena_ != nullptr) std::memcpy(arena_ + offset, text.c_str(), text.size() + 1);
    return offset;
  }
  template <typename T>
  void Set(uint64_t offset, const T& record) {
    if (arena_ != nullptr) std::memcpy(arena_ + offset, &record, sizeof(record));
  }
  uint64_t size() const { return at_; }

 private:
  char* const arena_;
  uint64_t at_ = wire::kArenaStart;
};

// A column whose periods lie at an offset already.
wire::ColumnRecord PutColumn(const Columns& columns, uint64_t periods, ArenaWriter* writer) {
  wire::ColumnRecord record = {};
  record.count = columns.size();
  record.periods = periods;
  record.values = writer->Put(columns.values);
  record.flags = writer->Put(columns.flags);
  return record;
}

wire::ColumnRecord PutInput(const InputView& input, bool aligned, uint64_t axis,
                            ArenaWriter* writer) {
  // Parts have the periods of their column, aligned columns those of the axis.
  const uint64_t periods = aligned ? axis : writer->Put(input->periods);
  wire::ColumnRecord record = PutColumn(*input, periods, writer);
  if (input.parts == nullptr || input.parts->empty()) return record;
  record.part_count = input.parts->size();
  record.parts = writer->Reserve(record.part_count * sizeof(wire::ColumnRecord));
  uint64_t at = record.parts;
  for (const Part& part : *input.parts) {
    wire::ColumnRecord of_part = PutColumn(part.columns, periods, writer);
    of_part.name = writer->PutText(part.name);
    writer->Set(at, of_part);
    at += sizeof(of_part);
  }
  return record;
}

// Everything of a batch, or only its size when the arena is null.
uint64_t PutBatch(const std::vector<BoundInput>& bound, int outputs,
                  const std::vector<CallInput>& calls,
                  const std::vector<wire::OutputRecord>& places, char* arena) {
  ArenaWriter writer(arena);
  uint64_t call_at = writer.Reserve(calls.size() * sizeof(wire::CallRecord));
  auto place = places.begin();
  for (const CallInput& call : calls) {
    wire::CallRecord record = {};
    record.input_count = static_cast<uint32_t>(call.inputs->size());
    record.output_count = static_cast<uint32_t>(outputs);
    record.axis_count = call.axis->size();
    record.axis = writer.Put(*call.axis);
    record.inputs = writer.Reserve(record.input_count * sizeof(wire::ColumnRecord));
    for (size_t i = 0; i < call.inputs->size(); ++i) {
      writer.Set(record.inputs + i * sizeof(wire::ColumnRecord),
                 PutInput((*call.inputs)[i], bound[i].aligned, record.axis, &writer));
    }
    record.outputs = writer.Reserve(record.output_count * sizeof(wire::OutputRecord));
    for (uint32_t o = 0; o < record.output_count; ++o) {
      writer.Set(record.outputs + o * sizeof(wire::OutputRecord), *place++);
    }
    record.window_first = call.window.first;
    record.window_last = call.window.last;
    writer.Set(call_at, record);
    call_at += sizeof(record);
  }
  return writer.size();
}

template <typename T>
std::vector<T> CopyOut(const char* arena, uint64_t offset, uint64_t count) {
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), arena + offset, count * sizeof(T));
  return values;
}

template <typename T>
bool Holds(const char* arena, uint64_t offset, T guard) {
  T value;
  std::memcpy(&value, arena + offset, sizeof(value));
  return value == guard;
}

}  // namespace

std::string LoadMessage(const v1::PluginDescriptor& descriptor) {
  Bytes bytes;
  wire::LoadRecord record = {};
  bytes.Add(&record, 1);
  record.id = bytes.AddText(descriptor.id());
  record.version = bytes.AddText(descriptor.version());
  bytes.SetFirst(record);
  return bytes.Take();
}

std::string SetupMessage(const v1::PluginDescriptor& descriptor,
                         const std::vector<Parameter>& parameters,
                         const std::vector<BoundInput>& inputs) {
  Bytes bytes;
  wire::SetupRecord setup = {};
  bytes.Add(&setup, 1);
  std::vector<wire::ParameterRecord> parameter_records;
  for (const Parameter& p : parameters) {
    parameter_records.push_back(
        {static_cast<uint32_t>(p.type), 0, p.number, bytes.AddText(p.name), bytes.AddText(p.text)});
  }
  std::vector<wire::MetaRecord> metas;
  for (const BoundInput& input : inputs) {
    metas.push_back({static_cast<uint32_t>(input.meta.frequency),
                     static_cast<uint32_t>(input.meta.accumulation), input.periods_per_year,
                     input.unit_factor, bytes.AddText(input.meta.slot),
                     bytes.AddText(input.meta.unit), bytes.AddText(input.unit_kind),
                     static_cast<uint32_t>(input.meta.year_start_month), 0});
  }
  std::vector<uint64_t> outputs;
  for (const v1::PluginOutput& output : descriptor.outputs()) {
    outputs.push_back(bytes.AddText(output.name()));
  }
  setup.parameter_count = static_cast<uint32_t>(parameter_records.size());
  setup.input_count = static_cast<uint32_t>(metas.size());
  setup.output_count = static_cast<uint32_t>(outputs.size());
  setup.parameters = bytes.Add(parameter_records.data(), parameter_records.size());
  setup.inputs = bytes.Add(metas.data(), metas.size());
  setup.outputs = bytes.Add(outputs.data(), outputs.size());
  bytes.SetFirst(setup);
  return bytes.Take();
}

BatchLayout::BatchLayout(const std::vector<BoundInput>& bound, int outputs,
                         std::vector<CallInput> calls)
    : bound_(&bound), outputs_(outputs), calls_(std::move(calls)) {
  uint64_t at = wire::kArenaStart + calls_.size() * sizeof(wire::CallResult);
  const auto place = [&at](uint64_t bytes) { return std::exchange(at, Aligned(at + bytes)); };
  for (const CallInput& call : calls_) {
    for (int o = 0; o < outputs_; ++o) {
      wire::OutputRecord record = {};
      record.capacity = call.axis->size();
      const uint64_t places = record.capacity + 1;  // the last is a guard
      record.count = place(sizeof(uint64_t));
      record.periods = place(places * sizeof(int64_t));
      record.values = place(places * sizeof(double));
      record.flags = place(places * sizeof(Flags));
      places_.push_back(record);
    }
  }
  output_bytes_ = at;
  input_bytes_ = PutBatch(*bound_, outputs_, calls_, places_, nullptr);
}

void BatchLayout::Write(char* input, char* output) const {
  PutBatch(*bound_, outputs_, calls_, places_, input);
  // Nothing of an earlier call is left for a plugin to give as its own.
  std::memset(output + wire::kArenaStart, 0, output_bytes_ - wire::kArenaStart);
  for (const wire::OutputRecord& place : places_) {
    std::memcpy(output + place.periods + place.capacity * sizeof(int64_t), &kGuardPeriod,
                sizeof(kGuardPeriod));
    std::memcpy(output + place.values + place.capacity * sizeof(double), &kGuardValue,
                sizeof(kGuardValue));
    std::memcpy(output + place.flags + place.capacity * sizeof(Flags), &kGuardFlags,
                sizeof(kGuardFlags));
  }
}

wire::CallResult BatchLayout::Result(const char* output, uint32_t call) const {
  wire::CallResult result;
  std::memcpy(&result, output + wire::kArenaStart + call * sizeof(result), sizeof(result));
  result.message_length =
      std::min<uint32_t>(result.message_length, static_cast<uint32_t>(sizeof(result.message)));
  return result;
}

absl::StatusOr<Columns> BatchLayout::Output(const char* output, uint32_t call, int index) const {
  const wire::OutputRecord& place =
      places_[static_cast<size_t>(call) * static_cast<size_t>(outputs_) +
              static_cast<size_t>(index)];
  uint64_t count;
  std::memcpy(&count, output + place.count, sizeof(count));
  if (count > place.capacity ||
      !Holds(output, place.periods + place.capacity * sizeof(int64_t), kGuardPeriod) ||
      !Holds(output, place.values + place.capacity * sizeof(double), kGuardValue) ||
      !Holds(output, place.flags + place.capacity * sizeof(Flags), kGuardFlags)) {
    return absl::OutOfRangeError("beyond the capacity");
  }
  Columns columns;
  columns.periods = CopyOut<int64_t>(output, place.periods, count);
  columns.values = CopyOut<double>(output, place.values, count);
  columns.flags = CopyOut<Flags>(output, place.flags, count);
  return columns;
}

}  // namespace policytrack::plugins
