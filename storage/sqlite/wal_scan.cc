#include "storage/sqlite/wal_scan.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/error.h"

namespace policytrack::storage::sqlite {
namespace {

// Of SQLite's file format (fileformat2.html, section 4). All numbers are big-endian
// but those that the checksum adds up, whose order the last bit of the magic number
// tells.
constexpr size_t kHeaderBytes = 32;
constexpr size_t kHeaderSummed = 24;
constexpr size_t kFrameHeaderBytes = 24;
constexpr size_t kFrameHeaderSummed = 8;
constexpr size_t kPageSizeAt = 8;  // in the header of the log
constexpr size_t kSaltsAt = 16;
constexpr size_t kFrameSaltsAt = 8;  // and of a frame
constexpr size_t kFrameSumAt = 16;
constexpr size_t kSaltBytes = 8;
constexpr uint32_t kMagic = 0x377f0682;
constexpr size_t kLeastPageSize = 512;
constexpr size_t kMostPageSize = 65536;
constexpr size_t kDatabaseHeaderBytes = 100;
constexpr size_t kDatabasePageSizeAt = 16;

uint32_t BigEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return value;
}

uint32_t LittleEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return value;
}

struct Sum {
  uint32_t first = 0;
  uint32_t second = 0;

  bool operator==(const Sum& other) const { return first == other.first && second == other.second; }
  // `bytes` is a multiple of eight long.
  void Add(absl::string_view bytes, bool big_endian) {
    const auto number = big_endian ? BigEndian : LittleEndian;
    for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += number(bytes.data() + at) + second;
      second += number(bytes.data() + at + 4) + first;
    }
  }
};

Sum StoredSum(const char* bytes) { return {BigEndian(bytes), BigEndian(bytes + 4)}; }

absl::Status Unreadable(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, " cannot be read; check its owner and permissions"));
}

// The frames of one log, one after the other.
class LogReader {
 public:
  LogReader(std::ifstream* file, size_t page_size, bool big_endian, std::string salts, Sum before)
      : file_(*file),
        big_endian_(big_endian),
        salts_(std::move(salts)),
        stored_(before),
        bytes_(kFrameHeaderBytes + page_size, '\0') {}

  // False at the end, also where the last frame is not all there.
  bool Next() {
    file_.read(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    if (static_cast<size_t>(file_.gcount()) != bytes_.size()) return false;
    ++number_;
    Sum sum = stored_;
    sum.Add(absl::string_view(bytes_).substr(0, kFrameHeaderSummed), big_endian_);
    sum.Add(data(), big_endian_);
    stored_ = StoredSum(bytes_.data() + kFrameSumAt);
    const absl::string_view salts = absl::string_view(bytes_).substr(kFrameSaltsAt, kSaltBytes);
    is_ours_ = salts == salts_ && page() != 0;
    follows_ = is_ours_ && sum == stored_;
    return true;
  }

  int64_t number() const { return number_; }
  uint32_t page() const { return BigEndian(bytes_.data()); }
  // The pages of the database after the transaction that ends here, 0 within one.
  uint32_t ends_with() const { return BigEndian(bytes_.data() + 4); }
  absl::string_view data() const { return absl::string_view(bytes_).substr(kFrameHeaderBytes); }
  // Not left by an earlier round of the log.
  bool is_ours() const { return is_ours_; }
  // And matches its checksum, as it goes on from that stored in the frame before.
  bool follows() const { return follows_; }

 private:
  std::ifstream& file_;
  const bool big_endian_;
  const std::string salts_;
  Sum stored_;
  std::string bytes_;
  int64_t number_ = 0;
  bool is_ours_ = false;
  bool follows_ = false;
};

std::optional<LogDamage> ScanFrames(LogReader* log) {
  LogDamage damage;
  int64_t in_a_row = 0;
  while (log->Next()) {
    if (damage.frame == 0) {
      if (!log->follows()) damage.frame = log->number();
      continue;
    }
    if (!log->follows()) in_a_row = 0;
    if (log->follows() && log->ends_with() != 0) ++in_a_row;
    damage.transactions = std::max(damage.transactions, in_a_row);
  }
  if (damage.transactions < 2) return std::nullopt;
  return damage;
}

// What SQLite would not read for a header that is broken. A header is written anew,
// and may be torn, when all of the log is in the database; then nothing is lost.
absl::StatusOr<std::optional<LogDamage>> ScanWithoutHeader(LogReader* log, size_t page_size,
                                                           const std::string& database_path) {
  LogDamage damage;
  uint32_t pages = 0;
  // By page the last that was written, and that up to the last end of a transaction.
  std::map<uint32_t, std::string> open;
  std::map<uint32_t, std::string> ended;
  // Nothing tells of the first frame whether it is whole.
  while (log->Next() && (log->number() == 1 ? log->is_ours() : log->follows())) {
    open[log->page()] = std::string(log->data());
    if (log->ends_with() == 0) continue;
    ++damage.transactions;
    pages = log->ends_with();
    for (auto& [page, data] : open) ended[page] = std::move(data);
    open.clear();
  }
  std::ifstream database(database_path, std::ios::binary);
  if (!database) return Unreadable(database_path);
  std::string stored(page_size, '\0');
  for (const auto& [page, data] : ended) {
    if (page > pages) continue;
    database.clear();
    database.seekg(static_cast<std::streamoff>(page - 1) * static_cast<std::streamoff>(page_size));
    database.read(stored.data(), static_cast<std::streamsize>(page_size));
    if (static_cast<size_t>(database.gcount()) != page_size || stored != data) return damage;
  }
  return std::nullopt;
}

// 0 when it cannot be told.
size_t PageSizeOf(const std::string& database_path) {
  std::string header(kDatabaseHeaderBytes, '\0');
  std::ifstream database(database_path, std::ios::binary);
  database.read(header.data(), static_cast<std::streamsize>(header.size()));
  const size_t size = BigEndian(header.data() + kDatabasePageSizeAt) >> 16;
  return size == 1 ? kMostPageSize : size;  // which has no room in two bytes
}

}  // namespace

absl::StatusOr<std::optional<LogDamage>> ScanLog(const std::string& database_path) {
  const std::string path = absl::StrCat(database_path, "-wal");
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return Unreadable(path);
  if (bytes < kHeaderBytes + kFrameHeaderBytes) return std::nullopt;
  std::string header(kHeaderBytes, '\0');
  std::string frame(kFrameHeaderBytes, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  file.read(frame.data(), static_cast<std::streamsize>(frame.size()));
  if (!file) return Unreadable(path);
  file.seekg(kHeaderBytes);
  const uint32_t magic = BigEndian(header.data());
  const bool big_endian = magic == (kMagic | 1);
  Sum sum;
  sum.Add(absl::string_view(header).substr(0, kHeaderSummed), big_endian);
  const Sum stored = StoredSum(header.data() + kHeaderSummed);
  const bool whole = (magic | 1) == (kMagic | 1) && sum == stored;
  const size_t page_size =
      whole ? BigEndian(header.data() + kPageSizeAt) : PageSizeOf(database_path);
  if (page_size < kLeastPageSize || page_size > kMostPageSize) return std::nullopt;
  LogReader log(
      &file, page_size, big_endian,
      whole ? header.substr(kSaltsAt, kSaltBytes) : frame.substr(kFrameSaltsAt, kSaltBytes),
      stored);
  if (!whole) return ScanWithoutHeader(&log, page_size, database_path);
  const std::optional<LogDamage> damage = ScanFrames(&log);
  if (file.bad()) return Unreadable(path);
  return damage;
}

std::string WordsOf(const LogDamage& damage) {
  return absl::StrCat(
      "the write-ahead log is damaged in ",
      damage.frame == 0 ? std::string("its header") : absl::StrCat("frame ", damage.frame),
      ", and at least ", damage.transactions,
      damage.transactions == 1 ? " commit after it is lost" : " commits after it are lost");
}

absl::Status CheckLog(const std::string& database_path) {
  PT_ASSIGN_OR_RETURN(const std::optional<LogDamage> damage, ScanLog(database_path));
  if (!damage.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat(database_path, ": ", WordsOf(*damage),
                            "; restore a backup, or start with --read-only-salvage to read what "
                            "can be read"));
}

}  // namespace policytrack::storage::sqlite
