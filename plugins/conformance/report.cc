#include "plugins/conformance/report.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"

namespace policytrack::plugins {
namespace {

constexpr const char* kWords[] = {"passed", "FAILED", "skipped"};

std::string Word(Verdict::Kind kind) { return kWords[kind]; }

// As text of XML 1.0, which has no place for control characters.
std::string Xml(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

}  // namespace

int Report::Count(Verdict::Kind kind) const {
  return static_cast<int>(
      std::count_if(results.begin(), results.end(),
                    [kind](const Finding& result) { return result.verdict.kind == kind; }));
}

std::string FindingLine(const Finding& result) {
  const std::string& message = result.verdict.message;
  return absl::StrFormat("%-8s %-27s %s\n", Word(result.verdict.kind), result.check->name,
                         message.empty() ? result.check->promise : message);
}

std::string TextSummary(const Report& report) {
  std::string text = absl::StrCat(
      report.Count(Verdict::kPassed), " passed, ", report.Count(Verdict::kFailed), " failed, ",
      report.Count(Verdict::kSkipped), " skipped; seed ", report.seed, "\n");
  if (report.Count(Verdict::kFailed) > 0) {
    absl::StrAppend(&text, "The same again: policytrack-plugin-check --seed ", report.seed, " ",
                    report.path, "\n");
  }
  return text;
}

std::string JsonReport(const Report& report) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Finding& result : report.results) {
    checks.push_back({{"name", result.check->name},
                      {"promise", result.check->promise},
                      {"result", absl::AsciiStrToLower(Word(result.verdict.kind))},
                      {"message", result.verdict.message},
                      {"seconds", result.seconds}});
  }
  // Seeds have 64 bits, more than numbers of JSON have everywhere.
  const nlohmann::ordered_json json = {{"plugin", report.plugin},
                                       {"path", report.path},
                                       {"seed", absl::StrCat(report.seed)},
                                       {"passed", report.Count(Verdict::kPassed)},
                                       {"failed", report.Count(Verdict::kFailed)},
                                       {"skipped", report.Count(Verdict::kSkipped)},
                                       {"checks", checks}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string JunitReport(const Report& report) {
  std::string xml = absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"plugin-check ",
      Xml(report.plugin), "\" tests=\"", report.results.size(), "\" failures=\"",
      report.Count(Verdict::kFailed), "\" skipped=\"", report.Count(Verdict::kSkipped),
      "\">\n  <properties><property name=\"seed\" value=\"", report.seed, "\"/></properties>\n");
  for (const Finding& result : report.results) {
    absl::StrAppend(&xml, "  <testcase classname=\"plugin-check.", Xml(report.plugin), "\" name=\"",
                    result.check->name, "\" time=\"", absl::StrFormat("%.3f", result.seconds),
                    "\"");
    const std::string message = Xml(result.verdict.message);
    switch (result.verdict.kind) {
      case Verdict::kPassed:
        absl::StrAppend(&xml, "/>\n");
        break;
      case Verdict::kFailed:
        absl::StrAppend(&xml, "><failure message=\"", message, "\"/></testcase>\n");
        break;
      case Verdict::kSkipped:
        absl::StrAppend(&xml, "><skipped message=\"", message, "\"/></testcase>\n");
        break;
    }
  }
  return xml + "</testsuite>\n";
}

}  // namespace policytrack::plugins
