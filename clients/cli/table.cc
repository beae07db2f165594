#include "clients/cli/table.h"

#include <csv.h>
#include <utf8proc.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/safe_text.h"

namespace policytrack::cli {
namespace {

// Calls `visit` with the bytes and the width of every character. Bytes that are
// not UTF-8 count as one column each.
template <typename Visitor>
void ForEachCharacter(absl::string_view text, Visitor visit) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code);
    const size_t step = size > 0 ? static_cast<size_t>(size) : 1;
    const int width = size > 0 ? utf8proc_charwidth(code) : 1;
    if (!visit(text.substr(at, step), static_cast<size_t>(std::max(width, 0)))) return;
    at += step;
  }
}

bool IsRight(const Table& table, size_t column) {
  return std::find(table.right.begin(), table.right.end(), column) != table.right.end();
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field(text.size() * 2 + 2, '\0');
  field.resize(csv_write(field.data(), field.size(), text.data(), text.size()));
  return field;
}

}  // namespace

size_t DisplayWidth(absl::string_view text) {
  size_t total = 0;
  ForEachCharacter(text, [&](absl::string_view, size_t width) {
    total += width;
    return true;
  });
  return total;
}

std::string CutToWidth(absl::string_view text, size_t width) {
  const std::string line = OneLine(text);
  if (DisplayWidth(line) <= width) return line;
  std::string cut;
  size_t used = 1;  // the ellipsis
  ForEachCharacter(line, [&](absl::string_view character, size_t character_width) {
    if (used + character_width > width) return false;
    used += character_width;
    absl::StrAppend(&cut, character);
    return true;
  });
  return cut + "…";
}

std::string FormatText(const Table& table, size_t max_width) {
  std::vector<std::vector<std::string>> lines = {table.header};
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  std::vector<size_t> widths(table.header.size(), 0);
  for (auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      line[i] = max_width == 0 ? OneLine(line[i]) : CutToWidth(line[i], max_width);
      widths[i] = std::max(widths[i], DisplayWidth(line[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - DisplayWidth(line[i]), ' ');
      if (i > 0) row += "  ";
      row += IsRight(table, i) ? padding + line[i] : line[i] + padding;
    }
    row.erase(row.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, row, "\n");
  }
  return text;
}

std::string FormatMarkdown(const Table& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) {
      absl::StrAppend(&text, " ",
                      absl::StrReplaceAll(OneLine(cell), {{"\\", "\\\\"}, {"|", "\\|"}}), " |");
    }
    return text + "\n";
  };
  std::string text = line(table.header) + "|";
  for (size_t i = 0; i < table.header.size(); ++i) text += IsRight(table, i) ? " ---: |" : " --- |";
  text += "\n";
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ",", CsvField(cells[i]));
  }
  return text + "\n";
}

std::string FormatCsv(const Table& table) {
  std::string text = CsvLine(table.header);
  for (const auto& row : table.rows) text += CsvLine(row);
  return text;
}

}  // namespace policytrack::cli
