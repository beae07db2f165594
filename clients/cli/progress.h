// Says how far a long run has come: a bar on a terminal, a line now and then
// elsewhere, nothing when the output is for a program.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_PROGRESS_H_
#define POLICYTRACK_CLIENTS_CLI_PROGRESS_H_

#include <cstdint>
#include <string>

#include "clients/cli/context.h"

namespace policytrack::cli {

class Progress {
 public:
  // `verb` is such as "sent". A total of 0 is not known.
  Progress(const Context& context, std::string verb, int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance() {
    if (++done_ >= next_) Show();
  }
  // Takes the bar away, so that other lines can be written; writes the closing line.
  void Finish();

 private:
  void Show();

  const Context& context_;
  const std::string verb_;
  const int64_t total_;
  int64_t done_ = 0;
  int64_t next_;
  int64_t step_;
  bool shown_ = false;
  bool finished_ = false;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PROGRESS_H_
