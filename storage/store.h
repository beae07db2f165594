// The Store contract: what the service needs of a database, and nothing of how.
//
// Documents are bytes under a name with every revision kept. Observations are
// columns under (parent, output, key) with every vintage kept. One gapless
// revision orders all writes. Start here, then storage/sqlite/sqlite_store.h.
//
// Thread rule: a Store is safe from any thread. A transaction belongs to the
// thread that runs the body and must not outlive it.
#ifndef POLICYTRACK_STORAGE_STORE_H_
#define POLICYTRACK_STORAGE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/columns.h"

namespace policytrack::storage {

// "The present" where a revision is asked for.
inline constexpr int64_t kPresent = INT64_MAX;

enum class CommitKind : int { kDocument = 1, kPush = 2, kEvaluation = 3 };

// What a commit did under one name: a document, or the parent of series.
struct CommitChange {
  std::string name;
  bool document = false;
  int64_t created = 0;
  int64_t revised = 0;
  int64_t deleted = 0;
};

struct Commit {
  int64_t revision = 0;
  absl::Time time;  // never before that of the commit before; microseconds
  std::string principal;
  std::string request_id;
  CommitKind kind = CommitKind::kDocument;
  int64_t input_revision = 0;         // kEvaluation only
  std::vector<CommitChange> changes;  // by name
  std::string content_digest;         // 32 bytes
  std::string chain_digest;           // 32 bytes
};

// One revision of a document.
struct Document {
  std::string name;
  int64_t revision = 0;
  bool deleted = false;  // a tombstone; body is the last state before
  std::string body;
};

// One series.
struct SeriesInfo {
  int64_t id = 0;
  std::string parent;  // datasets/x, indicators/x or measures/x/targets/y
  std::string output;  // "" for datasets
  std::string key;     // core/dimension_key.h
};

// What a commit changed in one series: the smallest range of periods that holds
// all its created, revised and deleted points.
struct SeriesChange {
  SeriesInfo series;
  PeriodRange range;
};

// How much of the series of one parent a commit changed: how many series, and the
// smallest range of periods that holds all its changed points.
struct ChangeExtent {
  int64_t series = 0;
  PeriodRange range;  // of no meaning without series
};

// New points and deletions for one series. Periods strictly increase within
// each and no period is in both.
struct SeriesWrite {
  std::string output;
  std::string key;
  Columns points;                  // revisions empty: the commit's own is set
  std::vector<int64_t> deletions;  // periods
};

struct WriteCounts {
  int64_t created = 0;
  int64_t revised = 0;
  int64_t unchanged = 0;
  int64_t deleted = 0;  // deletions of what is not there count as unchanged

  void Add(const WriteCounts& more) {
    created += more.created;
    revised += more.revised;
    unchanged += more.unchanged;
    deleted += more.deleted;
  }
};

// A consistent view of the store. Every "as of" parameter is a revision, or
// kPresent for the last one in this view; a revision above it means the same.
// All methods may return UNAVAILABLE / STORE_BUSY when the database is busy and
// INTERNAL when it is damaged or fails otherwise; other codes are listed.
class ReadTransaction {
 public:
  virtual ~ReadTransaction() = default;

  // The last revision in this view; 0 in an empty store.
  virtual int64_t revision() const = 0;

  // The state of a document as of a revision: nullopt when it did not exist
  // yet; a tombstone when it had been deleted.
  virtual absl::StatusOr<std::optional<Document>> GetDocument(absl::string_view name,
                                                              int64_t as_of) = 0;
  // States as of a revision of the documents of a collection ("plans"), by
  // name, names greater than `after`, tombstones left out unless asked for, at
  // most `limit`.
  virtual absl::StatusOr<std::vector<Document>> ListDocuments(absl::string_view collection,
                                                              absl::string_view after, int limit,
                                                              int64_t as_of,
                                                              bool include_deleted) = 0;
  // Revisions of one document below `before`, newest first, at most `limit`.
  virtual absl::StatusOr<std::vector<Document>> ListDocumentRevisions(absl::string_view name,
                                                                      int64_t before,
                                                                      int limit) = 0;
  // Names of present documents that refer to `target`, by name, at most `limit`.
  virtual absl::StatusOr<std::vector<std::string>> ListReferrers(absl::string_view target,
                                                                 int limit) = 0;

  // Series of a parent ordered by (output, key), those without present points
  // included, starting after (output, key) of `after` if given, at most `limit`.
  virtual absl::StatusOr<std::vector<SeriesInfo>> ListSeries(absl::string_view parent,
                                                             const SeriesInfo* after,
                                                             int limit) = 0;
  // One series; nullopt when there never was a point in it.
  virtual absl::StatusOr<std::optional<SeriesInfo>> FindSeries(absl::string_view parent,
                                                               absl::string_view output,
                                                               absl::string_view key) = 0;
  // The points of a series in a range as of a revision, with their revisions.
  virtual absl::StatusOr<Columns> ReadSeries(int64_t series_id, PeriodRange range,
                                             int64_t as_of) = 0;

  // nullopt when there is no such revision yet.
  virtual absl::StatusOr<std::optional<Commit>> GetCommit(int64_t revision) = 0;
  // Commits below `before`, newest first, at most `limit`.
  virtual absl::StatusOr<std::vector<Commit>> ListCommits(int64_t before, int limit) = 0;
  // The last revision committed at or before `time`; 0 when there is none.
  virtual absl::StatusOr<int64_t> RevisionAt(absl::Time time) = 0;

  // Names (documents and parents of series) changed by commits in (after, upto]
  // whose kind is not kEvaluation, without repetition, by name.
  virtual absl::StatusOr<std::vector<std::string>> ChangedNames(int64_t after, int64_t upto) = 0;
  // What those commits changed in the series of `parent`, one entry a series,
  // ranges united. With `include_evaluations` commits of that kind count too.
  virtual absl::StatusOr<std::vector<SeriesChange>> ChangedSeries(absl::string_view parent,
                                                                  int64_t after, int64_t upto,
                                                                  bool include_evaluations) = 0;

  // The extent of what the commit of this revision changed in the series of `parent`:
  // cheaper than ChangedSeries, as no series is looked up. No series when it changed none.
  virtual absl::StatusOr<ChangeExtent> ExtentOfChange(absl::string_view parent,
                                                      int64_t revision) = 0;

  // The evaluation record of a parent with the greatest revision <= as_of;
  // nullopt when there is none. `body` is bytes that the app understands.
  virtual absl::StatusOr<std::optional<std::string>> GetEvaluation(absl::string_view parent,
                                                                   int64_t as_of) = 0;
  // A small value under a name, such as a cursor; 0 when never set.
  virtual absl::StatusOr<int64_t> GetCursor(absl::string_view name) = 0;

  // The stored answer of a request, with the digest of its payload; nullopt
  // when there is none or it has expired.
  struct StoredAnswer {
    std::string digest;
    std::string response;
  };
  virtual absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(absl::string_view principal,
                                                                 absl::string_view method,
                                                                 absl::string_view request_id) = 0;
};

// A write in progress. It sees its own changes.
class WriteTransaction : public ReadTransaction {
 public:
  // The revision and time that this write will have if it changes anything.
  virtual int64_t next_revision() const = 0;
  virtual absl::Time time() const = 0;

  // Writes a new revision of a document with the names that it refers to. A
  // tombstone refers to nothing unless `references` says otherwise.
  virtual absl::Status PutDocument(absl::string_view name, absl::string_view body, bool deleted,
                                   const std::vector<std::string>& references) = 0;

  // Writes points under a parent. Equal points are left alone; what a point
  // replaces or a deletion takes away goes to the history.
  virtual absl::StatusOr<WriteCounts> WriteSeries(absl::string_view parent,
                                                  const std::vector<SeriesWrite>& writes) = 0;
  // Deletes every present point under a parent. Returns how many.
  virtual absl::StatusOr<int64_t> DeleteAllSeries(absl::string_view parent) = 0;

  // Records an evaluation of `parent` at next_revision().
  virtual absl::Status PutEvaluation(absl::string_view parent, absl::string_view body) = 0;
  // Sets a cursor. Alone it makes no commit.
  virtual absl::Status SetCursor(absl::string_view name, int64_t value) = 0;
  // Keeps an answer until `expire`. Alone it makes no commit.
  virtual absl::Status PutAnswer(absl::string_view principal, absl::string_view method,
                                 absl::string_view request_id, const StoredAnswer& answer,
                                 absl::Time expire) = 0;
  // Drops at most `limit` answers that have expired. Returns how many. Alone it
  // makes no commit.
  virtual absl::StatusOr<int64_t> DropExpiredAnswers(int limit) = 0;
};

struct WriteOptions {
  CommitKind kind = CommitKind::kDocument;
  std::string principal;
  std::string request_id;
  int64_t input_revision = 0;  // kEvaluation only
  bool dry_run = false;        // run the body, then undo all it did
};

// Which store it is, and how far its history goes. Two undamaged stores that agree in
// the last digest agree in everything that was ever written.
struct StoreState {
  int64_t revision = 0;            // the last one
  std::string first_chain_digest;  // of revision 1, which no other store has; 32 bytes
  std::string chain_digest;        // of the last revision; both are empty where it is 0
};

// One thing that is wrong with a store.
struct StoreProblem {
  std::string resource;  // commits/12, or "database" where it is no commit
  std::string message;
};

struct VerifyReport {
  StoreState state;
  int64_t commits = 0;
  int64_t documents = 0;    // revisions of documents
  int64_t points = 0;       // created, revised and deleted, in all commits
  int64_t evaluations = 0;  // records
  int64_t problem_count = 0;
  std::vector<StoreProblem> problems;  // the first of them
};

// What a store can say of its work, for those who operate it.
struct StoreStats {
  int64_t queued_writes = 0;  // that wait for the writer
  // Commits since the store was opened, by kind.
  int64_t document_commits = 0;
  int64_t push_commits = 0;
  int64_t evaluation_commits = 0;
  int64_t database_transactions = 0;  // each may hold several commits
  int64_t failed_transactions = 0;    // that the database could not take
  int64_t database_bytes = 0;
  int64_t log_bytes = 0;  // beside it, until it is moved into the database
};

class Store {
 public:
  // Told how much of a long work is done; what it answers says whether to go on.
  // Called from the thread that works.
  using Progress = std::function<bool(int64_t done, int64_t all)>;

  // The body of a write. It may be run more than once (after another write of
  // the same group failed), so it must start anew each time. A status that is
  // not ok undoes all it did.
  using WriteBody = std::function<absl::Status(WriteTransaction&)>;
  // Called once, from the writer thread, when the write is durable or has
  // failed. The value is the revision: the new one, or the present one when the
  // body changed nothing or it was a dry run. Must not block.
  using WriteDone = std::function<void(absl::StatusOr<int64_t>)>;
  using ReadBody = std::function<absl::Status(ReadTransaction&)>;

  virtual ~Store() = default;

  // Runs `body` over a consistent view; returns its status.
  // Returns UNAVAILABLE / STORE_BUSY when no view can be had.
  virtual absl::Status Read(const ReadBody& body) = 0;

  // Queues a write. Writes that wait together are committed together, in order.
  // `done` gets the body's own error, or UNAVAILABLE / STORE_BUSY, STORE_FULL or
  // SERVER_STOPPING, or INTERNAL when the database failed.
  virtual void WriteAsync(WriteOptions options, WriteBody body, WriteDone done) = 0;

  // Why every write is refused, whatever it is: FAILED_PRECONDITION / STORE_READ_ONLY
  // when the store is open for salvage. For who would read much before it writes.
  virtual absl::Status CheckCanBeWritten() const { return absl::OkStatus(); }

  // WriteAsync and wait. Must not be called from the writer thread.
  absl::StatusOr<int64_t> Write(WriteOptions options, WriteBody body);

  // Calls `listener` from the writer thread after each group of commits, with
  // the last durable revision. It must not block. Returns an id.
  virtual int AddListener(std::function<void(int64_t)> listener) = 0;
  // No call is running or will come after it returns.
  virtual void RemoveListener(int id) = 0;

  // The last durable revision.
  virtual int64_t revision() const = 0;

  // Writes a copy of the store as of one revision into `file`, which is there and
  // empty, from which a store can be opened again; beside other calls. The copy is
  // looked through and on disk when it returns.
  // Returns CANCELLED when `progress` said so; UNAVAILABLE / STORE_FULL when there
  // is no room for it; INTERNAL when its file cannot be written;
  // FAILED_PRECONDITION / STORE_READ_ONLY when the store is open for salvage;
  // INTERNAL / STORE_DAMAGED when the store is damaged, which is kept in mind as by
  // VerifyAll; and the errors of Read. What is in the file then is of no use.
  virtual absl::StatusOr<StoreState> CopyTo(const std::string& file, const Progress& progress) = 0;

  // Checks everything: structure, the chain, and that what is stored is what each
  // commit wrote; beside other calls. Damage is in the report. A store keeps in mind
  // what came of it: where there was damage it cannot be opened again but for
  // salvage, until this finds none. That this cannot be kept is one more problem.
  // Returns CANCELLED when `progress` said so, and the errors of Read.
  virtual absl::StatusOr<VerifyReport> VerifyAll(const Progress& progress) = 0;

  // Never waits for a write. Nothing but zeros where nobody counts.
  virtual StoreStats stats() const { return {}; }

  // Finishes queued writes, answers later ones with SERVER_STOPPING.
  virtual void Stop() = 0;
};

}  // namespace policytrack::storage

#endif  // POLICYTRACK_STORAGE_STORE_H_
