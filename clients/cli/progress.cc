#include "clients/cli/progress.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"

namespace policytrack::cli {
namespace {

constexpr int kBarWidth = 30;
constexpr int64_t kRowsPerLine = 1000000;
constexpr int64_t kRowsPerStep = 5000;

}  // namespace

Progress::Progress(const Context& context, std::string verb, int64_t total)
    : context_(context), verb_(std::move(verb)), total_(total) {
  if (context.json) {
    step_ = std::numeric_limits<int64_t>::max();
  } else if (context.environment.terminal) {
    step_ = std::max<int64_t>(total / 100, total > 0 ? 1 : kRowsPerStep);
  } else {
    step_ = kRowsPerLine;
  }
  next_ = step_;
}

Progress::~Progress() {
  if (shown_ && !finished_) context_.err() << "\r\033[K" << std::flush;
}

void Progress::Show() {
  next_ = done_ + step_;
  if (!context_.environment.terminal) {
    context_.err() << verb_ << " " << done_ << " rows so far\n" << std::flush;
    return;
  }
  shown_ = true;
  if (total_ <= 0) {
    context_.err() << absl::StrFormat("\r\033[K%s %d rows", verb_, done_) << std::flush;
    return;
  }
  const int filled = static_cast<int>(done_ * kBarWidth / total_);
  context_.err() << absl::StrFormat("\r\033[K[%s%s] %3d%% %s %d of %d rows",
                                    std::string(filled, '#'), std::string(kBarWidth - filled, ' '),
                                    done_ * 100 / total_, verb_, done_, total_)
                 << std::flush;
}

void Progress::Finish() {
  finished_ = true;
  if (context_.json) return;
  if (shown_) context_.err() << "\r\033[K";
  context_.err() << verb_ << " " << done_ << (done_ == 1 ? " row\n" : " rows\n") << std::flush;
}

}  // namespace policytrack::cli
