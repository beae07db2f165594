#include "storage/sqlite/open_database.h"

#include <SQLiteCpp/Column.h>

#include <array>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "storage/commit_digest.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/schema.h"

namespace policytrack::storage::sqlite {
namespace {

// Of SQLite's file format: a magic text, and big-endian numbers at fixed places.
constexpr size_t kHeaderBytes = 100;
constexpr char kMagic[] = "SQLite format 3";  // with its NUL
constexpr size_t kUserVersionAt = 60;
constexpr size_t kApplicationIdAt = 68;

uint32_t BigEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return value;
}

using Header = std::array<char, kHeaderBytes>;

// Of a file that is an SQLite database.
absl::StatusOr<Header> ReadHeader(const std::string& path) {
  Header header{};
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " cannot be read; check its owner and permissions"));
  }
  file.read(header.data(), header.size());
  const absl::string_view bytes(header.data(), header.size());
  if (file.gcount() != static_cast<std::streamsize>(kHeaderBytes) ||
      bytes.substr(0, sizeof(kMagic)) != absl::string_view(kMagic, sizeof(kMagic))) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is not an SQLite database; restore a backup or name an empty directory"));
  }
  return header;
}

int64_t VersionIn(const Header& header) { return BigEndian(header.data() + kUserVersionAt); }

absl::Status CheckIdentity(const std::string& path, int64_t application_id, int64_t version) {
  if (application_id != kApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     " is a database of another program; name an empty directory or one that "
                     "PolicyTrack made"));
  }
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " was written by a newer version of PolicyTrack (schema ", version,
                     ", this one knows up to ", kSchemaVersion, "); run that version"));
  }
  if (version < 1) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " has no known schema; restore a backup"));
  }
  return absl::OkStatus();
}

// The text of all tables and indexes.
std::string SchemaOf(SQLite::Database& database) {
  std::string text;
  SQLite::Statement all(database,
                        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
                        " ORDER BY type, name");
  while (all.executeStep()) {
    for (int column = 0; column < 3; ++column) {
      absl::StrAppend(&text, all.getColumn(column).getString(), "\n");
    }
  }
  return text;
}

// SQLite believes whatever the schema says, so a damaged one gives wrong answers
// and no errors.
absl::Status CheckSchema(SQLite::Database& database) {
  SQLite::Database made(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  made.exec(kSchema);
  if (SchemaOf(database) == SchemaOf(made)) return absl::OkStatus();
  return Damaged("the tables of the database are not those of its schema version");
}

// The last commit must follow from the one before it: cheap, and tells a torn or
// exchanged file at once.
absl::Status CheckHead(Connection& connection) {
  const Head head = ReadHead(connection);
  if (head.revision == 0) return absl::OkStatus();
  const View view{&connection, head.revision, head.revision, 0};
  const std::vector<Commit> last = ListCommits(view, kPresent, 2);
  const bool first = head.revision == 1;
  const bool gapless = first || (last.size() == 2 && last[1].revision == head.revision - 1);
  const std::string before = first || !gapless ? ChainStart() : last[1].chain_digest;
  if (gapless && ChainDigest(before, last[0]) == last[0].chain_digest) return absl::OkStatus();
  return Damaged(absl::StrCat("commits/", head.revision, " does not match its digest"));
}

// The first and the last row of each table: a few pages, whatever the size. SQLite
// throws where one of them cannot be.
void CheckEnds(SQLite::Database& database) {
  for (const char* table :
       {"commits", "documents", "document_heads", "document_references", "series", "chunks",
        "history", "changes", "evaluations", "cursors", "request_log"}) {
    for (const char* order : {"ASC", "DESC"}) {
      SQLite::Statement row(
          database, absl::StrCat("SELECT * FROM ", table, " ORDER BY rowid ", order, " LIMIT 1"));
      row.executeStep();
    }
  }
}

// Schema 2 has the tables of schema 1 and points in a layout that a program of
// schema 1 would call damage; so it is told first that it is too old. And in the file
// itself: its check and its salvage look there alone, and not into the log.
// Asks the file too, as a migration may have been cut short between the two.
absl::Status Migrate(const std::string& path, Connection& connection) {
  PT_ASSIGN_OR_RETURN(const Header header, ReadHeader(path));
  if (VersionIn(header) == kSchemaVersion) return absl::OkStatus();
  connection.database().exec(absl::StrCat("PRAGMA user_version = ", kSchemaVersion));
  connection.Checkpoint();
  return absl::OkStatus();
}

}  // namespace

absl::Status CreateDatabase(const std::string& path) {
  return Guard([&] {
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    // In a rollback journal, so that all is in the one file when it is renamed.
    database.exec("PRAGMA synchronous = FULL; BEGIN");
    database.exec(kSchema);
    database.exec(absl::StrCat("PRAGMA application_id = ", kApplicationId,
                               "; PRAGMA user_version = ", kSchemaVersion, "; COMMIT"));
    return absl::OkStatus();
  });
}

absl::Status CheckDatabaseFile(const std::string& path) {
  PT_ASSIGN_OR_RETURN(const Header header, ReadHeader(path));
  return CheckIdentity(path, BigEndian(header.data() + kApplicationIdAt), VersionIn(header));
}

absl::StatusOr<std::unique_ptr<Connection>> OpenWriter(const std::string& path, Role role,
                                                       absl::Duration busy_timeout) {
  auto opened = Guard([&]() -> absl::StatusOr<std::unique_ptr<Connection>> {
    auto connection = std::make_unique<Connection>(path, role, busy_timeout);
    SQLite::Database& database = connection->database();
    PT_RETURN_IF_ERROR(CheckIdentity(path, database.execAndGet("PRAGMA application_id").getInt64(),
                                     database.execAndGet("PRAGMA user_version").getInt64()));
    PT_RETURN_IF_ERROR(CheckSchema(database));
    PT_RETURN_IF_ERROR(CheckHead(*connection));
    CheckEnds(database);
    PT_RETURN_IF_ERROR(Migrate(path, *connection));
    return connection;
  });
  if (opened.ok() || ReasonOf(opened.status()) != reason::kStoreDamaged) return opened;
  // Whoever starts a server must see which file.
  return Error(opened.status().code(), reason::kStoreDamaged,
               absl::StrCat(path, ": ", opened.status().message(),
                            ", or start with --read-only-salvage to read what can be read"));
}

}  // namespace policytrack::storage::sqlite
