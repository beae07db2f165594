// What the plugin gives for one period: a cell for each output of the descriptor.
//
// Thread rule: belongs to one thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_ROW_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_ROW_H_

#include <array>
#include <cstdint>
#include <optional>

#include "policytrack_plugin.hpp"

namespace attainment {

// In the order of the descriptor.
enum OutputIndex {
  kStatus,
  kScore,
  kRatio,
  kExpected,
  kProjected,
  kRequiredPace,
  kBaseline,
  kBestPace,
  kOutOfReach,
  kFlipChange,
  kFlipStatus,
  kRestsOnProvisional,
  kOutputCount,
};

class Row {
 public:
  // All cells are missing for this reason until they are set.
  explicit Row(uint32_t reason = PT_REASON_UNDEFINED) { MissAll(reason); }

  void MissAll(uint32_t reason) { cells_.fill({std::nullopt, reason, 0}); }
  void Miss(OutputIndex output, uint32_t reason) { cells_[output] = {std::nullopt, reason, 0}; }
  void Put(OutputIndex output, double value, policytrack_plugin::Flags flags) {
    cells_[output] = {value, PT_REASON_NONE, flags};
  }

  void Write(int64_t period, policytrack_plugin::Call* call) const {
    for (int i = 0; i < kOutputCount; ++i) {
      const Cell& cell = cells_[static_cast<size_t>(i)];
      if (cell.value.has_value()) {
        call->output(i).Put(period, *cell.value, cell.flags);
      } else {
        call->output(i).PutMissing(period, cell.reason);
      }
    }
  }

 private:
  struct Cell {
    std::optional<double> value;
    uint32_t reason;
    policytrack_plugin::Flags flags;
  };
  std::array<Cell, kOutputCount> cells_;
};

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_ROW_H_
