// What every command is given: where it reads and writes, how it was asked to
// write, and the connection. Commands are functions over it, so that tests run
// them whole.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_CONTEXT_H_
#define POLICYTRACK_CLIENTS_CLI_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clients/cli/channel.h"
#include "google/protobuf/message.h"
#include "policytrack/v1/common.pb.h"

namespace policytrack::cli {

// The world around the program. The streams must outlive it.
struct Environment {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  // The value of an environment variable, or nothing.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<void(absl::Duration)> sleep;
  // Whether `err` is a terminal: decides about the progress bar.
  bool terminal = false;
  // Whether `out` is a terminal: only there are wide cells cut.
  bool out_terminal = false;
};

// A place in a file and what is wrong there. Line and column count from 1; 0
// where there is none.
struct Diagnostic {
  std::string file;
  int64_t line = 0;
  int64_t column = 0;
  std::string message;
};

// `file:line:column: message`, without what is 0.
std::string FormatDiagnostic(const Diagnostic& diagnostic);

struct Context {
  const Environment& environment;
  Connection& connection;
  // Whether results go out as JSON instead of text.
  bool json = false;

  std::ostream& out() const { return *environment.out; }
  std::ostream& err() const { return *environment.err; }
};

// Writes `error: <message> [REASON]` and returns the exit code that belongs to it.
int Fail(const Context& context, const absl::Status& status);
// Writes `error: <message>` and returns kUsage.
int FailUsage(const Context& context, absl::string_view message);
// Writes one diagnostic to `err`, and as an annotation where the job runs on
// GitHub Actions (GITHUB_ACTIONS=true).
void Report(const Context& context, const Diagnostic& diagnostic);

// Proto JSON with the names of the protos. `pretty` indents by one space.
std::string ToJson(const google::protobuf::Message& message, bool pretty = false);

// A revision in digits, or a time as in RFC 3339.
// Returns INVALID_ARGUMENT when it is neither.
absl::StatusOr<v1::AsOf> ParseAsOf(absl::string_view text);

// A name whose collection may be left out: "x" and "datasets/x" are the same.
std::string WithCollection(absl::string_view collection, absl::string_view name);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_CONTEXT_H_
