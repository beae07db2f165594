#include "clients/cli/apply.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cli/apply_order.h"
#include "clients/cli/diff.h"
#include "clients/cli/documents_api.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/yaml_document.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "nlohmann/json.hpp"
#include "policytrack/v1/measure.pb.h"

namespace policytrack::cli {
namespace {

using Json = nlohmann::ordered_json;

enum class Result { kCreated, kChanged, kUnchanged, kUndeleted, kDeleted };

// What happened to one document.
struct Outcome {
  std::string name;
  Result result = Result::kUnchanged;
  std::vector<FieldChange> changes;
  std::string note;
};

const char* Word(Result result) {
  switch (result) {
    case Result::kCreated:
      return "created";
    case Result::kChanged:
      return "changed";
    case Result::kUnchanged:
      return "unchanged";
    case Result::kUndeleted:
      return "undeleted";
    case Result::kDeleted:
      return "deleted";
  }
  return "";
}

class Applier {
 public:
  Applier(Context& context, const ApplyOptions& options) : context_(context), options_(options) {}

  int Run(const std::vector<ResourceDocument>& documents) {
    for (const ResourceDocument& document : documents) names_.insert(document.name);
    size_t done = 0;
    for (; done < documents.size(); ++done) {
      auto outcome = ApplyOne(documents[done]);
      if (outcome.ok()) {
        Tell(*std::move(outcome));
        continue;
      }
      Refused(documents[done], outcome.status());
      // A dry run changes nothing, so there is more to learn by going on; an
      // unreachable server will not answer the next call either.
      if (!options_.dry_run || exit_code_ != kRefused) break;
    }
    if (exit_code_ == kDone && options_.prune) Prune(documents);
    for (size_t i = done; i < documents.size(); ++i) not_applied_.push_back(documents[i].name);
    Summarize();
    return exit_code_;
  }

 private:
  DocumentApi& Api(const DocumentKind& kind) {
    std::unique_ptr<DocumentApi>& api = apis_[kind.collection];
    if (api == nullptr) api = MakeDocumentApi(context_.connection, kind);
    return *api;
  }

  absl::StatusOr<Outcome> ApplyOne(const ResourceDocument& document) {
    DocumentApi& api = Api(*document.kind);
    Outcome outcome;
    outcome.name = document.name;
    auto present = api.Get(document.name, std::nullopt);
    if (!present.ok()) {
      if (present.status().code() != absl::StatusCode::kNotFound) return present.status();
      outcome.result = Result::kCreated;
      absl::Status status = api.Create(*document.message, options_.dry_run).status();
      if (!Forgive(status, &outcome)) return status;
      return outcome;
    }
    bool undeleted = false;
    if (const auto* measure = dynamic_cast<const v1::Measure*>(present->get());
        measure != nullptr && measure->has_delete_time()) {
      auto alive = api.Undelete(document.name, measure->etag(), options_.dry_run);
      if (!alive.ok()) return alive.status();
      if (!options_.dry_run) present = std::move(alive);
      undeleted = true;
      outcome.result = Result::kUndeleted;
    }
    outcome.changes = Diff(**present, *document.message);
    if (outcome.changes.empty()) return outcome;
    MessagePtr desired(document.message->New());
    desired->CopyFrom(*document.message);
    const bool own_etag = !EtagOf(*desired).empty();
    if (!own_etag) SetText(desired.get(), "etag", EtagOf(**present));
    auto updated = api.Update(*desired, options_.dry_run);
    if (!updated.ok()) {
      const std::string reason = ReasonOf(updated.status());
      if (undeleted && options_.dry_run && reason == reason::kResourceDeleted) return outcome;
      if (reason == reason::kEtagMismatch && !own_etag)
        return CheckLostAnswer(document, outcome, updated.status());
      if (!Forgive(updated.status(), &outcome)) return updated.status();
      outcome.result = Result::kChanged;
      return outcome;
    }
    // The server may have put the document into a form that it already had.
    outcome.changes = Diff(**present, **updated);
    if (!outcome.changes.empty()) outcome.result = Result::kChanged;
    if (undeleted && outcome.result == Result::kChanged) outcome.note = "undeleted";
    return outcome;
  }

  // An update whose answer was lost is repeated and meets its own new etag.
  absl::StatusOr<Outcome> CheckLostAnswer(const ResourceDocument& document, Outcome outcome,
                                          const absl::Status& refusal) {
    auto present = Api(*document.kind).Get(document.name, std::nullopt);
    if (!present.ok() || !Diff(**present, *document.message).empty()) return refusal;
    outcome.result = Result::kChanged;
    return outcome;
  }

  // In a dry run, what this apply would create first is not there yet.
  bool Forgive(const absl::Status& status, Outcome* outcome) const {
    if (status.ok()) return true;
    if (!options_.dry_run || ReasonOf(status) != reason::kResourceNotFound) return false;
    const std::string resource = MetadataOf(status, "resource");
    if (names_.count(resource) == 0) return false;
    outcome->note = absl::StrCat("refers to ", resource,
                                 ", which this apply creates; checked in full when it is there");
    return true;
  }

  void Prune(const std::vector<ResourceDocument>& documents) {
    DocumentApi& measures = Api(*FindCollection(kMeasures));
    for (const ResourceDocument& document : documents) {
      if (document.kind->collection != kPlans) continue;
      ListArguments arguments;
      arguments.filter = absl::StrCat("plan = \"", document.name, "\"");
      auto page = ListAll(measures, arguments);
      if (!page.ok()) {
        exit_code_ = Fail(context_, page.status());
        return;
      }
      for (const MessagePtr& measure : page->items) {
        const std::string name = NameOf(*measure);
        if (TextOf(*measure, "plan") != document.name || names_.count(name) > 0) continue;
        auto deleted = measures.Delete(name, EtagOf(*measure), options_.dry_run);
        if (!deleted.ok()) {
          exit_code_ = Fail(context_, deleted.status());
          return;
        }
        Outcome outcome;
        outcome.name = name;
        outcome.result = Result::kDeleted;
        outcome.note = absl::StrCat("belongs to ", document.name, " and is not in the set");
        Tell(std::move(outcome));
      }
    }
  }

  void Tell(Outcome outcome) {
    ++counts_[outcome.result];
    if (!context_.json) {
      context_.out() << absl::StrFormat("%-10s %s", Word(outcome.result), OneLine(outcome.name));
      if (!outcome.note.empty()) context_.out() << " (" << OneLine(outcome.note) << ")";
      context_.out() << "\n";
      for (const FieldChange& change : outcome.changes) {
        context_.out() << "             " << FormatChange(change) << "\n";
      }
    }
    outcomes_.push_back(std::move(outcome));
  }

  void Refused(const ResourceDocument& document, const absl::Status& status) {
    exit_code_ = std::max<int>(exit_code_, ExitCodeOf(status));
    errors_.push_back({document.name, status});
    if (ExitCodeOf(status) != kRefused) {
      // Nothing is wrong with the document.
      Fail(context_, status);
      return;
    }
    ++refused_;
    const Position position = FindRefusal(document, status);
    Report(context_, {document.file, position.line, position.column,
                      absl::StrCat("error: ", document.name, ": ", DescribeError(status))});
  }

  void Summarize() {
    static constexpr Result kAll[] = {Result::kCreated, Result::kChanged, Result::kUndeleted,
                                      Result::kUnchanged, Result::kDeleted};
    if (context_.json) {
      Json json;
      json["dry_run"] = options_.dry_run;
      json["documents"] = Json::array();
      for (const Outcome& outcome : outcomes_) json["documents"].push_back(ToJsonOutcome(outcome));
      for (Result result : kAll) json["summary"][Word(result)] = counts_[result];
      json["summary"]["refused"] = refused_;
      json["summary"]["not_applied"] = not_applied_;
      for (const auto& [name, status] : errors_) {
        json["errors"].push_back({{"name", name},
                                  {"reason", ReasonOrCode(status)},
                                  {"message", std::string(status.message())}});
      }
      context_.out() << json.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
      return;
    }
    std::vector<std::string> parts;
    for (Result result : kAll) {
      if (counts_[result] > 0 || (result != Result::kUndeleted && result != Result::kDeleted)) {
        parts.push_back(absl::StrCat(counts_[result], " ", Word(result)));
      }
    }
    if (refused_ > 0) parts.push_back(absl::StrCat(refused_, " refused"));
    context_.out() << (options_.dry_run ? "dry run, nothing was written: " : "")
                   << absl::StrJoin(parts, ", ") << "\n";
    if (!not_applied_.empty()) {
      context_.err() << "error: stopped; "
                     << (outcomes_.empty()
                             ? "nothing was applied"
                             : absl::StrCat("not applied: ", absl::StrJoin(not_applied_, ", ")))
                     << "\n";
    }
  }

  static Json ToJsonOutcome(const Outcome& outcome) {
    Json json = {{"name", outcome.name}, {"result", Word(outcome.result)}};
    json["changes"] = Json::array();
    for (const FieldChange& change : outcome.changes) {
      Json item = {{"path", change.path}};
      item["old"] = change.old_value.has_value() ? Json(*change.old_value) : Json();
      item["new"] = change.new_value.has_value() ? Json(*change.new_value) : Json();
      json["changes"].push_back(std::move(item));
    }
    if (!outcome.note.empty()) json["note"] = outcome.note;
    return json;
  }

  Context& context_;
  const ApplyOptions& options_;
  std::map<absl::string_view, std::unique_ptr<DocumentApi>> apis_;
  std::set<std::string> names_;  // of the set
  std::vector<Outcome> outcomes_;
  std::vector<std::pair<std::string, absl::Status>> errors_;
  int refused_ = 0;
  std::vector<std::string> not_applied_;
  std::map<Result, int> counts_;
  int exit_code_ = kDone;
};

}  // namespace

int RunApply(Context& context, const ApplyOptions& options) {
  auto files = FindYamlFiles(options.paths);
  if (!files.ok()) return FailUsage(context, files.status().message());
  std::vector<ResourceDocument> documents;
  std::vector<Diagnostic> errors;
  for (const std::string& file : *files) {
    auto text = ReadTextFile(file);
    if (!text.ok()) return FailUsage(context, text.status().message());
    for (ResourceDocument& document : ParseDocuments(*text, file, &errors)) {
      documents.push_back(std::move(document));
    }
  }
  CheckUniqueNames(documents, &errors);
  if (errors.empty()) SortByDependency(&documents, &errors);
  if (!errors.empty()) {
    for (const Diagnostic& error : errors) Report(context, error);
    context.err() << "error: " << errors.size() << (errors.size() == 1 ? " problem" : " problems")
                  << " in " << files->size() << (files->size() == 1 ? " file" : " files")
                  << "; nothing was sent\n";
    if (context.json) {
      Json json = {{"errors", Json::array()}};
      for (const Diagnostic& error : errors) {
        json["errors"].push_back({{"file", error.file},
                                  {"line", error.line},
                                  {"column", error.column},
                                  {"message", error.message}});
      }
      context.out() << json.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
    }
    return kRefused;
  }
  // A job that applied nothing must not look as if it had.
  if (documents.empty()) return FailUsage(context, "there is no document in what was named");
  const bool has_plan = std::any_of(documents.begin(), documents.end(), [](const auto& document) {
    return document.kind->collection == kPlans;
  });
  if (options.prune && !has_plan) {
    return FailUsage(
        context, "--prune deletes measures of the plans in the set, and there is no plan in it");
  }
  return Applier(context, options).Run(documents);
}

}  // namespace policytrack::cli
