// C++17 wrapper over policytrack_plugin.h, header only. A plugin is a class
//
//   class Doubler final : public policytrack_plugin::Instance {
//    public:
//     explicit Doubler(const policytrack_plugin::Setup& setup);
//     policytrack_plugin::Window window() const override { return {0, 0}; }
//     void Compute(policytrack_plugin::Call& call) override;
//   };
//   POLICYTRACK_PLUGIN(Doubler)
//
// The constructor throws Refused for parameters and inputs that do not fit.
// Compute throws Failed when it cannot go on. Any other exception is caught at
// the border and reported as a failure.
//
// Thread rule: an instance is used from one thread at a time.
#ifndef POLICYTRACK_PLUGIN_HPP_
#define POLICYTRACK_PLUGIN_HPP_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "policytrack_plugin.h"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "PolicyTrack plugins must not be compiled with -ffast-math or -ffinite-math-only"
#endif

#define POLICYTRACK_PLUGIN_HIDDEN_ __attribute__((visibility("hidden")))

namespace policytrack_plugin POLICYTRACK_PLUGIN_HIDDEN_ {

inline constexpr int64_t kUnbounded = PT_UNBOUNDED;

using Flags = uint16_t;

// These parameters or inputs do not fit; for constructors.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The computation cannot go on.
class Failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The cancel word was set.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

inline bool IsMissing(Flags flags) { return (flags & PT_FLAG_MISSING) != 0; }
inline bool IsBreak(Flags flags) { return (flags & PT_FLAG_BREAK) != 0; }
inline bool IsJoint(Flags flags) { return (flags & PT_FLAG_JOINT) != 0; }
inline Flags Quality(Flags flags) { return flags & PT_FLAG_QUALITY_MASK; }
inline Flags Worst(Flags a, Flags b) { return std::max(Quality(a), Quality(b)); }
inline Flags MissingFlags(uint32_t reason) {
  return static_cast<Flags>(PT_FLAG_MISSING | (reason << PT_FLAG_REASON_SHIFT));
}

struct InputMeta {
  std::string slot;
  uint32_t frequency = 0;
  uint32_t accumulation = 0;
  double periods_per_year = 0;
  std::string unit;
  std::string unit_kind;
  double unit_factor = 1;
  int year_start_month = 1;  // also where the host is older than 1.2
};

// Parameters in force, copied.
class Parameters {
 public:
  bool Has(const char* name) const { return Find(name) != nullptr; }
  double Number(const char* name) const { return Get(name, PT_PARAMETER_NUMBER).number; }
  int64_t Integer(const char* name) const {
    return static_cast<int64_t>(Get(name, PT_PARAMETER_INTEGER).number);
  }
  bool Boolean(const char* name) const { return Get(name, PT_PARAMETER_BOOLEAN).number != 0; }
  const std::string& Text(const char* name) const { return Get(name, PT_PARAMETER_STRING).text; }

  void Add(const pt_parameter_v1& p) { all_.push_back({p.name, p.type, p.number, p.text}); }

 private:
  struct Parameter {
    std::string name;
    uint32_t type;
    double number;
    std::string text;
  };
  const Parameter* Find(const char* name) const {
    for (const Parameter& p : all_) {
      if (p.name == name) return &p;
    }
    return nullptr;
  }
  const Parameter& Get(const char* name, uint32_t type) const {
    const Parameter* p = Find(name);
    if (p == nullptr) throw Refused(std::string("parameter ") + name + " is not set");
    if (p->type != type) throw Refused(std::string("parameter ") + name + " has another type");
    return *p;
  }
  std::vector<Parameter> all_;
};

struct Setup {
  Parameters parameters;
  std::vector<InputMeta> inputs;

  // The position of a slot in Call::inputs, or -1 when it is left open.
  int IndexOf(const char* slot) const {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].slot == slot) return static_cast<int>(i);
    }
    return -1;
  }
  const InputMeta& Input(const char* slot) const {
    const int i = IndexOf(slot);
    if (i < 0) throw Refused(std::string("slot ") + slot + " is not fed");
    return inputs[static_cast<size_t>(i)];
  }
};

struct Window {
  int64_t look_back = kUnbounded;
  int64_t look_ahead = kUnbounded;
};

class Part;

// A read-only view of an input.
class Column {
 public:
  explicit Column(const pt_column_v1* column) : column_(column) {}
  size_t size() const { return static_cast<size_t>(column_->count); }
  int64_t period(size_t i) const { return column_->periods[i]; }
  double value(size_t i) const { return column_->values[i]; }
  Flags flags(size_t i) const { return column_->flags[i]; }
  bool missing(size_t i) const { return IsMissing(column_->flags[i]); }
  // The position of a period, or -1.
  ptrdiff_t Find(int64_t period) const {
    // Where no period is left out it is as far from the first as its number says.
    if (column_->count > 0 && period >= column_->periods[0]) {
      const uint64_t far =
          static_cast<uint64_t>(period) - static_cast<uint64_t>(column_->periods[0]);
      if (far < column_->count && column_->periods[far] == period) {
        return static_cast<ptrdiff_t>(far);
      }
    }
    const int64_t* end = column_->periods + column_->count;
    const int64_t* at = std::lower_bound(column_->periods, end, period);
    return at != end && *at == period ? at - column_->periods : -1;
  }
  // The parts of a spread slot, by name; none of another slot, and none from a
  // host that speaks ABI 1.0. Made anew by every call.
  std::vector<Part> parts() const;

 private:
  const pt_column_v1* column_;
};

// One part of a spread slot, with the periods of the slot's own column.
class Part : public Column {
 public:
  Part(const pt_column_v1* column, const char* name) : Column(column), name_(name) {}
  // Valid during the call.
  const char* name() const { return name_; }
  // Whether it is part of the whole at this position: it has a value there, or
  // has had one before.
  bool counts(size_t i) const {
    return !missing(i) || flags(i) >> PT_FLAG_REASON_SHIFT == PT_REASON_PART_MISSING;
  }

 private:
  const char* name_;
};

inline std::vector<Part> Column::parts() const {
  std::vector<Part> parts;
  constexpr size_t kSize = offsetof(pt_column_v1, part_names) + sizeof(pt_column_v1::part_names);
  if (column_->struct_size < kSize) return parts;
  for (uint64_t i = 0; i < column_->part_count; ++i) {
    parts.emplace_back(column_->parts[i], column_->part_names[i]);
  }
  return parts;
}

// An output that is written in the order of periods.
class Output {
 public:
  explicit Output(pt_output_v1* output) : output_(output) {}
  // A value; one that is not finite becomes missing as undefined.
  void Put(int64_t period, double value, Flags flags) {
    if (!std::isfinite(value)) return PutMissing(period, PT_REASON_UNDEFINED);
    Append(period, value, flags);
  }
  void PutMissing(int64_t period, uint32_t reason) { Append(period, 0.0, MissingFlags(reason)); }
  // As given: value and flags of an input, say.
  void Append(int64_t period, double value, Flags flags) {
    if (output_->count >= output_->capacity) throw Failed("more points than periods of the axis");
    const size_t i = static_cast<size_t>(output_->count++);
    output_->periods[i] = period;
    output_->values[i] = value;
    output_->flags[i] = flags;
  }

 private:
  pt_output_v1* output_;
};

// One computation.
class Call {
 public:
  explicit Call(const pt_call_v1* call) : call_(call) {
    for (uint32_t i = 0; i < call->input_count; ++i) inputs_.emplace_back(call->inputs[i]);
    for (uint32_t i = 0; i < call->output_count; ++i) {
      call->outputs[i]->count = 0;
      outputs_.emplace_back(call->outputs[i]);
    }
    const int64_t* end = call->axis + call->axis_count;
    first_ = std::lower_bound(call->axis, end, call->window_first) - call->axis;
    last_ = std::upper_bound(call->axis, end, call->window_last) - call->axis;
  }
  const Column& input(int i) const { return inputs_.at(static_cast<size_t>(i)); }
  Output& output(int i) { return outputs_.at(static_cast<size_t>(i)); }
  int64_t period(size_t i) const { return call_->axis[i]; }
  // The positions on the axis that lie in the window: from first() up to, not
  // including, last().
  size_t first() const { return static_cast<size_t>(first_); }
  size_t last() const { return static_cast<size_t>(std::max(first_, last_)); }
  // Throws Cancelled when the cancel word is set; for loops.
  void Poll() const {
    if (__atomic_load_n(call_->cancel, __ATOMIC_RELAXED) != 0) throw Cancelled();
  }
  int64_t deadline_ns() const { return call_->deadline_ns; }

 private:
  const pt_call_v1* call_;
  std::vector<Column> inputs_;
  std::vector<Output> outputs_;
  ptrdiff_t first_ = 0;
  ptrdiff_t last_ = 0;
};

class Instance {
 public:
  virtual ~Instance() = default;
  // How far a changed input reaches; unbounded unless said.
  virtual Window window() const { return {}; }
  virtual void Compute(Call& call) = 0;
};

namespace internal {

inline void Copy(const char* text, pt_message_v1* message) noexcept {
  if (message == nullptr || message->text == nullptr) return;
  const size_t length = std::min<size_t>(std::strlen(text), message->capacity);
  std::memcpy(message->text, text, length);
  message->length = static_cast<uint32_t>(length);
}

// Runs the body; turns what it throws into a code and a message.
template <typename Body>
int32_t Guard(pt_message_v1* message, Body body) noexcept {
  try {
    body();
    return PT_OK;
  } catch (const Refused& e) {
    Copy(e.what(), message);
    return PT_REFUSED;
  } catch (const Cancelled&) {
    return PT_CANCELLED;
  } catch (const std::exception& e) {
    Copy(e.what(), message);
    return PT_FAILED;
  } catch (...) {
    Copy("unknown exception", message);
    return PT_FAILED;
  }
}

// What lies beyond the size is absent.
inline int YearStartMonth(const pt_input_meta_v1& meta) {
  constexpr size_t end = offsetof(pt_input_meta_v1, year_start_month) + sizeof(uint32_t);
  return meta.struct_size < end ? 1 : static_cast<int>(meta.year_start_month);
}

template <typename T>
int32_t Create(const pt_setup_v1* raw, void** instance, pt_message_v1* message) {
  return Guard(message, [&] {
    Setup setup;
    for (uint32_t i = 0; i < raw->parameter_count; ++i) setup.parameters.Add(*raw->parameters[i]);
    for (uint32_t i = 0; i < raw->input_count; ++i) {
      const pt_input_meta_v1& m = *raw->inputs[i];
      setup.inputs.push_back({m.slot, m.frequency, m.accumulation, m.periods_per_year, m.unit,
                              m.unit_kind, m.unit_factor, YearStartMonth(m)});
    }
    *instance = static_cast<Instance*>(new T(setup));
  });
}

inline void Destroy(void* instance) {
  Guard(nullptr, [&] { delete static_cast<Instance*>(instance); });
}

inline int32_t Compute(void* instance, const pt_call_v1* raw, pt_message_v1* message) {
  return Guard(message, [&] {
    Call call(raw);
    static_cast<Instance*>(instance)->Compute(call);
  });
}

inline int32_t GetWindow(void* instance, pt_window_v1* window) {
  return Guard(nullptr, [&] {
    const Window w = static_cast<Instance*>(instance)->window();
    window->look_back = w.look_back;
    window->look_ahead = w.look_ahead;
  });
}

}  // namespace internal
}  // namespace POLICYTRACK_PLUGIN_HIDDEN_

// Makes the class the plugin of this shared object. Id and version come from
// the descriptor; policytrack_add_plugin() passes them.
#define POLICYTRACK_PLUGIN(Class)                                                              \
  extern "C" __attribute__((visibility("default"))) const pt_plugin_v1* policytrack_plugin_v1( \
      const pt_host_v1* host) {                                                                \
    static const pt_plugin_v1 table = {sizeof(pt_plugin_v1),                                   \
                                       PT_ABI_MINOR,                                           \
                                       POLICYTRACK_PLUGIN_ID,                                  \
                                       POLICYTRACK_PLUGIN_VERSION,                             \
                                       &policytrack_plugin::internal::Create<Class>,           \
                                       &policytrack_plugin::internal::Destroy,                 \
                                       &policytrack_plugin::internal::Compute,                 \
                                       &policytrack_plugin::internal::GetWindow};              \
    return host != nullptr && host->struct_size >= sizeof(pt_host_v1) ? &table : nullptr;      \
  }                                                                                            \
  static_assert(sizeof(POLICYTRACK_PLUGIN_ID) > 1 && sizeof(POLICYTRACK_PLUGIN_VERSION) > 1, "")

#endif  // POLICYTRACK_PLUGIN_HPP_
