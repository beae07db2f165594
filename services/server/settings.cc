#include "services/server/settings.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/utf8.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::server {
namespace {

std::string PlaceOf(const std::string& path, const YAML::Mark& mark) {
  return absl::StrCat(path, ":", mark.line + 1);
}

// Hears of documents alone.
class DocumentStarts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  YAML::Mark last;
};

}  // namespace

std::vector<Setting> ReadSettingsFile(const std::string& path, const KindOf& kind_of,
                                      std::vector<std::string>* problems) {
  std::vector<Setting> settings;
  // Another kind of file may never end, or never begin.
  std::error_code missing;
  const auto status = std::filesystem::status(path, missing);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    problems->push_back(absl::StrCat(path, ": is not a regular file"));
    return settings;
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()) || file.bad()) {
    std::ifstream again(path);
    const bool empty = again && again.peek() == std::ifstream::traits_type::eof() && again.eof();
    if (!empty) problems->push_back(absl::StrCat(path, ": cannot be read"));
    return settings;
  }
  const auto problem = [&](const YAML::Mark& mark, const std::string& what) {
    problems->push_back(absl::StrCat(PlaceOf(path, mark), ": ", what));
  };
  try {
    // All documents are not loaded: the library finds ever more of them where one
    // begins with a comma.
    std::istringstream input(text.str());
    YAML::Parser parser(input);
    DocumentStarts starts;
    if (parser.HandleNextDocument(starts) && parser.HandleNextDocument(starts)) {
      problem(starts.last, "is not YAML, or begins a second document; settings are one");
      return settings;
    }
    const YAML::Node root = YAML::Load(text.str());
    if (root.IsNull()) return settings;
    if (!root.IsMap()) {
      problem(root.Mark(), "must be lines of `name: value`");
      return settings;
    }
    std::map<std::string, int> lines;
    for (const auto& entry : root) {
      const YAML::Mark mark = entry.first.Mark();
      if (!entry.first.IsScalar()) {
        problem(mark, "must be `name: value`");
        continue;
      }
      const std::string name = entry.first.Scalar();
      const auto [first, is_new] = lines.emplace(name, mark.line + 1);
      if (kind_of(name) == SettingKind::kNone) {
        problem(mark, absl::StrCat("there is no setting ", Quoted(name)));
      } else if (!is_new) {
        problem(mark, absl::StrCat(name, " stands in line ", first->second, " already"));
      } else if (!entry.second.IsScalar()) {
        problem(mark, absl::StrCat(name, " must have one value, as in `", name, ": value`"));
      } else {
        settings.push_back({name, entry.second.Scalar(), PlaceOf(path, mark)});
      }
    }
  } catch (const YAML::Exception& error) {
    problem(error.mark, absl::StrCat("is not YAML: ", error.msg));
  }
  return settings;
}

std::vector<Setting> ReadSettingsOf(const std::vector<std::string>& arguments,
                                    const KindOf& kind_of, std::vector<std::string>* problems) {
  std::vector<Setting> settings;
  std::map<std::string, bool> seen;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const size_t equals = argument.find('=');
    const std::string name =
        absl::StartsWith(argument, "--")
            ? argument.substr(2, equals == std::string::npos ? equals : equals - 2)
            : "";
    const SettingKind kind = name.empty() ? SettingKind::kNone : kind_of(name);
    if (kind == SettingKind::kNone) {
      problems->push_back(absl::StrCat("there is no flag ", Quoted(argument)));
      // Most likely it was meant to have a value.
      if (equals == std::string::npos && i + 1 < arguments.size() &&
          !absl::StartsWith(arguments[i + 1], "--")) {
        ++i;
      }
      continue;
    }
    Setting setting{name, "true", absl::StrCat("--", name)};
    if (equals != std::string::npos) {
      setting.value = argument.substr(equals + 1);
    } else if (kind == SettingKind::kValue) {
      if (i + 1 == arguments.size() || absl::StartsWith(arguments[i + 1], "--")) {
        problems->push_back(absl::StrCat(setting.place, ": needs a value"));
        continue;
      }
      setting.value = arguments[++i];
    }
    if (seen[name]) {
      problems->push_back(absl::StrCat(setting.place, ": is given twice"));
      continue;
    }
    seen[name] = true;
    settings.push_back(std::move(setting));
  }
  return settings;
}

}  // namespace policytrack::server
