#include <sstream>

#include "clients/cli/context.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/row_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr char kMapping[] =
    "dataset: output\nperiod: '{year}-{month:02}'\nvalue: value\nstatus: status\n"
    "deleted: gone\nseries_break: break\n"
    "dimensions: {region: area, scope: {constant: all}}\n"
    "where: {kind: [real, 'true']}\nmissing_marks: ['', '-']\n";
constexpr char kHeader[] = "year,month,value,status,gone,break,area,kind,source\n";

PushMapping Mapping(const std::string& text) {
  std::vector<Diagnostic> errors;
  PushMapping mapping = ParseMapping(text, "m.yaml", &errors);
  for (const Diagnostic& error : errors) ADD_FAILURE() << FormatDiagnostic(error);
  EXPECT_TRUE(CheckComplete(mapping).ok());
  return mapping;
}

// Rows in one line each: `line dataset JSON`, or how they were passed over.
std::vector<std::string> Describe(RowSource& source) {
  std::vector<std::string> lines;
  SourceItem item;
  while (true) {
    const auto any = source.Next(&item);
    if (!any.ok()) {
      lines.push_back(std::to_string(source.line()) + " broken " +
                      std::string(any.status().message()));
      return lines;
    }
    if (!*any) return lines;
    std::string text = std::to_string(item.line) + " ";
    switch (item.kind) {
      case SourceItem::Kind::kRow:
        text += item.dataset + " " + ToJson(item.observation);
        break;
      case SourceItem::Kind::kSkipped:
        text += "skipped";
        break;
      case SourceItem::Kind::kFiltered:
        text += "filtered";
        break;
      case SourceItem::Kind::kBad:
        text += "bad " + item.reason + " " + item.message;
        break;
    }
    lines.push_back(text);
  }
}

std::vector<std::string> ReadRows(const std::string& rows, const std::string& mapping = kMapping,
                                  const std::string& header = kHeader) {
  std::istringstream stream(header + rows);
  auto source = OpenCsv(stream, Mapping(mapping));
  if (!source.ok()) return {std::string(source.status().message())};
  return Describe(**source);
}

TEST(CsvRows, MapsColumnsConstantsAndTemplates) {
  EXPECT_THAT(ReadRows("2024,6,1.5,P,,true,CN,real,x\n"),
              ElementsAre(testing::AllOf(
                  StartsWith("2 datasets/output "), HasSubstr("\"period\":\"2024-06\""),
                  HasSubstr("\"region\":\"CN\""), HasSubstr("\"scope\":\"all\""),
                  HasSubstr("\"value\":1.5"), HasSubstr("OBSERVATION_STATUS_PROVISIONAL"),
                  HasSubstr("\"series_break\":true"))));
}

TEST(CsvRows, SelectsSkipsAndDeletes) {
  EXPECT_THAT(ReadRows("2024,6,1,,,,CN,plan,\n2024,6,-,,,,CN,real,\n2024,6,,,,,CN,real,\n"
                       "2024,6,,,1,,CN,true,\n2024,6,3,,true,,CN,real,\n"),
              ElementsAre("2 filtered", "3 skipped", "4 skipped", HasSubstr("\"deleted\":true"),
                          HasSubstr("a row that deletes has no value, but it is `3`")));
}

TEST(CsvRows, RefusesWhatIsNoNumber) {
  for (const char* value : {"\"1,234\"", "0x10", "nan", "inf", "-inf", "12abc", "1 2", " 1", "1 ",
                            "++1", "1e999", "--1", "१२"}) {
    EXPECT_THAT(ReadRows(std::string("2024,6,") + value + ",,,,CN,real,\n"),
                ElementsAre(HasSubstr("2 bad FIELD_INVALID value: `")))
        << value;
  }
  EXPECT_THAT(ReadRows("2024,1,-0.5e-3,,,,CN,real,\n"),
              ElementsAre(HasSubstr("\"value\":-0.0005")));
}

TEST(CsvRows, AnEmptyValueIsNotZero) {
  EXPECT_THAT(ReadRows("x,\n", "dataset: d\nperiod: p\nvalue: v\n", "p,v\n"),
              ElementsAre(HasSubstr("2 bad FIELD_REQUIRED value: there is none")));
}

TEST(CsvRows, RefusesRowsThatAreNotWhole) {
  EXPECT_THAT(ReadRows("2024,6,1\n2024,6,1,,,,,real,\n2024,6,1,Z,,,CN,real,\n"
                       "2024,6,1,,maybe,,CN,real,\n"),
              ElementsAre(HasSubstr("2 bad FIELD_INVALID the row has 3 fields and the header 9"),
                          HasSubstr("3 bad FIELD_REQUIRED dimensions.region"),
                          HasSubstr("4 bad FIELD_INVALID status: `Z`"),
                          HasSubstr("5 bad FIELD_INVALID deleted: `maybe`")));
}

TEST(CsvRows, RefusesAHeaderWithoutTheColumns) {
  EXPECT_THAT(ReadRows("", "dataset: d\nperiod: p\nvalue: v\n", "period,v\n"),
              ElementsAre("there is no column `p`; the header has period, v"));
  EXPECT_THAT(ReadRows("", "dataset: d\nperiod: p\nvalue: v\n", "p,v,v\n"),
              ElementsAre("there are two columns `v`"));
  EXPECT_THAT(ReadRows("", "dataset: d\nperiod: p\nvalue: v\n", ""),
              ElementsAre(HasSubstr("the file is empty")));
}

TEST(CsvRows, TheDatasetMayBeAColumn) {
  EXPECT_THAT(ReadRows("a,2024,1\ndatasets/b,2024,2\nplans/c,2024,3\n",
                       "dataset_column: d\nperiod: p\nvalue: v\n", "d,p,v\n"),
              ElementsAre(StartsWith("2 datasets/a"), StartsWith("3 datasets/b"),
                          HasSubstr("4 bad NAME_INVALID")));
}

std::vector<std::string> MappingErrors(const std::string& text) {
  std::vector<Diagnostic> errors;
  ParseMapping(text, "m.yaml", &errors);
  std::vector<std::string> lines;
  for (const Diagnostic& error : errors) lines.push_back(FormatDiagnostic(error));
  return lines;
}

TEST(PushMapping, RefusesWithLineAndColumn) {
  EXPECT_THAT(MappingErrors("datset: x\n"),
              ElementsAre(HasSubstr("m.yaml:1:1: a mapping has no `datset`; it has dataset,")));
  EXPECT_THAT(MappingErrors("dataset: x\ndataset_column: y\n"),
              ElementsAre(HasSubstr("m.yaml:2:1: `dataset` and `dataset_column`")));
  EXPECT_THAT(MappingErrors("value: v\nvalue: w\n"), ElementsAre(HasSubstr("m.yaml:2:1: ")));
  EXPECT_THAT(MappingErrors("period: '{year'\n"), ElementsAre(HasSubstr("is not a template")));
  EXPECT_THAT(MappingErrors("period: '{year:x}'\n"), ElementsAre(HasSubstr("is not a template")));
  EXPECT_THAT(MappingErrors("dimensions: {Bad Id: x}\n"),
              ElementsAre(HasSubstr("`Bad Id` is not the id of a dimension")));
  EXPECT_THAT(MappingErrors("missing_marks: [~]\n"), ElementsAre(HasSubstr("quote what is empty")));
  EXPECT_THAT(MappingErrors("value: [v]\n"), SizeIs(1));
  EXPECT_THAT(MappingErrors("a: {\n"), ElementsAre(HasSubstr("this is not YAML")));
  EXPECT_THAT(MappingErrors("[]\n"), ElementsAre(HasSubstr("a mapping is a map")));
}

TEST(PushMapping, DimensionFlags) {
  PushMapping mapping;
  EXPECT_TRUE(AddDimensionFlag("region=area", &mapping).ok());
  EXPECT_TRUE(AddDimensionFlag("scope:=all=x", &mapping).ok());
  EXPECT_EQ(mapping.dimensions.at("region").kind, CellSource::Kind::kColumn);
  EXPECT_EQ(mapping.dimensions.at("scope").kind, CellSource::Kind::kConstant);
  EXPECT_EQ(mapping.dimensions.at("scope").text, "all=x");
  for (const char* flag : {"region", "=x", ":=x", "region=", "Region=x"}) {
    EXPECT_FALSE(AddDimensionFlag(flag, &mapping).ok()) << flag;
  }
}

TEST(PushMapping, SaysWhatIsMissing) {
  PushMapping mapping;
  EXPECT_THAT(std::string(CheckComplete(mapping).message()), HasSubstr("--dataset"));
  mapping.dataset = CellSource::Constant("datasets/x");
  EXPECT_THAT(std::string(CheckComplete(mapping).message()), HasSubstr("--period-column"));
  mapping.period = CellSource::Column("p");
  EXPECT_THAT(std::string(CheckComplete(mapping).message()), HasSubstr("--value-column"));
  mapping.value = CellSource::Column("v");
  EXPECT_TRUE(CheckComplete(mapping).ok());
}

std::vector<std::string> JsonRows(const std::string& text, const std::string& dataset = "") {
  std::istringstream stream(text);
  auto source = OpenJsonLines(stream, dataset);
  return Describe(*source);
}

TEST(JsonRows, ReadsObservations) {
  EXPECT_THAT(JsonRows("{\"dataset\":\"d\",\"period\":\"2024\",\"value\":1.5}\r\n\n"
                       "{\"dataset\":\"datasets/e\",\"period\":\"2024\",\"deleted\":true}"),
              ElementsAre("1 datasets/d {\"period\":\"2024\",\"value\":1.5}",
                          "3 datasets/e {\"period\":\"2024\",\"deleted\":true}"));
  EXPECT_THAT(JsonRows("{\"period\":\"2024\",\"value\":0}", "datasets/f"),
              ElementsAre("1 datasets/f {\"period\":\"2024\",\"value\":0}"));
}

TEST(JsonRows, SaysPlainlyWhatIsWrong) {
  const auto rows = JsonRows(
      "{\"period\":\n"
      "{\"period\":x}\n"
      "{\"dataset\":\"d\",\"period\":2024}\n"
      "{\"dataset\":\"d\",\"period\":\"2024\",\"value\":1e400}\n"
      "{\"dataset\":\"d\",\"period\":\"2024\",\"value\":\"1e400\"}\n"
      "{\"dataset\":\"d\",\"period\":\"2024\",\"value\":true}\n"
      "{\"dataset\":\"d\",\"period\":\"2024\",\"status\":\"good\"}\n"
      "{\"dataset\":\"d\",\"period\":\"2024\",\"dimensions\":{\"a\":1}}\n"
      "{\"dataset\":\"d\",\"deleted\":1}\n");
  EXPECT_THAT(
      rows, ElementsAre(
                HasSubstr("the line ends before the object does"),
                HasSubstr("2 bad FIELD_INVALID this is not JSON: it goes wrong at byte 11 of "
                          "the line, at `x}`"),
                HasSubstr("`period` must be a text in quotes, but it is `2024`"),
                HasSubstr("too large for a number"), HasSubstr("`1e400` is too large for a number"),
                HasSubstr("`value` must be a finite number, but it is `true`"),
                HasSubstr("`status` must be a letter of SDMX CL_OBS_STATUS"),
                HasSubstr("`dimensions` must be an object of texts"),
                HasSubstr("`deleted` must be true or false")));
  for (const std::string& row : rows) {
    EXPECT_THAT(row, testing::Not(HasSubstr("exception")));
    EXPECT_THAT(row, testing::Not(HasSubstr("parse error")));
  }
}

TEST(JsonRows, TakesWhatProtoJsonTakes) {
  EXPECT_THAT(
      JsonRows("{\"dataset\":\"d\",\"period\":\"2024\",\"value\":\"1.5\","
               "\"seriesBreak\":true,\"status\":4,\"output\":null}"),
      ElementsAre(testing::AllOf(HasSubstr("\"value\":1.5"), HasSubstr("\"series_break\":true"))));
}

TEST(CsvRows, ANumberOutOfRangeIsSaidToBe) {
  EXPECT_THAT(ReadRows("2024,6,1e400,,,,CN,real,\n2024,6,-1e400,,,,CN,real,\n"
                       "2024,6,1e-400,,,,CN,real,\n"),
              ElementsAre(HasSubstr("value: `1e400` is too large for a number"),
                          HasSubstr("`-1e400` is too large for a number"),
                          HasSubstr("`1e-400` is too close to zero")));
}

TEST(JsonRows, RefusesLineByLine) {
  EXPECT_THAT(JsonRows("{\"period\":\n"
                       "[1]\n"
                       "{\"period\":\"2024\",\"value\":1}\n"
                       "{\"dataset\":\"d\",\"value\":1,\"value\":2}\n"
                       "{\"dataset\":\"d\",\"valu\":1}\n"
                       "{\"dataset\":\"d\",\"value\":\"NaN\"}\n"
                       "{\"dataset\":\"D\",\"value\":1}\n"
                       "{\"dataset\":\"d\",\"period\":\"2024\",\"value\":1}\n"),
              ElementsAre(HasSubstr("1 bad FIELD_INVALID this is not JSON"),
                          HasSubstr("2 bad FIELD_INVALID a line must be a JSON object"),
                          HasSubstr("no `dataset`"), HasSubstr("`value` is here twice"),
                          HasSubstr("there is no field `valu`; a line has dataset, period,"),
                          HasSubstr("finite"), HasSubstr("7 bad"), StartsWith("8 datasets/d")));
}

}  // namespace
}  // namespace policytrack::cli
