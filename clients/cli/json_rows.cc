#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/context.h"
#include "clients/cli/number_text.h"
#include "clients/cli/row_source.h"
#include "clients/cli/text_input.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"
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
        v1::ObservationStatus status;
        const bool known =
            text != nullptr ? ParseStatus(*text, &status) : value.is_number_integer();
        if (!known) {
          return refuse("a letter of SDMX CL_OBS_STATUS or a name (docs/observation-status.md)");
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
  JsonLines(std::istream& stream, std::string dataset, const std::string& encoding)
      : input_(stream, encoding), dataset_(std::move(dataset)) {}

  absl::StatusOr<bool> Next(SourceItem* item) override {
    while (true) {
      PT_ASSIGN_OR_RETURN(const bool any, ReadLine());
      if (!any) return false;
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
  }

  int64_t line() const override { return line_; }

 private:
  // The next line, without its end; false when there is none.
  absl::StatusOr<bool> ReadLine() {
    text_.clear();
    if (ended_) return false;
    ++line_;
    while (true) {
      const size_t at = rest_.find('\n');
      text_.append(rest_.data(), std::min(at, rest_.size()));
      if (text_.size() > kMaxLineBytes) {
        return absl::InvalidArgumentError(
            absl::StrCat("a line is longer than ", kMaxLineBytes, " bytes"));
      }
      if (at != rest_.npos) {
        rest_.remove_prefix(at + 1);
        break;
      }
      const auto block = input_.Next();
      if (!block.ok()) {
        line_ = std::max(line_, input_.error_line());
        return block.status();
      }
      rest_ = *block;
      if (rest_.empty()) {
        ended_ = true;
        break;
      }
    }
    if (!text_.empty() && text_.back() == '\r') text_.pop_back();
    return true;
  }

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
    v1::ObservationStatus word = v1::OBSERVATION_STATUS_UNSPECIFIED;
    if (const auto it = json.find("status"); it != json.end() && it->is_string()) {
      // CheckMembers has seen that it is one.
      ParseStatus(it->get<std::string>(), &word);
      json.erase(it);
    }
    const auto status =
        google::protobuf::util::JsonStringToMessage(json.dump(), &item->observation);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          "a field of the line holds a value that it cannot have; see docs/client.md for the form");
    }
    v1::Observation& observation = item->observation;
    if (word != v1::OBSERVATION_STATUS_UNSPECIFIED) observation.set_status(word);
    if (observation.has_value() && !std::isfinite(observation.value())) {
      return absl::InvalidArgumentError("`value` must be a finite number");
    }
    if (observation.has_value() && IsMissingStatus(observation.status())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "`value`: the status ", std::string(1, LetterOf(observation.status())),
          " says that there is none, but it is `", FormatDouble(observation.value()), "`"));
    }
    return absl::OkStatus();
  }

  TextInput input_;
  const std::string dataset_;
  absl::string_view rest_;  // of the block that was read last
  std::string text_;
  bool ended_ = false;
  int64_t line_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> OpenJsonLines(std::istream& stream, std::string dataset,
                                         const std::string& encoding) {
  return std::make_unique<JsonLines>(stream, std::move(dataset), encoding);
}

}  // namespace policytrack::cli
