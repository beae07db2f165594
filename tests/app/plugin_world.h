// A world of evaluation whose plugins have versions and change while it runs.
#ifndef POLICYTRACK_TESTS_APP_PLUGIN_WORLD_H_
#define POLICYTRACK_TESTS_APP_PLUGIN_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugins/fake/fake_directory.h"
#include "plugins/versions/registry.h"
#include "services/app/history.h"
#include "services/app/plugin_admin.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {

// plugins/times, the value times a factor, in `growth`-like versions, and
// plugins/before, the value less that of the period before.
class PluginWorldTest : public testing::Test {
 protected:
  PluginWorldTest() {
    PutTimes("times", "1.1.0", 2);
    Start();
    world_->PutPlan("plans/p");
    world_->Put(MakeDataset("datasets/sales"));
    world_->Push("datasets/sales", {{{}, 2020, 10}, {{}, 2021, 20}, {{}, 2022, 40}});
  }
  ~PluginWorldTest() override { admin_.reset(); }

  void PutTimes(const std::string& file, const std::string& version, double factor) {
    v1::PluginDescriptor descriptor = CalculatorDescriptor("times", {"value"}, "@value");
    descriptor.set_version(version);
    Put(file, descriptor, {0, 0},
        [factor](const Columns& in, size_t i) { return in.values[i] * factor; });
  }

  // The difference to the period before, with the window that it says it has.
  void PutBefore(const std::string& version, plugins::Window window) {
    v1::PluginDescriptor descriptor = CalculatorDescriptor("before", {"value"}, "@value");
    descriptor.set_version(version);
    Put("before", descriptor, window, [](const Columns& in, size_t i) {
      const int64_t before = in.Find(in.periods[i] - 1);
      return before < 0 ? 0 : in.values[i] - in.values[before];
    });
  }

  void Put(const std::string& file, const v1::PluginDescriptor& descriptor, plugins::Window window,
           const std::function<double(const Columns&, size_t)>& value) {
    const absl::Status put = directory_.Put(
        file, descriptor, window,
        [value](const std::vector<int64_t>& axis, const std::vector<plugins::InputView>& in,
                PeriodRange range,
                const google::protobuf::Struct&) -> absl::StatusOr<std::vector<Columns>> {
          std::vector<Columns> outputs(1);
          for (size_t i = 0; i < axis.size(); ++i) {
            if (range.Contains(axis[i])) outputs[0].Append(axis[i], value(*in[0], i), kNormal);
          }
          return outputs;
        });
    EXPECT_TRUE(put.ok()) << put;
  }

  // A registry, a world and an admin, as at a start; the store stays.
  void Start() {
    admin_.reset();
    auto registry = plugins::Registry::Open(plugins::SourceOf(&directory_), nullptr, nullptr);
    ASSERT_TRUE(registry.ok()) << registry.status();
    registry_ = *std::move(registry);
    if (world_ == nullptr) world_ = std::make_unique<EvaluationWorld>(&engine_);
    engine_.registry = registry_.get();
    world_->Reopen();
    Administer();
  }

  // After the evaluator of the world was made anew.
  void Administer() {
    admin_.reset();
    admin_ = std::make_unique<PluginAdmin>(&world_->store(), registry_.get(), &world_->evaluator(),
                                           nullptr);
    EXPECT_TRUE(admin_->Restore().ok());
  }

  void ReloadAndEvaluate() {
    EXPECT_TRUE(admin_->Reload(false).ok());
    world_->Evaluate();
  }

  absl::StatusOr<v1::Plugin> Quarantine(const std::string& name, const std::string& version,
                                        const std::string& reason) {
    v1::QuarantinePluginRequest request;
    request.set_name(name);
    request.set_version(version);
    request.set_reason(reason);
    return admin_->Quarantine(request, "operator");
  }

  absl::StatusOr<v1::Plugin> Release(const std::string& name) {
    v1::ReleasePluginRequest request;
    request.set_name(name);
    return admin_->Release(request, "operator");
  }

  absl::StatusOr<v1::Plugin> Select(const std::string& name, const std::string& version) {
    v1::SelectPluginVersionRequest request;
    request.set_name(name);
    request.set_version(version);
    return admin_->Select(request, "operator");
  }

  v1::Commit LastCommit() {
    const auto commit =
        History(&world_->store()).Get("commits/" + std::to_string(world_->store().revision()));
    EXPECT_TRUE(commit.ok()) << commit.status();
    return commit.ok() ? *commit : v1::Commit();
  }

  v1::Evaluation Record(const std::string& parent) { return world_->Read(parent).evaluation; }
  std::string Text(const std::string& parent) { return world_->Text(parent, "value"); }

  // Stands before the registry, which is made anew at every start.
  class Forward final : public plugins::Engine {
   public:
    std::vector<v1::Plugin> ListPlugins() const override { return registry->ListPlugins(); }
    absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override {
      return registry->GetPlugin(name);
    }
    std::string PluginDigest(absl::string_view name) const override {
      return registry->PluginDigest(name);
    }
    absl::StatusOr<std::unique_ptr<plugins::Instance>> MakeInstance(
        absl::string_view name, const google::protobuf::Struct& parameters,
        const std::vector<plugins::InputMeta>& inputs,
        const plugins::AssessmentContext* assessment) override {
      return registry->MakeInstance(name, parameters, inputs, assessment);
    }
    absl::StatusOr<std::vector<std::string>> EffectiveParameters(
        absl::string_view name, const google::protobuf::Struct& parameters) const override {
      return registry->EffectiveParameters(name, parameters);
    }
    absl::StatusOr<std::shared_ptr<const plugins::Build>> Find(
        absl::string_view reference) const override {
      return registry->Find(reference);
    }
    void Apply(const v1::PluginRecord& record) override { registry->Apply(record); }

    plugins::Registry* registry = nullptr;
  };

  plugins::FakeDirectory directory_;
  std::unique_ptr<plugins::Registry> registry_;
  Forward engine_;
  std::unique_ptr<EvaluationWorld> world_;
  std::unique_ptr<PluginAdmin> admin_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_TESTS_APP_PLUGIN_WORLD_H_
