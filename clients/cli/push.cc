#include "clients/cli/push.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/dataset_cache.h"
#include "clients/cli/line_map.h"
#include "clients/cli/number_text.h"
#include "clients/cli/progress.h"
#include "clients/cli/push_input.h"
#include "clients/cli/push_report.h"
#include "clients/cli/push_summary.h"
#include "clients/cli/row_source.h"
#include "clients/cli/safe_text.h"
#include "core/error.h"
#include "policytrack/v1/observation_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

// Small beside the limit of a message, large enough that messages do not count.
constexpr size_t kMaxMessageBytes = 256 << 10;
// Refused rows that are told one by one.
constexpr size_t kMaxRowErrors = 1000;
// Read errors are told with this reason; the server has no such rows.
constexpr char kFileInvalid[] = "FILE_INVALID";

class Pusher {
 public:
  Pusher(Context& context, const PushCommandOptions& options, std::vector<PushInput> inputs)
      : context_(context),
        options_(options),
        inputs_(std::move(inputs)),
        datasets_(context.connection),
        lookup_([this](const std::string& name) { return datasets_.Find(name); }),
        stub_(v1::ObservationService::NewStub(context.connection.channel())) {}

  int Run() {
    if (absl::Status status = Check(); !status.ok()) {
      if (!datasets_.failure().ok()) return Finish(std::nullopt, datasets_.failure());
      return FailUsage(context_, status.message());
    }
    const bool keep_going = options_.partial || options_.dry_run;
    if (broken_ || (tally_.bad > 0 && !keep_going)) {
      return Finish(std::nullopt,
                    Error(absl::StatusCode::kInvalidArgument, reason::kRowsInvalid,
                          absl::StrCat(broken_ ? "a file cannot be read to its end"
                                               : absl::StrCat(Rows(tally_.bad), " refused"),
                                       "; nothing was sent")));
    }
    if (tally_.good == 0 && !options_.allow_empty && tally_.bad == 0) {
      return Finish(std::nullopt,
                    Error(absl::StatusCode::kInvalidArgument, kFileInvalid,
                          absl::StrCat("no row to push", PassedOver(),
                                       "; nothing was sent; --allow-empty if that is meant")));
    }
    v1::PushOptions push;
    push.set_request_id(options_.request_id.empty() ? NewRequestId() : options_.request_id);
    push.set_return_partial_success(keep_going);
    push.set_validate_only(options_.dry_run);
    auto response = Send(push, true);
    // A dataset that is not there ends a push before the rest is looked at.
    if (!response.ok() && (ReasonOf(response.status()) == reason::kRowsInvalid ||
                           ReasonOf(response.status()) == reason::kResourceNotFound)) {
      return Finish(std::nullopt, Explain(response.status()));
    }
    if (!response.ok()) return Finish(std::nullopt, response.status());
    Collect(*response);
    return Finish(*std::move(response), absl::OkStatus());
  }

 private:
  static std::string Rows(int64_t n) { return absl::StrCat(n, n == 1 ? " row" : " rows"); }

  // Reads all rows once. Returns an error when a file cannot be opened or its
  // header is not right.
  absl::Status Check() {
    Progress progress(context_, "checked", 0);
    std::vector<std::string> empty;
    for (const PushInput& input : inputs_) {
      const int64_t before = tally_.good + tally_.bad;
      PT_ASSIGN_OR_RETURN(OpenInput open, input.Open(lookup_));
      SourceItem item;
      while (true) {
        const absl::StatusOr<bool> any = open.rows->Next(&item);
        if (!datasets_.failure().ok()) return datasets_.failure();
        if (!any.ok()) {
          broken_ = true;
          AddRefused({input.name(), open.rows->line(), kFileInvalid, "",
                      std::string(any.status().message())});
          break;
        }
        if (!*any) break;
        progress.Advance();
        switch (item.kind) {
          case SourceItem::Kind::kRow:
            ++tally_.good;
            if (!item.observation.has_value() && !item.observation.deleted()) ++tally_.missing;
            break;
          case SourceItem::Kind::kSkipped:
            ++tally_.skipped;
            break;
          case SourceItem::Kind::kFiltered:
            ++tally_.filtered;
            break;
          case SourceItem::Kind::kBad:
            ++tally_.bad;
            AddRefused({input.name(), item.line, item.reason, item.field, item.message});
            break;
        }
      }
      if (tally_.good + tally_.bad == before && !broken_) empty.push_back(input.name());
    }
    progress.Finish();
    for (const std::string& file : empty) {
      // Alone it is an error; among others it must not go unseen.
      if (inputs_.size() > 1) Warn(absl::StrCat(file, ": there is no row to push in it"));
    }
    if (tally_.good + tally_.bad == 0 && !broken_ && options_.allow_empty)
      Warn("there is no row to push");
    return absl::OkStatus();
  }

  void Warn(absl::string_view text) const {
    context_.err() << "warning: " << OneLine(text) << "\n";
  }

  // Why there may be no row although the files have lines.
  std::string PassedOver() const {
    std::vector<std::string> parts;
    if (tally_.skipped > 0) parts.push_back(absl::StrCat(tally_.skipped, " skipped as missing"));
    if (tally_.filtered > 0)
      parts.push_back(absl::StrCat(tally_.filtered, " not selected by `where`"));
    return parts.empty() ? " in what was named"
                         : absl::StrCat(" (", absl::StrJoin(parts, ", "), ")");
  }

  void AddRefused(RefusedRow row) {
    if (refused_.size() < kMaxRowErrors) refused_.push_back(std::move(row));
  }

  // Sends all good rows as one stream, and again as long as that may help.
  absl::StatusOr<v1::PushObservationsResponse> Send(const v1::PushOptions& push, bool show) {
    v1::PushObservationsResponse response;
    const absl::Status status = context_.connection.Call(
        [&](grpc::ClientContext& call) { return Attempt(push, show, call, &response); },
        options_.timeout);
    if (!status.ok()) return status;
    return response;
  }

  grpc::Status Attempt(const v1::PushOptions& push, bool show, grpc::ClientContext& call,
                       v1::PushObservationsResponse* response) {
    lines_ = LineMap();
    response->Clear();
    std::optional<Progress> progress;
    if (show) progress.emplace(context_, "sent", tally_.good);
    auto writer = stub_->PushObservations(&call, response);
    v1::PushObservationsRequest message;
    *message.mutable_options() = push;
    // The service must see the options even when there is not one row.
    size_t bytes = 0;
    bool first = true;
    std::string dataset;
    const auto flush = [&] {
      if (!first && message.rows().empty()) return true;
      const bool written = writer->Write(message);
      first = false;
      message.Clear();
      bytes = 0;
      return written;
    };
    const auto cancel = [&](const absl::Status& why) {
      call.TryCancel();
      writer->Finish();
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                          absl::StrCat(why.message(), "; nothing was written"));
    };
    bool written = true;
    for (size_t file = 0; written && file < inputs_.size(); ++file) {
      auto open = inputs_[file].Open(lookup_);
      if (!open.ok()) return cancel(open.status());
      SourceItem item;
      while (written) {
        const absl::StatusOr<bool> any = open->rows->Next(&item);
        if (!any.ok()) return cancel(any.status());
        if (!*any) break;
        if (item.kind != SourceItem::Kind::kRow) continue;
        const size_t row_bytes = item.observation.ByteSizeLong() + 8;
        if (!message.rows().empty() &&
            (item.dataset != dataset || bytes + row_bytes > kMaxMessageBytes)) {
          written = flush();
        }
        dataset = item.dataset;
        // Named in every message: a few bytes, and no message depends on another.
        if (message.rows().empty()) message.set_dataset(dataset);
        message.add_rows()->Swap(&item.observation);
        bytes += row_bytes;
        lines_.Add(static_cast<int>(file), item.line);
        if (progress.has_value()) progress->Advance();
      }
    }
    if (written) written = flush();
    if (written && lines_.rows() != tally_.good) {
      return cancel(absl::FailedPreconditionError("a file changed while it was being pushed"));
    }
    if (written) writer->WritesDone();
    grpc::Status status = writer->Finish();
    if (progress.has_value() && status.ok()) progress->Finish();
    return status;
  }

  // An atomic push that is refused says that rows are wrong; a dry run of the
  // same rows says which. Returns the refusal in terms of files and lines.
  absl::Status Explain(const absl::Status& refusal) {
    std::string message(refusal.message());
    // How to have them listed is for callers of the API.
    if (const size_t hint = message.find("; validate_only with"); hint != std::string::npos) {
      message.resize(hint);
    }
    message = WithPlaces(message, "", ":");
    v1::PushOptions push;
    push.set_return_partial_success(true);
    push.set_validate_only(true);
    const auto response = Send(push, false);
    if (response.ok()) Collect(*response);
    // Each was told at its line.
    if (tally_.rejected > 0)
      message = absl::StrCat(Rows(tally_.rejected), " refused; nothing was written");
    return Error(refusal.code(), ReasonOf(refusal), message);
  }

  // Rows of the stream, as in `row 3 gives`, as people know them: `line 5 gives`
  // in the file `here`, and with the file's name when it is another. Only where
  // `after` follows the number: what is quoted from the data stays.
  std::string WithPlaces(absl::string_view message, absl::string_view here,
                         absl::string_view after) const {
    constexpr absl::string_view kRow = "row ";
    std::string text;
    while (true) {
      const size_t at = message.find(kRow);
      if (at == message.npos) break;
      absl::string_view rest = message.substr(at + kRow.size());
      const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
      const auto row = ParseInteger<int64_t>(rest.substr(0, digits));
      const LineMap::Place place = row.has_value() ? lines_.Find(*row) : LineMap::Place{};
      rest.remove_prefix(digits);
      absl::StrAppend(&text, message.substr(0, at));
      if (place.file < 0 || !absl::StartsWith(rest, after)) {
        absl::StrAppend(&text, kRow, message.substr(at + kRow.size(), digits));
      } else {
        const std::string& file = inputs_[static_cast<size_t>(place.file)].name();
        absl::StrAppend(&text, file == here ? "line " : absl::StrCat(file, ":"), place.line);
      }
      message = rest;
    }
    return absl::StrCat(text, message);
  }

  void Collect(const v1::PushObservationsResponse& response) {
    tally_.rejected = response.rejected_count();
    for (const v1::RowError& error : response.row_errors()) {
      const LineMap::Place place = lines_.Find(error.row());
      const std::string file = place.file < 0 ? absl::StrCat("row ", error.row())
                                              : inputs_[static_cast<size_t>(place.file)].name();
      AddRefused({file, place.line, error.reason(), error.field(),
                  InCommands(WithPlaces(error.message(), file, " gives")), error.row()});
    }
  }

  int Finish(const std::optional<v1::PushObservationsResponse>& response,
             const absl::Status& status) {
    // Those found here and those found by the service, in the order of the files.
    std::stable_sort(refused_.begin(), refused_.end(), [&](const auto& a, const auto& b) {
      return a.file == b.file ? a.line < b.line : Rank(a.file) < Rank(b.file);
    });
    for (const RefusedRow& row : refused_) {
      Report(context_, {row.file, row.line, 0, absl::StrCat(row.reason, ": ", row.message)});
    }
    const int64_t rejected = tally_.bad + tally_.rejected;
    if (rejected > static_cast<int64_t>(refused_.size())) {
      context_.err() << "... and " << rejected - static_cast<int64_t>(refused_.size())
                     << " more refused rows\n";
    }
    absl::Status reported;
    if (options_.report_rows && status.ok()) {
      reported = WriteRowReport(context_, inputs_, lookup_, *response, refused_);
    }
    if (context_.json) {
      // One line where every row has one.
      WritePushJson(context_, options_.dry_run, tally_, response, refused_, status,
                    options_.report_rows ? -1 : 1);
    }
    if (!status.ok()) return Fail(context_, status);
    if (!context_.json) WritePushText(context_, options_.dry_run, tally_, *response);
    // What was pushed is told before it is told that the rows cannot be.
    if (!reported.ok()) return Fail(context_, reported);
    return rejected > 0 ? kRefused : kDone;
  }

  size_t Rank(const std::string& file) const {
    size_t rank = 0;
    while (rank < inputs_.size() && inputs_[rank].name() != file) ++rank;
    return rank;
  }

  Context& context_;
  const PushCommandOptions& options_;
  const std::vector<PushInput> inputs_;
  DatasetCache datasets_;
  const DatasetLookup lookup_;
  std::unique_ptr<v1::ObservationService::Stub> stub_;
  PushTally tally_;
  bool broken_ = false;  // a file cannot be read to its end
  LineMap lines_;        // of the last attempt
  std::vector<RefusedRow> refused_;
};

}  // namespace

int RunPush(Context& context, const PushCommandOptions& options) {
  std::vector<PushInput> inputs;
  std::vector<Diagnostic> errors;
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) {
    return FailUsage(context, "standard input can be read only once");
  }
  if (options.report_rows && options.dry_run) {
    return FailUsage(context,
                     "--report rows reads what a push wrote, and a dry run writes nothing");
  }
  for (const std::string& file : options.files) {
    const absl::Status found = PushInput::Find(file);
    if (!found.ok()) return FailUsage(context, found.message());
  }
  for (const std::string& file : options.files) {
    auto input = PushInput::Prepare(context, file, options, &errors);
    if (!input.ok()) return FailUsage(context, input.status().message());
    inputs.push_back(*std::move(input));
  }
  if (!errors.empty()) {
    for (const Diagnostic& error : errors) Report(context, error);
    return FailUsage(context, "a mapping cannot be read; nothing was sent");
  }
  return Pusher(context, options, std::move(inputs)).Run();
}

}  // namespace policytrack::cli
