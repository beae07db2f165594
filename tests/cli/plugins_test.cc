// `policytrack plugins` and its commands, against the fake server.
#include "tests/cli/read_fixture.h"

namespace policytrack::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PluginsTest : public ReadTest {
 protected:
  PluginsTest() {
    v1::Plugin growth;
    growth.set_name("plugins/growth");
    growth.set_state(v1::PLUGIN_STATE_ACTIVE);
    growth.mutable_plugin_descriptor()->set_version("1.1.0");
    v1::PluginVersion& old = *growth.add_versions();
    old.set_version("1.1.0");
    old.set_state(v1::PLUGIN_STATE_ACTIVE);
    old.set_in_use(true);
    old.set_update_message("growth.so: its self-test failed; 1.1.0 goes on");
    v1::PluginVersion& held = *growth.add_versions();
    held.set_version("1.2.0");
    held.set_state(v1::PLUGIN_STATE_QUARANTINED);
    held.set_state_message("version 1.2.0 is quarantined: wrong before 2015");
    held.set_audit_message("an audit found other results in full");
    held.mutable_quarantine()->set_reason("wrong before 2015");
    server.plugins.push_back(growth);
  }

  std::string LastCall() { return server.calls().empty() ? "" : server.calls().back(); }
};

TEST_F(PluginsTest, ListsEachVersionThatNeedsAWord) {
  const Ran ran = Run({"plugins"});
  EXPECT_THAT(ran.out, HasSubstr("1.1.0 (+1)"));
  EXPECT_THAT(ran.out, HasSubstr("plugins/growth 1.1.0: growth.so: its self-test failed; 1.1.0"));
  EXPECT_THAT(ran.out, HasSubstr("plugins/growth 1.2.0: version 1.2.0 is quarantined: wrong"));
  EXPECT_THAT(ran.out, HasSubstr("plugins/growth 1.2.0: an audit found other results in full"));
}

TEST_F(PluginsTest, QuarantineSendsAllAndShowsTheVersions) {
  const Ran ran = Run({"plugins", "quarantine", "growth", "--version", "1.2.0", "--reason",
                       "wrong before 2015", "--dry-run"});
  EXPECT_EQ(ran.code, kDone) << ran.err;
  EXPECT_THAT(LastCall(),
              AllOf(HasSubstr("QuarantinePlugin"), HasSubstr("\"plugins/growth\""),
                    HasSubstr("version: \"1.2.0\""), HasSubstr("reason: \"wrong before 2015\""),
                    HasSubstr("validate_only: true")));
  EXPECT_EQ(ran.out,
            "dry run, nothing was changed; as it is:\n"
            "plugins/growth 1.1.0 active, in use\n"
            "plugins/growth 1.2.0 quarantined: wrong before 2015\n");
}

TEST_F(PluginsTest, ReleaseAndUseSendWhatTheyAreToldTo) {
  EXPECT_EQ(Run({"plugins", "release", "plugins/growth"}).code, kDone);
  EXPECT_THAT(LastCall(), AllOf(HasSubstr("ReleasePlugin"), HasSubstr("\"plugins/growth\""),
                                Not(HasSubstr("version"))));
  EXPECT_EQ(Run({"plugins", "use", "growth", "1.1.0"}).code, kDone);
  EXPECT_THAT(LastCall(), AllOf(HasSubstr("SelectPluginVersion"), HasSubstr("version: \"1.1.0\"")));
  EXPECT_EQ(Run({"plugins", "use", "growth"}).code, kDone);
  EXPECT_THAT(LastCall(), Not(HasSubstr("version:")));
  EXPECT_THAT(Run({"plugins", "release", "growth", "-o", "json"}).out,
              HasSubstr("\"name\": \"plugins/growth\""));
}

TEST_F(PluginsTest, ReloadShowsEachChangeAndEndsWith1WhenOneWasRefused) {
  v1::PluginReload& replaced = *server.reloaded.add_changes();
  replaced.set_file("growth");
  replaced.set_outcome(v1::PLUGIN_RELOAD_OUTCOME_REPLACED);
  replaced.set_from_version("1.1.0");
  replaced.set_to_version("1.2.0");
  server.reloaded.set_unchanged_count(9);
  Ran ran = Run({"plugins", "reload"});
  EXPECT_EQ(ran.code, kDone);
  EXPECT_EQ(ran.out, "replaced growth 1.1.0 -> 1.2.0\n9 unchanged\n");
  v1::PluginReload& refused = *server.reloaded.add_changes();
  refused.set_file("level");
  refused.set_outcome(v1::PLUGIN_RELOAD_OUTCOME_REFUSED);
  refused.set_from_version("1.0.0");
  refused.set_message("level.so is cut short");
  ran = Run({"plugins", "reload", "--dry-run"});
  EXPECT_EQ(ran.code, kRefused);
  EXPECT_THAT(ran.out, HasSubstr("refused level 1.0.0 -> ?: level.so is cut short\n"));
  EXPECT_THAT(LastCall(), HasSubstr("dry run"));
}

TEST_F(PluginsTest, ExplainSaysWhatComputedBeforeAndWhatIsSuspect) {
  v1::Evaluation& evaluation = *server.explanation.add_steps()->mutable_evaluation();
  evaluation.set_parent("indicators/x");
  evaluation.set_plugin("plugins/growth");
  evaluation.set_plugin_version("1.2.0");
  evaluation.set_input_revision(40);
  evaluation.set_previous_plugin_version("1.1.0");
  evaluation.set_plugin_change_revision(41);
  evaluation.set_suspect_message("an audit found other results in full");
  const Ran ran = Run({"explain", "measures/a/targets/t"});
  EXPECT_THAT(ran.out, HasSubstr("computed by plugins/growth 1.2.0 from revision 40; 1.1.0 until "
                                 "revision 41\n  suspect: an audit found other results in full"));
}

TEST_F(PluginsTest, WhatIsMissingIsWrongUsage) {
  EXPECT_EQ(Run({"plugins", "quarantine", "growth"}).code, kUsage);
  EXPECT_EQ(Run({"plugins", "quarantine", "--reason", "x"}).code, kUsage);
  EXPECT_EQ(Run({"plugins", "release"}).code, kUsage);
  EXPECT_THAT(Run({"plugins", "quarantine", "--help"}).out, HasSubstr("Example:"));
}

}  // namespace
}  // namespace policytrack::cli
