#include "clients/cli/push_summary.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace policytrack::cli {

using Json = nlohmann::ordered_json;

void WritePushText(const Context& context, bool dry_run, const PushTally& tally,
                   const v1::PushObservationsResponse& response) {
  std::vector<std::string> parts = {
      absl::StrCat(response.created_count(), " created"),
      absl::StrCat(response.revised_count(), " revised"),
      absl::StrCat(response.unchanged_count(), " unchanged"),
      absl::StrCat(response.deleted_count(), " deleted"),
      absl::StrCat(tally.bad + tally.rejected, " rejected"),
      absl::StrCat(tally.skipped, " skipped"),
  };
  if (tally.filtered > 0) parts.push_back(absl::StrCat(tally.filtered, " not selected"));
  if (tally.missing > 0) parts.push_back(absl::StrCat(tally.missing, " sent as missing"));
  context.out() << (dry_run ? "dry run, nothing was written: " : "") << absl::StrJoin(parts, ", ")
                << "; revision " << response.revision()
                << (response.replayed() ? "; this is the answer of an earlier push with the same "
                                          "request id"
                                        : "")
                << "\n";
}

void WritePushJson(const Context& context, bool dry_run, const PushTally& tally,
                   const std::optional<v1::PushObservationsResponse>& response,
                   const std::vector<RefusedRow>& refused, const absl::Status& status, int indent) {
  Json json;
  json["dry_run"] = dry_run;
  if (response.has_value()) {
    json["revision"] = response->revision();
    json["created"] = response->created_count();
    json["revised"] = response->revised_count();
    json["unchanged"] = response->unchanged_count();
    json["deleted"] = response->deleted_count();
  }
  json["rejected"] = tally.bad + tally.rejected;
  json["skipped"] = tally.skipped;
  json["not_selected"] = tally.filtered;
  json["sent_as_missing"] = tally.missing;
  if (response.has_value()) json["replayed"] = response->replayed();
  json["row_errors"] = Json::array();
  for (const RefusedRow& row : refused) {
    json["row_errors"].push_back({{"file", row.file},
                                  {"line", row.line},
                                  {"reason", row.reason},
                                  {"field", row.field},
                                  {"message", row.message}});
  }
  if (!status.ok()) {
    json["error"] = {{"reason", ReasonOrCode(status)}, {"message", std::string(status.message())}};
  }
  context.out() << json.dump(indent, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace policytrack::cli
