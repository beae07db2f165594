// AdminService.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_ADMIN_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_ADMIN_SERVICE_H_

#include "policytrack/v1/admin_service.grpc.pb.h"
#include "services/app/admin.h"
#include "services/rpc/edge.h"
#include "services/rpc/stream_job.h"

namespace policytrack::rpc {

class AdminService final : public v1::AdminService::CallbackService {
 public:
  // `admin` is not owned and must outlive this.
  AdminService(const Log& log, app::Admin* admin)
      : executor_(kThreads, kMaxQueued), edge_(log, &executor_), admin_(admin) {}

  grpc::ServerUnaryReactor* CreateBackup(grpc::CallbackServerContext* context,
                                         const v1::CreateBackupRequest* request,
                                         v1::Backup* response) override {
    return edge_.Pooled(context, "CreateBackup", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(admin_->CreateBackup(*request, [context] { return context->IsCancelled(); }),
                    response);
    });
  }

  grpc::ServerWriteReactor<v1::DownloadBackupResponse>* DownloadBackup(
      grpc::CallbackServerContext* context, const v1::DownloadBackupRequest* request) override {
    using Job = StreamJob<v1::DownloadBackupResponse>;
    return Job::Start(&edge_, &executor_, context, "DownloadBackup",
                      [this](const Job::Send& send, const Job::Gone& gone) {
                        return admin_->DownloadBackup(send, gone);
                      });
  }

  grpc::ServerWriteReactor<v1::VerifyStoreResponse>* VerifyStore(
      grpc::CallbackServerContext* context, const v1::VerifyStoreRequest* request) override {
    using Job = StreamJob<v1::VerifyStoreResponse>;
    return Job::Start(&edge_, &executor_, context, "VerifyStore",
                      [this](const Job::Send& send, const Job::Gone& gone) {
                        return admin_->VerifyStore(send, gone);
                      });
  }

 private:
  // One that copies, one that checks, and one to say that they do.
  static constexpr int kThreads = 3;
  static constexpr size_t kMaxQueued = 16;

  Executor executor_;
  Edge edge_;
  app::Admin* const admin_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_ADMIN_SERVICE_H_
