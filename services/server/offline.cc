#include "services/server/offline.h"

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/error.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/sqlite_store.h"

namespace policytrack::server {
namespace {

constexpr int kDone = 0;
constexpr int kDamage = 1;  // or not restored
constexpr int kNotChecked = 3;

absl::StatusOr<storage::VerifyReport> Verify(const Config& config, std::ostream& err) {
  SystemClock clock;
  storage::SqliteOptions options;
  options.data_dir = config.data_dir;
  // Whatever it finds, it changes nothing in the database.
  options.read_only_salvage = true;
  options.tell = [&err](absl::string_view line) { err << "policytrackd: " << line << "\n"; };
  auto store = storage::SqliteStore::Open(options, &clock);
  if (!store.ok()) return store.status();
  return (*store)->VerifyAll(nullptr);
}

void Print(const storage::VerifyReport& report, std::ostream& out) {
  out << "commits " << report.commits << ", revisions of documents " << report.documents
      << ", points " << report.points << ", evaluations " << report.evaluations << "\n"
      << "store " << ToHex(report.state.first_chain_digest) << "\n"
      << "chain " << ToHex(report.state.chain_digest) << " at revision " << report.state.revision
      << "\n";
  for (const storage::StoreProblem& problem : report.problems) {
    out << "damage in " << problem.resource << ": " << problem.message << "\n";
  }
}

}  // namespace

bool IsOffline(const Config& config) { return config.verify || !config.restore_from.empty(); }

int RunOffline(const Config& config, std::ostream& out, std::ostream& err) {
  const bool restores = !config.restore_from.empty();
  const absl::StatusOr<storage::VerifyReport> report =
      restores
          ? storage::sqlite::RestoreCopy(config.restore_from, config.data_dir, config.expect_chain)
          : Verify(config, err);
  if (!report.ok()) {
    err << "policytrackd: " << report.status().message() << "\n";
    // A database so damaged that it cannot be opened is damaged all the same.
    const bool damaged = ReasonOf(report.status()) == reason::kStoreDamaged;
    return restores || damaged ? kDamage : kNotChecked;
  }
  Print(*report, out);
  if (report->problem_count > 0) {
    out << "damage found: " << report->problem_count << " problems\n";
    return kDamage;
  }
  out << (restores ? "restored into " + config.data_dir : std::string("no damage found")) << "\n";
  return kDone;
}

}  // namespace policytrack::server
