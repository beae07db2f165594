#include "storage/commit_digest.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"

namespace policytrack::storage {
namespace {

constexpr int kVerifyBatch = 512;

absl::Status Broken(int64_t revision, absl::string_view what) {
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("commits/", revision, ": ", what,
                            "; the store was damaged or altered, restore a backup"),
               {{"resource", absl::StrCat("commits/", revision)}});
}

}  // namespace

std::string SeriesDigest(const Columns& written, const std::vector<int64_t>& deleted) {
  Digest digest;
  digest.AddInt(static_cast<int64_t>(written.size()));
  digest.AddRaw(written.periods.data(), written.periods.size() * sizeof(int64_t));
  digest.AddRaw(written.values.data(), written.values.size() * sizeof(double));
  digest.AddRaw(written.flags.data(), written.flags.size() * sizeof(Flags));
  digest.AddInt(static_cast<int64_t>(deleted.size()));
  digest.AddRaw(deleted.data(), deleted.size() * sizeof(int64_t));
  return digest.Finish();
}

void ContentDigest::SetDocument(absl::string_view name, bool deleted, absl::string_view body) {
  documents_[std::string(name)] = {deleted, Sha256(body)};
}

void ContentDigest::SetSeries(const SeriesInfo& series, std::string series_digest) {
  series_[{series.parent, series.output, series.key}] = std::move(series_digest);
}

void ContentDigest::SetEvaluation(absl::string_view parent, absl::string_view body) {
  evaluations_[std::string(parent)] = Sha256(body);
}

std::string ContentDigest::Finish() const {
  Digest digest;
  digest.AddInt(static_cast<int64_t>(documents_.size()));
  for (const auto& [name, state] : documents_) {
    digest.Add(name).AddInt(state.first ? 1 : 0).Add(state.second);
  }
  digest.AddInt(static_cast<int64_t>(series_.size()));
  for (const auto& [name, series_digest] : series_) {
    const auto& [parent, output, key] = name;
    digest.Add(parent).Add(output).Add(key).Add(series_digest);
  }
  digest.AddInt(static_cast<int64_t>(evaluations_.size()));
  for (const auto& [parent, body] : evaluations_) digest.Add(parent).Add(body);
  return digest.Finish();
}

std::string ChainStart() { return std::string(32, '\0'); }

std::string ChainDigest(absl::string_view previous, const Commit& commit) {
  return Digest()
      .Add(previous)
      .AddInt(commit.revision)
      .AddInt(absl::ToUnixMicros(commit.time))
      .Add(commit.principal)
      .Add(commit.request_id)
      .AddInt(static_cast<int64_t>(commit.kind))
      .AddInt(commit.input_revision)
      .Add(commit.content_digest)
      .Finish();
}

absl::Status VerifyChain(ReadTransaction& transaction) {
  std::string previous = ChainStart();
  absl::Time previous_time = absl::InfinitePast();
  const int64_t head = transaction.revision();
  for (int64_t verified = 0; verified < head;) {
    const int64_t upto = std::min(head, verified + kVerifyBatch);
    const int count = static_cast<int>(upto - verified);
    PT_ASSIGN_OR_RETURN(std::vector<Commit> batch, transaction.ListCommits(upto + 1, count));
    std::reverse(batch.begin(), batch.end());
    for (int i = 0; i < count; ++i) {
      const int64_t revision = verified + 1 + i;
      if (i >= static_cast<int>(batch.size()) || batch[i].revision != revision) {
        return Broken(revision, "there is no such commit where there must be one");
      }
      const Commit& commit = batch[i];
      if (commit.time < previous_time) return Broken(revision, "its time is before the one before");
      if (ChainDigest(previous, commit) != commit.chain_digest) {
        return Broken(revision, "its chain digest does not match what is stored");
      }
      previous = commit.chain_digest;
      previous_time = commit.time;
    }
    verified = upto;
  }
  return absl::OkStatus();
}

}  // namespace policytrack::storage
