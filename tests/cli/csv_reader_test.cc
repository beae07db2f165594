#include "clients/cli/csv_reader.h"

#include <sstream>

#include "clients/cli/line_map.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Records as `line: field|field`; an error as `!line: message`.
std::vector<std::string> ReadAll(const std::string& text) {
  std::istringstream stream(text);
  CsvReader reader(stream);
  std::vector<std::string> lines;
  CsvRecord record;
  while (true) {
    const auto any = reader.Next(&record);
    if (!any.ok()) {
      lines.push_back("!" + std::to_string(reader.line()) + ": " +
                      std::string(any.status().message()));
      return lines;
    }
    if (!*any) return lines;
    std::string line = std::to_string(record.line) + ": ";
    for (size_t i = 0; i < record.fields.size(); ++i) {
      line += (i == 0 ? "" : "|") + record.fields[i];
    }
    lines.push_back(line);
  }
}

TEST(CsvReader, TakesWhatSpreadsheetsWrite) {
  EXPECT_THAT(ReadAll("\xef\xbb\xbf"
                      "a,b\r\n1,\"x, \"\"y\"\"\"\r\n"),
              ElementsAre("1: a|b", "2: 1|x, \"y\""));
}

TEST(CsvReader, KeepsSpacesAndEmptyFields) {
  EXPECT_THAT(ReadAll(" a ,,\n,\n"), ElementsAre("1:  a ||", "2: |"));
}

TEST(CsvReader, ALineIsThatOnWhichTheRecordStarts) {
  EXPECT_THAT(ReadAll("h,i\n\n\"two\nlines\",\"of\n\ntext\"\r\nnext,1"),
              ElementsAre("1: h|i", "3: two\nlines|of\n\ntext", "7: next|1"));
}

TEST(CsvReader, AReturnAloneEndsALineToo) {
  EXPECT_THAT(ReadAll("h,i\r1,2\r\n3,4\r"), ElementsAre("1: h|i", "2: 1|2", "3: 3|4"));
  // Also for who says where a character is wrong.
  std::istringstream stream("h\r1\r2\r\xff\r");
  CsvReader reader(stream, CsvFormat());
  CsvRecord record;
  absl::StatusOr<bool> any = true;
  while (any.ok() && *any) any = reader.Next(&record);
  EXPECT_FALSE(any.ok());
  EXPECT_EQ(reader.line(), 4);
}

TEST(CsvReader, NothingIsNoRecord) {
  EXPECT_THAT(ReadAll(""), IsEmpty());
  EXPECT_THAT(ReadAll("\xef\xbb\xbf"), IsEmpty());
  EXPECT_THAT(ReadAll("\n\r\n\n"), IsEmpty());
  EXPECT_THAT(ReadAll(std::string(3 << 20, '\n')), IsEmpty());
}

TEST(CsvReader, RefusesAQuoteWhereNoneCanBe) {
  EXPECT_THAT(ReadAll("a,b\n1,x\"y\n2,z\n"),
              ElementsAre("1: a|b", StartsWith("!2: this is not CSV: a quote")));
  EXPECT_THAT(ReadAll("a\n\"x\"y\n"), ElementsAre("1: a", StartsWith("!2: ")));
}

TEST(CsvReader, RefusesAQuoteThatIsNotClosed) {
  EXPECT_THAT(ReadAll("a\n1\n\"x\n2\n3\n"),
              ElementsAre("1: a", "2: 1", "!3: this is not CSV: a closing quote is missing"));
}

TEST(CsvReader, RefusesARecordWithoutEnd) {
  const auto lines = ReadAll("a\n\"" + std::string(2 << 20, 'x') + "\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], testing::AllOf(StartsWith("!2: "), HasSubstr("closing quote")));
}

TEST(CsvReader, LinesAreExactAcrossBuffers) {
  std::string text = "n,text\n";
  for (int i = 2; i < 30000; ++i) text += std::to_string(i) + ",\"some text\"\n";
  std::istringstream stream(text);
  CsvReader reader(stream);
  CsvRecord record;
  ASSERT_TRUE(*reader.Next(&record));
  int64_t rows = 1;
  while (*reader.Next(&record)) {
    ASSERT_EQ(std::to_string(record.line), record.fields[0]);
    ++rows;
  }
  EXPECT_EQ(rows, 29999);
}

TEST(LineMap, FindsTheLineOfEveryRowInFewRuns) {
  LineMap map;
  for (int64_t line = 2; line < 1000; ++line) map.Add(0, line);
  for (int64_t line = 1002; line < 2000; ++line) map.Add(0, line);
  map.Add(1, 2);
  EXPECT_EQ(map.runs(), 3u);
  EXPECT_EQ(map.Find(0).line, 2);
  EXPECT_EQ(map.Find(997).line, 999);
  EXPECT_EQ(map.Find(998).line, 1002);
  EXPECT_EQ(map.Find(map.rows() - 1).line, 2);
  EXPECT_EQ(map.Find(map.rows() - 1).file, 1);
  EXPECT_EQ(map.Find(map.rows()).file, -1);
  EXPECT_EQ(map.Find(-1).file, -1);
}

}  // namespace
}  // namespace policytrack::cli
