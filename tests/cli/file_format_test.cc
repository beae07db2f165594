// How files are written: numbers, encodings, marks, units, wide tables, SDMX-CSV.
#include <sstream>

#include "absl/strings/str_cat.h"
#include "clients/cli/number_format.h"
#include "clients/cli/number_text.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/row_source.h"
#include "clients/cli/text_input.h"
#include "clients/cli/unit_scale.h"
#include "core/observation_status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/read_rows.h"

namespace policytrack::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Number(const std::string& text, const NumberFormat& format) {
  const auto plain = PlainNumber(text, format);
  if (!plain.has_value()) return "none";
  const auto value = ParseDouble(*plain);
  return value.has_value() ? FormatDouble(*value) : "none";
}

TEST(NumberFormat, GroupsAreOfThreeAndAlike) {
  NumberFormat format;
  format.thousands = {",", "\u202f", "'"};
  EXPECT_EQ(Number("1,234,567.25", format), "1234567.25");
  EXPECT_EQ(Number("-12\u202f345", format), "-12345");
  EXPECT_EQ(Number("1'000", format), "1000");
  EXPECT_EQ(Number("1234567", format), "1234567");
  EXPECT_EQ(Number("1234e2", format), "123400");
  for (const char* text :
       {"1,23", "1,2345", "1234,567", "1,234'567", ",123", "1,", "1.234,5", "1,,234", "1 234", "",
        "-", "1.", ".5", "1%", "--1", "+-1", "1,234e2", "1,234.5e2"}) {
    EXPECT_EQ(Number(text, format), "none") << text;
  }
}

TEST(NumberFormat, SignsAreTakenAsTheyAreWritten) {
  NumberFormat format;
  EXPECT_EQ(Number("+3.5", format), "3.5");
  EXPECT_EQ(Number("\u22123.5", format), "-3.5");
  for (const char* text : {"+", "++1", "+-1", "-+1", "\u2212-1", "+\u22121"}) {
    EXPECT_EQ(Number(text, format), "none") << text;
  }
  format.decimal = ',';
  EXPECT_EQ(Number("+3,5", format), "3.5");
  EXPECT_EQ(Number("\u22123,5", format), "-3.5");
  EXPECT_EQ(Number("-3,5", format), "-3.5");
  EXPECT_EQ(Number("\u2212-1", format), "none");
}

TEST(NumberFormat, ACommaIsTheDecimalSeparatorWhenToldSo) {
  NumberFormat format;
  format.decimal = ',';
  EXPECT_EQ(Number("1,5", format), "1.5");
  EXPECT_EQ(Number("1.5", format), "none");
  format.thousands = {"."};
  EXPECT_EQ(Number("1.234,5", format), "1234.5");
  EXPECT_EQ(Number("1.5", format), "none");
}

TEST(NumberFormat, OtherDigitsWithTheirSeparators) {
  NumberFormat format;
  format.digits = Digits::kFullWidth;
  EXPECT_EQ(Number("－１，２３４．５", format), "-1234.5");
  EXPECT_EQ(Number("12.5", format), "12.5");
  EXPECT_EQ(Number("1２", format), "none");
  EXPECT_EQ(Number("１２e3", format), "none");
  format.digits = Digits::kArabicIndic;
  EXPECT_EQ(Number("١٬٢٣٤٫٥", format), "1234.5");
  EXPECT_EQ(Number("\u200f-\u200f٠٫٥", format), "-0.5");
  EXPECT_EQ(Number("۱۲", format), "none");
  format.digits = Digits::kExtendedArabicIndic;
  format.percent = true;
  EXPECT_EQ(Number("۱۲٪", format), "12");
  EXPECT_EQ(Number("12\u00a0%", format), "12");
  EXPECT_EQ(Number("١٢", format), "none");
}

TEST(UnitScale, RoundsOnceWhereTheRatioIsAPowerOfTen) {
  v1::Dataset dataset = Vehicles();
  dataset.set_unit_multiplier(0);
  EXPECT_EQ(ScaleTo(dataset, "vehicles", 4)->Apply("4.35"), 43500);
  EXPECT_EQ(ScaleTo(dataset, "", -3)->Apply("1e3"), 1);
  dataset.set_unit("kwh");
  dataset.set_unit_multiplier(8);
  EXPECT_EQ(ScaleTo(dataset, "gwh", 0)->Apply("1.1"), 0.011);
  dataset.set_unit("years");
  dataset.set_unit_multiplier(0);
  EXPECT_EQ(ScaleTo(dataset, "months", 0)->Apply("18"), 1.5);
  EXPECT_THAT(std::string(ScaleTo(dataset, "vehicles", 0).status().message()),
              HasSubstr("`vehicles` (count of vehicles), and datasets/d has `years`"));
}

TEST(FileFormat, AStatusWithoutValueIsSentWithout) {
  EXPECT_THAT(Read("p,v,s\n1,,O\n2,-,Q\n3,5,Q\n4,-,P\n5,-,\n6,0,J\n7,1,W\n",
                   "status: s\nmissing_marks: ['-']\n"),
              ElementsAre("2 1 none O", "3 2 none Q",
                          HasSubstr("4 bad value: the status Q says that there is none, but it "
                                    "is `5`"),
                          "5 skipped", "6 skipped", HasSubstr("7 bad"), "8 7 1 W"));
  EXPECT_THAT(Read("p,v\n1,\n2,[c]\n3,NA\n4,0\n", "missing_marks: {'': O, '[c]': Q, NA: skip}\n"),
              ElementsAre("2 1 none O", "3 2 none Q", "4 skipped", "5 4 0 A"));
  EXPECT_THAT(Read("", "missing_marks: {x: P}\n"), ElementsAre(HasSubstr("neither skip nor")));
}

TEST(FileFormat, PreambleFootnotesAndLineEnds) {
  EXPECT_THAT(Read("title\r\n\"x\rp;v\r\n1;2\r3;\"4\"\n\r\n5;6\n",
                   "skip_lines: 2\ndelimiter: ;\nfootnotes: ['']\n"),
              ElementsAre("4 1 2 A", "5 3 4 A"));
  EXPECT_THAT(Read("p,v\n1,2\nNote: a \"b\" c\n3,4\n", "footnotes: ['Note:']\n"),
              ElementsAre("2 1 2 A"));
  EXPECT_THAT(Read("p,v\n1,2\n\"Note: x, y\",\n3,4\n", "footnotes: ['Note:']\n"),
              ElementsAre("2 1 2 A"));
  EXPECT_THAT(Read("p,v\n1,2\n,\n3,4\n", "footnotes: ['']\n"), ElementsAre("2 1 2 A"));
  // Across the blocks in which files are read.
  std::string text = "p,v\n";
  while (text.size() < (64 << 10) - 3) text += "1,2\n";
  text += "Note: x\nno row\n";
  EXPECT_THAT(Read(text, "footnotes: ['Note:']\n").back(), HasSubstr(" 1 2 A"));
  EXPECT_THAT(Read("a\n", "skip_lines: 3\n"), ElementsAre(HasSubstr("nothing after the lines")));
}

TEST(FileFormat, WideFilesHaveAColumnForEveryPeriod) {
  EXPECT_THAT(Read("r,2023,2024\nx,1,-\ny,,4\nz,1\n",
                   "period_columns: rest\ndimensions: {r: r}\nmissing_marks: ['-']\n"),
              ElementsAre("2 2023 1 A", "2 skipped", HasSubstr("3 bad value: there is none"),
                          "3 2024 4 A", HasSubstr("4 bad the row has 2 fields")));
  EXPECT_THAT(Read("r,2023,t\nx,1,9\n", "period_columns: ['2023']\nwhere: {r: x}\n"),
              ElementsAre("2 2023 1 A"));
  EXPECT_THAT(Read("r\n", "period_columns: {'2023': 2023}\n"),
              ElementsAre(HasSubstr("there is no column `2023`")));
  EXPECT_THAT(Read("", "period_columns: rest\nstatus: s\n"), ElementsAre(HasSubstr("no `period`")));
}

TEST(FileFormat, EncodingsAreConvertedAndChecked) {
  // 产 in GB18030, ج in Windows-1256.
  EXPECT_THAT(Read("p,\xb2\xfa\n1,2\n", "encoding: GBK\nmissing_marks: ['产']\n"),
              ElementsAre(HasSubstr("there is no column `v`; the header has p, 产")));
  EXPECT_THAT(Read("p,v\n\xcc,2\n", "encoding: windows-1256\n"), ElementsAre("2 ج 2 A"));
  EXPECT_THAT(Read(std::string("\xff\xfep\0,\0v\0\n\0\x61\0,\0\x32\0", 16), "encoding: utf-16\n"),
              ElementsAre("2 a 2 A"));
  EXPECT_THAT(
      Read("p,v\n1,2\n\xb2\xfa,2\n", ""),
      ElementsAre("2 1 2 A", AllOf(StartsWith("3 the file is not UTF-8 text: "),
                                   HasSubstr("at byte 8 of the file"), HasSubstr("gb18030"))));
  EXPECT_THAT(Read("p,v\n产,2\xff\xff\n", "encoding: gb18030\n"),
              ElementsAre(HasSubstr("the file is not GB18030 text")));
  EXPECT_THAT(Read("\xef\xbb\xbfp,v\n", "encoding: gbk\n"),
              ElementsAre(HasSubstr("the mark of UTF-8")));
  EXPECT_THAT(Read("\xff\xfep", ""), ElementsAre(HasSubstr("it is UTF-16")));
  EXPECT_THAT(Read(std::string("p\0,\0v\0", 6), ""), ElementsAre(HasSubstr("NUL")));
  EXPECT_THAT(Read("p,v\n1,\xe4\xba", ""), ElementsAre(HasSubstr("it ends within a character")));
  EXPECT_THAT(Read("p,v\n", "encoding: latin-1\n"), ElementsAre(HasSubstr("is one of utf-8")));
}

TEST(FileFormat, Utf8UnderAnotherNameIsRefused) {
  for (const char* encoding : {"gb18030", "gbk"}) {
    const std::string setting = absl::StrCat("encoding: ", encoding, "\n");
    // An even number of bytes, so that each two are a character of it.
    EXPECT_THAT(Read("p,v,x\n1,2,\n3,4,河南\n", setting).back(),
                AllOf(StartsWith("3 "), HasSubstr("all of it is UTF-8"),
                      HasSubstr("leave `encoding` out")));
    // 省, which is as well a letter of UTF-8, and 河南.
    EXPECT_THAT(Read("p,v,x\n1,2,\xca\xa1\n", setting), ElementsAre("2 1 2 A"));
    EXPECT_THAT(Read("p,v,x\n1,2,\xba\xd3\xc4\xcf\n", setting), ElementsAre("2 1 2 A"));
  }
  EXPECT_THAT(Read("p,v,x\n1,2,مصر\n", "encoding: windows-1256\n").back(),
              HasSubstr("the file is not Windows-1256 text: all of it is UTF-8"));
  // مصر، as it is written there.
  EXPECT_THAT(Read("p,v,x\n1,2,\xe3\xd5\xd1\xa1\n", "encoding: windows-1256\n"),
              ElementsAre("2 1 2 A"));
  // A character that two blocks have, and a last one that is cut off.
  std::string text = "p,v,x\n";
  while (text.size() < (65 << 10)) text += "1,2,河南\n";
  EXPECT_THAT(Read(text, "encoding: gbk\n").back(), HasSubstr("all of it is UTF-8"));
}

TEST(FileFormat, CharactersAcrossBlocksStayWhole) {
  std::string text = "p,v\n";
  for (int i = 0; text.size() < (200 << 10); ++i) text += "产产产" + std::to_string(i) + ",1\n";
  const auto rows = Read(text, "");
  EXPECT_THAT(rows, testing::Each(HasSubstr("产产产")));
  EXPECT_THAT(rows.back(), StartsWith(std::to_string(rows.size() + 1) + " "));
}

TEST(FileFormat, AHeaderTooWideIsRefused) {
  EXPECT_THAT(Read(std::string(1000000, ',') + "\n", ""),
              ElementsAre("1 this is not CSV: a record has more than 10000 fields"));
}

TEST(FileFormat, SettingsThatContradictEachOtherAreRefused) {
  EXPECT_THAT(Read("", "decimal: ','\nthousands: comma\n"), ElementsAre(HasSubstr("the same")));
  EXPECT_THAT(Read("", "thousands: x\n"), ElementsAre(HasSubstr("is none of comma")));
  EXPECT_THAT(Read("", "delimiter: '|'\n"), ElementsAre(HasSubstr("`delimiter` is one of")));
  EXPECT_THAT(Read("", "unit: parsecs\n"), ElementsAre(HasSubstr("parsecs")));
  EXPECT_THAT(Read("", "multiplier: 40\n"), ElementsAre(HasSubstr("from -12 to 15")));
  EXPECT_THAT(Read("", "ignore: [x]\n"), ElementsAre(HasSubstr("`format: sdmx-csv`")));
  EXPECT_THAT(Read("p,v\n1,2\n", "unit: yuan\n"), ElementsAre(HasSubstr("cannot be converted")));
  EXPECT_THAT(Read("p,v,m\n1,25,3\n2,1,x\n", "multiplier_column: m\n"),
              ElementsAre("2 1 2.5 A", HasSubstr("3 bad multiplier: `x`")));
}

TEST(FileFormat, JsonLinesTakeLettersAndAnEncoding) {
  std::istringstream stream(
      "{\"period\":\"2024\",\"status\":\"Q\"}\n{\"period\":\"2024\",\"status\":\"PROVISIONAL\","
      "\"value\":1}\n{\"period\":\"2024\",\"status\":\"O\",\"value\":1}\n"
      "{\"period\":\"\xcc\",\"value\":1}");
  auto rows = OpenJsonLines(stream, "datasets/d", "windows-1256");
  SourceItem item;
  ASSERT_TRUE(*rows->Next(&item));
  EXPECT_EQ(item.observation.status(), v1::OBSERVATION_STATUS_MISSING_SUPPRESSED);
  ASSERT_TRUE(*rows->Next(&item));
  EXPECT_EQ(item.observation.status(), v1::OBSERVATION_STATUS_PROVISIONAL);
  ASSERT_TRUE(*rows->Next(&item));
  EXPECT_THAT(item.message, HasSubstr("the status O says that there is none, but it is `1`"));
  ASSERT_TRUE(*rows->Next(&item));
  EXPECT_EQ(item.observation.period(), "ج");
  EXPECT_FALSE(*rows->Next(&item));
}

TEST(FileFormat, ALineOfJsonWithoutEndIsRefusedInBoundedMemory) {
  std::istringstream stream(std::string(8 << 20, ' '));
  auto rows = OpenJsonLines(stream, "datasets/d");
  SourceItem item;
  EXPECT_THAT(std::string(rows->Next(&item).status().message()), HasSubstr("longer than 1048576"));
}

}  // namespace
}  // namespace policytrack::cli
