// SDMX-CSV 1.0 and 2.0, after the field guide of the SDMX working group.
#include "clients/cli/sdmx_period.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/read_rows.h"

namespace policytrack::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kOwn = "dataflow,POLICYTRACK:d(1.0),";
const std::string kSdmx = "format: sdmx-csv\nmultiplier: 4\n";
const std::string kHeader =
    "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n";

TEST(SdmxCsv, Rows) {
  const std::string header =
      "STRUCTURE[;],STRUCTURE_ID,ACTION,REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS[]\n";
  EXPECT_THAT(
      Read(header + kOwn + "I,CN,2024-M09,1,B;P\n" + kOwn + "M,CN,2024-10,,Q\n" + kOwn +
               "R,CN,2024-11,1,P;E\n" + kOwn + "R,CN,2024-11,1,B\n" +
               "dataflow,X:Y(1.0),I,CN,2024-12,1,\n" + kOwn + "I,,2024-12,1,\n",
           kSdmx),
      ElementsAre("2 2024-09 1 P break", "3 2024-10 none Q", HasSubstr("4 bad OBS_STATUS: `P;E`"),
                  "5 2024-11 1 A break", HasSubstr("the row is of `X:Y(1.0)`"),
                  HasSubstr("dimensions.ref_area: there is none; write _T")));
}

TEST(SdmxCsv, EveryActionWritesOrDeletesOrIsRefused) {
  // The guide has A alter what is there, and I loaded as A.
  EXPECT_THAT(
      Read(kHeader + kOwn + "I,CN,2024-01,1,\n" + kOwn + "A,CN,2024-02,1,P\n" + kOwn +
               "M,CN,2024-03,1,\n" + kOwn + "R,CN,2024-04,1,\n" + kOwn + ",CN,2024-05,1,\n" + kOwn +
               "D,CN,2024-06,,\n" + kOwn + "X,CN,2024-07,1,\n" + kOwn + "i,CN,2024-08,1,\n",
           kSdmx),
      ElementsAre("2 2024-01 1 A", "3 2024-02 1 P", "4 2024-03 1 A", "5 2024-04 1 A",
                  "6 2024-05 1 A", "7 2024-06 none A deleted",
                  HasSubstr("ACTION: `X` is none of I, A, M, R and D"),
                  HasSubstr("ACTION: `i` is none of")));
  EXPECT_THAT(
      Read("STRUCTURE,STRUCTURE_ID,REF_AREA,TIME_PERIOD,OBS_VALUE\n" + kOwn + "CN,2024-01,1\n",
           kSdmx),
      ElementsAre("2 2024-01 1 A"));
}

TEST(SdmxCsv, ARowCannotLeaveTheFigureAsItIs) {
  for (const char* action : {"I", "A", "M", "R"}) {
    EXPECT_THAT(Read(kHeader + kOwn + action + ",CN,2024-01,,P\n", kSdmx),
                ElementsAre(AllOf(StartsWith("2 bad value: there is none; a row writes its "
                                             "observation whole"),
                                  HasSubstr("missing_marks"))));
  }
}

TEST(SdmxCsv, ARowDeletesOneObservationWhole) {
  // A mark in OBS_VALUE takes the figure away, and there is no status without one.
  EXPECT_THAT(Read(kHeader + kOwn + "D,CN,2024-01,-,\n" + kOwn + "D,CN,2024-02,7,P\n" + kOwn +
                       "D,CN,2024-03,,-\n" + kOwn + "D,,2024-04,,\n" + kOwn + "D,CN,,,\n",
                   kSdmx),
              ElementsAre("2 2024-01 none A deleted", "3 2024-02 none A deleted",
                          HasSubstr("ACTION: a row with D and OBS_STATUS alone"),
                          HasSubstr("dimensions.ref_area: there is none; a row takes away one "
                                    "observation: name each"),
                          HasSubstr("period: there is none; a row takes away one observation")));
}

TEST(SdmxCsv, AFileMayDoNothingButTakeAway) {
  const std::string header = "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,TIME_PERIOD\n";
  EXPECT_THAT(
      Read(header + kOwn + "D,CN,2024-01\n" + kOwn + "I,CN,2024-02\n", "format: sdmx-csv\n"),
      ElementsAre("2 2024-01 none A deleted", HasSubstr("3 bad value: there is none")));
  EXPECT_THAT(Read("DATAFLOW,REF_AREA,TIME_PERIOD\nPOLICYTRACK:d(1.0),CN,2024-01\n", kSdmx),
              ElementsAre(HasSubstr("there is no column OBS_VALUE")));
}

TEST(SdmxCsv, ActionsMayMeanSomethingElse) {
  const std::string rows = kHeader + kOwn + "A,CN,2024-01,1,\n" + kOwn + "D,CN,2024-02,,\n";
  EXPECT_THAT(Read(rows, kSdmx + "actions: {A: refuse, D: refuse}\n"),
              ElementsAre(HasSubstr("ACTION: `A` is refused by `actions`"),
                          HasSubstr("ACTION: `D` is refused by `actions`")));
  EXPECT_THAT(Read(rows, kSdmx + "actions: {A: D}\n"),
              ElementsAre("2 2024-01 none A deleted", "3 2024-02 none A deleted"));
  EXPECT_THAT(Read(rows, kSdmx + "actions: {A: X}\n"),
              ElementsAre(HasSubstr("from I, A, M, R or D to M, write, D, delete, or refuse")));
}

TEST(SdmxCsv, AnotherStructureNeedsToBeTold) {
  const std::string text =
      "DATAFLOW,FREQ,GEO,TIME_PERIOD,OBS_VALUE,UNIT_MULT\nX:Y(1),M,CN,2024-01,5,6\n";
  EXPECT_THAT(Read(text, "format: sdmx-csv\n"), ElementsAre(HasSubstr("`structure: \"X:Y(1)\"`")));
  EXPECT_THAT(Read(text, "format: sdmx-csv\ndataset: d\n"),
              ElementsAre(HasSubstr("`POLICYTRACK:d(1.0)` is expected")));
  EXPECT_THAT(Read(text, "format: sdmx-csv\ndataset: d\nstructure: X:Y(1)\n"),
              ElementsAre(HasSubstr("there is no column REF_AREA")));
  EXPECT_THAT(
      Read(text, "format: sdmx-csv\ndataset: d\nstructure: X:Y(1)\ndimensions: {ref_area: GEO}\n"),
      ElementsAre("2 2024-01 500 A"));
}

TEST(SdmxCsv, AllUnknownColumnsAreTold) {
  const std::string text =
      "DATAFLOW,GEO,TIME_PERIOD,OBS_VALUE,DECIMALS,TITLE[en;fr],UNIT_MULT\nX:Y(1),CN,2024-01,5,1,,"
      "0\n";
  const std::string mapped =
      "format: sdmx-csv\ndataset: d\nstructure: X:Y(1)\ndimensions: {ref_area: GEO}\n";
  EXPECT_THAT(Read(text, mapped),
              ElementsAre(HasSubstr("the columns `DECIMALS`, `TITLE[en;fr]` are no dimensions of "
                                    "datasets/d and nothing that a push takes; map them, or list "
                                    "them in `ignore`")));
  EXPECT_THAT(Read(text, mapped + "ignore: [DECIMALS]\n"),
              ElementsAre(HasSubstr("the column `TITLE[en;fr]` is no dimension of")));
  EXPECT_THAT(Read(text, mapped + "ignore: [DECIMALS, TITLE]\n"),
              ElementsAre("2 2024-01 0.0005 A"));
}

TEST(SdmxCsv, FrequencyIsThatOfTheDataset) {
  const std::string text = "DATAFLOW,FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE\nPOLICYTRACK:d(1.0),";
  EXPECT_THAT(Read(text + "M,CN,2024-01,5\n", kSdmx), ElementsAre("2 2024-01 5 A"));
  EXPECT_THAT(Read(text + "Q,CN,2024-Q1,5\n", kSdmx),
              ElementsAre(AllOf(HasSubstr("FREQ: `Q` is not the frequency of datasets/d, which is "
                                          "`M`"),
                                HasSubstr("`where: {FREQ: M}`"))));
  EXPECT_THAT(Read(text + "Q,CN,2024-Q1,5\n", kSdmx + "where: {FREQ: M}\n"),
              ElementsAre("2 filtered"));
  EXPECT_THAT(Read(text + "Q,CN,2024-01,5\n", kSdmx + "ignore: [FREQ]\n"),
              ElementsAre("2 2024-01 5 A"));
  v1::Dataset halves = Vehicles();
  halves.set_frequency(v1::FREQUENCY_HALF_YEAR);
  EXPECT_THAT(Read(text + "S,CN,2024-S1,5\nPOLICYTRACK:d(1.0),H,CN,2024-S2,5\n", kSdmx, halves),
              ElementsAre("2 2024-S1 5 A", "3 2024-S2 5 A"));
}

TEST(SdmxCsv, AMultiplierMustBeSaidWhereTheDatasetHasOne) {
  const std::string own = "DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE";
  const std::string row = "\nPOLICYTRACK:d(1.0),CN,2024-01,5";
  EXPECT_THAT(Read(own + row, "format: sdmx-csv\n"),
              ElementsAre(AllOf(StartsWith("1 nothing says what multiplier the figures have"),
                                HasSubstr("datasets/d is in 万辆"), HasSubstr("`multiplier: 0`"),
                                HasSubstr("`multiplier: 4`"))));
  EXPECT_THAT(Read(own + row, "format: sdmx-csv\nmultiplier: 0\n"),
              ElementsAre("2 2024-01 0.0005 A"));
  EXPECT_THAT(Read(own + row, "format: sdmx-csv\nunit: vehicles\n"),
              ElementsAre("2 2024-01 0.0005 A"));
  EXPECT_THAT(Read(own + ",UNIT_MULT" + row + ",3", "format: sdmx-csv\n"),
              ElementsAre("2 2024-01 0.5 A"));
  EXPECT_THAT(Read(own + ",UNIT_MULT" + row + ",", "format: sdmx-csv\n"),
              ElementsAre(HasSubstr("multiplier: `` is no power of ten")));
  v1::Dataset single = Vehicles();
  single.set_unit_multiplier(0);
  EXPECT_THAT(Read(own + row, "format: sdmx-csv\n", single), ElementsAre("2 2024-01 5 A"));
}

TEST(SdmxCsv, TheUnitIsThatOfTheDatasetOrConverted) {
  const std::string text =
      "DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE,UNIT_MULT,UNIT_MEASURE\nPOLICYTRACK:d(1.0),CN,"
      "2024-01,5,4,";
  EXPECT_THAT(Read(text + "vehicles\n", "format: sdmx-csv\n"), ElementsAre("2 2024-01 5 A"));
  EXPECT_THAT(Read(text + "VEH\n", "format: sdmx-csv\nunits: {VEH: vehicles}\n"),
              ElementsAre("2 2024-01 5 A"));
  EXPECT_THAT(Read(text + "VEH\n", "format: sdmx-csv\n"),
              ElementsAre(AllOf(HasSubstr("2 bad unit: `VEH` is no code of docs/units.md"),
                                HasSubstr("`units: {T: tonnes}`"))));
  EXPECT_THAT(Read(text + "pieces\n", "format: sdmx-csv\n"),
              ElementsAre(HasSubstr("the figures are in `pieces` (count of pieces), and datasets/d "
                                    "has `vehicles`")));
  EXPECT_THAT(Read(text + "VEH\n", "format: sdmx-csv\nignore: [UNIT_MEASURE]\n"),
              ElementsAre("2 2024-01 5 A"));
  EXPECT_THAT(Read(text + "vehicles\n", "format: sdmx-csv\nunit: vehicles\n"),
              ElementsAre(HasSubstr("`UNIT_MEASURE` is no dimension")));
  v1::Dataset tonnes = Vehicles();
  tonnes.set_unit("tonnes");
  EXPECT_THAT(Read(text + "KG\n", "format: sdmx-csv\nunits: {KG: kg}\n", tonnes),
              ElementsAre("2 2024-01 0.005 A"));
  // Of a dataset that has it as a dimension it says which figure it is.
  v1::Dataset by_unit = Vehicles();
  by_unit.add_dimensions()->set_id("unit_measure");
  EXPECT_THAT(Read(text + "VEH\n", "format: sdmx-csv\n", by_unit), ElementsAre("2 2024-01 5 A"));
}

// The examples of the guide for `labels=both` and `labels=name`.
TEST(SdmxCsv, LabelsBesideIds) {
  EXPECT_THAT(
      Read("STRUCTURE[|];STRUCTURE_ID;ACTION;SERIES_KEY;OBS_KEY;REF_AREA: Area: where;"
           "TIME_PERIOD: Temps;OBS_VALUE: Valeur;OBS_STATUS[]: Statut;FREQ: Fréquence\n"
           "dataflow;OFFICE:CARS(1.0): Voitures: neuves;I;A.B;A.B.2014-01;CN: Chine;"
           "2014-01: janvier;12,4;B: Rupture|P: Provisoire;M: Mensuel\n"
           "dataflow;OFFICE:CARS(1.0);I;A.B;A.B.2014-02;CN;2014-02;12,5;A;M\n",
           kSdmx + "dataset: d\nstructure: OFFICE:CARS(1.0)\ndelimiter: ;\ndecimal: comma\n"),
      ElementsAre("2 2014-01 12.4 P break", "3 2014-02 12.5 A"));
  EXPECT_THAT(Read("DATAFLOW,REF_AREA: Area,TIME_PERIOD: Time,OBS_VALUE: Value,TITLE: Title\n"
                   "POLICYTRACK:d(1.0): The cars,CN: China,2014-01: 2014-01,12.4,x\n",
                   kSdmx + "ignore: [TITLE]\nwhere: {REF_AREA: CN}\n"),
              ElementsAre("2 2014-01 12.4 A"));
}

TEST(SdmxCsv, LabelsInColumnsOfTheirOwn) {
  // Names are what they are, also that of another column or their own.
  EXPECT_THAT(
      Read("STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,REF_AREA,Area,TIME_PERIOD,TIME_PERIOD,"
           "OBS_VALUE,Area,OBS_STATUS,Status,UNIT_MULT,Multiplier,UPDATED\n" +
               kOwn + "Cars,I,CN,China,2014-01,January,12.4,,P,Provisional,4,Ten thousands,now\n",
           "format: sdmx-csv\nignore: [UPDATED]\n"),
      ElementsAre("2 2014-01 12.4 P"));
  // Without STRUCTURE_NAME nothing says that a column is a name.
  EXPECT_THAT(Read("STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,Area,TIME_PERIOD,OBS_VALUE\n" + kOwn +
                       "I,CN,China,2014-01,1\n",
                   kSdmx),
              ElementsAre(HasSubstr("the column `Area` is no dimension")));
}

TEST(SdmxCsv, OtherFilesAreNotTakenForIt) {
  EXPECT_THAT(Read("p,v\n1,2\n", kSdmx),
              ElementsAre(AllOf(HasSubstr("this is not SDMX-CSV"), HasSubstr("here it is `p`"))));
  EXPECT_THAT(Read("STRUCTURE;STRUCTURE_ID;ACTION\n", kSdmx),
              ElementsAre(HasSubstr("say `delimiter: ;`")));
  EXPECT_THAT(Read("STRUCTURE,ACTION\n", kSdmx),
              ElementsAre(HasSubstr("after STRUCTURE comes the column STRUCTURE_ID")));
  EXPECT_THAT(Read("STRUCTURE,STRUCTURE_ID,ACTION\n" + kOwn + "D\n", kSdmx),
              ElementsAre(HasSubstr("there is no column TIME_PERIOD")));
}

// Eurostat has flags of its own beside the figures.
TEST(SdmxCsv, FlagsOfAnOffice) {
  const std::string text = "DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n";
  const std::string row = "POLICYTRACK:d(1.0),CN,2024-01,";
  const std::string mapped = kSdmx + "status: OBS_FLAG\n";
  EXPECT_THAT(Read(text + row + "1,p\n", mapped),
              ElementsAre(HasSubstr("say in `statuses` of the mapping which it is")));
  EXPECT_THAT(
      Read(text + row + "1,p\n" + row + "1,b\n" + row + "1,be\n" + row + ",c\n" + row + "1,\n" +
               row + "1,F\n" + row + "1,x\n",
           mapped + "statuses: {p: P, b: B, be: B;ESTIMATED, c: Q, '': U}\n"),
      ElementsAre("2 2024-01 1 P", "3 2024-01 1 A break", "4 2024-01 1 E break", "5 2024-01 none Q",
                  "6 2024-01 1 U", "7 2024-01 1 F", HasSubstr("8 bad OBS_STATUS: `x`")));
  EXPECT_THAT(Read("", mapped + "statuses: {p: X}\n"),
              ElementsAre(HasSubstr("`statuses`: `X` of `p` is no letter or name")));
  EXPECT_THAT(Read("p,v,s\n1,2,vorl.\n", "status: s\nstatuses: {vorl.: PROVISIONAL}\n"),
              ElementsAre("2 1 2 P"));
  EXPECT_THAT(Read("", "statuses: {p: P}\n"), ElementsAre(HasSubstr("and there is none")));
}

TEST(SdmxCsv, AFileWithoutRowsIsNone) {
  EXPECT_THAT(Read(kHeader, kSdmx), testing::IsEmpty());
  EXPECT_THAT(Read(kHeader, kSdmx + "dataset: d\n"), testing::IsEmpty());
  EXPECT_THAT(Read("STRUCTURE,STRUCTURE_ID,X\n", kSdmx + "dataset: d\n"),
              ElementsAre(HasSubstr("there is no column TIME_PERIOD")));
}

TEST(SdmxCsv, Periods) {
  for (const auto& [from, to] : {std::pair("2024", "2024"),
                                 {"2024-A1", "2024"},
                                 {"2024-S1", "2024-S1"},
                                 {"2024-Q3", "2024-Q3"},
                                 {"2024-09", "2024-09"},
                                 {"2024-M09", "2024-09"},
                                 {"2024-W07", "2024-W07"},
                                 {"2024-09-05", "2024-09-05"},
                                 {"2024-09-05T00:00:00", "2024-09-05"},
                                 {"2024-09-05T12:00:00", "2024-09-05T12:00:00"},
                                 {"2024-D366", "2024-12-31"},
                                 {"2023-D366", "2023-D366"},
                                 {"2024-M9", "2024-M9"},
                                 {"2024-A2", "2024-A2"},
                                 {"2024-02-29/P1D", "2024-02-29"},
                                 {"2024-09-01/P1M", "2024-09"},
                                 {"2024-09-01T00:00:00/P1M", "2024-09"},
                                 {"2024-10-01/P3M", "2024-Q4"},
                                 {"2024-07-01/P6M", "2024-S2"},
                                 {"2024-01-01/P1Y", "2024"},
                                 {"2024-01-01/P12M", "2024"},
                                 // Weeks belong to the year of their Thursday.
                                 {"2024-12-30/P7D", "2025-W01"},
                                 {"2026-12-28/P1W", "2026-W53"},
                                 {"", ""}}) {
    EXPECT_EQ(PeriodOfSdmx(from).value(), to);
  }
  for (const char* text : {"2024-09-02/P1M", "2024-02-01/P3M", "2024-04-01/P6M", "2024-04-01/P1Y",
                           "2024-01-01/P4M", "2024-01-02/P7D", "2023-02-29/P1D", "2024-09/P1M",
                           "2024-01-01/2024-12-31", "/", "2024-09-01/PT1H"}) {
    EXPECT_THAT(std::string(PeriodOfSdmx(text).status().message()),
                HasSubstr("` is not the range of one day"))
        << text;
  }
  EXPECT_THAT(std::string(PeriodOfSdmx("2024-T1").status().message()), HasSubstr("is a trimester"));
  EXPECT_THAT(Read(kHeader + kOwn + "I,CN,2024-T1,1,\n", kSdmx),
              ElementsAre(StartsWith("2 bad TIME_PERIOD: `2024-T1` is a trimester")));
}

// Beside SDMX: a table that says the unit of every row.
TEST(FileFormat, AColumnSaysTheUnit) {
  EXPECT_THAT(Read("p,v,u\n1,25,辆\n2,3,vehicles\n3,1,\n",
                   "unit_column: u\nunits: {辆: vehicles}\nmultiplier: 3\n"),
              ElementsAre("2 1 2.5 A", "3 2 0.3 A", HasSubstr("unit: `` is no code")));
  EXPECT_THAT(Read("p,v,u\n1,5%,vehicles\n", "unit_column: u\npercent: true\n"),
              ElementsAre(HasSubstr("with `percent: true` figures are per cent")));
  EXPECT_THAT(Read("", "unit_column: u\nunit: vehicles\n"),
              ElementsAre(HasSubstr("cannot both be given")));
  EXPECT_THAT(Read("", "units: {x: vehicles}\n"), ElementsAre(HasSubstr("and there is none")));
  EXPECT_THAT(Read("", "unit_column: u\nunits: {x: parsecs}\n"), ElementsAre(HasSubstr("parsecs")));
}

}  // namespace
}  // namespace policytrack::cli
