// What a commit's digests cover, byte for byte (docs/storage-format.md), and the
// check of the chain that they make.
//
// Thread rule: functions any thread; a ContentDigest belongs to one.
#ifndef POLICYTRACK_STORAGE_COMMIT_DIGEST_H_
#define POLICYTRACK_STORAGE_COMMIT_DIGEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/columns.h"
#include "storage/store.h"

namespace policytrack::storage {

// The digest of what a commit did to one series: the points that it wrote
// (revisions do not count) and the periods that it deleted.
std::string SeriesDigest(const Columns& written, const std::vector<int64_t>& deleted);

// Gathers what a commit wrote, in any order; a later call for the same name
// takes the place of the one before.
class ContentDigest {
 public:
  void SetDocument(absl::string_view name, bool deleted, absl::string_view body);
  void SetSeries(const SeriesInfo& series, std::string series_digest);
  void SetEvaluation(absl::string_view parent, absl::string_view body);
  // 32 bytes.
  std::string Finish() const;

 private:
  std::map<std::string, std::pair<bool, std::string>> documents_;
  std::map<std::tuple<std::string, std::string, std::string>, std::string> series_;
  std::map<std::string, std::string> evaluations_;
};

// What the chain digest before revision 1 is taken to be: 32 zero bytes.
std::string ChainStart();

// The chain digest of a commit, from all its fields but changes and
// chain_digest.
std::string ChainDigest(absl::string_view previous, const Commit& commit);

// Recomputes the chain of every commit in this view.
// Returns INTERNAL / STORE_DAMAGED, naming the commit, when a revision is
// missing, a time goes back, or a digest does not match; else the errors of
// reading.
absl::Status VerifyChain(ReadTransaction& transaction);

}  // namespace policytrack::storage

#endif  // POLICYTRACK_STORAGE_COMMIT_DIGEST_H_
