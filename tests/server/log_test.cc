#include "services/server/log.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const absl::Time kTime = absl::FromUnixMillis(1731145200123);

std::string Text(const std::string& message, const std::vector<LogField>& fields = {}) {
  return LogLine(LogFormat::kText, kTime, "info", message, fields);
}

std::string Json(const std::string& message, const std::vector<LogField>& fields = {}) {
  return LogLine(LogFormat::kJson, kTime, "info", message, fields);
}

TEST(LogTest, TextIsForPeople) {
  EXPECT_THAT(Text("serves"), EndsWith(" info serves"));
  EXPECT_THAT(Text("serves", {{"port", "7443", true}, {"address", "a b"}, {"code", "OK"}}),
              EndsWith(R"( info serves port=7443 address="a b" code=OK)"));
  EXPECT_THAT(Text("x", {{"empty", ""}}), EndsWith(R"(empty="")"));
}

TEST(LogTest, JsonIsOneObject) {
  EXPECT_THAT(Json("serves", {{"port", "7443", true}, {"address", "a \"b\""}}),
              EndsWith(R"("level":"info","message":"serves","port":7443,"address":"a \"b\""})"));
}

TEST(LogTest, NothingFromOutsideMakesASecondLineOrReachesATerminal) {
  const std::string evil = "a\nerror forged\x1b[2J\x7f\xc2\x9b\xff\\\"";
  for (const std::string& line :
       {Text(evil), Json(evil), Text("x", {{"field", evil}}), Json("x", {{"field", evil}})}) {
    EXPECT_THAT(line, Not(HasSubstr("\n"))) << line;
    EXPECT_THAT(line, Not(HasSubstr("\x1b"))) << line;
    EXPECT_THAT(line, Not(HasSubstr("\x7f"))) << line;
    EXPECT_THAT(line, Not(HasSubstr("\xc2\x9b"))) << line;
    EXPECT_THAT(line, Not(HasSubstr("\xff"))) << line;
    EXPECT_THAT(line, HasSubstr("forged")) << line;
  }
  EXPECT_THAT(Json(evil), HasSubstr(R"(a\nerror forged\u001b[2J\u007f\u009b)"));
  EXPECT_THAT(Json("Ürümqi"), HasSubstr("Ürümqi"));
}

}  // namespace
}  // namespace policytrack::server
