#include "clients/cli/push_report.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/number_text.h"
#include "clients/cli/safe_text.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "nlohmann/json.hpp"
#include "policytrack/v1/observation_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kPageSize = 10000;

// What of an observation can change.
struct Figure {
  std::optional<double> value;
  v1::ObservationStatus status = v1::OBSERVATION_STATUS_NORMAL;
  bool series_break = false;

  static Figure Of(const v1::Observation& row) {
    Figure figure;
    if (row.has_value()) figure.value = row.value();
    if (row.status() != v1::OBSERVATION_STATUS_UNSPECIFIED) figure.status = row.status();
    figure.series_break = row.series_break();
    return figure;
  }

  std::string Text() const {
    std::string text = value.has_value() ? FormatDouble(*value) : "no value";
    if (status != v1::OBSERVATION_STATUS_NORMAL) absl::StrAppend(&text, " ", Letter());
    return series_break ? text + " break" : text;
  }
  Json ToJson() const {
    Json json;
    json["value"] = value.has_value() ? Json(*value) : Json(nullptr);
    json["status"] = Letter();
    json["series_break"] = series_break;
    return json;
  }
  std::string Letter() const { return std::string(1, LetterOf(status)); }
};

// Of one place in a dataset, before the push and after it.
struct Change {
  std::optional<Figure> before;
  std::optional<Figure> after;
  bool told = false;
};

// The place as the service keeps it: values in NFC, `_T` where nothing is said.
std::string KeyOf(const std::string& dataset, const v1::Observation& row) {
  std::map<std::string, std::string> dimensions;
  for (const auto& [id, value] : row.dimensions()) {
    const auto normal = NormalizeDimensionValue(id, value);
    if (value != kTotal) dimensions[id] = normal.ok() ? *normal : value;
  }
  return absl::StrCat(dataset, "\n", row.period(), "\n",
                      absl::StrJoin(dimensions, "\n", absl::PairFormatter("=")));
}

class Reporter {
 public:
  Reporter(Context& context, const std::vector<PushInput>& inputs, const DatasetLookup& lookup,
           const v1::PushObservationsResponse& response, const std::vector<RefusedRow>& refused)
      : context_(context),
        inputs_(inputs),
        lookup_(lookup),
        response_(response),
        stub_(v1::ObservationService::NewStub(context.connection.channel())) {
    for (const RefusedRow& row : refused) {
      if (row.row >= 0) refused_.emplace(row.row, &row);
    }
  }

  absl::Status Run() {
    if (response_.created_count() + response_.revised_count() + response_.deleted_count() > 0) {
      PT_RETURN_IF_ERROR(ReadChanges());
    }
    return EachRow([this](const PushInput& input, int64_t row, const SourceItem& item) {
      Tell(input, row, item);
    });
  }

 private:
  template <typename Function>
  absl::Status EachRow(const Function& function) {
    int64_t row = 0;
    for (const PushInput& input : inputs_) {
      PT_ASSIGN_OR_RETURN(OpenInput open, input.Open(lookup_));
      SourceItem item;
      while (true) {
        PT_ASSIGN_OR_RETURN(const bool any, open.rows->Next(&item));
        if (!any) break;
        function(input, row, item);
        if (item.kind == SourceItem::Kind::kRow) ++row;
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadChanges() {
    std::set<std::string> datasets;
    PT_RETURN_IF_ERROR(EachRow([&](const PushInput&, int64_t, const SourceItem& item) {
      if (item.kind != SourceItem::Kind::kRow) return;
      datasets.insert(item.dataset);
      // What was deleted is in no list as of the push.
      if (item.observation.deleted()) changes_[KeyOf(item.dataset, item.observation)];
    }));
    for (const std::string& dataset : datasets) {
      v1::ListObservationsRequest request;
      request.set_parent(dataset);
      request.mutable_as_of()->set_revision(response_.revision());
      request.set_filter(absl::StrCat("revision = ", response_.revision()));
      PT_RETURN_IF_ERROR(EachObservation(request, [&](const v1::Observation& row) {
        changes_[KeyOf(dataset, row)].after = Figure::Of(row);
      }));
      request.clear_filter();
      request.mutable_as_of()->set_revision(response_.revision() - 1);
      PT_RETURN_IF_ERROR(EachObservation(request, [&](const v1::Observation& row) {
        const auto it = changes_.find(KeyOf(dataset, row));
        if (it != changes_.end()) it->second.before = Figure::Of(row);
      }));
    }
    return absl::OkStatus();
  }

  template <typename Function>
  absl::Status EachObservation(v1::ListObservationsRequest request, const Function& function) {
    request.set_page_size(kPageSize);
    do {
      PT_ASSIGN_OR_RETURN(auto page,
                          context_.connection.Unary(
                              *stub_, &v1::ObservationService::Stub::ListObservations, request));
      for (const v1::Observation& row : page.observations()) function(row);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return absl::OkStatus();
  }

  void Tell(const PushInput& input, int64_t row, const SourceItem& item) {
    switch (item.kind) {
      case SourceItem::Kind::kFiltered:
        return;
      case SourceItem::Kind::kSkipped:
        return Write(input, item, "skipped", nullptr, "", "");
      case SourceItem::Kind::kBad:
        return Write(input, item, "rejected", nullptr, item.reason, item.message);
      case SourceItem::Kind::kRow:
        break;
    }
    if (const auto it = refused_.find(row); it != refused_.end()) {
      return Write(input, item, "rejected", nullptr, it->second->reason, it->second->message);
    }
    const auto it = changes_.find(KeyOf(item.dataset, item.observation));
    if (it != changes_.end() && !std::exchange(it->second.told, true)) {
      const Change& change = it->second;
      if (change.after.has_value()) {
        return Write(input, item, change.before.has_value() ? "revised" : "created", &change, "",
                     "");
      }
      if (change.before.has_value()) return Write(input, item, "deleted", &change, "", "");
    }
    // The service lists only so many of those that it refuses.
    const bool all_listed = static_cast<int64_t>(refused_.size()) >= response_.rejected_count();
    Write(input, item, all_listed ? "unchanged" : "unchanged or rejected", nullptr, "", "");
  }

  void Write(const PushInput& input, const SourceItem& item, const char* result,
             const Change* change, const std::string& reason, const std::string& message) {
    const v1::Observation& row = item.observation;
    const std::map<std::string, std::string> dimensions(row.dimensions().begin(),
                                                        row.dimensions().end());
    if (context_.json) {
      Json json = {{"file", input.name()}, {"line", item.line}, {"result", result}};
      if (item.kind == SourceItem::Kind::kRow) {
        json["dataset"] = item.dataset;
        json["period"] = row.period();
        json["dimensions"] = Json(dimensions);
      }
      if (change != nullptr && change->before) json["old"] = change->before->ToJson();
      if (change != nullptr && change->after) json["new"] = change->after->ToJson();
      if (!reason.empty()) json["reason"] = reason;
      if (!message.empty()) json["message"] = message;
      context_.out() << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
      return;
    }
    std::string text = absl::StrCat(input.name(), ":", item.line, ": ", result);
    if (item.kind == SourceItem::Kind::kRow) {
      absl::StrAppend(&text, " ", item.dataset, " ", row.period());
      if (!dimensions.empty()) {
        absl::StrAppend(&text, " ", absl::StrJoin(dimensions, " ", absl::PairFormatter("=")));
      }
    }
    if (change != nullptr) {
      std::vector<std::string> figures;
      if (change->before) figures.push_back(change->before->Text());
      if (change->after) figures.push_back(change->after->Text());
      absl::StrAppend(&text, ": ", absl::StrJoin(figures, " -> "));
    }
    if (!reason.empty()) absl::StrAppend(&text, ": ", reason, ": ", message);
    context_.out() << OneLine(text) << "\n";
  }

  Context& context_;
  const std::vector<PushInput>& inputs_;
  const DatasetLookup& lookup_;
  const v1::PushObservationsResponse& response_;
  std::unique_ptr<v1::ObservationService::Stub> stub_;
  std::map<int64_t, const RefusedRow*> refused_;
  std::unordered_map<std::string, Change> changes_;
};

}  // namespace

absl::Status WriteRowReport(Context& context, const std::vector<PushInput>& inputs,
                            const DatasetLookup& lookup,
                            const v1::PushObservationsResponse& response,
                            const std::vector<RefusedRow>& refused) {
  return Reporter(context, inputs, lookup, response, refused).Run();
}

}  // namespace policytrack::cli
