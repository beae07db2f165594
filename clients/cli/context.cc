#include "clients/cli/context.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "clients/cli/safe_text.h"
#include "google/protobuf/util/json_util.h"

namespace policytrack::cli {
namespace {

std::string EscapeAnnotation(absl::string_view text, bool property) {
  std::string escaped = absl::StrReplaceAll(text, {{"%", "%25"}, {"\r", "%0D"}, {"\n", "%0A"}});
  if (property) escaped = absl::StrReplaceAll(escaped, {{":", "%3A"}, {",", "%2C"}});
  return escaped;
}

}  // namespace

std::string FormatDiagnostic(const Diagnostic& d) {
  std::string text = d.file;
  if (d.line > 0) absl::StrAppend(&text, ":", d.line);
  if (d.line > 0 && d.column > 0) absl::StrAppend(&text, ":", d.column);
  return absl::StrCat(text, ": ", d.message);
}

int Fail(const Context& context, const absl::Status& status) {
  context.err() << "error: " << OneLine(DescribeError(status)) << "\n";
  return ExitCodeOf(status);
}

int FailUsage(const Context& context, absl::string_view message) {
  context.err() << "error: " << OneLine(message) << "\n";
  return kUsage;
}

void Report(const Context& context, const Diagnostic& d) {
  context.err() << OneLine(FormatDiagnostic(d)) << "\n";
  if (context.environment.variable("GITHUB_ACTIONS").value_or("") != "true") return;
  // Annotations are read from either stream; stdout may be JSON for a program.
  std::string properties = absl::StrCat("file=", EscapeAnnotation(d.file, true));
  if (d.line > 0) absl::StrAppend(&properties, ",line=", d.line);
  if (d.line > 0 && d.column > 0) absl::StrAppend(&properties, ",col=", d.column);
  context.err() << "::error " << properties << "::" << EscapeAnnotation(OneLine(d.message), false)
                << "\n";
}

std::string ToJson(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = pretty;
  std::string json;
  // Fails only for a google.protobuf.Any of an unknown type, which no message has.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "{}";
  return json;
}

absl::StatusOr<v1::AsOf> ParseAsOf(absl::string_view text) {
  v1::AsOf as_of;
  if (!text.empty() &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    int64_t revision = 0;
    if (absl::SimpleAtoi(text, &revision) && revision > 0) {
      as_of.set_revision(revision);
      return as_of;
    }
  }
  absl::Time time;
  std::string problem;
  if (absl::ParseTime(absl::RFC3339_full, text, absl::UTCTimeZone(), &time, &problem) &&
      time > absl::InfinitePast() && time < absl::InfiniteFuture() && text.find('T') != text.npos) {
    const int64_t seconds = absl::ToUnixSeconds(time);
    as_of.mutable_time()->set_seconds(seconds);
    as_of.mutable_time()->set_nanos(
        static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
    return as_of;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("`", text,
                   "` is neither a revision such as 12 nor a time such as "
                   "2024-11-12T08:00:00Z"));
}

std::string WithCollection(absl::string_view collection, absl::string_view name) {
  if (name.find('/') != name.npos) return std::string(name);
  return absl::StrCat(collection, "/", name);
}

}  // namespace policytrack::cli
