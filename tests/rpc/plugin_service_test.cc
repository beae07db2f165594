// The RPCs of plugins, over a directory of plugins that the test changes.
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kHealthMethod[] = "/grpc.health.v1.Health/Check";

class PluginServiceTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& shipped) override {
    server::Config config = shipped;
    directory_ = data_dir_ + "/plugins";
    list_ = data_dir_ + "/plugins.sha256";
    config.data_dir = data_dir_ + "/data";
    config.plugin_dir = directory_;
    config.plugin_allow_list = list_;
    shipped_ = shipped.plugin_dir;
    if (!fs::exists(directory_)) {
      fs::copy(shipped_, directory_);
      fs::copy(shipped.plugin_allow_list, list_);
    }
    return server::Server::Start(config, &clock_, [](absl::string_view) {});
  }

  v1::ReloadPluginsResponse Reload(bool validate_only = false) {
    v1::ReloadPluginsRequest request;
    request.set_validate_only(validate_only);
    v1::ReloadPluginsResponse response;
    const grpc::Status status = CALL(plugins_, ReloadPlugins, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  v1::Plugin Get(const std::string& name) {
    v1::GetPluginRequest request;
    request.set_name(name);
    v1::Plugin plugin;
    EXPECT_EQ(CodeOf(CALL(plugins_, GetPlugin, request, &plugin)), "OK");
    return plugin;
  }

  grpc::Status Quarantine(const std::string& text, v1::Plugin* plugin) {
    return CALL(plugins_, QuarantinePlugin, Text<v1::QuarantinePluginRequest>(text), plugin);
  }
  grpc::Status Release(const std::string& text, v1::Plugin* plugin) {
    return CALL(plugins_, ReleasePlugin, Text<v1::ReleasePluginRequest>(text), plugin);
  }
  grpc::Status Select(const std::string& text, v1::Plugin* plugin) {
    return CALL(plugins_, SelectPluginVersion, Text<v1::SelectPluginVersionRequest>(text), plugin);
  }

  // The failure of the evaluation of an indicator, once the present is evaluated.
  v1::Evaluation EvaluationOf(const std::string& indicator) {
    v1::ReadSeriesRequest request;
    request.set_parent(indicator);
    request.set_at_least_revision(
        PushRow("sales", "CN-HA", "2024-0" + std::to_string(++month_), 1));
    v1::ReadSeriesResponse response;
    EXPECT_EQ(CodeOf(CALL(observations_, ReadSeries, request, &response)), "OK");
    return response.evaluation();
  }

  std::string directory_;
  std::string list_;
  std::string shipped_;
  int month_ = 0;
};

TEST_F(PluginServiceTest, ReloadTakesUpWhatCameAndWent) {
  EXPECT_EQ(Reload().unchanged_count(), 10);
  fs::remove(directory_ + "/growth.so");
  fs::remove(directory_ + "/growth.json");
  v1::ReloadPluginsResponse reloaded = Reload(true);
  ASSERT_EQ(reloaded.changes_size(), 1);
  EXPECT_EQ(Get("plugins/growth").state(), v1::PLUGIN_STATE_ACTIVE);
  reloaded = Reload();
  ASSERT_EQ(reloaded.changes_size(), 1);
  EXPECT_EQ(reloaded.changes(0).plugin(), "plugins/growth");
  EXPECT_EQ(reloaded.changes(0).outcome(), v1::PLUGIN_RELOAD_OUTCOME_REMOVED);
  EXPECT_EQ(reloaded.unchanged_count(), 9);
  v1::GetPluginRequest get;
  get.set_name("plugins/growth");
  v1::Plugin plugin;
  EXPECT_EQ(CodeOf(CALL(plugins_, GetPlugin, get, &plugin)), "NOT_FOUND RESOURCE_NOT_FOUND");
  // The signal does the same.
  for (const char* extension : {".so", ".json"}) {
    fs::copy(shipped_ + "/growth" + extension, directory_ + "/growth" + extension);
  }
  EXPECT_TRUE(server_->Reload(server::Config()).ok());
  EXPECT_EQ(Get("plugins/growth").state(), v1::PLUGIN_STATE_ACTIVE);
}

TEST_F(PluginServiceTest, AListThatCannotBeReadChangesNothing) {
  const Shown shown = SHOWS("ReloadPlugins", "PLUGINS_UNREADABLE");
  std::ofstream(list_, std::ios::app) << "nonsense\n";
  v1::ReloadPluginsResponse response;
  const grpc::Status status = CALL(plugins_, ReloadPlugins, v1::ReloadPluginsRequest(), &response);
  EXPECT_EQ(CodeOf(status), "FAILED_PRECONDITION " + shown.reasons[0]);
  EXPECT_THAT(status.error_message(), HasSubstr("plugins.sha256"));
  EXPECT_EQ(Get("plugins/level").state(), v1::PLUGIN_STATE_ACTIVE);
}

TEST_F(PluginServiceTest, QuarantineHoldsOverARestartUntilTheRelease) {
  MakeDataset();
  MakeIndicator();
  EXPECT_EQ(EvaluationOf("indicators/level").failure_reason(), "");
  v1::Plugin plugin;
  ASSERT_EQ(CodeOf(Quarantine(R"(name: "plugins/level" reason: "Wrong before 2015.")", &plugin)),
            "OK");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_QUARANTINED);
  EXPECT_EQ(plugin.versions(0).quarantine().reason(), "Wrong before 2015.");
  v1::Evaluation evaluation = EvaluationOf("indicators/level");
  EXPECT_EQ(evaluation.failure_reason(), "PLUGIN_NOT_ACTIVE");
  EXPECT_THAT(evaluation.failure_message(), HasSubstr("Wrong before 2015."));

  Restart();
  plugin = Get("plugins/level");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_QUARANTINED);
  EXPECT_EQ(plugin.versions(0).quarantine().time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(EvaluationOf("indicators/level").failure_reason(), "PLUGIN_NOT_ACTIVE");
  auto create = Text<v1::CreateIndicatorRequest>(R"(
    indicator_id: "more" indicator { display_name: "M" plugin: "plugins/level" group_by: "region"
    inputs { slot: "value" source: "datasets/sales" } })");
  v1::Indicator indicator;
  EXPECT_EQ(CodeOf(CALL(indicators_, CreateIndicator, create, &indicator)),
            "FAILED_PRECONDITION PLUGIN_NOT_ACTIVE");

  ASSERT_EQ(CodeOf(Release(R"(name: "plugins/level")", &plugin)), "OK");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_ACTIVE);
  EXPECT_EQ(EvaluationOf("indicators/level").failure_reason(), "");
  EXPECT_EQ(CodeOf(Release(R"(name: "plugins/level")", &plugin)), "OK");

  v1::ListCommitsRequest list;
  list.set_filter("changes.name:\"plugins/level\"");
  v1::ListCommitsResponse commits;
  ASSERT_EQ(CodeOf(CALL(events_, ListCommits, list, &commits)), "OK");
  EXPECT_EQ(commits.commits_size(), 2);
}

TEST_F(PluginServiceTest, AnIndicatorPinsAVersionThatThereIs) {
  MakeDataset();
  const std::string version = Get("plugins/level").plugin_descriptor().version();
  const auto create = [&](const std::string& id, const std::string& asked) {
    auto request = Text<v1::CreateIndicatorRequest>(R"(
      indicator { display_name: "M" plugin: "plugins/level" group_by: "region"
      inputs { slot: "value" source: "datasets/sales" } })");
    request.set_indicator_id(id);
    request.mutable_indicator()->set_plugin_version(asked);
    v1::Indicator response;
    return CALL(indicators_, CreateIndicator, request, &response);
  };
  EXPECT_EQ(CodeOf(create("pinned", version)), "OK");
  EXPECT_EQ(CodeOf(create("major", version.substr(0, 1))), "OK");
  EXPECT_EQ(CodeOf(create("none", "77")), "FAILED_PRECONDITION PLUGIN_NOT_ACTIVE");
  const grpc::Status wrong = create("wrong", "latest");
  EXPECT_EQ(CodeOf(wrong), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(MetadataOf(wrong, "field"), "indicator.plugin_version");
}

TEST_F(PluginServiceTest, SelectTakesAVersionThatThereIs) {
  v1::Plugin plugin = Get("plugins/level");
  const std::string version = plugin.plugin_descriptor().version();
  ASSERT_EQ(CodeOf(Select(R"(name: "plugins/level" version: ")" + version + "\"", &plugin)), "OK");
  EXPECT_EQ(plugin.selected_version(), version);
  EXPECT_TRUE(plugin.versions(0).in_use());
  ASSERT_EQ(CodeOf(Select(R"(name: "plugins/level")", &plugin)), "OK");
  EXPECT_EQ(plugin.selected_version(), "");
  EXPECT_EQ(CodeOf(Select(R"(name: "plugins/level" version: "9.9.9")", &plugin)),
            "NOT_FOUND RESOURCE_NOT_FOUND");
}

TEST_F(PluginServiceTest, HealthTellsOfAQuarantine) {
  const auto healthy = [this] {
    grpc::GenericStub stub(grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                               grpc::InsecureChannelCredentials()));
    // The request holds one text and the answer one enum: 1 is SERVING.
    const std::string service = "policytrack.plugins";
    const grpc::Slice request(std::string("\x0a") + static_cast<char>(service.size()) + service);
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto call =
        stub.PrepareUnaryCall(&context, kHealthMethod, grpc::ByteBuffer(&request, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    EXPECT_TRUE(status.ok()) << status.error_message();
    grpc::Slice bytes;
    EXPECT_TRUE(answer.DumpToSingleSlice(&bytes).ok());
    return std::string(bytes.begin(), bytes.end()) == "\x08\x01";
  };
  EXPECT_TRUE(healthy());
  v1::Plugin plugin;
  ASSERT_EQ(CodeOf(Quarantine(R"(name: "plugins/level" reason: "x")", &plugin)), "OK");
  EXPECT_FALSE(healthy());
  Restart();
  EXPECT_FALSE(healthy());
  ASSERT_EQ(CodeOf(Release(R"(name: "plugins/level")", &plugin)), "OK");
  EXPECT_TRUE(healthy());
}

}  // namespace
}  // namespace policytrack::rpc_test
