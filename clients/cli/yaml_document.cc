#include "clients/cli/yaml_document.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "core/resource_name.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::cli {
namespace {

constexpr absl::string_view kKindKey = "kind";

std::string KindWords() {
  std::vector<absl::string_view> words;
  for (const DocumentKind& kind : DocumentKinds()) words.push_back(kind.kind);
  return absl::StrJoin(words, ", ");
}

// Reads one document; false when it has errors, which are appended.
bool ReadDocument(const YAML::Node& root, const std::string& file, ResourceDocument* document,
                  std::vector<Diagnostic>* errors) {
  const size_t before = errors->size();
  const auto fail = [&](const YAML::Node& at, std::string message) {
    const Position position = PositionOf(at);
    errors->push_back({file, position.line, position.column, std::move(message)});
    return false;
  };
  if (!root.IsMap()) {
    return fail(root,
                "a document must be a map with `kind`, `name` and the fields of the resource");
  }
  const YAML::Node kind = root[std::string(kKindKey)];
  if (!kind || !kind.IsScalar()) {
    return fail(kind ? kind : root, absl::StrCat("`kind` is missing; write one of ", KindWords()));
  }
  document->kind = FindKind(kind.Scalar());
  if (document->kind == nullptr) {
    return fail(kind,
                absl::StrCat("there is no kind `", kind.Scalar(), "`; write one of ", KindWords()));
  }
  document->file = file;
  document->message.reset(document->kind->prototype->New());
  MessageFromYaml(root, file, {std::string(kKindKey)}, document->message.get(),
                  &document->positions, errors);
  document->name = NameOf(*document->message);
  const auto id = ParseResourceName("name", document->kind->collection, document->name);
  if (!id.ok()) {
    const Position position = FindPosition(*document, "name");
    errors->push_back({file, position.line, position.column, std::string(id.status().message())});
  }
  if (errors->size() > before) return false;
  ClearOutputOnly(document->message.get());
  const std::string prefix = absl::AsciiStrToLower(document->kind->kind);
  if (absl::Status status = CheckFields(*document->message, prefix); !status.ok()) {
    const Position position = FindPosition(*document, MetadataOf(status, "field"));
    errors->push_back({file, position.line, position.column, std::string(status.message())});
  }
  return errors->size() == before;
}

absl::Status FileError(const std::string& path, std::error_code error) {
  const std::string message = absl::StrCat(path, ": ", error.message());
  if (error == std::errc::permission_denied) return absl::PermissionDeniedError(message);
  if (error == std::errc::no_such_file_or_directory) return absl::NotFoundError(message);
  return absl::UnavailableError(message);
}

// Mapping files of `push` stand beside documents and are none.
bool IsDocumentFile(const std::filesystem::path& path) {
  if (path.extension() != ".yaml" && path.extension() != ".yml") return false;
  const std::string stem = path.stem().string();
  return stem != "push" && !absl::EndsWith(stem, ".mapping");
}

// The path of the first text field that is `wanted`, or "".
std::string PathOfText(const google::protobuf::Message& message, const std::string& path,
                       const std::string& wanted) {
  using google::protobuf::FieldDescriptor;
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string field_path =
        path.empty() ? std::string(field->name()) : absl::StrCat(path, ".", field->name());
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      const bool many = field->is_repeated();
      const std::string item_path = many ? absl::StrCat(field_path, "[", i, "]") : field_path;
      std::string found;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const std::string text = many ? reflection->GetRepeatedString(message, field, i)
                                      : reflection->GetString(message, field);
        if (text == wanted) found = item_path;
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map()) {
        found = PathOfText(many ? reflection->GetRepeatedMessage(message, field, i)
                                : reflection->GetMessage(message, field),
                           item_path, wanted);
      }
      if (!found.empty()) return found;
    }
  }
  return "";
}

// Throws where a document begins that ends where it began: the library finds ever
// more of these, such as after a comma.
class DocumentsGoOn final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos == last_) throw YAML::ParserException(mark, "nothing can begin so");
    last_ = mark.pos;
  }
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

 private:
  int last_ = -1;
};

void CheckDocumentsGoOn(const std::string& text) {
  std::istringstream input(text);
  YAML::Parser parser(input);
  DocumentsGoOn handler;
  while (parser.HandleNextDocument(handler)) {
  }
}

}  // namespace

std::vector<ResourceDocument> ParseDocuments(const std::string& text, const std::string& file,
                                             std::vector<Diagnostic>* errors) {
  std::vector<ResourceDocument> documents;
  try {
    CheckDocumentsGoOn(text);
    for (const YAML::Node& root : YAML::LoadAll(text)) {
      // What stands between two `---` may be nothing.
      if (root.IsNull()) continue;
      ResourceDocument document;
      if (ReadDocument(root, file, &document, errors)) documents.push_back(std::move(document));
    }
  } catch (const YAML::Exception& e) {
    // yaml-cpp's border: it reports by exception.
    const Position position =
        e.mark.is_null() ? Position{} : Position{e.mark.line + 1, e.mark.column + 1};
    errors->push_back(
        {file, position.line, position.column, absl::StrCat("this is not YAML: ", e.msg)});
    documents.clear();
  }
  return documents;
}

absl::StatusOr<std::vector<std::string>> FindYamlFiles(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::set<fs::path> seen;
  const auto add = [&](const fs::path& path) {
    std::error_code ignored;
    const fs::path canonical = fs::weakly_canonical(path, ignored);
    if (seen.insert(canonical).second) files.push_back(path.string());
  };
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
      return absl::NotFoundError(absl::StrCat(path, ": there is no such file or directory"));
    }
    if (error) return FileError(path, error);
    if (!fs::is_directory(status)) {
      add(path);
      continue;
    }
    std::vector<fs::path> found;
    fs::recursive_directory_iterator it(path, error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      std::error_code ignored;
      if (IsDocumentFile(it->path()) && !it->is_directory(ignored)) found.push_back(it->path());
    }
    if (error) return FileError(path, error);
    if (found.empty()) {
      return absl::NotFoundError(absl::StrCat(path, ": there is no .yaml or .yml file in it"));
    }
    std::sort(found.begin(), found.end());
    for (const fs::path& file : found) add(file);
  }
  return files;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return FileError(path, std::make_error_code(std::errc::is_a_directory));
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return FileError(path, std::error_code(errno, std::generic_category()));
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad() || text.bad())
    return absl::UnavailableError(absl::StrCat(path, ": cannot be read"));
  return text.str();
}

Position FindPosition(const ResourceDocument& document, absl::string_view field) {
  std::string path(field);
  if (document.kind != nullptr) {
    const std::string prefix = absl::StrCat(absl::AsciiStrToLower(document.kind->kind), ".");
    if (absl::StartsWith(path, prefix)) path.erase(0, prefix.size());
  }
  while (true) {
    if (auto it = document.positions.find(path); it != document.positions.end()) return it->second;
    if (path.empty()) return {};
    const size_t cut = path.find_last_of(".[");
    path.resize(cut == std::string::npos ? 0 : cut);
  }
}

Position FindRefusal(const ResourceDocument& document, const absl::Status& status) {
  std::string field = MetadataOf(status, "field");
  if (field.empty()) {
    const absl::string_view message = status.message();
    const absl::string_view path = message.substr(0, message.find(": "));
    const bool is_path =
        path.size() < message.size() && !path.empty() &&
        path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-[]") == path.npos;
    if (is_path) field = std::string(path);
  }
  const Position root = FindPosition(document, "");
  const Position position = FindPosition(document, field);
  if (position.line != root.line || position.column != root.column) return position;
  const std::string resource = MetadataOf(status, "resource");
  if (resource.empty() || resource == document.name) return position;
  const std::string path = PathOfText(*document.message, "", resource);
  return path.empty() ? position : FindPosition(document, path);
}

void CheckUniqueNames(const std::vector<ResourceDocument>& documents,
                      std::vector<Diagnostic>* errors) {
  std::map<std::string, const ResourceDocument*> first;
  for (const ResourceDocument& document : documents) {
    const auto [it, is_new] = first.emplace(document.name, &document);
    if (is_new) continue;
    const Position here = FindPosition(document, "name");
    const Position there = FindPosition(*it->second, "name");
    errors->push_back(
        {document.file, here.line, here.column,
         absl::StrCat("`", document.name, "` is already at ", it->second->file, ":", there.line)});
  }
}

}  // namespace policytrack::cli
