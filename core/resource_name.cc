#include "core/resource_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

constexpr size_t kMaxIdBytes = 63;

absl::Status NameInvalid(absl::string_view field, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason::kNameInvalid,
               absl::StrCat(field, ": ", message), {{"field", std::string(field)}});
}

absl::Status NotOfForm(absl::string_view field, absl::string_view name, absl::string_view form) {
  return NameInvalid(field, absl::StrCat(Quoted(name), " is not a name of the form ", form,
                                         "; an id is 1 to 63 of a-z, 0-9 and -, begins with a "
                                         "letter and does not end with -"));
}

}  // namespace

bool IsResourceId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdBytes) return false;
  if (!absl::ascii_islower(static_cast<unsigned char>(id.front())) || id.back() == '-') {
    return false;
  }
  for (const char c : id) {
    const auto u = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(u) && !absl::ascii_isdigit(u) && c != '-') return false;
  }
  return true;
}

absl::Status CheckResourceId(absl::string_view field, absl::string_view id) {
  if (IsResourceId(id)) return absl::OkStatus();
  return NameInvalid(field, absl::StrCat(Quoted(id),
                                         " is not an id: 1 to 63 of a-z, 0-9 and -, beginning with "
                                         "a letter and not ending with -"));
}

std::string ResourceName(absl::string_view collection, absl::string_view id) {
  return absl::StrCat(collection, "/", id);
}

absl::StatusOr<std::string> ParseResourceName(absl::string_view field, absl::string_view collection,
                                              absl::string_view name) {
  const std::string form = absl::StrCat(collection, "/{id}");
  if (name.empty()) return FieldRequired(field, absl::StrCat("must be a name of the form ", form));
  absl::string_view id = name;
  if (!absl::ConsumePrefix(&id, collection) || !absl::ConsumePrefix(&id, "/") ||
      !IsResourceId(id)) {
    return NotOfForm(field, name, form);
  }
  return std::string(id);
}

std::string MakeTargetName(absl::string_view measure_name, absl::string_view target_id) {
  return absl::StrCat(measure_name, "/", kTargets, "/", target_id);
}

absl::StatusOr<TargetName> ParseTargetName(absl::string_view field, absl::string_view name) {
  constexpr absl::string_view kForm = "measures/{measure}/targets/{target}";
  if (name.empty()) return FieldRequired(field, absl::StrCat("must be a name of the form ", kForm));
  constexpr absl::string_view kInfix = "/targets/";
  const size_t infix = name.find(kInfix);
  if (infix == absl::string_view::npos) return NotOfForm(field, name, kForm);
  const absl::string_view measure = name.substr(0, infix);
  const absl::string_view target = name.substr(infix + kInfix.size());
  absl::string_view measure_id = measure;
  if (!absl::ConsumePrefix(&measure_id, kMeasures) || !absl::ConsumePrefix(&measure_id, "/") ||
      !IsResourceId(measure_id) || !IsResourceId(target)) {
    return NotOfForm(field, name, kForm);
  }
  return TargetName{std::string(measure), std::string(target)};
}

absl::StatusOr<int64_t> ParseCommitName(absl::string_view field, absl::string_view name) {
  if (name.empty()) return FieldRequired(field, "must be a name of the form commits/{revision}");
  absl::string_view digits = name;
  int64_t revision = 0;
  bool good = absl::ConsumePrefix(&digits, kCommits) && absl::ConsumePrefix(&digits, "/") &&
              !digits.empty() && digits.front() != '0';
  // SimpleAtoi alone would take signs and spaces.
  for (const char c : digits) good = good && absl::ascii_isdigit(static_cast<unsigned char>(c));
  if (!good || !absl::SimpleAtoi(digits, &revision)) {
    return NameInvalid(field, absl::StrCat(Quoted(name),
                                           " is not a name of the form commits/{revision}; a "
                                           "revision is a whole number from 1"));
  }
  return revision;
}

absl::string_view CollectionOf(absl::string_view name) {
  const size_t slash = name.find('/');
  return slash == absl::string_view::npos ? absl::string_view() : name.substr(0, slash);
}

}  // namespace policytrack
