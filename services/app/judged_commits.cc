#include "services/app/judged_commits.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::app {

std::optional<JudgedCommits::Changes> JudgedCommits::Find(const CommitEvents& commit,
                                                          const EventSelection& selection) {
  Changes changes;
  absl::MutexLock lock(&mutex_);
  const auto judged = commits_.find(commit.commit.revision());
  for (const std::string& target : commit.targets) {
    if (!selection.CanSelect(v1::EVENT_KIND_STATUS_CHANGED, target)) continue;
    if (judged == commits_.end()) return std::nullopt;
    const auto found = judged->second.targets.find(target);
    if (found == judged->second.targets.end()) return std::nullopt;
    if (found->second != nullptr) changes.push_back(found->second);
  }
  if (judged != commits_.end()) by_use_.splice(by_use_.end(), by_use_, judged->second.place);
  return changes;
}

absl::Status JudgedCommits::Judge(int64_t revision, const EventSelection& selection,
                                  const std::atomic<bool>& stop) {
  absl::MutexLock judging(&judge_mutex_);
  std::optional<storage::Commit> commit;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(commit, tx.GetCommit(revision));
    return absl::OkStatus();
  }));
  if (!commit.has_value()) {
    return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
                 absl::StrCat("commit ", revision, " is not in the store"));
  }
  for (const std::string& target : TargetsOf(*commit)) {
    if (stop.load(std::memory_order_relaxed)) return absl::OkStatus();
    if (!selection.CanSelect(v1::EVENT_KIND_STATUS_CHANGED, target)) continue;
    if (Knows(revision, target)) continue;
    std::shared_ptr<const v1::Event> change;
    PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
      PT_ASSIGN_OR_RETURN(auto event, ReadStatusChange(tx, *engine_, *commit, target));
      if (event.has_value()) change = std::make_shared<const v1::Event>(*std::move(event));
      return absl::OkStatus();
    }));
    Keep(revision, target, std::move(change));
  }
  return absl::OkStatus();
}

bool JudgedCommits::Knows(int64_t revision, const std::string& target) const {
  absl::MutexLock lock(&mutex_);
  const auto judged = commits_.find(revision);
  return judged != commits_.end() && judged->second.targets.count(target) > 0;
}

void JudgedCommits::Keep(int64_t revision, const std::string& target,
                         std::shared_ptr<const v1::Event> change) {
  // A node of the map, its name and its change.
  constexpr size_t kNode = 96;
  const size_t bytes =
      kNode + target.capacity() + (change == nullptr ? 0 : kNode + change->SpaceUsedLong());
  absl::MutexLock lock(&mutex_);
  const auto [it, added] = commits_.try_emplace(revision);
  Judged& judged = it->second;
  if (added) {
    judged.place = by_use_.insert(by_use_.end(), revision);
  } else {
    by_use_.splice(by_use_.end(), by_use_, judged.place);
  }
  if (!judged.targets.emplace(target, std::move(change)).second) return;
  judged.bytes += bytes;
  bytes_ += bytes;
  while (bytes_ > kMaxBytes && by_use_.size() > 1) {
    const auto oldest = commits_.find(by_use_.front());
    bytes_ -= oldest->second.bytes;
    commits_.erase(oldest);
    by_use_.pop_front();
  }
}

size_t JudgedCommits::kept_bytes() const {
  absl::MutexLock lock(&mutex_);
  return bytes_;
}

}  // namespace policytrack::app
