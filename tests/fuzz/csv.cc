// clients/cli/csv_reader.h: the first byte chooses the format.
#include "clients/cli/csv_reader.h"

#include <sstream>

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
  std::istringstream stream(std::string(fuzz::Text(data + 1, size - 1)));
  cli::CsvReader reader(stream, format);
  cli::CsvRecord record;
  int64_t line = 0;
  while (true) {
    const auto any = reader.Next(&record);
    if (!any.ok()) {
      fuzz::Require(any.status().code() == absl::StatusCode::kInvalidArgument &&
                        !any.status().message().empty(),
                    any.status().ToString());
      break;
    }
    if (!*any) break;
    fuzz::Require(record.line > line, "lines go forward");
    fuzz::Require(!record.fields.empty() && record.fields.size() <= cli::CsvReader::kMaxFields,
                  "fields within the limit");
    line = record.line;
  }
  fuzz::Require(reader.line() >= line, "the line of the end");
  return 0;
}
