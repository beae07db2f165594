// CSV after RFC 4180, one record at a time in bounded memory, with the line on
// which each record starts. A byte order mark, all line ends, mixed ones too, and
// line breaks within quotes are taken; a quote where none can be is refused, because
// what follows it could be read in two ways.
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
#include "clients/cli/file_format.h"

namespace policytrack::cli {

struct CsvRecord {
  int64_t line = 0;  // from 1
  std::vector<std::string> fields;
};

class CsvReader {
 public:
  // A record may have this many bytes; a longer one most likely misses a quote.
  static constexpr size_t kMaxRecordBytes = 1 << 20;
  // And this many fields; nobody has a table as wide as that.
  static constexpr size_t kMaxFields = 10000;

  // The stream must outlive the reader.
  explicit CsvReader(std::istream& stream, CsvFormat format = {});
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // Reads the next record; false at the end, which is where the footnotes begin.
  // Empty lines are passed over. The first record is the header, in which no
  // footnote is looked for.
  // Returns INVALID_ARGUMENT for what is not CSV or not text in the stated
  // encoding, at line(); nothing can be read after that. Returns UNAVAILABLE when the stream fails.
  absl::StatusOr<bool> Next(CsvRecord* record);

  // The line that the last record or error is on.
  int64_t line() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_CSV_READER_H_
