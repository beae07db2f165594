#include "plugins/host/discovery.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/digest.h"
#include "core/resource_name.h"
#include "core/utf8.h"
#include "plugins/checks/descriptor.h"
#include "plugins/checks/golden_vectors.h"
#include "plugins/engine.h"
#include "plugins/host/elf_file.h"
#include "plugins/host/file_owner.h"
#include "plugins/version.h"

namespace policytrack::plugins {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxSharedObjectBytes = 256u << 20;
// What is left of the name of golden vectors without .json.
constexpr char kGolden[] = ".golden";

// The bytes of a regular file, or what is wrong with it in words that follow
// its name.
absl::StatusOr<std::string> ReadFile(const std::string& path, uintmax_t max_bytes) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return absl::InvalidArgumentError("is not a regular file; remove it");
  }
  const uintmax_t size = fs::file_size(path, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("cannot be read: ", error.message()));
  if (size > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", size, " bytes; at most ", max_bytes, " are read"));
  }
  std::ifstream in(path, std::ios::binary);
  std::string bytes(static_cast<size_t>(size), '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size))) {
    return absl::InvalidArgumentError("cannot be read; look at its permissions");
  }
  return bytes;
}

bool IsPlainText(const std::string& name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); });
}

// One plugin on its way from files to code.
class Opening {
 public:
  Opening(const std::string& directory, const std::string& base) : file_(base) {
    base_ = (fs::path(directory) / base).string();
    const SplitReference split = SplitPluginReference(base);
    id_ = std::string(split.name);
    found_.version = std::string(split.version);
    found_.plugin.set_name(absl::StrCat("plugins/", id_));
  }

  FoundPlugin Open(const PluginFiles& files, const AllowList& allow_list, bool workers,
                   const LoadedBefore& loaded_before) {
    if (!Read(files) || !CheckContents()) return std::move(found_);
    const bool named = allow_list.Names(file_ + ".so") || allow_list.Names(file_ + ".json");
    // Whoever trusts it, what it runs is written by others.
    const bool worker_only = found_.plugin.plugin_descriptor().worker_only();
    if (worker_only && !workers) {
      Fail(v1::PLUGIN_STATE_NOT_TRUSTED,
           absl::StrCat(id_,
                        " runs in a worker process only, and workers are off; set "
                        "plugin-workers to on to use it"));
    } else if (workers && worker_only && named) {
      // Pinned bytes are the operator's, whoever owns the files.
      if (CheckTrust(allow_list, workers)) LeaveToWorker();
    } else if (workers && !named) {
      if (CheckOwners()) LeaveToWorker();
    } else if (CheckTrust(allow_list, workers)) {
      Load(loaded_before);
    }
    return std::move(found_);
  }

 private:
  bool Fail(v1::PluginState state, const std::string& message) {
    found_.plugin.set_state(state);
    found_.plugin.set_state_message(message);
    return false;
  }
  bool Broken(const std::string& message) { return Fail(v1::PLUGIN_STATE_BROKEN, message); }

  // Reads both halves, and tells all that is wrong with either.
  bool Read(const PluginFiles& files) {
    std::vector<std::string> problems;
    const auto read = [&](const char* extension, bool there, uintmax_t max_bytes,
                          std::string* bytes) {
      const std::string file = file_ + extension;
      if (!there) {
        problems.push_back(absl::StrCat(
            file, " is missing; a plugin is a shared object and a descriptor side by side"));
        return false;
      }
      absl::StatusOr<std::string> result = ReadFile(base_ + extension, max_bytes);
      if (!result.ok()) {
        problems.push_back(absl::StrCat(file, " ", std::string(result.status().message())));
        return false;
      }
      *bytes = *std::move(result);
      return true;
    };
    if (read(".so", files.shared_object, kMaxSharedObjectBytes, &shared_object_)) {
      found_.plugin.set_digest(Sha256Hex(shared_object_));
      elf_ = CheckElf(shared_object_);
      elf_.message = absl::StrCat(file_, ".so ", elf_.message);
      if (elf_.state == v1::PLUGIN_STATE_BROKEN) problems.push_back(elf_.message);
    }
    if (read(".json", files.descriptor, kMaxDescriptorBytes, &descriptor_)) {
      found_.plugin.set_descriptor_digest(Sha256Hex(descriptor_));
    }
    return problems.empty() || Broken(absl::StrJoin(problems, ". "));
  }

  bool CheckContents() {
    if (!IsResourceId(id_)) {
      return Broken(absl::StrCat("the name `", id_,
                                 "` must be of small letters, digits and hyphens and begin with a "
                                 "letter; rename its files"));
    }
    if (file_.size() > id_.size() && !ParseVersion(found_.version).has_value()) {
      return Broken(absl::StrCat("the name `", file_,
                                 "` must end in a version after the `@`, as `growth@1.2.0` does; "
                                 "rename its files"));
    }
    absl::StatusOr<v1::PluginDescriptor> descriptor = ParseDescriptor(descriptor_);
    if (!descriptor.ok()) return BadDescriptor(descriptor.status());
    if (absl::Status status = CheckDescriptor(*descriptor, id_); !status.ok()) {
      return BadDescriptor(status);
    }
    if (!found_.version.empty() && descriptor->version() != found_.version) {
      return Broken(absl::StrCat(file_, ".json says that it is version ", descriptor->version(),
                                 ", its name says ", found_.version,
                                 "; rename the files, or install the two that belong together"));
    }
    found_.version = descriptor->version();
    *found_.plugin.mutable_plugin_descriptor() = *std::move(descriptor);
    const v1::PluginDescriptor& d = found_.plugin.plugin_descriptor();
    if (d.abi_major() != PT_ABI_MAJOR || d.abi_minor() > PT_ABI_MINOR) {
      return Fail(v1::PLUGIN_STATE_ABI_MISMATCH,
                  absl::StrCat(file_, ".json says that it needs ABI ", d.abi_major(), ".",
                               d.abi_minor(), ", but this server speaks ", PT_ABI_MAJOR, ".",
                               PT_ABI_MINOR, "; build it against the SDK of this server"));
    }
    if (elf_.state != v1::PLUGIN_STATE_UNSPECIFIED) return Fail(elf_.state, elf_.message);
    return true;
  }

  bool BadDescriptor(const absl::Status& status) {
    return Broken(absl::StrCat(file_, ".json: ", std::string(status.message()), "; correct it"));
  }

  // Whoever could change the files of a plugin that nobody pinned could run code, if
  // only in a worker, in the name of its author.
  bool CheckOwners() {
    for (const std::string& path :
         {fs::path(base_).parent_path().string(), base_ + ".so", base_ + ".json"}) {
      const std::string problem = OwnershipProblem(path);
      if (!problem.empty()) return Fail(v1::PLUGIN_STATE_NOT_TRUSTED, problem);
    }
    return true;
  }

  bool CheckTrust(const AllowList& allow_list, bool workers) {
    const std::pair<std::string, std::string> files[] = {
        {file_ + ".so", found_.plugin.digest()},
        {file_ + ".json", found_.plugin.descriptor_digest()}};
    for (const auto& [file, digest] : files) {
      if (allow_list.Trusts(file, digest)) continue;
      return Fail(v1::PLUGIN_STATE_NOT_TRUSTED,
                  absl::StrCat("the SHA-256 of ", file,
                               " is not on the list of trusted plugins; if you trust it, add to "
                               "the list the line `",
                               digest, "  ", file, "` and reload the plugins",
                               workers ? "; to run it in a worker instead, take the lines that "
                                         "pin it with other digests from the list"
                                       : ""));
    }
    return true;
  }

  void LeaveToWorker() {
    Activate(v1::PLUGIN_HOSTING_WORKER);
    found_.shared_object = std::move(shared_object_);
  }

  void Load(const LoadedBefore& loaded_before) {
    if (!loaded_before(BuildDigest())) {
      LoadResult result = LoadNativeLibrary(shared_object_, found_.plugin.plugin_descriptor());
      if (result.state != v1::PLUGIN_STATE_ACTIVE) {
        Fail(result.state, absl::StrCat(file_, ".so ", result.message));
        return;
      }
      found_.library = result.library;
    }
    Activate(v1::PLUGIN_HOSTING_IN_PROCESS);
  }

  void Activate(v1::PluginHosting hosting) {
    found_.plugin.set_state(v1::PLUGIN_STATE_ACTIVE);
    found_.plugin.set_hosting(hosting);
    found_.digest = BuildDigest();
  }

  // Over both files.
  std::string BuildDigest() const {
    Digest digest;
    digest.Add(shared_object_).Add(descriptor_);
    return ToHex(digest.Finish());
  }

  std::string file_;
  std::string id_;
  std::string base_;
  std::string shared_object_;
  std::string descriptor_;
  ElfProblem elf_;
  FoundPlugin found_;
};

}  // namespace

absl::StatusOr<std::map<std::string, PluginFiles>> ListPluginFiles(
    const std::string& directory, const std::function<void(absl::string_view)>& log) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (!fs::exists(status)) {
    return absl::NotFoundError(absl::StrCat("the plugin directory ", directory, " does not exist"));
  }
  if (!fs::is_directory(status)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the plugin directory ", directory, " is not a directory"));
  }
  std::map<std::string, PluginFiles> found;
  fs::directory_iterator at(directory, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::string base = at->path().stem().string();
    const std::string extension = at->path().extension().string();
    const bool plugin = (extension == ".so" || extension == ".json") && IsPlainText(base);
    if (!plugin) {
      log(absl::StrCat("plugin directory ", directory, ": ", Quoted(at->path().filename().string()),
                       " is neither a shared object nor a descriptor and is ignored"));
      continue;
    }
    if (extension == ".json" && absl::EndsWith(base, kGolden)) {
      base.resize(base.size() - std::char_traits<char>::length(kGolden));
      found[base].golden = true;
      continue;
    }
    PluginFiles& files = found[base];
    (extension == ".so" ? files.shared_object : files.descriptor) = true;
  }
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the plugin directory ", directory, " cannot be read: ", error.message()));
  }
  // Golden vectors alone are of a plugin that is gone.
  for (auto file = found.begin(); file != found.end();) {
    const bool alone = !file->second.shared_object && !file->second.descriptor;
    file = alone ? found.erase(file) : std::next(file);
  }
  return found;
}

FoundPlugin OpenPlugin(const std::string& directory, const std::string& base,
                       const PluginFiles& files, const AllowList& allow_list, bool workers,
                       const LoadedBefore& loaded_before) {
  return Opening(directory, base).Open(files, allow_list, workers, loaded_before);
}

std::string ReadGolden(const std::string& directory, const std::string& base) {
  const fs::path path = fs::path(directory) / (base + kGoldenExtension);
  return ReadFile(path.string(), kMaxGoldenBytes).value_or("");
}

}  // namespace policytrack::plugins
