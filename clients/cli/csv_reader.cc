#include "clients/cli/csv_reader.h"

#include <csv.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace policytrack::cli {
namespace {

constexpr size_t kBufferBytes = 64 << 10;
constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

// Spaces belong to the field, as RFC 4180 says.
int NoSpace(unsigned char) { return 0; }

}  // namespace

// libcsv is pushed into and calls back; lines are pushed one at a time, so that
// the line of every callback is known.
struct CsvReader::State {
  explicit State(std::istream& s) : stream(s), buffer(kBufferBytes) {
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_space_func(&parser, NoSpace);
  }
  ~State() { csv_free(&parser); }

  static void OnField(void* data, size_t size, void* self) {
    auto* state = static_cast<State*>(self);
    state->StartRecord();
    state->record.fields.emplace_back(static_cast<const char*>(data), size);
  }
  static void OnRecord(int, void* self) {
    auto* state = static_cast<State*>(self);
    state->ready.push_back(std::exchange(state->record, {}));
    state->record_bytes = 0;
  }

  void StartRecord() {
    if (record.line == 0) record.line = line;
  }

  // Pushes bytes that lie within one line.
  absl::Status Push(const char* data, size_t size) {
    // The first field of a record may go on over several lines before it is
    // called back, so the line is noted when its first byte comes.
    if (size > 0 && data[0] != '\r' && data[0] != '\n') StartRecord();
    // Empty lines belong to no record.
    if (record.line != 0) record_bytes += size;
    if (record_bytes > kMaxRecordBytes) {
      return Fail(absl::StrCat("a record is longer than ", kMaxRecordBytes,
                               " bytes; is a closing quote missing?"),
                  record.line);
    }
    const size_t done = csv_parse(&parser, data, size, OnField, OnRecord, this);
    if (done == size) return absl::OkStatus();
    return Fail(csv_error(&parser) == CSV_EPARSE
                    ? "a quote stands where none can be; a field with quotes is written "
                      "\"so \"\"quoted\"\" here\""
                    : csv_strerror(csv_error(&parser)),
                line);
  }

  absl::Status Fail(absl::string_view message, int64_t at) {
    line = at;
    failed = true;
    return absl::InvalidArgumentError(absl::StrCat("this is not CSV: ", message));
  }

  // Reads and pushes one buffer.
  absl::Status Fill() {
    stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    size_t size = static_cast<size_t>(stream.gcount());
    if (stream.bad()) return absl::UnavailableError("cannot be read");
    const char* data = buffer.data();
    if (const absl::string_view mark(data, std::min<size_t>(size, 2));
        first && (mark == "\xff\xfe" || mark == "\xfe\xff")) {
      // UTF-16, as some spreadsheets write it.
      failed = true;
      return absl::InvalidArgumentError(kNotUtf8);
    }
    if (first && size >= kByteOrderMark.size() &&
        absl::string_view(data, kByteOrderMark.size()) == kByteOrderMark) {
      data += kByteOrderMark.size();
      size -= kByteOrderMark.size();
    }
    first = false;
    const char* const end = data + size;
    while (data != end) {
      const void* newline = std::memchr(data, '\n', static_cast<size_t>(end - data));
      const char* stop = newline == nullptr ? end : static_cast<const char*>(newline) + 1;
      const absl::Status status = Push(data, static_cast<size_t>(stop - data));
      if (!status.ok()) return status;
      if (newline != nullptr) ++line;
      data = stop;
    }
    if (stream.eof()) {
      ended = true;
      if (csv_fini(&parser, OnField, OnRecord, this) != 0) {
        return Fail("a closing quote is missing", record.line);
      }
    }
    return absl::OkStatus();
  }

  std::istream& stream;
  std::vector<char> buffer;
  csv_parser parser{};
  std::deque<CsvRecord> ready;
  CsvRecord record;  // not yet complete
  size_t record_bytes = 0;
  int64_t line = 1;
  int64_t last_line = 0;
  bool first = true;
  bool ended = false;
  bool failed = false;
  absl::Status failure;
};

CsvReader::CsvReader(std::istream& stream) : state_(std::make_unique<State>(stream)) {}
CsvReader::~CsvReader() = default;

absl::StatusOr<bool> CsvReader::Next(CsvRecord* record) {
  while (state_->ready.empty()) {
    // What was complete before the error has been given; now the error is due.
    if (!state_->failure.ok()) return state_->failure;
    if (state_->ended) return false;
    state_->failure = state_->Fill();
  }
  *record = std::move(state_->ready.front());
  state_->ready.pop_front();
  state_->last_line = record->line;
  return true;
}

int64_t CsvReader::line() const {
  return state_->ready.empty() && state_->failed ? state_->line : state_->last_line;
}

}  // namespace policytrack::cli
