#include "storage/sqlite/damage_mark.h"

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

absl::Status KeepInMind(const std::string& data_dir, const VerifyReport& report) {
  const std::string path = absl::StrCat(data_dir, "/", kDamageMark);
  std::error_code error;
  if (report.problem_count == 0) {
    fs::remove(path, error);
    if (!error) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("cannot remove ", path, ": ", error.message()));
  }
  std::ofstream file(path, std::ios::trunc);
  for (const StoreProblem& problem : report.problems) {
    file << problem.resource << ": " << problem.message << "\n";
  }
  file.close();
  if (file) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot write ", path));
}

absl::Status CheckMark(const std::string& data_dir) {
  const std::string path = absl::StrCat(data_dir, "/", kDamageMark);
  const std::optional<std::string> first = FirstMarked(path);
  if (!first.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("data directory ", data_dir, " was found damaged by a check: ", *first,
                            " (", path,
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
