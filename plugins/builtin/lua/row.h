// What a script may read of one period, and what was read.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_LUA_ROW_H_
#define POLICYTRACK_PLUGINS_BUILTIN_LUA_ROW_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policytrack_plugin.hpp"

namespace policytrack_lua {

namespace sdk = policytrack_plugin;

// An input that the script declares; `column` is -1 when it is left open.
struct ScriptInput {
  std::string name;
  int column = -1;
};

// The inputs at one period. Reading marks quality, breaks and why something is
// missing, for the result to have them.
class Row {
 public:
  Row(std::vector<ScriptInput> inputs, uint32_t frequency, int64_t look_back, bool handles_missing);

  // Moves to a position of the axis of a call, with nothing read yet.
  void Set(const sdk::Call* call, size_t at) {
    call_ = call;
    at_ = at;
    flags_ = 0;
    reason_ = PT_REASON_NONE;
  }

  const std::vector<ScriptInput>& inputs() const { return inputs_; }
  // -1 when there is none of this name.
  int Find(const char* name) const;
  // The names, with commas between them.
  const std::string& names() const { return names_; }

  // The value of an input, or nothing where it is missing.
  std::optional<double> Read(size_t input);
  // The same so many periods before. Missing too where the series breaks between
  // then and now: what was before a break does not compare with what is after it.
  // REQUIRES: 0 < periods <= look_back().
  std::optional<double> ReadBefore(size_t input, int64_t periods);

  int64_t look_back() const { return look_back_; }
  bool handles_missing() const { return handles_missing_; }
  // Whether an input that is fed has no value here.
  bool AnyMissing() const;
  int64_t period() const { return call_->period(at_); }
  // Writes it as a text such as 2024-03.
  void PrintPeriod(char (&text)[32]) const;
  int64_t Year() const;
  const sdk::Call& call() const { return *call_; }

  // The worst quality of what was read, and the mark of a break at this period.
  sdk::Flags flags() const { return flags_; }
  // Why what was read is missing; PT_REASON_NONE when nothing was.
  uint32_t reason() const { return reason_; }

 private:
  std::optional<double> Missing(uint32_t reason) {
    if (reason_ == PT_REASON_NONE) reason_ = reason;
    return std::nullopt;
  }

  const std::vector<ScriptInput> inputs_;
  std::string names_;
  const uint32_t frequency_;
  const int64_t look_back_;
  const bool handles_missing_;
  const sdk::Call* call_ = nullptr;
  size_t at_ = 0;
  sdk::Flags flags_ = 0;
  uint32_t reason_ = PT_REASON_NONE;
};

}  // namespace policytrack_lua

#endif  // POLICYTRACK_PLUGINS_BUILTIN_LUA_ROW_H_
