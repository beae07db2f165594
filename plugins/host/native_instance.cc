#include "plugins/host/native_instance.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/utf8.h"
#include "plugins/checks/gate.h"
#include "plugins/host/failures.h"
#include "plugins/host/float_environment.h"

namespace policytrack::plugins {
namespace {

// The codes that cross the border; the SDK writes the same numbers.
static_assert(kQualityMask == PT_FLAG_QUALITY_MASK && kBreak == PT_FLAG_BREAK &&
              kMissing == PT_FLAG_MISSING && kJoint == PT_FLAG_JOINT &&
              kImputed == PT_QUALITY_IMPUTED && kEstimated == PT_QUALITY_ESTIMATED &&
              kProvisional == PT_QUALITY_PROVISIONAL && kForecast == PT_QUALITY_FORECAST);
static_assert(v1::MISSING_REASON_INPUT_MISSING == PT_REASON_INPUT_MISSING &&
              v1::MISSING_REASON_PART_MISSING == PT_REASON_PART_MISSING &&
              v1::MISSING_REASON_ZERO_BASE == PT_REASON_ZERO_BASE &&
              v1::MISSING_REASON_UNDEFINED == PT_REASON_UNDEFINED &&
              v1::MISSING_REASON_TOO_FEW_POINTS == PT_REASON_TOO_FEW_POINTS &&
              v1::MISSING_REASON_SERIES_BREAK == PT_REASON_SERIES_BREAK &&
              v1::MISSING_REASON_PERIOD_INCOMPLETE == PT_REASON_PERIOD_INCOMPLETE &&
              v1::MISSING_REASON_JOINT_PERIOD == PT_REASON_JOINT_PERIOD);
static_assert(v1::FREQUENCY_DAY == PT_FREQUENCY_DAY && v1::FREQUENCY_WEEK == PT_FREQUENCY_WEEK &&
              v1::FREQUENCY_MONTH == PT_FREQUENCY_MONTH &&
              v1::FREQUENCY_QUARTER == PT_FREQUENCY_QUARTER &&
              v1::FREQUENCY_HALF_YEAR == PT_FREQUENCY_HALF_YEAR &&
              v1::FREQUENCY_YEAR == PT_FREQUENCY_YEAR);
static_assert(v1::ACCUMULATION_FLOW == PT_ACCUMULATION_FLOW &&
              v1::ACCUMULATION_YEAR_TO_DATE == PT_ACCUMULATION_YEAR_TO_DATE &&
              v1::ACCUMULATION_STOCK == PT_ACCUMULATION_STOCK &&
              v1::ACCUMULATION_LEVEL == PT_ACCUMULATION_LEVEL);
static_assert(v1::PARAMETER_TYPE_NUMBER == PT_PARAMETER_NUMBER &&
              v1::PARAMETER_TYPE_INTEGER == PT_PARAMETER_INTEGER &&
              v1::PARAMETER_TYPE_STRING == PT_PARAMETER_STRING &&
              v1::PARAMETER_TYPE_BOOLEAN == PT_PARAMETER_BOOLEAN);
static_assert(kUnbounded == PT_UNBOUNDED);

// A buffer for what a plugin has to say.
class Message {
 public:
  Message() { raw_.text = text_; }
  pt_message_v1* raw() { return &raw_; }
  std::string text() const {
    const size_t length = std::min<size_t>(raw_.length, sizeof(text_));
    return length == 0 ? "it does not say why" : ToUtf8(absl::string_view(text_, length));
  }

 private:
  char text_[1024] = {};
  pt_message_v1 raw_ = {sizeof(pt_message_v1), sizeof(text_), 0, 0, nullptr};
};

// Calls into a plugin with the default floating-point environment; what it
// throws, against rule 7, becomes a code.
template <typename Function>
int32_t CallPlugin(Message* message, Function function) {
  ScopedFloatEnvironment environment;
  try {
    return function();
  } catch (...) {
    constexpr char kThrew[] = "it let an exception out";
    std::copy(std::begin(kThrew), std::end(kThrew), message->raw()->text);
    message->raw()->length = sizeof(kThrew) - 1;
    return PT_FAILED;
  }
}

// Inputs as structs of the border. All pointers go into what it was made from.
class InputBuffers {
 public:
  explicit InputBuffers(const std::vector<InputView>& inputs) : parts_(inputs.size()) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      pt_column_v1& column = columns_.emplace_back(Raw(*inputs[i]));
      if (inputs[i].parts == nullptr || inputs[i].parts->empty()) continue;
      parts_[i].Fill(*inputs[i].parts);
      column.part_count = parts_[i].names.size();
      column.parts = parts_[i].pointers.data();
      column.part_names = parts_[i].names.data();
    }
    for (const pt_column_v1& column : columns_) pointers_.push_back(&column);
  }
  InputBuffers(const InputBuffers&) = delete;
  InputBuffers& operator=(const InputBuffers&) = delete;

  const std::vector<const pt_column_v1*>& pointers() const { return pointers_; }

 private:
  static pt_column_v1 Raw(const Columns& columns) {
    return {sizeof(pt_column_v1),
            0,
            columns.size(),
            columns.periods.data(),
            columns.values.data(),
            columns.flags.data(),
            0,
            nullptr,
            nullptr};
  }

  struct Parts {
    void Fill(const std::vector<Part>& parts) {
      for (const Part& part : parts) {
        columns.push_back(Raw(part.columns));
        names.push_back(part.name.c_str());
      }
      for (const pt_column_v1& column : columns) pointers.push_back(&column);
    }
    std::vector<pt_column_v1> columns;
    std::vector<const pt_column_v1*> pointers;
    std::vector<const char*> names;
  };
  std::vector<pt_column_v1> columns_;
  std::vector<Parts> parts_;  // for each input
  std::vector<const pt_column_v1*> pointers_;
};

// An output with one more place than the plugin is told of, which must stay as
// it is.
class OutputBuffer {
 public:
  explicit OutputBuffer(size_t capacity)
      : periods_(capacity + 1, 0), values_(capacity + 1, 0), flags_(capacity + 1, 0) {
    periods_.back() = kGuard;
    values_.back() = kGuard;
    flags_.back() = kGuardFlags;
    raw_ = {sizeof(pt_output_v1), 0, capacity, 0, periods_.data(), values_.data(), flags_.data()};
  }
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  pt_output_v1* raw() { return &raw_; }
  bool intact() const {
    return periods_.back() == kGuard && values_.back() == static_cast<double>(kGuard) &&
           flags_.back() == kGuardFlags && raw_.count < periods_.size();
  }
  // REQUIRES: intact().
  Columns Take() {
    const size_t count = static_cast<size_t>(raw_.count);
    Columns columns;
    periods_.resize(count);
    values_.resize(count);
    flags_.resize(count);
    columns.periods = std::move(periods_);
    columns.values = std::move(values_);
    columns.flags = std::move(flags_);
    return columns;
  }

 private:
  static constexpr int64_t kGuard = 0x5ca1ab1e;
  static constexpr Flags kGuardFlags = 0xa5a5;
  std::vector<int64_t> periods_;
  std::vector<double> values_;
  std::vector<Flags> flags_;
  pt_output_v1 raw_;
};

class NativeInstance final : public Instance {
 public:
  NativeInstance(std::shared_ptr<const NativePlugin> plugin, std::vector<BoundInput> inputs,
                 void* handle)
      : plugin_(std::move(plugin)), inputs_(std::move(inputs)), handle_(handle) {}
  ~NativeInstance() override {
    Message message;
    CallPlugin(&message, [&] {
      plugin_->library.table.destroy(handle_);
      return PT_OK;
    });
  }

  // Asks the plugin how far changes reach.
  absl::Status ReadWindow() {
    window_ = {kUnbounded, kUnbounded};
    if (plugin_->library.table.window == nullptr) return absl::OkStatus();
    pt_window_v1 raw = {sizeof(pt_window_v1), 0, kUnbounded, kUnbounded};
    Message message;
    const int32_t code =
        CallPlugin(&message, [&] { return plugin_->library.table.window(handle_, &raw); });
    if (code != PT_OK) return PluginFailed(plugin_->descriptor, "it cannot tell its window");
    if (raw.look_back < kUnbounded || raw.look_ahead < kUnbounded) {
      return PluginFailed(plugin_->descriptor, "its window is negative");
    }
    window_ = {raw.look_back, raw.look_ahead};
    return absl::OkStatus();
  }

  Window window() const override { return window_; }

  absl::StatusOr<std::vector<Columns>> Compute(const std::vector<int64_t>& axis,
                                               const std::vector<InputView>& inputs,
                                               PeriodRange window) override;

 private:
  absl::Status Run(const std::vector<int64_t>& axis, const std::vector<InputView>& inputs,
                   PeriodRange window, const std::vector<pt_output_v1*>& outputs);

  std::shared_ptr<const NativePlugin> plugin_;
  std::vector<BoundInput> inputs_;
  void* handle_;
  Window window_;
};

absl::StatusOr<std::vector<Columns>> NativeInstance::Compute(const std::vector<int64_t>& axis,
                                                             const std::vector<InputView>& inputs,
                                                             PeriodRange window) {
  const v1::PluginDescriptor& descriptor = plugin_->descriptor;
  PT_RETURN_IF_ERROR(CheckInputs(inputs_, axis, inputs));
  const ConvertedInputs converted(inputs_, inputs);
  std::vector<std::unique_ptr<OutputBuffer>> buffers;
  std::vector<pt_output_v1*> outputs;
  for (int i = 0; i < descriptor.outputs_size(); ++i) {
    buffers.push_back(std::make_unique<OutputBuffer>(axis.size()));
    outputs.push_back(buffers.back()->raw());
  }
  PT_RETURN_IF_ERROR(Run(axis, converted.views(), window, outputs));

  std::vector<Columns> results;
  for (int i = 0; i < descriptor.outputs_size(); ++i) {
    const v1::PluginOutput& output = descriptor.outputs(i);
    OutputBuffer& buffer = *buffers[static_cast<size_t>(i)];
    if (!buffer.intact()) {
      return TooManyPoints(descriptor, i, axis.size());
    }
    results.push_back(buffer.Take());
    PT_RETURN_IF_ERROR(CheckResult(descriptor, output, axis, window, &results.back()));
  }
  return results;
}

absl::Status NativeInstance::Run(const std::vector<int64_t>& axis,
                                 const std::vector<InputView>& inputs, PeriodRange window,
                                 const std::vector<pt_output_v1*>& outputs) {
  const v1::PluginDescriptor& descriptor = plugin_->descriptor;
  const InputBuffers buffers(inputs);

  std::atomic<uint32_t> cancel{0};
  static_assert(sizeof(cancel) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free);
  const Watchdog::Time deadline =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(plugin_->call_deadline);
  pt_call_v1 call = {};
  call.struct_size = sizeof(call);
  call.input_count = static_cast<uint32_t>(inputs.size());
  call.output_count = static_cast<uint32_t>(outputs.size());
  call.axis_count = axis.size();
  call.axis = axis.data();
  call.inputs = buffers.pointers().data();
  call.outputs = outputs.data();
  call.window_first = window.first;
  call.window_last = window.last;
  call.cancel = reinterpret_cast<const volatile uint32_t*>(&cancel);
  call.deadline_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();

  Message message;
  int32_t code;
  {
    Watchdog::Watch watch(plugin_->watchdog.get(), &cancel, deadline);
    code = CallPlugin(
        &message, [&] { return plugin_->library.table.compute(handle_, &call, message.raw()); });
  }
  if (cancel.load(std::memory_order_relaxed) != 0 || std::chrono::steady_clock::now() > deadline) {
    return PluginOverran(descriptor, plugin_->call_deadline);
  }
  if (code == PT_OK) return absl::OkStatus();
  if (code == PT_CANCELLED) return PluginFailed(descriptor, "it stopped, but was not told to");
  return PluginFailed(descriptor, message.text());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instance>> MakeNativeInstance(
    std::shared_ptr<const NativePlugin> plugin, const std::vector<Parameter>& parameters,
    std::vector<BoundInput> inputs) {
  std::vector<pt_parameter_v1> raw_parameters;
  for (const Parameter& p : parameters) {
    raw_parameters.push_back({sizeof(pt_parameter_v1), static_cast<uint32_t>(p.type),
                              p.name.c_str(), p.number, p.text.c_str()});
  }
  std::vector<pt_input_meta_v1> raw_inputs;
  for (const BoundInput& input : inputs) {
    raw_inputs.push_back({sizeof(pt_input_meta_v1), static_cast<uint32_t>(input.meta.frequency),
                          static_cast<uint32_t>(input.meta.accumulation), 0, input.periods_per_year,
                          input.meta.slot.c_str(), input.meta.unit.c_str(), input.unit_kind.c_str(),
                          input.unit_factor, static_cast<uint32_t>(input.meta.year_start_month),
                          0});
  }
  std::vector<const pt_parameter_v1*> parameter_pointers;
  for (const pt_parameter_v1& p : raw_parameters) parameter_pointers.push_back(&p);
  std::vector<const pt_input_meta_v1*> input_pointers;
  for (const pt_input_meta_v1& input : raw_inputs) input_pointers.push_back(&input);
  std::vector<const char*> outputs;
  for (const v1::PluginOutput& output : plugin->descriptor.outputs()) {
    outputs.push_back(output.name().c_str());
  }
  const pt_setup_v1 setup = {sizeof(pt_setup_v1),
                             static_cast<uint32_t>(raw_parameters.size()),
                             static_cast<uint32_t>(raw_inputs.size()),
                             static_cast<uint32_t>(outputs.size()),
                             parameter_pointers.data(),
                             input_pointers.data(),
                             outputs.data()};
  void* handle = nullptr;
  Message message;
  const int32_t code = CallPlugin(
      &message, [&] { return plugin->library.table.create(&setup, &handle, message.raw()); });
  if (code == PT_REFUSED) {
    return PluginRefuses(plugin->descriptor, message.text());
  }
  if (code != PT_OK) return PluginFailed(plugin->descriptor, message.text());
  auto instance = std::make_unique<NativeInstance>(std::move(plugin), std::move(inputs), handle);
  PT_RETURN_IF_ERROR(instance->ReadWindow());
  return std::unique_ptr<Instance>(std::move(instance));
}

}  // namespace policytrack::plugins
