#include "plugins/host/quarantine.h"

#include "absl/strings/str_cat.h"

namespace policytrack::plugins {

void Quarantine::Crashed(const std::string& digest, absl::string_view how) {
  const absl::Time now = clock_->Now();
  std::string reason;
  {
    absl::MutexLock lock(&mutex_);
    if (reasons_.count(digest) > 0) return;
    std::deque<absl::Time>& times = crashes_[digest];
    while (!times.empty() && now - times.front() > kWithin) times.pop_front();
    times.push_back(now);
    if (times.size() < static_cast<size_t>(kCrashes)) return;
    crashes_.erase(digest);
    reason = absl::StrCat("its process ended ", kCrashes, " times within ",
                          absl::FormatDuration(kWithin), ", the last time because ", how,
                          "; correct the plugin and install it with a new version");
    reasons_[digest] = reason;
  }
  absl::MutexLock listening(&listener_mutex_);
  if (listener_) listener_(digest, reason);
}

void Quarantine::SetListener(
    std::function<void(const std::string& digest, const std::string& reason)> listener) {
  absl::MutexLock lock(&listener_mutex_);
  listener_ = std::move(listener);
}

void Quarantine::Put(const std::string& digest, absl::string_view reason) {
  absl::MutexLock lock(&mutex_);
  reasons_[digest] = std::string(reason);
}

bool Quarantine::Release(const std::string& digest) {
  absl::MutexLock lock(&mutex_);
  crashes_.erase(digest);
  return reasons_.erase(digest) > 0;
}

std::map<std::string, std::string> Quarantine::All() const {
  absl::MutexLock lock(&mutex_);
  return reasons_;
}

std::optional<std::string> Quarantine::Reason(const std::string& digest) const {
  absl::MutexLock lock(&mutex_);
  const auto at = reasons_.find(digest);
  if (at == reasons_.end()) return std::nullopt;
  return at->second;
}

}  // namespace policytrack::plugins
