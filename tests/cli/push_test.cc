#include "core/error.h"
#include "google/rpc/error_details.pb.h"
#include "nlohmann/json.hpp"
#include "tests/cli/cli_harness.h"

namespace policytrack::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kMapping[] = "dataset: d\nperiod: period\nvalue: value\nmissing_marks: ['-']\n";

class PushTest : public CliTest {
 protected:
  std::string WriteFigures(const std::string& rows) {
    Write("push.yaml", kMapping);
    return Write("d.csv", "period,value\n" + rows);
  }
};

TEST_F(PushTest, SendsAllRowsAsOnePush) {
  const Ran ran = Run({"push", WriteFigures("2023,1.5\n2024,-\n2025,2\n")});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_EQ(ran.out,
            "2 created, 0 revised, 0 unchanged, 0 deleted, 0 rejected, 1 skipped; revision 1\n");
  EXPECT_THAT(ran.err, HasSubstr("sent 2 rows\n"));
  ASSERT_THAT(server.pushes(), SizeIs(1));
  const Push& push = server.pushes()[0];
  ASSERT_THAT(push.rows, SizeIs(2));
  EXPECT_EQ(push.rows[0].first, "datasets/d");
  EXPECT_EQ(push.rows[0].second.period(), "2023");
  EXPECT_EQ(push.rows[0].second.value(), 1.5);
  EXPECT_FALSE(push.options.return_partial_success());
  EXPECT_FALSE(push.options.validate_only());
  EXPECT_THAT(push.options.request_id(), SizeIs(36));
}

TEST_F(PushTest, SeveralFilesAreOneCommit) {
  Write("a.mapping.yaml", "dataset: a\nperiod: p\nvalue: v\n");
  Write("b.mapping.yaml", "dataset: b\nperiod: p\nvalue: v\n");
  const Ran ran = Run({"push", Write("a.csv", "p,v\n1,1\n"), Write("b.csv", "p,v\n1,2\n2,3\n")});
  EXPECT_EQ(ran.code, kDone) << ran;
  ASSERT_THAT(server.pushes(), SizeIs(1));
  EXPECT_EQ(server.pushes()[0].rows[0].first, "datasets/a");
  EXPECT_EQ(server.pushes()[0].rows[2].first, "datasets/b");
}

TEST_F(PushTest, FlagsStandForAMapping) {
  // A mapping beside the file does not count when columns are given.
  Write("push.yaml", "dimensions: {no: such}\n");
  const Ran ran = Run({"push", Write("d.csv", "y,x,s,a\n2024,3,E,CN\n"), "--dataset", "d",
                       "--period-column", "y", "--value-column", "x", "--status-column", "s",
                       "--dimension", "region=a", "--dimension", "scope:=all"});
  EXPECT_EQ(ran.code, kDone) << ran;
  ASSERT_THAT(server.pushes(), SizeIs(1));
  const v1::Observation& row = server.pushes()[0].rows[0].second;
  EXPECT_EQ(row.dimensions().at("region"), "CN");
  EXPECT_EQ(row.dimensions().at("scope"), "all");
  EXPECT_EQ(row.status(), v1::OBSERVATION_STATUS_ESTIMATED);
}

TEST_F(PushTest, BadRowsAreToldWithTheirLinesAndNothingIsSent) {
  const std::string file = WriteFigures("2023,1\n2024,\"1,234\"\n\"20\n25\",\n2026,x\n");
  const Ran ran = Run({"push", file});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr(file + ":3: FIELD_INVALID: value: `1,234` is not a number"));
  EXPECT_THAT(ran.err, HasSubstr(file + ":4: FIELD_REQUIRED: value: there is none"));
  EXPECT_THAT(ran.err, HasSubstr(file + ":6: FIELD_INVALID: value: `x`"));
  EXPECT_THAT(ran.err, HasSubstr("error: 3 rows refused; nothing was sent [ROWS_INVALID]"));
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST_F(PushTest, PartialSendsTheGoodRowsAndStillIsNotGreen) {
  const std::string file = WriteFigures("2023,1\n2024,x\n2025,-3\n2026,4\n");
  const Ran ran = Run({"push", file, "--partial"});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr(file + ":3: FIELD_INVALID: value: `x`"));
  EXPECT_THAT(ran.err, HasSubstr(file + ":4: FIELD_INVALID: value: is below 0"));
  EXPECT_THAT(ran.out, HasSubstr("2 created, 0 revised, 0 unchanged, 0 deleted, 2 rejected"));
  ASSERT_THAT(server.pushes(), SizeIs(1));
  EXPECT_TRUE(server.pushes()[0].options.return_partial_success());
}

TEST_F(PushTest, RowsRefusedByTheServiceAreToldWithTheirLines) {
  const std::string file = WriteFigures("2023,1\n2024,-\n2025,-5\n");
  const Ran ran = Run({"push", file});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr(file + ":4: FIELD_INVALID: value: is below 0"));
  EXPECT_THAT(ran.err, HasSubstr("error: 1 row refused; nothing was written [ROWS_INVALID]"));
  EXPECT_THAT(ran.err, Not(HasSubstr("validate_only")));
  // The second stream only asks which rows are wrong.
  ASSERT_THAT(server.pushes(), SizeIs(2));
  EXPECT_TRUE(server.pushes()[1].options.validate_only());
  EXPECT_THAT(server.pushes()[1].options.request_id(), IsEmpty());
}

TEST_F(PushTest, AnnotatesOnGitHub) {
  variables["GITHUB_ACTIONS"] = "true";
  const std::string file = WriteFigures("2024,50%\n");
  const Ran ran = Run({"push", file});
  EXPECT_THAT(ran.err,
              HasSubstr("::error file=" + file + ",line=2::FIELD_INVALID: value: `50%25`"));
}

TEST_F(PushTest, ADryRunChecksEverythingAndWritesNothing) {
  const std::string file = WriteFigures("2023,1\n2024,x\n2025,-3\n");
  const Ran ran = Run({"push", file, "--dry-run"});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.out, HasSubstr("dry run, nothing was written: 1 created"));
  EXPECT_THAT(ran.out, HasSubstr("2 rejected"));
  ASSERT_THAT(server.pushes(), SizeIs(1));
  EXPECT_TRUE(server.pushes()[0].options.validate_only());
  EXPECT_TRUE(server.pushes()[0].options.return_partial_success());
}

TEST_F(PushTest, Json) {
  terminal = true;
  const std::string file = WriteFigures("2023,1\n2024,-3\n");
  const Ran ran = Run({"push", file, "--partial", "-o", "json"});
  EXPECT_EQ(ran.code, kRefused) << ran;
  const json answer = json::parse(ran.out);
  EXPECT_EQ(answer["created"], 1);
  EXPECT_EQ(answer["rejected"], 1);
  EXPECT_EQ(answer["revision"], 1);
  EXPECT_EQ(answer["row_errors"][0]["line"], 3);
  EXPECT_EQ(answer["row_errors"][0]["reason"], "FIELD_INVALID");
  EXPECT_THAT(ran.err, Not(HasSubstr("sent")));
}

TEST_F(PushTest, JsonSaysWhyNothingWasSent) {
  const Ran ran = Run({"push", WriteFigures("2024,x\n"), "-o", "json"});
  EXPECT_EQ(ran.code, kRefused) << ran;
  const json answer = json::parse(ran.out);
  EXPECT_EQ(answer["error"]["reason"], "ROWS_INVALID");
  EXPECT_EQ(answer["row_errors"][0]["line"], 2);
}

TEST_F(PushTest, StandardInput) {
  const Ran ran =
      Run({"push", "-", "--dataset", "d", "--period-column", "p", "--value-column", "v"},
          "p,v\n2024,1\n2025,x\n");
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr("standard input:3: FIELD_INVALID"));
  EXPECT_EQ(Run({"push", "-", "--format", "jsonl"},
                "{\"dataset\":\"d\",\"period\":\"2024\",\"value\":1}\n")
                .code,
            kDone);
}

TEST_F(PushTest, JsonLinesByName) {
  const std::string file = Write("x.jsonl", "{\"period\":\"2024\",\"value\":1}\n");
  EXPECT_EQ(Run({"push", file, "--dataset", "d"}).code, kDone);
  EXPECT_EQ(Run({"push", file, "--value-column", "x"}).code, kUsage);
}

TEST_F(PushTest, ManyRowsGoInMessagesOfBoundedSize) {
  std::string rows;
  for (int i = 0; i < 60000; ++i) rows += std::to_string(i) + ",1\n";
  const Ran ran = Run({"push", WriteFigures(rows)});
  EXPECT_EQ(ran.code, kDone) << ran;
  ASSERT_THAT(server.pushes(), SizeIs(1));
  EXPECT_THAT(server.pushes()[0].rows, SizeIs(60000));
  EXPECT_GT(server.pushes()[0].messages, 1);
  EXPECT_LT(server.pushes()[0].largest_message, size_t{1} << 20);
}

TEST_F(PushTest, IsSentAgainWithTheSameRequestIdWhenTheAnswerWasLost) {
  server.FailNext("PushObservations", absl::UnavailableError("reset"), true);
  const Ran ran = Run({"push", WriteFigures("2024,1\n")});
  EXPECT_EQ(ran.code, kDone) << ran;
  ASSERT_THAT(server.pushes(), SizeIs(2));
  EXPECT_EQ(server.pushes()[0].options.request_id(), server.pushes()[1].options.request_id());
  EXPECT_THAT(ran.out, HasSubstr("the answer of an earlier push with the same request id"));
  EXPECT_THAT(ran.err, HasSubstr("warning: "));
}

TEST_F(PushTest, AMissingDatasetIsTheFaultOfTheRequest) {
  server.FailNext("PushObservations", NotFound("datasets/d", "there is no datasets/d"));
  const Ran ran = Run({"push", WriteFigures("2024,1\n")});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_EQ(ran.err.substr(ran.err.find("error:")),
            "error: there is no datasets/d [RESOURCE_NOT_FOUND]\n");
}

TEST_F(PushTest, AFileThatIsNotCsvIsNotSentInPart) {
  const std::string file = WriteFigures("2023,1\n2024,\"2\n2025,3\n");
  for (const char* flag : {"--retries=0", "--partial"}) {
    const Ran ran = Run({"push", file, flag});
    EXPECT_EQ(ran.code, kRefused) << ran;
    EXPECT_THAT(ran.err, HasSubstr(file + ":3: FILE_INVALID: this is not CSV"));
  }
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST_F(PushTest, WrongUsage) {
  EXPECT_EQ(Run({"push", Path("nothing.csv"), "--dataset", "d", "--period-column", "p",
                 "--value-column", "v"})
                .code,
            kUsage);
  const std::string file = Write("other/d.csv", "p,v\n2024,1\n");
  Ran ran = Run({"push", file});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(ran.err, HasSubstr("no dataset: give --dataset"));
  ran = Run({"push", file, "--dataset", "d", "--period-column", "q", "--value-column", "v"});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(ran.err, HasSubstr("there is no column `q`; the header has p, v"));
  Write("other/push.yaml", "wide: x\n");
  ran = Run({"push", file});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(ran.err, HasSubstr("push.yaml:1:1: a mapping has no `wide`"));
  EXPECT_EQ(Run({"push", "-", "-"}).code, kUsage);
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST_F(PushTest, ATerminalHasABar) {
  terminal = true;
  const Ran ran = Run({"push", WriteFigures("2023,1\n2024,2\n")});
  EXPECT_THAT(ran.err, HasSubstr("[###############               ]  50% sent 1 of 2 rows"));
  EXPECT_THAT(ran.err, HasSubstr("sent 2 rows\n"));
}

TEST_F(PushTest, NoRowIsRefusedUnlessItIsMeant) {
  for (const char* rows : {"", "2024,-\n"}) {
    const std::string file = WriteFigures(rows);
    Ran ran = Run({"push", file});
    EXPECT_EQ(ran.code, kRefused) << ran;
    EXPECT_THAT(ran.err, HasSubstr("error: no row to push"));
    EXPECT_THAT(ran.err, HasSubstr("--allow-empty"));
    ran = Run({"push", file, "--dry-run", "-o", "json"});
    EXPECT_EQ(ran.code, kRefused) << ran;
    EXPECT_EQ(json::parse(ran.out)["error"]["reason"], "FILE_INVALID");
  }
  EXPECT_THAT(server.calls(), IsEmpty());
  Ran ran = Run({"push", WriteFigures("2024,-\n"), "--allow-empty"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.err, HasSubstr("warning: there is no row to push"));
  EXPECT_THAT(ran.out, HasSubstr("1 skipped"));
  const std::string jsonl = Write("none.jsonl", "\n");
  EXPECT_EQ(Run({"push", jsonl, "--dataset", "d"}).code, kRefused);
}

TEST_F(PushTest, OneFileWithoutRowsAmongOthersIsSeen) {
  const std::string good = WriteFigures("2024,1\n");
  const std::string empty = Write("e.csv", "period,value\n");
  const Ran ran = Run({"push", good, empty});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.err, HasSubstr("warning: " + empty + ": there is no row to push in it"));
  EXPECT_THAT(ran.err, Not(HasSubstr("warning: " + good)));
}

TEST_F(PushTest, AFileThatIsNotThereIsSaidBeforeItsMapping) {
  Ran ran = Run({"push", Path("nope.csv")});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(ran.err, HasSubstr("nope.csv: there is no such file"));
  const std::string file = Write("bare/d.csv", "p,v\n");
  ran = Run({"push", file, Path("nope.csv")});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(ran.err, HasSubstr("nope.csv: there is no such file"));
  EXPECT_THAT(ran.err, Not(HasSubstr("--dataset")));
  ran = Run({"push", Path("bare")});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(ran.err, HasSubstr("bare: is a directory"));
}

TEST_F(PushTest, RowsOfTheStreamAreToldAsLines) {
  const std::string file = WriteFigures("2023,-\n2024,1\n2024,-7\n");
  const std::string other = Write("f.csv", "period,value\n2025,-7\n");
  const Ran ran = Run({"push", file, other});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr(file + ":4: FIELD_INVALID: period: line 3 gives another value"));
  EXPECT_THAT(ran.err,
              HasSubstr(other + ":2: FIELD_INVALID: period: " + file + ":3 gives another"));
  // What is quoted from the data is not touched.
  EXPECT_THAT(ran.err, HasSubstr("for `row 1` of"));
}

TEST_F(PushTest, ARefusalWhoseRowsCannotBeListedNamesTheFirst) {
  const std::string file = WriteFigures("2023,-\n2024,1\n2025,-5\n");
  // The second stream, which asks for the rows, is the one that fails.
  server.FailNext("PushObservations",
                  Error(absl::StatusCode::kInvalidArgument, reason::kRowsInvalid,
                        "1 of 2 rows refused, nothing written; row 1: value: x"));
  server.FailNext("PushObservations", absl::InternalError("x"));
  const Ran ran = Run({"push", file});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr("nothing written; " + file + ":4: value: x [ROWS_INVALID]"));
}

TEST_F(PushTest, JsonNamesTheReasonOfAServerThatIsNotThere) {
  const Ran ran = RunBare({"push", WriteFigures("2024,1\n"), "-o", "json", "--server",
                           "127.0.0.1:1", "--retries", "0"});
  EXPECT_EQ(ran.code, kUnavailable) << ran;
  EXPECT_EQ(json::parse(ran.out)["error"]["reason"], "UNAVAILABLE");
}

TEST_F(PushTest, AFileThatIsNotUtf8IsSaidToBeWithoutItsBytes) {
  Write("push.yaml", kMapping);
  const std::string utf16("\xff\xfep\0,\0\"\0v\0\n\0", 12);
  for (const std::string& text :
       {utf16, utf16.substr(2, 4) + "\n", std::string("p\xe9riode,value\n")}) {
    const Ran ran = Run({"push", Write("d.csv", text)});
    EXPECT_EQ(ran.code, kUsage) << ran;
    EXPECT_THAT(ran.err, HasSubstr("the file is not UTF-8 text"));
    EXPECT_THAT(ran.err, Not(testing::ContainsRegex("[^\n -~]"))) << ran;
  }
}

}  // namespace
}  // namespace policytrack::cli
