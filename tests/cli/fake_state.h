// What the fake server keeps, for the files that its services are in.
//
// Thread rule: Enter() from any thread; the rest for one call at a time.
#ifndef POLICYTRACK_TESTS_CLI_FAKE_STATE_H_
#define POLICYTRACK_TESTS_CLI_FAKE_STATE_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "clients/cli/documents_api.h"
#include "core/error.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "tests/cli/fake_server.h"

namespace policytrack::cli {

using google::protobuf::Message;

// The status with its payloads as grpc-status-details-bin.
grpc::Status ToGrpc(const absl::Status& status);

struct FakeServer::State {
  struct Pending {
    std::string method;
    Fault fault;
  };

  // The fault for a call, if one waits, and the note that it came.
  std::optional<Fault> Enter(const std::string& method, const std::string& name) {
    absl::MutexLock lock(&mutex);
    calls.push_back(name.empty() ? method : absl::StrCat(method, " ", name));
    for (auto it = faults.begin(); it != faults.end(); ++it) {
      if (!it->method.empty() && it->method != method) continue;
      const Fault fault = it->fault;
      faults.erase(it);
      return fault;
    }
    return std::nullopt;
  }

  // Runs `body` between the faults that wait before and after it.
  grpc::Status Do(const std::string& method, const std::string& name,
                  const std::function<absl::Status()>& body) {
    const std::optional<Fault> fault = Enter(method, name);
    if (fault.has_value() && !fault->after) return ToGrpc(fault->status);
    const absl::Status status = body();
    return ToGrpc(fault.has_value() ? fault->status : status);
  }

  absl::Status CheckReferences(const Message& document) const {
    std::vector<std::string> names;
    if (const auto* measure = dynamic_cast<const v1::Measure*>(&document)) {
      names.push_back(measure->plan());
      for (const v1::Target& target : measure->targets()) names.push_back(target.indicator());
    }
    if (const auto* indicator = dynamic_cast<const v1::Indicator*>(&document)) {
      for (const v1::IndicatorInput& input : indicator->inputs()) names.push_back(input.source());
    }
    for (const std::string& name : names) {
      if (!name.empty() && documents.count(name) == 0) {
        return NotFound(name, absl::StrCat("`", name, "` does not exist"));
      }
    }
    if (TextOf(document, "display_name") == "refuse me") {
      const std::string field =
          absl::StrCat(absl::AsciiStrToLower(document.GetDescriptor()->name()), ".display_name");
      return FieldInvalid(field, "is refused by the test");
    }
    return absl::OkStatus();
  }

  template <typename Resource>
  absl::Status Store(const std::string& name, const Resource& document, bool validate_only,
                     Resource* answer) {
    absl::Status status = CheckReferences(document);
    if (!status.ok()) return status;
    auto stored = std::make_unique<Resource>(document);
    stored->set_name(name);
    stored->set_revision(revision + 1);
    stored->set_etag(absl::StrCat("\"", revision + 1, "\""));
    *answer = *stored;
    if (validate_only) return absl::OkStatus();
    ++revision;
    documents[name] = std::move(stored);
    return absl::OkStatus();
  }

  template <typename Resource>
  absl::Status Get(const std::string& name, Resource* answer) const {
    const auto it = documents.find(name);
    if (it == documents.end()) return NotFound(name, absl::StrCat("there is no ", name));
    answer->CopyFrom(*it->second);
    return absl::OkStatus();
  }

  absl::Status CheckEtag(const std::string& name, const std::string& etag) const {
    if (etag.empty() || EtagOf(*documents.at(name)) == etag) return absl::OkStatus();
    return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
                 absl::StrCat(name, " has changed since it was read"));
  }

  absl::Mutex mutex;
  std::deque<Pending> faults;
  std::vector<std::string> calls;
  std::vector<std::string> request_ids;
  std::vector<Push> pushes;
  std::map<std::string, std::unique_ptr<Message>> documents;
  int64_t revision = 0;

  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

// The services of the four kinds of documents.
std::vector<std::unique_ptr<grpc::Service>> MakeFakeDocumentServices(FakeServer::State* state);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_TESTS_CLI_FAKE_STATE_H_
