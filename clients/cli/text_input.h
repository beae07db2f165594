// A stream in a stated encoding as blocks of UTF-8, in bounded memory. Every byte
// is checked: a file that is not what it is said to be is refused at its first
// wrong byte, with what it may be instead.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_TEXT_INPUT_H_
#define POLICYTRACK_CLIENTS_CLI_TEXT_INPUT_H_

#include <cstdint>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack::cli {

// The encodings that can be stated, for messages.
std::string Encodings();
// Whether it is one of them; letter case does not count.
bool IsEncoding(absl::string_view name);

class TextInput {
 public:
  // The stream must outlive it. REQUIRES: IsEncoding(encoding).
  TextInput(std::istream& stream, absl::string_view encoding);
  ~TextInput();
  TextInput(const TextInput&) = delete;
  TextInput& operator=(const TextInput&) = delete;

  // The next block, without a byte order mark; empty at the end. It is valid
  // until the next call and never ends within a character.
  // Returns INVALID_ARGUMENT at error_line() for bytes that are not text in this
  // encoding, UNAVAILABLE when the stream fails or the encoding is not installed.
  absl::StatusOr<absl::string_view> Next();

  // The line, from 1, of the error; 0 without one.
  int64_t error_line() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_TEXT_INPUT_H_
