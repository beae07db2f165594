#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/context.h"
#include "clients/cli/number_text.h"
#include "clients/cli/row_source.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/utf8.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"

namespace policytrack::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Json = nlohmann::json;

constexpr size_t kMaxLineBytes = 1 << 20;
constexpr size_t kMaxShownBytes = 60;

// Where the character begins that the `byte`th byte, from 1, belongs to.
size_t Boundary(const std::string& line, size_t byte) {
  size_t at = byte > 0 ? byte - 1 : 0;
  while (at > 0 && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) --at;
  return at;
}

// Whether the members are fields of Observation and hold the kinds of values that
// these take, so that the words are ours and not a parser's.
absl::Status CheckMembers(const Json& json) {
  const Descriptor& type = *v1::Observation::descriptor();
  for (const auto& [key, value] : json.items()) {
    const FieldDescriptor* field = type.FindFieldByName(key);
    if (field == nullptr) field = type.FindFieldByCamelcaseName(key);
    if (field == nullptr) {
      std::vector<std::string> names = {"dataset"};
      for (int i = 0; i < type.field_count(); ++i) names.emplace_back(type.field(i)->name());
      return absl::InvalidArgumentError(absl::StrCat("there is no field `",
                                                     CutText(key, kMaxShownBytes), "`; a line has ",
                                                     absl::StrJoin(names, ", ")));
    }
    // As in proto JSON, nothing is the same as no field.
    if (value.is_null()) continue;
    const auto refuse = [&](absl::string_view expected) {
      return absl::InvalidArgumentError(absl::StrCat(
          "`", key, "` must be ", expected, ", but it is `",
          CutText(value.dump(-1, ' ', false, Json::error_handler_t::replace), kMaxShownBytes),
          "`"));
    };
    if (field->is_map()) {
      const bool texts = value.is_object() && std::all_of(value.begin(), value.end(),
                                                          [](auto& v) { return v.is_string(); });
      if (!texts) return refuse("an object of texts such as {\"region\": \"CN\"}");
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        if (!value.is_string()) return refuse("a text in quotes");
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!value.is_boolean()) return refuse("true or false");
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        const std::string* text = value.get_ptr<const std::string*>();
        // Proto JSON takes numbers in quotes, too.
        if (text != nullptr && !OutOfRange(*text).empty()) {
          return absl::InvalidArgumentError(
              absl::StrCat("`", key, "`: `", *text, "` is ", OutOfRange(*text)));
        }
        if (!value.is_number() && (text == nullptr || !ParseDouble(*text).has_value())) {
          return refuse("a finite number");
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const std::string* text = value.get_ptr<const std::string*>();
        const bool known = text != nullptr ? field->enum_type()->FindValueByName(*text) != nullptr
                                           : value.is_number_integer();
        if (!known) {
          std::vector<std::string> names;
          for (int i = 0; i < field->enum_type()->value_count(); ++i) {
            names.emplace_back(field->enum_type()->value(i)->name());
          }
          return refuse(absl::StrCat("one of ", absl::StrJoin(names, ", ")));
        }
        break;
      }
      default:
        break;
    }
  }
  return absl::OkStatus();
}

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
  if (!IsUtf8(line)) return absl::InvalidArgumentError("the line is not UTF-8 text");
  Json json;
  try {
    json = Json::parse(line, callback);
  } catch (const Json::out_of_range&) {
    return absl::InvalidArgumentError("a value in the line is too large for a number");
  } catch (const Json::parse_error& e) {
    // The library's border: it reports by exception.
    return absl::InvalidArgumentError(
        e.byte > line.size()
            ? "this is not JSON: the line ends before the object does; write one whole object a "
              "line"
            : absl::StrCat("this is not JSON: it goes wrong at byte ", e.byte, " of the line, at `",
                           CutText(line.substr(Boundary(line, e.byte)), kMaxShownBytes), "`"));
  } catch (const Json::exception&) {
    return absl::InvalidArgumentError("this is not JSON");
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
    PT_RETURN_IF_ERROR(CheckMembers(json));
    const auto status =
        google::protobuf::util::JsonStringToMessage(json.dump(), &item->observation);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          "a field of the line holds a value that it cannot have; see docs/client.md for the form");
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
