// What the host makes of a plugin directory: nothing in it stops the server,
// and everything that cannot be used says why and what to do.
#include <filesystem>

#include "core/digest.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugins/host/elf_file.h"
#include "plugins/host/host.h"
#include "tests/plugins/plugin_directory.h"

namespace policytrack::plugins {
namespace {

using testing::Contains;
using testing::HasSubstr;

v1::Plugin Get(const Engine& engine, const std::string& name) {
  auto plugin = engine.GetPlugin("plugins/" + name);
  EXPECT_TRUE(plugin.ok()) << plugin.status();
  return plugin.ok() ? *plugin : v1::Plugin();
}

// Opens the directory and expects one plugin that is not active.
void ExpectState(PluginDirectory* directory, const std::string& name, v1::PluginState state,
                 const std::string& message) {
  const auto engine = directory->Open();
  ASSERT_NE(engine, nullptr);
  const v1::Plugin plugin = Get(*engine, name);
  EXPECT_EQ(plugin.state(), state) << plugin.state_message();
  EXPECT_THAT(plugin.state_message(), HasSubstr(message));
  EXPECT_EQ(engine->PluginDigest("plugins/" + name), "");
  const auto instance = engine->MakeInstance("plugins/" + name, {}, {}, nullptr);
  EXPECT_EQ(ReasonOf(instance.status()), reason::kPluginNotActive);
  EXPECT_THAT(std::string(instance.status().message()), HasSubstr(message));
  EXPECT_EQ(ReasonOf(engine->EffectiveParameters("plugins/" + name, {}).status()),
            reason::kPluginNotActive);
  EXPECT_THAT(directory->log(), Contains(HasSubstr(message)));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(HostTest, DoesNotLoadWhatRunsInAWorkerOnlyWhoeverTrustsIt) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("honest.json", Replaced(directory.Read("honest.json"), "\"version\"",
                                          "\"workerOnly\": true, \"version\""));
  directory.Trust("honest.json");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_NOT_TRUSTED, "runs in a worker process only");
}

TEST(HostTest, LoadsATrustedModule) {
  PluginDirectory directory;
  directory.AddModule("honest");
  const auto engine = directory.Open();
  ASSERT_NE(engine, nullptr);
  ASSERT_EQ(engine->ListPlugins().size(), 1u);
  const v1::Plugin plugin = Get(*engine, "honest");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_ACTIVE) << plugin.state_message();
  EXPECT_EQ(plugin.digest(), Sha256Hex(directory.Read("honest.so")));
  EXPECT_EQ(plugin.descriptor_digest(), Sha256Hex(directory.Read("honest.json")));
  EXPECT_EQ(plugin.plugin_descriptor().version(), "1.0.0");
  EXPECT_EQ(engine->PluginDigest("plugins/honest").size(), 64u);
  EXPECT_TRUE(directory.log().empty());
}

TEST(HostTest, TheDigestCoversBothFiles) {
  PluginDirectory directory;
  directory.AddModule("honest");
  const std::string before = directory.Open()->PluginDigest("plugins/honest");
  directory.Write("honest.json", directory.Read("honest.json") + "\n");
  directory.Trust("honest.json");
  const std::string after = directory.Open()->PluginDigest("plugins/honest");
  EXPECT_NE(before, after);
  EXPECT_EQ(after.size(), 64u);
}

TEST(HostTest, GoldenVectorsBesideAPluginAreNoPlugin) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("honest.golden.json", "{}");
  const auto engine = directory.Open();
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->ListPlugins().size(), 1u);
  EXPECT_TRUE(directory.log().empty());
}

TEST(HostTest, UnknownPluginIsNotFound) {
  PluginDirectory directory;
  const auto engine = directory.Open();
  ASSERT_NE(engine, nullptr);
  EXPECT_TRUE(engine->ListPlugins().empty());
  for (const char* name : {"plugins/none", "none", "", "plugins/"}) {
    EXPECT_EQ(ReasonOf(engine->GetPlugin(name).status()), reason::kResourceNotFound) << name;
    EXPECT_EQ(ReasonOf(engine->MakeInstance(name, {}, {}, nullptr).status()),
              reason::kResourceNotFound);
    EXPECT_EQ(engine->PluginDigest(name), "");
  }
}

TEST(HostTest, AMissingDirectoryOrListIsAnErrorThatNamesIt) {
  PluginDirectory directory;
  const auto log = [](absl::string_view) {};
  HostOptions options;
  options.plugin_dir = directory.path() + "/nowhere";
  EXPECT_THAT(OpenHost(options, log).status().ToString(),
              testing::AllOf(HasSubstr("NOT_FOUND"), HasSubstr("/nowhere")));
  options.plugin_dir = directory.allow_list();
  EXPECT_THAT(OpenHost(options, log).status().ToString(), HasSubstr("is not a directory"));
  options.plugin_dir = directory.path();
  options.allow_list_file = directory.path() + "/no-list";
  EXPECT_THAT(OpenHost(options, log).status().ToString(),
              testing::AllOf(HasSubstr("NOT_FOUND"), HasSubstr("/no-list")));
  directory.Write("bad-list", "# fine\n\nnonsense\n");
  options.allow_list_file = directory.path() + "/bad-list";
  EXPECT_THAT(OpenHost(options, log).status().ToString(), HasSubstr("line 3"));
  options.allow_list_file = "";
  options.call_deadline = absl::ZeroDuration();
  EXPECT_THAT(OpenHost(options, log).status().ToString(), HasSubstr("deadline"));
}

TEST(HostTest, WithoutAListNothingIsTrusted) {
  PluginDirectory directory;
  directory.AddModule("honest");
  HostOptions options;
  options.plugin_dir = directory.path();
  const auto engine = OpenHost(options, [](absl::string_view) {});
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ(Get(**engine, "honest").state(), v1::PLUGIN_STATE_NOT_TRUSTED);
}

TEST(HostTest, OneBadPluginDoesNotHarmAnother) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("bad.so", "hello");
  directory.Write("notes.txt", "ignored");
  std::filesystem::create_directory(directory.path() + "/folder");
  const auto engine = directory.Open();
  ASSERT_NE(engine, nullptr);
  const auto plugins = engine->ListPlugins();
  ASSERT_EQ(plugins.size(), 2u);
  EXPECT_EQ(plugins[0].name(), "plugins/bad");
  EXPECT_EQ(plugins[1].state(), v1::PLUGIN_STATE_ACTIVE);
  EXPECT_THAT(directory.log(), Contains(HasSubstr("notes.txt")));
  EXPECT_THAT(directory.log(), Contains(HasSubstr("folder")));
}

TEST(BrokenTest, ATextFileIsNoSharedObject) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("honest.so", "Dear server, please load me.\n");
  directory.Trust("honest.so");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN,
              "honest.so is not an ELF shared object");
}

TEST(BrokenTest, ATextFileWithoutDescriptorIsNoSharedObjectEither) {
  PluginDirectory directory;
  directory.Write("notes.so", "text");
  ExpectState(&directory, "notes", v1::PLUGIN_STATE_BROKEN, "notes.so is not an ELF shared object");
}

TEST(BrokenTest, AnEmptyFile) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("honest.so", "");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN, "is not an ELF shared object");
}

TEST(BrokenTest, AFileCutAnywhereIsRefusedBeforeItIsLoaded) {
  PluginDirectory directory;
  directory.AddModule("honest");
  const std::string bytes = directory.Read("honest.so");
  for (size_t size = 0; size < bytes.size(); size += size < 4096 ? 61 : 997) {
    directory.Write("honest.so", bytes.substr(0, size));
    directory.Trust("honest.so");
    const auto engine = directory.Open();
    ASSERT_NE(engine, nullptr);
    EXPECT_EQ(Get(*engine, "honest").state(), v1::PLUGIN_STATE_BROKEN) << size;
  }
  directory.Write("honest.so", bytes.substr(0, bytes.size() - 1));
  directory.Trust("honest.so");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN, "is truncated");
}

// Damage anywhere in headers, tables or names: an answer, never a crash.
TEST(BrokenTest, DamagedBytesAreReadWithinTheirBounds) {
  const std::string bytes = FileBytes(std::string(TEST_MODULE_DIR) + "/honest.so");
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char damage : {'\xff', '\x00', '\x7f'}) {
      std::string damaged = bytes;
      damaged[i] = damage;
      refused += CheckElf(damaged).state != v1::PLUGIN_STATE_UNSPECIFIED ? 1 : 0;
    }
    if (i >= 2048 && i + 4096 < bytes.size()) i += 13;  // the tables lie at both ends
  }
  EXPECT_GT(refused, 100);
}

TEST(BrokenTest, AProgramIsNoSharedObject) {
  PluginDirectory directory;
  directory.AddModule("honest");
  std::string bytes = directory.Read("honest.so");
  bytes[16] = 2;  // ET_EXEC
  directory.Write("honest.so", bytes);
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN, "not a shared object");
  bytes[16] = 3;
  bytes[18] = 8;  // MIPS
  bytes[19] = 0;
  directory.Write("honest.so", bytes);
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN, "another kind of machine");
}

TEST(BrokenTest, AHalfIsMissing) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Remove("honest.json");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN, "honest.json is missing");
  directory.AddModule("honest");
  directory.Remove("honest.so");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN, "honest.so is missing");
}

TEST(BrokenTest, ADirectoryWithTheNameOfAPlugin) {
  PluginDirectory directory;
  std::filesystem::create_directory(directory.path() + "/folder.so");
  ExpectState(&directory, "folder", v1::PLUGIN_STATE_BROKEN, "is not a regular file");
}

TEST(BrokenTest, ANameThatIsNoResourceId) {
  PluginDirectory directory;
  const std::string module = FileBytes(std::string(TEST_MODULE_DIR) + "/honest.so");
  directory.Write("Not_An_Id.so", module);
  directory.Write("Not_An_Id.json", "{}");
  ExpectState(&directory, "Not_An_Id", v1::PLUGIN_STATE_BROKEN, "rename its files");
}

TEST(BrokenTest, NoEntryAndExecutableStack) {
  PluginDirectory directory;
  directory.AddModule("no-entry");
  ExpectState(&directory, "no-entry", v1::PLUGIN_STATE_BROKEN,
              "does not export policytrack_plugin_v1");
  directory.AddModule("executable-stack");
  ExpectState(&directory, "executable-stack", v1::PLUGIN_STATE_BROKEN, "executable stack");
}

TEST(BrokenTest, TwoEntriesAndAForbiddenLibrary) {
  PluginDirectory directory;
  directory.AddModule("two-entries");
  ExpectState(&directory, "two-entries", v1::PLUGIN_STATE_BROKEN,
              "exports policytrack_plugin_v1 and policytrack_plugin_v2, two entries; build");
  directory.AddModule("needs-protobuf");
  ExpectState(&directory, "needs-protobuf", v1::PLUGIN_STATE_BROKEN,
              ", which must not be in a plugin; build it without");
}

TEST(BrokenTest, SharedObjectAndDescriptorOfDifferentVersions) {
  PluginDirectory directory;
  directory.AddModule("other-version");
  ExpectState(&directory, "other-version", v1::PLUGIN_STATE_BROKEN, "calls itself");
}

TEST(BrokenTest, ADescriptorWithAnUnknownField) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("honest.json", Replaced(directory.Read("honest.json"), "{", R"({"speed": 9,)"));
  directory.Trust("honest.json");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_BROKEN, "speed");
}

TEST(BrokenTest, ADescriptorOfAnotherPlugin) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("other.so", directory.Read("honest.so"));
  directory.Write("other.json", directory.Read("honest.json"));
  directory.Trust("other.so");
  directory.Trust("other.json");
  ExpectState(&directory, "other", v1::PLUGIN_STATE_BROKEN, "the files are named `other`");
}

TEST(AbiMismatchTest, DescriptorOfAnotherMajorOrNewerMinor) {
  PluginDirectory directory;
  directory.AddModule("honest");
  const std::string descriptor = directory.Read("honest.json");
  directory.Write("honest.json", Replaced(descriptor, R"("abiMajor": 1)", R"("abiMajor": 2)"));
  directory.Trust("honest.json");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_ABI_MISMATCH, "needs ABI 2.0");
  directory.Write("honest.json",
                  Replaced(descriptor, R"("abiMajor": 1)", R"("abiMajor": 1, "abiMinor": 99)"));
  directory.Trust("honest.json");
  ExpectState(&directory, "honest", v1::PLUGIN_STATE_ABI_MISMATCH, "needs ABI 1.99");
}

TEST(AbiMismatchTest, EntryOfAnotherMajor) {
  PluginDirectory directory;
  directory.AddModule("next-major");
  ExpectState(&directory, "next-major", v1::PLUGIN_STATE_ABI_MISMATCH, "policytrack_plugin_v2");
}

TEST(AbiMismatchTest, TableSmallerThanAnyVersion) {
  PluginDirectory directory;
  directory.AddModule("small-table");
  ExpectState(&directory, "small-table", v1::PLUGIN_STATE_ABI_MISMATCH, "16 bytes");
  directory.AddModule("refuses-host");
  ExpectState(&directory, "refuses-host", v1::PLUGIN_STATE_ABI_MISMATCH, "cannot work with ABI");
}

TEST(NotTrustedTest, EachFileMustBeOnTheList) {
  for (const std::string file : {"honest.so", "honest.json"}) {
    PluginDirectory directory;
    directory.AddModule("honest");
    // A valid file that differs: what follows the sections counts too.
    directory.Write(file, directory.Read(file) + "\n");
    ExpectState(&directory, "honest", v1::PLUGIN_STATE_NOT_TRUSTED, file);
    const auto engine = directory.Open();
    ASSERT_NE(engine, nullptr);
    // The message holds the line to add.
    EXPECT_THAT(Get(*engine, "honest").state_message(),
                HasSubstr(Sha256Hex(directory.Read(file)) + "  " + file));
    EXPECT_EQ(Get(*engine, "honest").plugin_descriptor().id(), "honest");
  }
}

TEST(NotTrustedTest, ADigestCountsForItsNameOnly) {
  PluginDirectory directory;
  directory.AddModule("honest");
  directory.Write("throws.so", directory.Read("honest.so"));
  directory.Write("throws.json", FileBytes(std::string(TEST_MODULE_DIR) + "/throws.json"));
  directory.Trust("throws.json");
  ExpectState(&directory, "throws", v1::PLUGIN_STATE_NOT_TRUSTED, "throws.so");
}

// The verified bytes run, whatever becomes of the file.
TEST(HostTest, TheFileMayChangeAfterLoading) {
  PluginDirectory directory;
  directory.AddModule("honest");
  const auto engine = directory.Open();
  ASSERT_NE(engine, nullptr);
  directory.Write("honest.so", "gone");
  auto instance = engine->MakeInstance(
      "plugins/honest", {}, {{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles"}},
      nullptr);
  ASSERT_TRUE(instance.ok()) << instance.status();
  Columns column;
  column.Append(2020, 7, kNormal);
  const auto result = (*instance)->Compute({2020}, {&column}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(SameData((*result)[0], column));
}

}  // namespace
}  // namespace policytrack::plugins
