// What any list is made of: how a page is read, and how an item is a row.
//
// Thread rule: plain values.
#ifndef POLICYTRACK_CLIENTS_CLI_LISTING_H_
#define POLICYTRACK_CLIENTS_CLI_LISTING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/documents_api.h"
#include "google/protobuf/message.h"
#include "policytrack/v1/observation_service.pb.h"

namespace policytrack::cli {

// One page of any list.
struct Page {
  std::vector<MessagePtr> items;
  std::string next_page_token;
  int64_t revision = 0;
  std::vector<v1::OutputUnit> units = {};  // of observations
};

// A list: how a page is read, and how an item is a row.
struct Listing {
  std::vector<std::string> header;
  std::vector<size_t> right;
  std::function<absl::StatusOr<Page>(const std::string& page_token)> read;
  std::function<std::vector<std::string>(const google::protobuf::Message&)> row;
  // What is told in full below the table, or nothing.
  std::function<std::string(const google::protobuf::Message&)> below;
};

template <typename Items>
std::vector<MessagePtr> Take(Items* items) {
  std::vector<MessagePtr> taken;
  for (auto& item : *items) {
    taken.emplace_back(item.New());
    taken.back()->CopyFrom(item);
  }
  return taken;
}

template <typename T>
const T& As(const google::protobuf::Message& message) {
  return static_cast<const T&>(message);
}

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_LISTING_H_
