// Characters of a filter text: words, quoted strings, operators, and errors with
// their position. Internal to the filter; see filter.h.
//
// Thread rule: a scanner belongs to one parse.
#ifndef POLICYTRACK_CORE_FILTER_SCANNER_H_
#define POLICYTRACK_CORE_FILTER_SCANNER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/filter_node.h"

namespace policytrack {

// A word or a quoted string as it stood in the text.
struct FilterToken {
  std::string text;           // without quotes and escapes
  bool quoted = false;        //
  std::vector<size_t> stars;  // offsets in `text` of `*` that were not escaped
  size_t position = 0;        // byte offset in the filter
};

class FilterScanner {
 public:
  // `text` must outlive the scanner. REQUIRES: valid UTF-8.
  explicit FilterScanner(absl::string_view text) : text_(text) {}

  size_t position() const { return position_; }
  bool AtEnd() const { return position_ >= text_.size(); }
  // The next byte, 0 at the end.
  char Peek() const { return AtEnd() ? '\0' : text_[position_]; }
  void SkipSpace();
  // Takes the byte if it is next.
  bool Take(char c);

  // Whether the next word is this operator, AND, OR or NOT, and nothing more.
  bool PeekKeyword(absl::string_view keyword) const;
  bool PeekKeyword() const;
  void SkipKeyword(absl::string_view keyword) { position_ += keyword.size(); }

  // Takes a comparator if one is next.
  bool TakeComparator(FilterComparator* comparator);

  // A word up to a space, a point, a comparator, a quote, a comma or a
  // parenthesis; or a quoted string.
  absl::StatusOr<FilterToken> Name();
  // A value: as Name, and points are part of it, and colons in a time of day.
  absl::StatusOr<FilterToken> Value();
  // Refuses when what was just read runs into something other than a space, a
  // parenthesis that closes, or the end.
  absl::Status CheckBoundary() const;

  // INVALID_ARGUMENT / FILTER_INVALID, pointing at a byte offset.
  absl::Status ErrorAt(size_t position, absl::string_view message) const;
  // What is next, for messages: a character in quotes or "the end".
  std::string Found() const;

 private:
  absl::StatusOr<FilterToken> Word(bool value);
  absl::StatusOr<FilterToken> QuotedString();
  absl::Status Escape(FilterToken* token);
  absl::StatusOr<char32_t> HexUnit();

  absl::string_view text_;
  size_t position_ = 0;
};

// An INVALID_ARGUMENT / FILTER_INVALID with the 1-based character position.
absl::Status FilterErrorAt(absl::string_view text, size_t position, absl::string_view message);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_SCANNER_H_
