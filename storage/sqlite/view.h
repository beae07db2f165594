// What a query is asked of: a connection inside a transaction, and what "the
// present" means in it.
#ifndef POLICYTRACK_STORAGE_SQLITE_VIEW_H_
#define POLICYTRACK_STORAGE_SQLITE_VIEW_H_

#include <cstdint>
#include <string>

#include "storage/sqlite/connection.h"

namespace policytrack::storage::sqlite {

// The last commit.
struct Head {
  int64_t revision = 0;
  int64_t time_us = INT64_MIN;
  std::string chain_digest;
};

struct View {
  Connection* connection = nullptr;
  int64_t revision = 0;      // the last one committed
  int64_t present_from = 0;  // an as_of from here on is the present
  int64_t now_us = 0;        // for what expires

  bool IsPresent(int64_t as_of) const { return as_of >= present_from; }
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_VIEW_H_
