#include "services/server/log.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/utf8.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace policytrack::server {
namespace {

constexpr size_t kMaxValueBytes = 4096;

// A JSON string. Control characters of both ranges are escaped, so that none
// reaches a terminal.
std::string JsonString(absl::string_view bytes) {
  const std::string text = ToUtf8(bytes);
  std::string json = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += text[i];
    } else if (c == '\n') {
      json += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      absl::StrAppend(&json, "\\u", absl::Hex(c, absl::kZeroPad4));
    } else if (c == 0xc2 && next < 0xa0) {
      absl::StrAppend(&json, "\\u", absl::Hex(next, absl::kZeroPad4));
      ++i;
    } else {
      json += text[i];
    }
  }
  return json + '"';
}

// Quoted unless it is one plain word.
std::string TextValue(const std::string& value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '"' && c != '=';
  });
  return plain ? value : Quoted(value, kMaxValueBytes);
}

}  // namespace

std::string LogLine(LogFormat format, absl::Time time, absl::string_view level,
                    absl::string_view message, const std::vector<LogField>& fields) {
  const std::string when = absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", time, absl::LocalTimeZone());
  if (format == LogFormat::kText) {
    std::string line = absl::StrCat(when, " ", level, " ", OneLine(ToUtf8(message)));
    for (const LogField& field : fields) {
      absl::StrAppend(&line, " ", field.name, "=",
                      field.is_number ? field.value : TextValue(field.value));
    }
    return line;
  }
  std::string line = absl::StrCat("{\"time\":\"", when, "\",\"level\":\"", level,
                                  "\",\"message\":", JsonString(message));
  for (const LogField& field : fields) {
    absl::StrAppend(&line, ",\"", field.name,
                    "\":", field.is_number ? field.value : JsonString(field.value));
  }
  return line + "}";
}

Log::Log(LogFormat format, const std::string& level)
    : format_(format),
      logger_(std::make_shared<spdlog::logger>("policytrackd",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->flush_on(spdlog::level::debug);
  SetLevel(level);
}

void Log::SetLevel(const std::string& level) { logger_->set_level(spdlog::level::from_str(level)); }

void Log::Write(spdlog::level::level_enum level, absl::string_view message,
                const std::vector<LogField>& fields) {
  if (!Writes(level)) return;
  const char* word = level == spdlog::level::err    ? "error"
                     : level == spdlog::level::warn ? "warn"
                     : level == spdlog::level::info ? "info"
                                                    : "debug";
  logger_->log(level, "{}", LogLine(format_, absl::Now(), word, message, fields));
}

}  // namespace policytrack::server
