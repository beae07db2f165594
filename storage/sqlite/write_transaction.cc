#include "storage/sqlite/write_transaction.h"
#include "storage/sqlite/answer_codec.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/resource_name.h"
#include "storage/series_merge.h"
#include "storage/sqlite/change_codec.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr int kSeriesBatch = 1000;

constexpr char kPutDocument[] =
    "INSERT INTO documents (name, revision, deleted, body) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (name, revision) DO UPDATE SET deleted = excluded.deleted, body = excluded.body";
constexpr char kPutHead[] =
    "INSERT INTO document_heads (collection, name, revision, deleted) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (collection, name) DO UPDATE SET"
    " revision = excluded.revision, deleted = excluded.deleted";
constexpr char kDropReferences[] = "DELETE FROM document_references WHERE source = ?";
constexpr char kPutReference[] =
    "INSERT INTO document_references (target, source) VALUES (?, ?) ON CONFLICT DO NOTHING";
constexpr char kPutEvaluation[] =
    "INSERT INTO evaluations (parent, revision, body) VALUES (?, ?, ?)"
    " ON CONFLICT (parent, revision) DO UPDATE SET body = excluded.body";
constexpr char kPutCursor[] =
    "INSERT INTO cursors (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
constexpr char kDropExpired[] =
    "DELETE FROM request_log WHERE rowid IN"
    " (SELECT rowid FROM request_log WHERE expire_time <= ? ORDER BY expire_time LIMIT ?)";
constexpr char kPutAnswer[] =
    "INSERT INTO request_log (principal, method, request_id, digest, response, expire_time)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (principal, method, request_id) DO UPDATE SET"
    " digest = excluded.digest, response = excluded.response, expire_time = excluded.expire_time";
constexpr char kPutCommit[] =
    "INSERT INTO commits (revision, time, principal, request_id, kind, input_revision,"
    " content_digest, chain_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kPutChange[] =
    "INSERT INTO changes (revision, name, document, created, revised, deleted, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)";

View WriterView(Connection* connection, const Head& head, int64_t now_us) {
  return View{connection, head.revision, head.revision + 1, now_us};
}

}  // namespace

SqliteWriteTransaction::SqliteWriteTransaction(Connection* connection, const Head& head,
                                               int64_t now_us, SecondThread* second)
    : ViewTransaction(WriterView(connection, head, now_us)),
      connection_(*connection),
      previous_chain_(head.revision == 0 ? ChainStart() : head.chain_digest),
      time_us_(std::max(now_us, head.time_us)),
      series_(connection, head.revision + 1, second) {}

template <typename Body>
absl::Status SqliteWriteTransaction::Do(Body&& body) {
  absl::Status status = Guard([&]() -> absl::Status { return body(); });
  if (!status.ok()) Remember(status);
  return status;
}

absl::Status SqliteWriteTransaction::PutDocument(absl::string_view name, absl::string_view body,
                                                 bool deleted,
                                                 const std::vector<std::string>& references) {
  return Do([&] {
    const std::string key(name);
    if (!documents_.contains(key)) {
      const bool existed = sqlite::GetDocument(view(), name, view().revision).has_value();
      documents_[key].before = existed ? DocumentBefore::kPresent : DocumentBefore::kAbsent;
    }
    documents_[key].deleted = deleted;
    Query(connection_, kPutDocument)
        .Text(name)
        .Bind(next_revision())
        .Bind(deleted)
        .Blob(body)
        .Run();
    Query(connection_, kPutHead)
        .Text(CollectionOf(name))
        .Text(name)
        .Bind(next_revision())
        .Bind(deleted)
        .Run();
    Query(connection_, kDropReferences).Text(name).Run();
    for (const std::string& target : references) {
      Query(connection_, kPutReference).Text(target).Text(name).Run();
    }
    content_.SetDocument(name, deleted, body);
    return absl::OkStatus();
  });
}

absl::StatusOr<WriteCounts> SqliteWriteTransaction::WriteSeries(
    absl::string_view parent, const std::vector<SeriesWrite>& writes) {
  // All checks before the first change: a refused call has changed nothing.
  for (const SeriesWrite& write : writes) PT_RETURN_IF_ERROR(CheckWrite(write));
  return WriteAll(parent, writes);
}

absl::StatusOr<WriteCounts> SqliteWriteTransaction::WriteAll(
    absl::string_view parent, const std::vector<SeriesWrite>& writes) {
  WriteCounts counts;
  PT_RETURN_IF_ERROR(Do([&] { return series_.Write(parent, writes, &counts); }));
  return counts;
}

absl::StatusOr<int64_t> SqliteWriteTransaction::DeleteAllSeries(absl::string_view parent) {
  int64_t deleted = 0;
  std::vector<SeriesInfo> batch;
  do {
    const SeriesInfo last = batch.empty() ? SeriesInfo() : batch.back();
    PT_ASSIGN_OR_RETURN(batch, ListSeries(parent, batch.empty() ? nullptr : &last, kSeriesBatch));
    for (const SeriesInfo& series : batch) {
      SeriesWrite write;
      write.output = series.output;
      write.key = series.key;
      PT_ASSIGN_OR_RETURN(Columns present, ReadSeries(series.id, PeriodRange(), kPresent));
      write.deletions = std::move(present.periods);
      PT_ASSIGN_OR_RETURN(const WriteCounts counts, WriteAll(parent, {std::move(write)}));
      deleted += counts.deleted;
    }
  } while (batch.size() == kSeriesBatch);
  return deleted;
}

absl::Status SqliteWriteTransaction::PutEvaluation(absl::string_view parent,
                                                   absl::string_view body) {
  return Do([&] {
    Query(connection_, kPutEvaluation).Text(parent).Bind(next_revision()).Blob(body).Run();
    content_.SetEvaluation(parent, body);
    evaluated_ = true;
    return absl::OkStatus();
  });
}

absl::Status SqliteWriteTransaction::SetCursor(absl::string_view name, int64_t value) {
  return Do([&] {
    Query(connection_, kPutCursor).Text(name).Bind(value).Run();
    return absl::OkStatus();
  });
}

absl::Status SqliteWriteTransaction::PutAnswer(absl::string_view principal,
                                               absl::string_view method,
                                               absl::string_view request_id,
                                               const StoredAnswer& answer, absl::Time expire) {
  return Do([&] {
    const std::string digest = EncodeAnswerDigest(answer);
    Query(connection_, kPutAnswer)
        .Text(principal)
        .Text(method)
        .Text(request_id)
        .Blob(digest)
        .Blob(answer.response)
        .Bind(absl::ToUnixMicros(expire))
        .Run();
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> SqliteWriteTransaction::DropExpiredAnswers(int limit) {
  int64_t dropped = 0;
  PT_RETURN_IF_ERROR(Do([&] {
    Query(connection_, kDropExpired).Bind(view().now_us).Bind(std::max(limit, 0)).Run();
    dropped = connection_.database().getChanges();
    return absl::OkStatus();
  }));
  return dropped;
}

bool SqliteWriteTransaction::changed() const {
  return evaluated_ || !documents_.empty() || series_.changed();
}

absl::StatusOr<Head> SqliteWriteTransaction::Finish(const WriteOptions& options) {
  Commit commit;
  commit.revision = next_revision();
  commit.time = time();
  commit.principal = options.principal;
  commit.request_id = options.request_id;
  commit.kind = options.kind;
  commit.input_revision = options.input_revision;
  PT_RETURN_IF_ERROR(Do([&]() -> absl::Status {
    PT_ASSIGN_OR_RETURN(const SeriesWriter::Changes changes, series_.Finish(&content_));
    commit.content_digest = content_.Finish();
    commit.chain_digest = ChainDigest(previous_chain_, commit);
    InsertCommit(commit);
    InsertChanges(changes);
    return absl::OkStatus();
  }));
  return Head{commit.revision, time_us_, commit.chain_digest};
}

void SqliteWriteTransaction::InsertCommit(const Commit& commit) {
  Query(connection_, kPutCommit)
      .Bind(commit.revision)
      .Bind(time_us_)
      .Text(commit.principal)
      .Text(commit.request_id)
      .Bind(static_cast<int64_t>(commit.kind))
      .Bind(commit.input_revision)
      .Blob(commit.content_digest)
      .Blob(commit.chain_digest)
      .Run();
}

void SqliteWriteTransaction::InsertChanges(const SeriesWriter::Changes& changes) {
  const auto insert = [&](const std::string& name, bool document, int64_t created, int64_t revised,
                          int64_t deleted, const std::string& body) {
    Query(connection_, kPutChange)
        .Bind(next_revision())
        .Text(name)
        .Bind(document)
        .Bind(created)
        .Bind(revised)
        .Bind(deleted)
        .Blob(body)
        .Run();
  };
  for (const auto& [name, change] : documents_) {
    const bool created = !change.deleted && change.before == DocumentBefore::kAbsent;
    insert(name, true, created, !change.deleted && !created, change.deleted, "");
  }
  for (const auto& [parent, change] : changes) {
    insert(parent, false, change.counts.created, change.counts.revised, change.counts.deleted,
           EncodeSeriesRanges(change.ranges));
  }
}

}  // namespace policytrack::storage::sqlite
