// clients/cli/csv_reader.h: the first byte chooses the format.
#include "clients/cli/csv_reader.h"

#include <algorithm>
#include <sstream>

#include "absl/strings/match.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  if (size == 0) return 0;
  static const char* const kEncodings[] = {cli::kUtf8Encoding, "gb18030", "windows-1256", "utf-16",
                                           "utf-16le"};
  cli::CsvFormat format;
  format.encoding = kEncodings[(data[0] & 7) % 5];
  format.delimiter = (data[0] & 8) != 0 ? ';' : ',';
  format.skip_lines = (data[0] >> 4) & 3;
  if ((data[0] & 64) != 0) format.footnotes = {"", "Source:"};
  const absl::string_view text = fuzz::Text(data + 1, size - 1);
  std::istringstream stream{std::string(text)};
  cli::CsvReader reader(stream, format);
  cli::CsvRecord record;
  int64_t line = 0;
  // That a file is UTF-8 is known at its end, and said of the first line that shows it.
  bool looks_back = false;
  while (true) {
    const auto any = reader.Next(&record);
    if (!any.ok()) {
      fuzz::Require(any.status().code() == absl::StatusCode::kInvalidArgument &&
                        !any.status().message().empty(),
                    any.status().ToString());
      looks_back = absl::StrContains(any.status().message(), "all of it is UTF-8");
      break;
    }
    if (!*any) break;
    fuzz::Require(record.line > line, "lines go forward");
    fuzz::Require(!record.fields.empty() && record.fields.size() <= cli::CsvReader::kMaxFields,
                  "fields within the limit");
    line = record.line;
  }
  fuzz::Require(looks_back || reader.line() >= line, "the line of the end");
  // UTF-16 has two bytes where others have one, so it has no more lines either.
  const auto most =
      1 + std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  fuzz::Require(reader.line() >= (looks_back ? 1 : 0) && reader.line() <= most,
                "a line that the file has");
  return 0;
}
