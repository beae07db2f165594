#include "plugins/version.h"

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugins/engine.h"

namespace policytrack::plugins {
namespace {

TEST(Version, IsOrderedAsSemanticVersioningSays) {
  const std::vector<std::string> order = {
      "0.9.9",        "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
      "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
      "1.0.1",        "1.2.0",         "1.10.0",        "2.0.0"};
  for (size_t a = 0; a < order.size(); ++a) {
    for (size_t b = 0; b < order.size(); ++b) {
      const int expected = a < b ? -1 : a > b ? 1 : 0;
      EXPECT_EQ(CompareVersions(*ParseVersion(order[a]), *ParseVersion(order[b])), expected)
          << order[a] << " and " << order[b];
    }
  }
  EXPECT_EQ(CompareVersions(*ParseVersion("1.0.0+a"), *ParseVersion("1.0.0+b")), 0);
}

TEST(Version, OtherTextsAreNone) {
  for (const char* text : {"", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "01.2.3", "1.2.3-",
                           "1.2.3+", "1.2.3-a..b", "1.2.3 ", "-1.2.3", "1234567890123456789.0.0"}) {
    EXPECT_FALSE(ParseVersion(text).has_value()) << text;
  }
}

TEST(VersionRequest, PinsFollowsOrTakesAny) {
  const auto fits = [](const char* request, const char* version) {
    return VersionRequest::Parse(request)->Fits(*ParseVersion(version));
  };
  EXPECT_TRUE(fits("1.2.0", "1.2.0"));
  EXPECT_FALSE(fits("1.2.0", "1.2.1"));
  EXPECT_TRUE(fits("1", "1.9.9"));
  EXPECT_FALSE(fits("1", "2.0.0"));
  EXPECT_TRUE(fits("", "7.0.0-rc"));
  EXPECT_TRUE(VersionRequest::Parse("1.2.0")->pins());
  EXPECT_FALSE(VersionRequest::Parse("1")->pins());
}

TEST(VersionRequest, AnythingElseIsRefusedWithWhatToWrite) {
  for (const char* text : {"1.2", "latest", "^1.2.0", "01", "1.", "1.2.0@"}) {
    const absl::Status status = VersionRequest::Parse(text).status();
    EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid) << text;
    EXPECT_EQ(MetadataOf(status, "field"), "plugin_version");
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("1.2.0, which pins it")) << text;
  }
}

TEST(PluginReference, IsTakenApartAsItWasPutTogether) {
  EXPECT_EQ(PluginReference("plugins/growth", ""), "plugins/growth");
  EXPECT_EQ(PluginReference("plugins/growth", "1"), "plugins/growth@1");
  EXPECT_EQ(SplitPluginReference("plugins/growth@1.2.0").name, "plugins/growth");
  EXPECT_EQ(SplitPluginReference("plugins/growth@1.2.0").version, "1.2.0");
  EXPECT_EQ(SplitPluginReference("plugins/growth").version, "");
}

}  // namespace
}  // namespace policytrack::plugins
