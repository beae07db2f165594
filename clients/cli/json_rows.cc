#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/context.h"
#include "clients/cli/row_source.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"

namespace policytrack::cli {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxLineBytes = 1 << 20;

// Parses one line. Keys twice are refused: a parser that takes the last of them
// would turn a mistake into a figure.
absl::StatusOr<Json> ParseLine(const std::string& line) {
  std::vector<std::set<std::string>> keys;
  std::string twice;
  const auto callback = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key &&
        !keys.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  Json json;
  try {
    json = Json::parse(line, callback);
  } catch (const Json::exception& e) {
    // The library's border: it reports by exception.
    return absl::InvalidArgumentError(absl::StrCat("this is not JSON: ", e.what()));
  }
  if (!twice.empty())
    return absl::InvalidArgumentError(absl::StrCat("`", twice, "` is here twice"));
  if (!json.is_object()) return absl::InvalidArgumentError("a line must be a JSON object");
  return json;
}

class JsonLines final : public RowSource {
 public:
  JsonLines(std::istream& stream, std::string dataset)
      : stream_(stream), dataset_(std::move(dataset)) {}

  absl::StatusOr<bool> Next(SourceItem* item) override {
    while (std::getline(stream_, text_)) {
      ++line_;
      if (text_.size() > kMaxLineBytes) {
        return absl::InvalidArgumentError(
            absl::StrCat("a line is longer than ", kMaxLineBytes, " bytes"));
      }
      if (line_ == 1 && absl::StartsWith(text_, "\xef\xbb\xbf")) text_.erase(0, 3);
      if (!text_.empty() && text_.back() == '\r') text_.pop_back();
      if (text_.empty()) continue;
      item->line = line_;
      item->observation.Clear();
      item->kind = SourceItem::Kind::kRow;
      const absl::Status status = Convert(item);
      if (!status.ok()) {
        item->kind = SourceItem::Kind::kBad;
        item->reason = reason::kFieldInvalid;
        item->field.clear();
        item->message = std::string(status.message());
      }
      return true;
    }
    if (stream_.bad()) return absl::UnavailableError("cannot be read");
    return false;
  }

  int64_t line() const override { return line_; }

 private:
  absl::Status Convert(SourceItem* item) {
    PT_ASSIGN_OR_RETURN(Json json, ParseLine(text_));
    item->dataset = dataset_;
    if (const auto it = json.find("dataset"); it != json.end()) {
      if (!it->is_string()) return absl::InvalidArgumentError("`dataset` must be a text");
      item->dataset = WithCollection(kDatasets, it->get<std::string>());
      json.erase(it);
    }
    if (item->dataset.empty()) {
      return absl::InvalidArgumentError("no `dataset` in the line, and no --dataset");
    }
    PT_RETURN_IF_ERROR(ParseResourceName("dataset", kDatasets, item->dataset).status());
    const auto status =
        google::protobuf::util::JsonStringToMessage(json.dump(), &item->observation);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("this is not an Observation: ", std::string(status.message())));
    }
    if (item->observation.has_value() && !std::isfinite(item->observation.value())) {
      return absl::InvalidArgumentError("`value` must be a finite number");
    }
    return absl::OkStatus();
  }

  std::istream& stream_;
  const std::string dataset_;
  std::string text_;
  int64_t line_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> OpenJsonLines(std::istream& stream, std::string dataset) {
  return std::make_unique<JsonLines>(stream, std::move(dataset));
}

}  // namespace policytrack::cli
