#include "clients/cli/admin.h"

#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/new_file.h"
#include "clients/cli/safe_text.h"
#include "core/digest.h"
#include "policytrack/v1/admin_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

// Takes the messages of one stream into the file; the first error of ours ends it.
class Download {
 public:
  explicit Download(NewFile* file) : file_(file) {}

  grpc::Status Run(v1::AdminService::Stub& stub, grpc::ClientContext& context) {
    error_ = file_->Begin();
    backup_.Clear();
    Digest digest;
    auto reader = stub.DownloadBackup(&context, v1::DownloadBackupRequest());
    v1::DownloadBackupResponse message;
    int64_t size = 0;
    while (error_.ok() && reader->Read(&message)) {
      error_ = file_->Write(message.chunk());
      digest.AddRaw(message.chunk().data(), message.chunk().size());
      size += static_cast<int64_t>(message.chunk().size());
      if (message.has_backup()) backup_ = message.backup();
    }
    if (!error_.ok()) context.TryCancel();
    grpc::Status status = reader->Finish();
    // What went wrong here is not to be tried again.
    if (!error_.ok()) return {grpc::StatusCode::CANCELLED, ""};
    if (!status.ok()) return status;
    if (backup_.sha256() == ToHex(digest.Finish()) && backup_.size_bytes() == size) return status;
    // Nor does a stream that ends well and too early come from a server of ours.
    return {grpc::StatusCode::DATA_LOSS, "what came is not what was sent; try again"};
  }

  const absl::Status& error() const { return error_; }
  v1::Backup& backup() { return backup_; }

 private:
  NewFile* const file_;
  absl::Status error_;
  v1::Backup backup_;
};

int Show(const Context& context, const v1::Backup& backup, bool on_server) {
  if (context.json) {
    context.out() << ToJson(backup, true);
    return kDone;
  }
  context.out() << (on_server ? "the server wrote " : "wrote ") << OneLine(backup.path()) << ": "
                << backup.size_bytes() << " bytes, SHA-256 " << backup.sha256() << "\n"
                << "store " << backup.store_id() << "\n"
                << "chain " << backup.chain_digest() << " at revision " << backup.revision()
                << "\n";
  return kDone;
}

int FailHere(const Context& context, const absl::Status& error) {
  context.err() << "error: " << OneLine(error.message()) << "\n";
  return kUsage;
}

int BackUpHere(Context& context, const AdminOptions& options) {
  NewFile file(options.file);
  Download download(&file);
  auto stub = v1::AdminService::NewStub(context.connection.channel());
  const absl::Status status = context.connection.Call(
      [&](grpc::ClientContext& call) { return download.Run(*stub, call); }, options.timeout);
  if (!download.error().ok()) return FailHere(context, download.error());
  if (!status.ok()) return Fail(context, status);
  if (const absl::Status finished = file.Finish(); !finished.ok()) {
    return FailHere(context, finished);
  }
  download.backup().set_path(options.file);
  return Show(context, download.backup(), false);
}

int BackUpThere(Context& context, const AdminOptions& options) {
  auto stub = v1::AdminService::NewStub(context.connection.channel());
  v1::CreateBackupRequest request;
  request.set_backup_id(options.on_server);
  v1::Backup backup;
  const absl::Status status = context.connection.Call(
      [&](grpc::ClientContext& call) { return stub->CreateBackup(&call, request, &backup); },
      options.timeout);
  return status.ok() ? Show(context, backup, true) : Fail(context, status);
}

}  // namespace

int RunBackup(Context& context, const AdminOptions& options) {
  if (options.file.empty() == options.on_server.empty()) {
    return FailUsage(context, "name either a file to write here, or --on-server and an id");
  }
  return options.on_server.empty() ? BackUpHere(context, options) : BackUpThere(context, options);
}

int RunVerify(Context& context, const AdminOptions& options) {
  auto stub = v1::AdminService::NewStub(context.connection.channel());
  const bool bar = context.environment.terminal && !context.json;
  v1::VerifyReport report;
  const absl::Status status = context.connection.Call(
      [&](grpc::ClientContext& call) -> grpc::Status {
        report.Clear();
        bool complete = false;
        auto reader = stub->VerifyStore(&call, v1::VerifyStoreRequest());
        v1::VerifyStoreResponse message;
        while (reader->Read(&message)) {
          if (bar) {
            context.err() << absl::StrFormat("\r\033[Kchecked %d of %d commits",
                                             message.verified_count(), message.commit_count())
                          << std::flush;
          }
          complete = message.has_report();
          if (complete) report = message.report();
        }
        if (bar) context.err() << "\r\033[K" << std::flush;
        grpc::Status ended = reader->Finish();
        if (!ended.ok() || complete) return ended;
        return {grpc::StatusCode::DATA_LOSS, "the check ended without a report; try again"};
      },
      options.timeout);
  if (!status.ok()) return Fail(context, status);
  const bool sound = report.problem_count() == 0;
  if (context.json) {
    context.out() << ToJson(report, true);
    return sound ? kDone : kRefused;
  }
  context.out() << "commits " << report.commit_count() << ", revisions of documents "
                << report.document_count() << ", points " << report.point_count()
                << ", evaluations " << report.evaluation_count() << "\n"
                << "store " << report.store_id() << "\n"
                << "chain " << report.chain_digest() << " at revision " << report.revision()
                << "\n";
  for (const v1::VerifyProblem& problem : report.problems()) {
    context.out() << "damage in " << OneLine(problem.resource()) << ": "
                  << OneLine(problem.message()) << "\n";
  }
  context.out() << (sound ? "no damage found\n"
                          : absl::StrCat("damage found: ", report.problem_count(), " problems\n"));
  return sound ? kDone : kRefused;
}

}  // namespace policytrack::cli
