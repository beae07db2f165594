// Tables of text, aligned by how wide characters are on a screen.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_TABLE_H_
#define POLICYTRACK_CLIENTS_CLI_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace policytrack::cli {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  // Columns, from 0, that are aligned to the right: numbers.
  std::vector<size_t> right;
};

// Columns that text takes on a terminal: two for wide characters such as
// Chinese ones, none for marks that combine with the letter before.
size_t DisplayWidth(absl::string_view text);

// Cuts to a width; a cut text ends in an ellipsis. Line breaks become spaces.
std::string CutToWidth(absl::string_view text, size_t width);

// Columns apart by two spaces, lines without spaces at their end. Cells are cut
// to `max_width`; 0 leaves them whole.
std::string FormatText(const Table& table, size_t max_width = 0);
std::string FormatMarkdown(const Table& table);
// After RFC 4180, with \n at line ends.
std::string FormatCsv(const Table& table);
// One line of it.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_TABLE_H_
