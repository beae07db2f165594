// The tables, those of schemas 1 and 2, which differ in how points are laid out
// (storage/chunk_codec.h). Described in docs/storage-format.md. Portable SQL but
// for STRICT; a change of it is a new schema version and a migration.
#ifndef POLICYTRACK_STORAGE_SQLITE_SCHEMA_H_
#define POLICYTRACK_STORAGE_SQLITE_SCHEMA_H_

namespace policytrack::storage::sqlite {

// "PTrk" in SQLite's header says whose file it is.
inline constexpr int kApplicationId = 0x5054726b;
inline constexpr int kSchemaVersion = 2;

inline constexpr char kSchema[] = R"sql(
CREATE TABLE commits (
  revision INTEGER NOT NULL PRIMARY KEY,
  time INTEGER NOT NULL,
  principal TEXT NOT NULL,
  request_id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  input_revision INTEGER NOT NULL,
  content_digest BLOB NOT NULL,
  chain_digest BLOB NOT NULL
) STRICT;
CREATE INDEX commits_by_time ON commits (time);

CREATE TABLE documents (
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (name, revision)
) STRICT;

CREATE TABLE document_heads (
  collection TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  PRIMARY KEY (collection, name)
) STRICT;

CREATE TABLE document_references (
  target TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (target, source)
) STRICT;
CREATE INDEX document_references_by_source ON document_references (source);

CREATE TABLE series (
  series_id INTEGER NOT NULL PRIMARY KEY,
  parent TEXT NOT NULL,
  output TEXT NOT NULL,
  key TEXT NOT NULL,
  UNIQUE (parent, output, key)
) STRICT;

CREATE TABLE chunks (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  chunk INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (series_id, chunk)
) STRICT;

CREATE TABLE history (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  superseded INTEGER NOT NULL,
  first_revision INTEGER NOT NULL,
  first_period INTEGER NOT NULL,
  last_period INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (series_id, superseded)
) STRICT;

CREATE TABLE changes (
  revision INTEGER NOT NULL REFERENCES commits (revision),
  name TEXT NOT NULL,
  document INTEGER NOT NULL,
  created INTEGER NOT NULL,
  revised INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (revision, name, document)
) STRICT;
CREATE INDEX changes_by_name ON changes (name, revision);

CREATE TABLE evaluations (
  parent TEXT NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (parent, revision)
) STRICT;

CREATE TABLE cursors (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;

CREATE TABLE request_log (
  principal TEXT NOT NULL,
  method TEXT NOT NULL,
  request_id TEXT NOT NULL,
  digest BLOB NOT NULL,
  response BLOB NOT NULL,
  expire_time INTEGER NOT NULL,
  PRIMARY KEY (principal, method, request_id)
) STRICT;
CREATE INDEX request_log_by_expire_time ON request_log (expire_time);
)sql";

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_SCHEMA_H_
