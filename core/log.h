// Where a room says what an operator should know, without knowing where it goes.
//
// Thread rule: copies and calls from any thread, if the sink allows it.
#ifndef POLICYTRACK_CORE_LOG_H_
#define POLICYTRACK_CORE_LOG_H_

#include <concepts>
#include <cstddef>
#include <functional>
#include <utility>

#include "absl/strings/string_view.h"

namespace policytrack {

class Log {
 public:
  enum class Severity { kInfo, kWarning, kError };
  using Sink = std::function<void(Severity, absl::string_view)>;

  // Says nothing.
  Log() = default;
  Log(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  // A sink, or a function of a line for which all severities are one.
  template <typename F>
  requires std::invocable<F&, Severity, absl::string_view> Log(F sink)
      : sink_(std::move(sink)) {}  // NOLINT(google-explicit-constructor)
  template <typename F>
  requires(std::invocable<F&, absl::string_view> && !std::same_as<F, Log>)
      Log(F lines)  // NOLINT(google-explicit-constructor)
      : sink_([lines = std::move(lines)](Severity, absl::string_view line) mutable {
          lines(line);
        }) {}

  // What happened.
  void operator()(absl::string_view line) const { Write(Severity::kInfo, line); }
  // What somebody should look at.
  void Warning(absl::string_view line) const { Write(Severity::kWarning, line); }
  // What somebody has to mend.
  void Error(absl::string_view line) const { Write(Severity::kError, line); }

 private:
  void Write(Severity severity, absl::string_view line) const {
    if (sink_) sink_(severity, line);
  }
  Sink sink_;
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_LOG_H_
