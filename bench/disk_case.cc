// What an observation takes on disk when its earlier values are kept.
#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/scratch.h"
#include "bench/server_process.h"
#include "bench/sqlite_rows.h"

namespace policytrack::bench {
namespace {

// After the first push come releases, as statistics are published: each brings
// one new month and revises the year before it.
constexpr int kReleases = 10;
constexpr int kRevisedMonths = 12;

double Revised(const Figures& figures, int series, int month, int release) {
  return figures.value(series, month) + release;
}

PushMessages ReleaseMessages(const Figures& figures, int release) {
  const int newest = figures.periods() + release - 1;
  PushMessages messages = AsColumns(figures, newest - kRevisedMonths, newest + 1);
  int series = 0;
  for (auto& message : messages) {
    for (auto& columns : *message.mutable_columns()) {
      for (int i = 0; i <= kRevisedMonths; ++i) {
        const int month = newest - kRevisedMonths + i;
        columns.set_values(i, Revised(figures, series, month, release));
      }
      ++series;
    }
  }
  return messages;
}

// Gives how many observations were written, every vintage counted.
int64_t PushReleases(const Figures& figures, const std::string& address) {
  Client client(address);
  client.CreateDataset();
  ExpectCreated(client.Push(AsColumns(figures, 0, figures.periods())), figures.size());
  int64_t vintages = figures.size();
  for (int release = 1; release <= kReleases; ++release) {
    const auto answer = client.Push(ReleaseMessages(figures, release));
    Must(answer.created_count() == figures.series() &&
             answer.revised_count() == int64_t{kRevisedMonths} * figures.series(),
         "a release did not revise what it was to revise");
    vintages += answer.created_count() + answer.revised_count();
  }
  return vintages;
}

double BytesOfPolicyTrack(const Setting& setting, int64_t* vintages) {
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  // The client goes first, so that the stop finds no connection.
  *vintages = PushReleases(*setting.figures, server.address());
  // A stopped server has put its write-ahead log into the database.
  server.Stop();
  return static_cast<double>(data.Bytes());
}

double BytesOfRows(const Setting& setting) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  {
    SqliteRows rows(data.path(), SqliteRows::Keep::kVintages);
    rows.Upsert(figures, 1);
    for (int release = 1; release <= kReleases; ++release) {
      const int newest = figures.periods() + release - 1;
      for (int s = 0; s < figures.series(); ++s) {
        for (int month = newest - kRevisedMonths; month <= newest; ++month) {
          rows.Upsert(s, figures.period(month), Revised(figures, s, month, release), 1 + release);
        }
      }
    }
    rows.Commit();
  }
  return static_cast<double>(data.Bytes());
}

}  // namespace

CaseResult BytesOnDisk(const Setting& setting) {
  int64_t vintages = 0;
  const double bytes = BytesOfPolicyTrack(setting, &vintages);
  const double bytes_of_rows = BytesOfRows(setting);
  Paired paired;
  paired.Add(bytes / static_cast<double>(vintages), bytes_of_rows / static_cast<double>(vintages));
  CaseResult result;
  result.name = "bytes-on-disk";
  result.what = absl::StrCat("all files after the bulk push and ", kReleases,
                             " releases, each one new month and the ", kRevisedMonths,
                             " before it revised, by observations with every vintage counted");
  result.unit = "bytes/observation";
  result.baseline = "SQLite rows, one for every vintage";
  result.target = {Relation::kAtMost, 12, true};
  Fill(paired, &result);
  return result;
}

}  // namespace policytrack::bench
