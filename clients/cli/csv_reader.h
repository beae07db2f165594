// CSV after RFC 4180, one record at a time in bounded memory, with the line on
// which each record starts. A byte order mark, CRLF and line breaks within
// quotes are taken; a quote where none can be is refused, because what follows
// it could be read in two ways.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_CSV_READER_H_
#define POLICYTRACK_CLIENTS_CLI_CSV_READER_H_

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace policytrack::cli {

struct CsvRecord {
  int64_t line = 0;  // from 1
  std::vector<std::string> fields;
};

inline constexpr char kNotUtf8[] =
    "the file is not UTF-8 text; save it as UTF-8 (spreadsheets call it \"CSV UTF-8\")";

class CsvReader {
 public:
  // A record may have this many bytes; a longer one most likely misses a quote.
  static constexpr size_t kMaxRecordBytes = 1 << 20;

  // The stream must outlive the reader.
  explicit CsvReader(std::istream& stream);
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // Reads the next record; false at the end. Empty lines are passed over.
  // Returns INVALID_ARGUMENT for what is not CSV, at line(); nothing can be
  // read after that. Returns UNAVAILABLE when the stream fails.
  absl::StatusOr<bool> Next(CsvRecord* record);

  // The line that the last record or error is on.
  int64_t line() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_CSV_READER_H_
