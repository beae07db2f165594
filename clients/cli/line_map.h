// From row numbers of a push back to files and lines, in a few bytes for every
// run of rows on consecutive lines.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_LINE_MAP_H_
#define POLICYTRACK_CLIENTS_CLI_LINE_MAP_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace policytrack::cli {

class LineMap {
 public:
  struct Place {
    int file = -1;  // as given to Add; -1 for a row that was not added
    int64_t line = 0;
  };

  // The next row.
  void Add(int file, int64_t line) {
    if (runs_.empty() || runs_.back().file != file ||
        runs_.back().line + (rows_ - runs_.back().row) != line) {
      runs_.push_back({rows_, line, file});
    }
    ++rows_;
  }

  Place Find(int64_t row) const {
    if (row < 0 || row >= rows_) return {};
    auto it = std::upper_bound(runs_.begin(), runs_.end(), row,
                               [](int64_t r, const Run& run) { return r < run.row; });
    --it;
    return {it->file, it->line + (row - it->row)};
  }

  int64_t rows() const { return rows_; }
  size_t runs() const { return runs_.size(); }

 private:
  struct Run {
    int64_t row;
    int64_t line;
    int file;
  };
  std::vector<Run> runs_;
  int64_t rows_ = 0;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_LINE_MAP_H_
