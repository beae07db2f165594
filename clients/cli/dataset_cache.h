// Datasets read once each, for what a file means in them.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_DATASET_CACHE_H_
#define POLICYTRACK_CLIENTS_CLI_DATASET_CACHE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/channel.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"

namespace policytrack::cli {

class DatasetCache {
 public:
  // The connection must outlive it.
  explicit DatasetCache(Connection& connection)
      : connection_(connection), stub_(v1::DatasetService::NewStub(connection.channel())) {}

  // Valid as long as the cache. Returns the errors of the service.
  absl::StatusOr<const v1::Dataset*> Find(const std::string& name) {
    if (const auto it = datasets_.find(name); it != datasets_.end()) return &it->second;
    v1::GetDatasetRequest request;
    request.set_name(name);
    auto dataset = connection_.Unary(*stub_, &v1::DatasetService::Stub::GetDataset, request);
    if (!dataset.ok()) return failure_ = dataset.status();
    return &datasets_.emplace(name, *std::move(dataset)).first->second;
  }

  // The last error, so that it is not taken for one of a file.
  const absl::Status& failure() const { return failure_; }

 private:
  Connection& connection_;
  std::unique_ptr<v1::DatasetService::Stub> stub_;
  std::map<std::string, v1::Dataset> datasets_;
  absl::Status failure_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_DATASET_CACHE_H_
