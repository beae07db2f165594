// The server's log: one line an event on standard error, as text or as JSON. What
// came from outside is escaped, so that a line is always one line.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_LOG_H_
#define POLICYTRACK_SERVICES_SERVER_LOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "spdlog/logger.h"

namespace policytrack::server {

enum class LogFormat { kText, kJson };

struct LogField {
  absl::string_view name;  // of letters and _
  std::string value;
  bool is_number = false;
};

// One line, without its end:
//   2026-11-26T23:41:15.123+00:00 info serves port=7443 address="a b"
//   {"time":"2026-11-26T23:41:15.123+00:00","level":"info","message":"serves","port":7443}
std::string LogLine(LogFormat format, absl::Time time, absl::string_view level,
                    absl::string_view message, const std::vector<LogField>& fields);

class Log {
 public:
  // `level` is debug, info, warn or error. Writes to standard error.
  Log(LogFormat format, const std::string& level);

  void SetLevel(const std::string& level);
  bool Writes(spdlog::level::level_enum level) const { return logger_->should_log(level); }

  void Debug(absl::string_view message) { Write(spdlog::level::debug, message); }
  void Info(absl::string_view message) { Write(spdlog::level::info, message); }
  void Warn(absl::string_view message) { Write(spdlog::level::warn, message); }
  void Error(absl::string_view message) { Write(spdlog::level::err, message); }
  void Write(spdlog::level::level_enum level, absl::string_view message,
             const std::vector<LogField>& fields = {});

 private:
  const LogFormat format_;
  const std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_LOG_H_
