#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "clients/cli/apply_order.h"
#include "clients/cli/csv_reader.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/row_source.h"
#include "clients/cli/yaml_document.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = POLICYTRACK_SOURCE_DIR;

TEST(Catalog, EveryDocumentIsReadWithoutError) {
  int catalogs = 0;
  for (const auto& entry : fs::directory_iterator(kSource / "catalog")) {
    if (!entry.is_directory()) continue;
    ++catalogs;
    const auto files = FindYamlFiles({entry.path().string()});
    ASSERT_TRUE(files.ok()) << files.status();
    std::vector<Diagnostic> errors;
    std::vector<ResourceDocument> documents;
    for (const std::string& file : *files) {
      const auto text = ReadTextFile(file);
      ASSERT_TRUE(text.ok()) << text.status();
      for (ResourceDocument& document : ParseDocuments(*text, file, &errors)) {
        documents.push_back(std::move(document));
      }
    }
    CheckUniqueNames(documents, &errors);
    SortByDependency(&documents, &errors);
    EXPECT_FALSE(documents.empty()) << entry.path();
    for (const Diagnostic& error : errors) ADD_FAILURE() << FormatDiagnostic(error);
  }
  EXPECT_GE(catalogs, 2);
}

TEST(Catalog, EveryFigureIsARow) {
  int figures = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kSource / "catalog")) {
    if (entry.path().extension() != ".csv") continue;
    ++figures;
    const fs::path mapping_file =
        entry.path().parent_path() / (entry.path().stem().string() + ".mapping.yaml");
    const auto text = ReadTextFile(mapping_file.string());
    ASSERT_TRUE(text.ok()) << text.status();
    std::vector<Diagnostic> errors;
    const PushMapping mapping = ParseMapping(*text, mapping_file.string(), &errors);
    for (const Diagnostic& error : errors) ADD_FAILURE() << FormatDiagnostic(error);
    ASSERT_TRUE(CheckComplete(mapping).ok()) << mapping_file;
    std::ifstream stream(entry.path(), std::ios::binary);
    auto rows = OpenCsv(stream, mapping);
    ASSERT_TRUE(rows.ok()) << entry.path() << ": " << rows.status();
    SourceItem item;
    while (true) {
      const auto any = (*rows)->Next(&item);
      ASSERT_TRUE(any.ok()) << entry.path() << ": " << any.status();
      if (!*any) break;
      EXPECT_EQ(item.kind, SourceItem::Kind::kRow)
          << entry.path() << ":" << item.line << ": " << item.message;
    }
  }
  EXPECT_GE(figures, 2);
}

TEST(Recipes, AreYamlAndRunTheClient) {
  for (const char* name : {"github-actions.yml", "gitlab-ci.yml"}) {
    const auto text = ReadTextFile((kSource / "clients/ci" / name).string());
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_NO_THROW(YAML::Load(*text)) << name;
    EXPECT_THAT(*text, testing::HasSubstr("ci/push-figures.sh")) << name;
    EXPECT_THAT(*text, testing::HasSubstr("POLICYTRACK_SERVER")) << name;
  }
}

}  // namespace
}  // namespace policytrack::cli
