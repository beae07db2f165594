// Reads by one client: a measure, a page of measures and a series against a server
// that gives the same answer without looking, and a past state against the present.
#include <fstream>

#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/many_measures.h"
#include "bench/scratch.h"
#include "bench/server_process.h"

namespace policytrack::bench {
namespace {

constexpr double kMicroseconds = 1e6;
constexpr char kMicrosecondsUnit[] = "us, p50";
constexpr int kRevisions = 100;
constexpr int kMonthsOfShortSeries = 120;
// Of the measures listed, one of so many has the category that is asked for.
constexpr int kOneOf = 50;
constexpr char kCategory[] = "subsidies";
// Calls of a block: a page takes many times as long as a series.
constexpr int kPagesOfBlock = 40;

std::string Store(const Scratch& data, const google::protobuf::Message& message) {
  const std::string path = data.path() + "/answer";
  std::ofstream file(path, std::ios::binary);
  Must(file.is_open() && message.SerializeToOstream(&file), "cannot write " + path);
  return path;
}

// Medians of blocks of calls, in turns.
void MeasureReads(const Setting& setting, const std::function<void()>& subject,
                  const std::function<void()>& baseline, CaseResult* result,
                  int calls_of_long = 300) {
  const int calls = setting.Pick(calls_of_long, 3);
  // Connections, threads and caches are there from the second call on.
  MedianSecondsOf(calls, subject);
  MedianSecondsOf(calls, baseline);
  result->unit = kMicrosecondsUnit;
  Fill(InTurns(
           setting.Pick(21, 2), [&] { return kMicroseconds * MedianSecondsOf(calls, subject); },
           [&] { return kMicroseconds * MedianSecondsOf(calls, baseline); }),
       result);
}

// One series whose months were pushed at once and then revised, a hundredth of
// them by each of a hundred pushes, so that no two parts of the first state are
// superseded by the same one. Gives the revision of the first push.
int64_t PushRevisedSeries(const Figures& figures, Client* client) {
  v1::PushObservationsRequest message;
  message.set_dataset(absl::StrCat("datasets/", kDataset));
  v1::ObservationColumns* columns = message.add_columns();
  (*columns->mutable_dimensions())["region"] = figures.region(0);
  for (int month = 0; month < figures.periods(); ++month) {
    columns->add_periods(figures.period(month));
    columns->add_values(figures.value(0, month));
  }
  const v1::PushObservationsResponse first = client->Push(message);
  ExpectCreated(first, figures.periods());
  const int share = figures.periods() / kRevisions;
  for (int revision = 0; revision < kRevisions; ++revision) {
    columns->clear_periods();
    columns->clear_values();
    for (int month = revision * share; month < (revision + 1) * share; ++month) {
      columns->add_periods(figures.period(month));
      columns->add_values(figures.value(0, month) + 1000);
    }
    const v1::PushObservationsResponse answer = client->Push(message);
    Must(answer.revised_count() == share, "a push did not revise what it was to revise");
  }
  return first.revision();
}

// Reads of one series of a data set.
CaseResult ReadOneSeries(const Setting& setting, const Figures& figures, const std::string& name) {
  const Scratch data(setting.scratch);
  const Scratch answers(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  client.PushAll(figures);
  const int series = figures.series() * 2 / 3;
  const v1::ReadSeriesRequest request = OneSeries(figures.region(series));
  const v1::ReadSeriesResponse answer = client.ReadSeries(request);
  ExpectSeries(answer, figures, series, figures.periods());

  ServerProcess bare(setting.bare_server, {"--series", Store(answers, answer)});
  Client bare_client(bare.address());
  ExpectSeries(bare_client.ReadSeries(request), figures, series, figures.periods());
  CaseResult result;
  result.name = name;
  result.what = absl::StrCat("ReadSeries of one series of ", figures.periods(), " points among ",
                             figures.series(), ", ", answer.ByteSizeLong(), " bytes, one client");
  result.baseline = "bare gRPC server giving the same answer";
  MeasureReads(
      setting, [&] { client.ReadSeries(request); }, [&] { bare_client.ReadSeries(request); },
      &result);
  return result;
}

// One measure of many, of which few have the category that is asked for.
v1::Measure OneOfMany(const Figures& figures, int number) {
  v1::Measure measure = MakeMeasure(figures, {});
  measure.set_display_name(absl::StrCat(measure.display_name(), ", part ", number));
  if (number % kOneOf == kOneOf / 2) measure.set_category(kCategory);
  return measure;
}

// Ends the benchmark unless the pages give those of the measures that were asked for,
// in order. Gives the first page.
v1::ListMeasuresResponse ExpectSelected(v1::ListMeasuresRequest request, int measures,
                                        Client* client) {
  v1::ListMeasuresResponse first;
  int number = kOneOf / 2;
  do {
    const v1::ListMeasuresResponse page = client->ListMeasures(request);
    if (request.page_token().empty()) first = page;
    for (const v1::Measure& measure : page.measures()) {
      Must(measure.name() == absl::StrCat("measures/", ManyMeasureId(number)),
           absl::StrCat("a page gave ", measure.name(), " and not measure ", number));
      number += kOneOf;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  Must(number >= measures, "the pages did not give all measures that were asked for");
  return first;
}

}  // namespace

CaseResult GetMeasure(const Setting& setting) {
  const Scratch data(setting.scratch);
  const Scratch answers(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  client.CreateGrowth();
  client.CreatePlan();
  client.CreateMeasure("production", MakeMeasure(*setting.figures, {0, 1}));
  v1::GetMeasureRequest request;
  request.set_name("measures/production");
  const v1::Measure measure = client.GetMeasure(request);
  Must(measure.targets_size() == 2 && measure.translations_size() == 2,
       "the measure read is not the one created");

  ServerProcess bare(setting.bare_server, {"--measure", Store(answers, measure)});
  Client bare_client(bare.address());
  Must(bare_client.GetMeasure(request).ByteSizeLong() == measure.ByteSizeLong(),
       "the bare server gave another measure");
  CaseResult result;
  result.name = "get-measure";
  result.what = absl::StrCat("GetMeasure of ", measure.ByteSizeLong(), " bytes, one client");
  result.baseline = "bare gRPC server giving the same measure";
  result.target = {Relation::kAtMost, 1.25};
  MeasureReads(
      setting, [&] { client.GetMeasure(request); }, [&] { bare_client.GetMeasure(request); },
      &result);
  return result;
}

CaseResult ListMeasures(const Setting& setting) {
  const int measures = setting.Pick(10000, 300);
  const int page_size = setting.Pick(50, 4);
  const Scratch data(setting.scratch);
  const Scratch answers(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreatePlan();
  CreateManyMeasures(server.address(), measures,
                     [&](int number) { return OneOfMany(*setting.figures, number); });
  v1::ListMeasuresRequest request;
  request.set_filter(absl::StrCat("category = ", kCategory, " AND stage = MEASURE_STAGE_IN_FORCE"));
  request.set_page_size(page_size);
  const v1::ListMeasuresResponse page = ExpectSelected(request, measures, &client);

  ServerProcess bare(setting.bare_server, {"--measures", Store(answers, page)});
  Client bare_client(bare.address());
  Must(bare_client.ListMeasures(request).ByteSizeLong() == page.ByteSizeLong(),
       "the bare server gave another page");
  CaseResult result;
  result.name = "list-measures";
  result.what = absl::StrCat("ListMeasures with a filter on category and stage that one of ",
                             kOneOf, " of ", measures, " measures passes, pages of ", page_size,
                             " one after the other, the first of ", page.ByteSizeLong(),
                             " bytes, one client");
  result.baseline = "bare gRPC server giving the same page";
  MeasureReads(
      setting, [&] { request.set_page_token(client.ListMeasures(request).next_page_token()); },
      [&] { bare_client.ListMeasures(request); }, &result, kPagesOfBlock);
  return result;
}

CaseResult ReadShortSeries(const Setting& setting) {
  return ReadOneSeries(setting, Figures(setting.figures->series(), kMonthsOfShortSeries, 0),
                       "read-series-120");
}

CaseResult ReadSeries(const Setting& setting) {
  CaseResult result = ReadOneSeries(setting, *setting.figures, "read-series");
  result.target = {Relation::kAtMost, 1.6};
  return result;
}

CaseResult ReadAsOf(const Setting& setting) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  const int64_t first = PushRevisedSeries(figures, &client);
  const v1::ReadSeriesRequest present = OneSeries(figures.region(0));
  v1::ReadSeriesRequest past = present;
  past.mutable_as_of()->set_revision(first);
  ExpectSeries(client.ReadSeries(past), figures, 0, figures.periods());
  Must(client.ReadSeries(present).series(0).values(0) == figures.value(0, 0) + 1000,
       "the present is not what the last push made it");

  CaseResult result;
  result.name = "read-as-of";
  result.what = absl::StrCat("ReadSeries as of the first push of a series of ", figures.periods(),
                             " points revised ", kRevisions, " times, one client");
  result.baseline = "the same read of the present";
  result.target = {Relation::kAtMost, 3};
  MeasureReads(
      setting, [&] { client.ReadSeries(past); }, [&] { client.ReadSeries(present); }, &result);
  return result;
}

}  // namespace policytrack::bench
