#include "plugins/conformance/border.h"

#include <time.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/period.h"
#include "core/utf8.h"
#include "plugins/checks/gate.h"
#include "plugins/conformance/allocation.h"
#include "plugins/conformance/arena.h"
#include "plugins/host/float_environment.h"

namespace policytrack::plugins {
namespace {

constexpr size_t kColumnOf10 = offsetof(pt_column_v1, part_count);
constexpr size_t kMetaOf10 = offsetof(pt_input_meta_v1, year_start_month);

bool AllCanaries(const void* begin, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(begin);
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != kCanary) return false;
  }
  return true;
}

// Whether the canaries around this many bytes are as they were put.
bool Untouched(const void* at, size_t size) {
  const auto* begin = static_cast<const char*>(at);
  return AllCanaries(begin - Arena::kGap, Arena::kGap) && AllCanaries(begin + size, Arena::kGap);
}

// A buffer for what the plugin has to say, in writable memory.
class Message {
 public:
  Message(Arena* arena, const HostShape& shape) {
    text_ = static_cast<char*>(arena->Room(shape.message_capacity));
    size_ = sizeof(pt_message_v1) + shape.appended;
    raw_ = arena->Place(pt_message_v1{0, shape.message_capacity, 0, 0, text_}, size_);
    capacity_ = shape.message_capacity;
  }
  pt_message_v1* raw() { return raw_; }
  void Report(Outcome* outcome) const {
    if (!Untouched(text_, capacity_)) outcome->overwrote = "bytes around the text of a message";
    if (!AllCanaries(raw_ + 1, size_ - sizeof(*raw_)) || !Untouched(raw_, size_) ||
        raw_->capacity != capacity_ || raw_->text != text_ || raw_->struct_size != size_) {
      outcome->overwrote = "fields of a message that are the host's";
    }
    if (raw_->length > capacity_) {
      outcome->overwrote = absl::StrCat("the length of a message, to ", raw_->length,
                                        " where there is room for ", capacity_);
    }
    outcome->message = ToUtf8(absl::string_view(text_, std::min(raw_->length, capacity_)));
  }

 private:
  char* text_;
  uint32_t capacity_;
  size_t size_;
  pt_message_v1* raw_;
};

// One output, in writable memory.
class Output {
 public:
  Output(Arena* arena, size_t capacity, const HostShape& shape)
      : capacity_(capacity), size_(sizeof(pt_output_v1) + shape.appended) {
    periods_ = static_cast<int64_t*>(arena->Room(capacity * sizeof(int64_t)));
    values_ = static_cast<double*>(arena->Room(capacity * sizeof(double)));
    flags_ = static_cast<uint16_t*>(arena->Room(capacity * sizeof(uint16_t)));
    raw_ = arena->Place(pt_output_v1{0, 0, capacity, 0, periods_, values_, flags_}, size_);
  }
  pt_output_v1* raw() { return raw_; }
  void Report(const std::string& name, Outcome* outcome) const {
    if (!Untouched(periods_, capacity_ * sizeof(int64_t)) ||
        !Untouched(values_, capacity_ * sizeof(double)) ||
        !Untouched(flags_, capacity_ * sizeof(uint16_t))) {
      outcome->overwrote = absl::StrCat("bytes around the room of output `", name, "`");
    }
    if (!AllCanaries(raw_ + 1, size_ - sizeof(*raw_)) || !Untouched(raw_, size_) ||
        raw_->capacity != capacity_ || raw_->periods != periods_ || raw_->values != values_ ||
        raw_->flags != flags_ || raw_->struct_size != size_) {
      outcome->overwrote = absl::StrCat("fields of output `", name, "` that are the host's");
    }
    if (raw_->count > capacity_) {
      outcome->overwrote = absl::StrCat("the count of output `", name, "`, to ", raw_->count,
                                        " where there is room for ", capacity_);
    }
    const size_t count = std::min<size_t>(raw_->count, capacity_);
    outcome->names.push_back(name);
    Columns& columns = outcome->outputs.emplace_back();
    columns.periods.assign(periods_, periods_ + count);
    columns.values.assign(values_, values_ + count);
    columns.flags.assign(flags_, flags_ + count);
  }

 private:
  size_t capacity_;
  size_t size_;
  int64_t* periods_;
  double* values_;
  uint16_t* flags_;
  pt_output_v1* raw_;
};

template <typename Function>
void CallPlugin(const HostShape& shape, Outcome* outcome, Function function) {
  std::optional<ScopedFloatEnvironment> environment;
  if (!shape.keep_environment) environment.emplace();
  const AllocationScope of_the_plugin;
  try {
    outcome->code = function();
  } catch (...) {
    outcome->code = PT_FAILED;
    outcome->threw = true;
  }
}

const pt_column_v1* PlaceColumn(Arena* arena, const Columns& columns,
                                const std::vector<Part>* parts, const HostShape& shape) {
  pt_column_v1 raw = {};
  raw.count = columns.size();
  raw.periods = arena->Copy(columns.periods);
  raw.values = arena->Copy(columns.values);
  raw.flags = arena->Copy(columns.flags);
  if (parts != nullptr && !parts->empty()) {
    std::vector<const pt_column_v1*> placed;
    std::vector<const char*> names;
    for (const Part& part : *parts) {
      placed.push_back(PlaceColumn(arena, part.columns, nullptr, shape));
      names.push_back(arena->Text(part.name.c_str()));
    }
    raw.part_count = placed.size();
    raw.parts = arena->Copy(placed);
    raw.part_names = arena->Copy(names);
  }
  return arena->Place(raw, shape.of_1_0 ? kColumnOf10 : sizeof(raw) + shape.appended);
}

std::string PointText(v1::Frequency frequency, const Columns& columns, size_t i) {
  return absl::StrCat("at ", PeriodText(frequency, columns.periods[i]), " the value ",
                      absl::StrFormat("%.17g", columns.values[i]), " with flags 0x",
                      absl::Hex(columns.flags[i]));
}

}  // namespace

std::string Ending(const Outcome& outcome) {
  constexpr const char* kCodes[] = {"PT_OK", "PT_REFUSED", "PT_FAILED", "PT_CANCELLED"};
  const bool known = outcome.code >= PT_OK && outcome.code <= PT_CANCELLED;
  const std::string code = known ? kCodes[outcome.code] : absl::StrCat("the code ", outcome.code);
  return outcome.message.empty() ? code : absl::StrCat(code, " (", outcome.message, ")");
}

std::string PeriodText(v1::Frequency frequency, int64_t period) {
  return IsValidPeriod(frequency, period) ? FormatPeriod(frequency, period)
                                          : absl::StrCat("period ", period);
}

int64_t MonotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

Outcome Handle::Create(const BoundSetup& setup) {
  Arena arena;
  std::vector<const pt_parameter_v1*> parameters;
  for (const Parameter& p : setup.parameters) {
    parameters.push_back(
        arena.Place(pt_parameter_v1{0, static_cast<uint32_t>(p.type), arena.Text(p.name.c_str()),
                                    p.number, arena.Text(p.text.c_str())},
                    sizeof(pt_parameter_v1) + shape_.appended));
  }
  std::vector<const pt_input_meta_v1*> inputs;
  for (const BoundInput& i : setup.inputs) {
    inputs.push_back(arena.Place(
        pt_input_meta_v1{0, static_cast<uint32_t>(i.meta.frequency),
                         static_cast<uint32_t>(i.meta.accumulation), 0, i.periods_per_year,
                         arena.Text(i.meta.slot.c_str()), arena.Text(i.meta.unit.c_str()),
                         arena.Text(i.unit_kind.c_str()), i.unit_factor,
                         static_cast<uint32_t>(i.meta.year_start_month), 0},
        shape_.of_1_0 ? kMetaOf10 : sizeof(pt_input_meta_v1) + shape_.appended));
  }
  std::vector<const char*> outputs;
  for (const v1::PluginOutput& output : descriptor_.outputs()) {
    outputs.push_back(arena.Text(output.name().c_str()));
  }
  const pt_setup_v1* raw = arena.Place(
      pt_setup_v1{0, static_cast<uint32_t>(parameters.size()), static_cast<uint32_t>(inputs.size()),
                  static_cast<uint32_t>(outputs.size()), arena.Copy(parameters), arena.Copy(inputs),
                  arena.Copy(outputs)},
      sizeof(pt_setup_v1) + shape_.appended);
  if (shape_.seals_inputs) arena.Seal();

  Arena writable;
  Message message(&writable, shape_);
  Outcome outcome;
  CallPlugin(shape_, &outcome, [&] { return table_.create(raw, &instance_, message.raw()); });
  message.Report(&outcome);
  made_ = outcome.code == PT_OK;
  inputs_ = setup.inputs;
  return outcome;
}

Window Handle::GetWindow() {
  if (table_.window == nullptr) return {kUnbounded, kUnbounded};
  Arena writable;
  pt_window_v1* raw = writable.Place(pt_window_v1{0, 0, kUnbounded, kUnbounded},
                                     sizeof(pt_window_v1) + shape_.appended);
  Outcome outcome;
  CallPlugin(shape_, &outcome, [&] { return table_.window(instance_, raw); });
  if (outcome.code != PT_OK) return {kUnbounded, kUnbounded};
  return {raw->look_back, raw->look_ahead};
}

Outcome Handle::Compute(const FedInputs& inputs, PeriodRange window, CallLimits limits) {
  const ConvertedInputs converted(inputs_, inputs.views);
  Arena arena;
  Arena writable;
  std::vector<const pt_column_v1*> columns;
  for (const InputView& view : converted.views()) {
    columns.push_back(PlaceColumn(&arena, *view, view.parts, shape_));
  }
  std::vector<Output> outputs;
  std::vector<pt_output_v1*> raw_outputs;
  for (int i = 0; i < descriptor_.outputs_size(); ++i) {
    outputs.emplace_back(&writable, inputs.axis.size(), shape_);
    raw_outputs.push_back(outputs.back().raw());
  }
  static const volatile uint32_t kNotCancelled = 0;
  pt_call_v1 call = {};
  call.input_count = static_cast<uint32_t>(columns.size());
  call.output_count = static_cast<uint32_t>(raw_outputs.size());
  call.axis_count = inputs.axis.size();
  call.axis = arena.Copy(inputs.axis);
  call.inputs = arena.Copy(columns);
  call.outputs = arena.Copy(raw_outputs);
  call.window_first = window.first;
  call.window_last = window.last;
  call.cancel = limits.cancel == nullptr ? &kNotCancelled : limits.cancel;
  call.deadline_ns =
      limits.deadline_ns == 0 ? MonotonicNanoseconds() + 60'000'000'000 : limits.deadline_ns;
  const pt_call_v1* raw = arena.Place(call, sizeof(call) + shape_.appended);
  if (shape_.seals_inputs) arena.Seal();

  Message message(&writable, shape_);
  Outcome outcome;
  if (!inputs_.empty()) outcome.frequency = inputs_[0].meta.frequency;
  CallPlugin(shape_, &outcome, [&] { return table_.compute(instance_, raw, message.raw()); });
  for (int i = 0; i < descriptor_.outputs_size(); ++i) {
    outputs[static_cast<size_t>(i)].Report(descriptor_.outputs(i).name(), &outcome);
  }
  message.Report(&outcome);
  return outcome;
}

void Handle::Destroy() {
  if (!made_) return;
  made_ = false;
  Outcome outcome;
  CallPlugin(shape_, &outcome, [&] {
    table_.destroy(instance_);
    return PT_OK;
  });
}

std::string Difference(const Outcome& a, const Outcome& b) {
  if (a.code != b.code) return absl::StrCat("it ended with ", Ending(a), " and with ", Ending(b));
  if (a.code != PT_OK) return "";
  for (size_t o = 0; o < a.outputs.size(); ++o) {
    const Columns& x = a.outputs[o];
    const Columns& y = b.outputs[o];
    if (x.size() != y.size()) {
      return absl::StrCat("output `", a.names[o], "` had ", x.size(), " points and ", y.size());
    }
    for (size_t i = 0; i < x.size(); ++i) {
      if (x.periods[i] != y.periods[i] || x.flags[i] != y.flags[i] ||
          std::memcmp(&x.values[i], &y.values[i], sizeof(double)) != 0) {
        return absl::StrCat("output `", a.names[o], "` had ", PointText(a.frequency, x, i),
                            ", and ", PointText(b.frequency, y, i));
      }
    }
  }
  return "";
}

bool SameOutcome(const Outcome& a, const Outcome& b) { return Difference(a, b).empty(); }

std::string Judge(const v1::PluginDescriptor& descriptor, const FedInputs& inputs,
                  PeriodRange window, Outcome outcome) {
  if (outcome.threw) return "an exception crossed the border";
  if (outcome.code != PT_OK) {
    return absl::StrCat("compute ended with ", Ending(outcome));
  }
  for (int o = 0; o < descriptor.outputs_size(); ++o) {
    const absl::Status status = CheckResult(descriptor, descriptor.outputs(o), inputs.axis, window,
                                            &outcome.outputs[static_cast<size_t>(o)]);
    if (!status.ok()) return std::string(status.message());
  }
  return "";
}

}  // namespace policytrack::plugins
