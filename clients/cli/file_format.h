// How a file is written, as its mapping states it: nothing of it is guessed.
// docs/client.md has every setting with an example.
//
// Thread rule: values; any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_FILE_FORMAT_H_
#define POLICYTRACK_CLIENTS_CLI_FILE_FORMAT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace policytrack::cli {

inline constexpr char kUtf8Encoding[] = "utf-8";

struct CsvFormat {
  std::string encoding = kUtf8Encoding;  // one of Encodings()
  char delimiter = ',';
  // Lines before the header.
  int64_t skip_lines = 0;
  // The table ends before the first line that starts with one of these; "" is an
  // empty line.
  std::vector<std::string> footnotes;
};

enum class Digits { kAscii, kFullWidth, kArabicIndic, kExtendedArabicIndic };

struct NumberFormat {
  char decimal = '.';  // or ','
  // Separators between groups of three digits; one number has one of them.
  std::vector<std::string> thousands;
  // Digits that may stand beside ASCII ones, with the separators of their script.
  Digits digits = Digits::kAscii;
  // A percent sign may follow the number.
  bool percent = false;

  bool plain() const {
    return decimal == '.' && thousands.empty() && digits == Digits::kAscii && !percent;
  }
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_FILE_FORMAT_H_
