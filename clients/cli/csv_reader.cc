#include "clients/cli/csv_reader.h"

#include <csv.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "clients/cli/text_input.h"

namespace policytrack::cli {
namespace {

// Spaces belong to the field, as RFC 4180 says.
int NoSpace(unsigned char) { return 0; }

}  // namespace

// libcsv is pushed into and calls back; lines are pushed one at a time, so that
// the line of every callback is known.
struct CsvReader::State {
  State(std::istream& s, CsvFormat f) : format(std::move(f)), input(s, format.encoding) {
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&parser, static_cast<unsigned char>(format.delimiter));
    skip = format.skip_lines;
    for (const std::string& start : format.footnotes) longest = std::max(longest, start.size());
    csv_set_space_func(&parser, NoSpace);
  }
  ~State() { csv_free(&parser); }

  static void OnField(void* data, size_t size, void* self) {
    auto* state = static_cast<State*>(self);
    state->StartRecord();
    // Refused once the line is through; a million fields are not kept until then.
    state->too_wide = state->too_wide || state->record.fields.size() == kMaxFields;
    if (state->too_wide) return;
    state->record.fields.emplace_back(static_cast<const char*>(data), size);
  }
  static void OnRecord(int, void* self) {
    auto* state = static_cast<State*>(self);
    // One that is too wide is not whole.
    CsvRecord whole = std::exchange(state->record, {});
    if (!state->too_wide) state->ready.push_back(std::move(whole));
    state->record_bytes = 0;
    state->header = true;
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
    const int64_t start = record.line;
    const size_t done = csv_parse(&parser, data, size, OnField, OnRecord, this);
    if (too_wide) {
      return Fail(absl::StrCat("a record has more than ", kMaxFields, " fields"), start);
    }
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

  // Whether the footnotes begin with this line, which no record has begun before.
  bool EndsTable(absl::string_view rest) const {
    return std::any_of(format.footnotes.begin(), format.footnotes.end(), [&](const auto& start) {
      return start.empty() ? rest[0] == '\n' || rest[0] == '\r' : absl::StartsWith(rest, start);
    });
  }
  // The same for a record: one of empty cells, as spreadsheets write an empty line,
  // or one whose first cell is in quotes.
  bool EndsTable(const CsvRecord& r) const {
    return std::any_of(format.footnotes.begin(), format.footnotes.end(), [&](const auto& start) {
      return start.empty() ? std::all_of(r.fields.begin(), r.fields.end(),
                                         [](const auto& field) { return field.empty(); })
                           : absl::StartsWith(r.fields[0], start);
    });
  }

  // Reads and pushes one block.
  absl::Status Fill() {
    const auto block = input.Next();
    if (!block.ok()) {
      failed = true;
      if (input.error_line() > 0) line = input.error_line();
      return block.status();
    }
    const bool end = block->empty();
    text.append(block->data(), block->size());
    absl::string_view rest = text;
    while (!rest.empty()) {
      if (after_return && rest[0] == '\n') {
        // The second half of a line end that two blocks had, and a part of what is
        // in quotes.
        after_return = false;
        if (absl::Status status = skip > 0 || record.line == 0 ? absl::OkStatus() : Push("\n", 1);
            !status.ok()) {
          return status;
        }
        rest.remove_prefix(1);
        continue;
      }
      after_return = false;
      const size_t at = rest.find_first_of("\r\n");
      const bool whole = at != rest.npos;
      if (skip == 0 && header && record.line == 0) {
        // The start of a line must be there to be compared.
        if (!whole && !end && rest.size() < longest) break;
        if (EndsTable(rest)) {
          ended = true;
          return absl::OkStatus();
        }
      }
      size_t size = whole ? at + 1 : rest.size();
      if (whole && rest[at] == '\r') {
        after_return = size == rest.size();
        if (!after_return && rest[size] == '\n') ++size;
      }
      if (skip > 0) {
        if (whole) --skip;
      } else {
        const absl::Status status = Push(rest.data(), size);
        if (!status.ok()) return status;
      }
      if (whole) ++line;
      rest.remove_prefix(size);
    }
    text.erase(0, text.size() - rest.size());
    if (end) {
      ended = true;
      if (csv_fini(&parser, OnField, OnRecord, this) != 0) {
        return Fail("a closing quote is missing", record.line);
      }
    }
    return absl::OkStatus();
  }

  const CsvFormat format;
  TextInput input;
  std::string text;  // read and not yet pushed
  csv_parser parser{};
  std::deque<CsvRecord> ready;
  CsvRecord record;  // not yet complete
  size_t record_bytes = 0;
  int64_t line = 1;
  int64_t last_line = 0;
  int64_t given = 0;    // records
  int64_t skip = 0;     // lines still to be passed over
  size_t longest = 0;   // of the starts of footnotes
  bool header = false;  // whether it has been read
  bool after_return = false;
  bool too_wide = false;
  bool ended = false;
  bool failed = false;
  absl::Status failure;
};

CsvReader::CsvReader(std::istream& stream, CsvFormat format)
    : state_(std::make_unique<State>(stream, std::move(format))) {}
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
  if (state_->given++ > 0 && state_->EndsTable(*record)) {
    state_->ready.clear();
    state_->failure = absl::OkStatus();
    state_->ended = true;
    return false;
  }
  return true;
}

int64_t CsvReader::line() const {
  return state_->ready.empty() && state_->failed ? state_->line : state_->last_line;
}

}  // namespace policytrack::cli
