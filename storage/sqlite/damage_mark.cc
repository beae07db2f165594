#include "storage/sqlite/damage_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::storage::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr char kDraft[] = ".new";

// The lines of a mark, durably in a file.
bool WriteDurably(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const ssize_t written = write(file, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size());
  if (!whole && written >= 0) errno = ENOSPC;
  const bool done = whole && fsync(file) == 0;
  const int error = errno;
  close(file);
  errno = error;
  return done;
}

bool SyncDirectory(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  const bool done = fsync(directory) == 0;
  const int error = errno;
  close(directory);
  errno = error;
  return done;
}

// The first of what was found, when there is a mark.
std::optional<std::string> FirstMarked(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  std::ifstream file(path);
  std::string first;
  std::getline(file, first);
  return first;
}

}  // namespace

DamageMark::DamageMark(const std::string& data_dir)
    : data_dir_(data_dir), path_(absl::StrCat(data_dir, "/", kDamageMark)) {}

void DamageMark::Keep(VerifyReport* report) {
  absl::MutexLock lock(&mutex_);
  const bool damaged = report->problem_count > 0;
  const absl::Status kept = damaged ? Write(*report) : Remove();
  if (kept.ok()) return;
  ++report->problem_count;
  // To whoever looks at the first only, the damage matters more.
  report->problems.push_back(
      {"database", absl::StrCat(damaged ? "what was found could not be kept for the next start, "
                                          "which will not refuse the store: "
                                        : "what an earlier check found could not be forgotten, and "
                                          "the next start will refuse the store: ",
                                kept.message())});
}

void DamageMark::Keep(const absl::Status& damage) {
  absl::MutexLock lock(&mutex_);
  std::error_code error;
  if (fs::exists(path_, error)) return;
  const absl::string_view message = damage.message();
  VerifyReport report;
  report.problem_count = 1;
  report.problems.push_back({"database", std::string(message.substr(0, message.find("; ")))});
  // Who met the damage says so in any case.
  Write(report).IgnoreError();
}

absl::Status DamageMark::Write(const VerifyReport& report) {
  std::string text;
  for (const StoreProblem& problem : report.problems) {
    absl::StrAppend(&text, problem.resource, ": ", problem.message, "\n");
  }
  const std::string draft = absl::StrCat(path_, kDraft);
  if (WriteDurably(draft, text) && rename(draft.c_str(), path_.c_str()) == 0 &&
      SyncDirectory(data_dir_)) {
    return absl::OkStatus();
  }
  const int failed = errno;
  std::error_code error;
  fs::remove(draft, error);
  return absl::InternalError(std::strerror(failed));
}

absl::Status DamageMark::Remove() {
  std::error_code error;
  fs::remove(absl::StrCat(path_, kDraft), error);
  if (!fs::remove(path_, error) && !error) return absl::OkStatus();
  if (error) return absl::InternalError(error.message());
  return SyncDirectory(data_dir_) ? absl::OkStatus() : absl::InternalError(std::strerror(errno));
}

absl::Status CheckMark(const std::string& data_dir) {
  const std::string path = absl::StrCat(data_dir, "/", kDamageMark);
  const std::optional<std::string> first = FirstMarked(path);
  if (!first.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("data directory ", data_dir, " was found damaged: ", *first, " (", path,
                            " has all); restore a backup, start with --read-only-salvage to read "
                            "what can be read, or check again with --verify"));
}

absl::Status CheckMarkForCopy(const std::string& data_dir) {
  const std::optional<std::string> first = FirstMarked(absl::StrCat(data_dir, "/", kDamageMark));
  if (!first.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("a check found damage in the store (", *first,
                            "), and a backup of it could not be restored; restore an earlier "
                            "backup, or check again with `policytrack verify`"));
}

}  // namespace policytrack::storage::sqlite
