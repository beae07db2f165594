#include "clients/cli/push_input.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/yaml_document.h"
#include "core/error.h"
#include "core/resource_name.h"

namespace policytrack::cli {
namespace {

namespace fs = std::filesystem;

// The rest of a stream in a new file that has no name: it is gone when the
// descriptor is closed, however the program ends.
absl::StatusOr<std::pair<std::string, std::shared_ptr<void>>> CopyToFile(std::istream& in) {
  std::error_code error;
  const fs::path directory = fs::temp_directory_path(error);
  if (error) return absl::UnavailableError("there is no directory for temporary files");
  std::string name = (directory / "policytrack-XXXXXX").string();
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) {
    return absl::UnavailableError(absl::StrCat(name, ": ", std::strerror(errno)));
  }
  unlink(name.c_str());
  std::shared_ptr<void> handle(new int(descriptor), [](void* p) {
    auto* open = static_cast<int*>(p);
    close(*open);
    delete open;
  });
  // Opening this path gives a descriptor with a position of its own.
  std::string path = absl::StrCat("/dev/fd/", descriptor);
  std::ofstream out(path, std::ios::binary);
  // Copying nothing sets failbit, which is no error here.
  if (in.peek() != std::istream::traits_type::eof()) out << in.rdbuf();
  out.flush();
  if (!out || in.bad()) {
    return absl::UnavailableError(
        "what a pipe gives cannot be copied to a temporary file; is its directory "
        "(TMPDIR) full?");
  }
  return std::make_pair(std::move(path), std::move(handle));
}

bool HasColumnFlags(const PushCommandOptions& options) {
  return !options.period_column.empty() || !options.value_column.empty() ||
         !options.status_column.empty() || !options.dimensions.empty();
}

// The mapping file for a data file, or "" when there is none.
std::string FindMapping(const std::string& file, const PushCommandOptions& options) {
  if (!options.mapping.empty()) return options.mapping;
  if (file == "-" || HasColumnFlags(options)) return "";
  const fs::path path(file);
  const fs::path candidates[] = {
      path.parent_path() / (path.stem().string() + ".mapping.yaml"),
      path.parent_path() / "push.yaml",
  };
  for (const fs::path& candidate : candidates) {
    std::error_code ignored;
    if (fs::exists(candidate, ignored)) return candidate.string();
  }
  return "";
}

absl::Status ApplyFlags(const PushCommandOptions& options, PushMapping* mapping) {
  if (!options.format.empty()) mapping->sdmx = options.format == "sdmx-csv";
  if (!options.encoding.empty()) mapping->csv.encoding = absl::AsciiStrToLower(options.encoding);
  if (!options.dataset.empty()) {
    mapping->dataset = CellSource::Constant(WithCollection(kDatasets, options.dataset));
  }
  if (!options.period_column.empty()) {
    CellSource source;
    PT_RETURN_IF_ERROR(ParsePeriodSource(options.period_column, &source));
    mapping->period = std::move(source);
  }
  if (!options.value_column.empty()) mapping->value = CellSource::Column(options.value_column);
  if (!options.status_column.empty()) mapping->status = CellSource::Column(options.status_column);
  for (const std::string& flag : options.dimensions) {
    PT_RETURN_IF_ERROR(AddDimensionFlag(flag, mapping));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PushInput::Find(const std::string& file) {
  if (file == "-") return absl::OkStatus();
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    return absl::NotFoundError(absl::StrCat(file, ": there is no such file"));
  }
  if (error) return absl::UnavailableError(absl::StrCat(file, ": ", error.message()));
  if (fs::is_directory(status)) {
    return absl::UnavailableError(absl::StrCat(file, ": is a directory; name the files in it"));
  }
  if (!fs::is_regular_file(status)) return absl::OkStatus();
  errno = 0;
  if (!std::ifstream(file, std::ios::binary)) {
    return absl::PermissionDeniedError(absl::StrCat(file, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

absl::StatusOr<PushInput> PushInput::Prepare(const Context& context, const std::string& file,
                                             const PushCommandOptions& options,
                                             std::vector<Diagnostic>* errors) {
  PushInput input;
  input.name_ = file == "-" ? "standard input" : file;
  input.path_ = file;
  input.json_lines_ =
      options.format == "jsonl" || (options.format.empty() && absl::EndsWith(file, ".jsonl"));
  if (input.json_lines_) {
    if (!options.mapping.empty() || HasColumnFlags(options)) {
      return absl::InvalidArgumentError(absl::StrCat(
          input.name_, ": JSON lines name their fields themselves; a mapping is for CSV"));
    }
    input.encoding_ = options.encoding.empty() ? kUtf8Encoding : options.encoding;
    if (!options.dataset.empty()) input.dataset_ = WithCollection(kDatasets, options.dataset);
  } else {
    const std::string mapping_file = FindMapping(file, options);
    if (!mapping_file.empty()) {
      PT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(mapping_file));
      const size_t before = errors->size();
      input.mapping_ = ParseMapping(text, mapping_file, errors);
      if (errors->size() > before) return input;
    }
    PT_RETURN_IF_ERROR(ApplyFlags(options, &input.mapping_));
    if (absl::Status status = CheckComplete(input.mapping_); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(input.name_, ": ", status.message()));
    }
  }
  // A pipe gives its bytes once, and they are read several times.
  std::error_code ignored;
  if (file == "-" || !fs::is_regular_file(file, ignored)) {
    std::ifstream pipe;
    if (file != "-") pipe.open(file, std::ios::binary);
    PT_ASSIGN_OR_RETURN(auto copy, CopyToFile(file == "-" ? *context.environment.in : pipe));
    input.path_ = std::move(copy.first);
    input.temporary_ = std::move(copy.second);
  }
  return input;
}

absl::StatusOr<OpenInput> PushInput::Open(const DatasetLookup& lookup) const {
  std::error_code error;
  if (fs::is_directory(path_, error)) {
    return absl::UnavailableError(absl::StrCat(name_, ": is a directory"));
  }
  OpenInput open;
  errno = 0;
  open.stream = std::make_unique<std::ifstream>(path_, std::ios::binary);
  if (!*open.stream) {
    return absl::UnavailableError(absl::StrCat(name_, ": ", std::strerror(errno)));
  }
  if (json_lines_) {
    open.rows = OpenJsonLines(*open.stream, dataset_, encoding_);
    return open;
  }
  int64_t line = 1;
  auto rows = OpenCsv(*open.stream, mapping_, lookup, &line);
  if (!rows.ok()) {
    // What the service says keeps its reason.
    if (!ReasonOf(rows.status()).empty()) return rows.status();
    return absl::Status(rows.status().code(),
                        absl::StrCat(name_, ":", line, ": ", rows.status().message()));
  }
  open.rows = *std::move(rows);
  return open;
}

}  // namespace policytrack::cli
