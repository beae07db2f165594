#include "plugins/conformance/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/utf8.h"
#include "plugins/checks/descriptor.h"
#include "plugins/conformance/allocation.h"

extern char** environ;

namespace policytrack::plugins {
namespace {

constexpr size_t kMostSetups = 12;
constexpr int kReportFd = 3;
constexpr rlim_t kMostMemory = rlim_t{8} << 30;

// The report is its verdict's letter and message, and the end of it.
constexpr char kLetters[] = {'P', 'F', 'S'};
constexpr char kEndOfReport = '\0';

// The end of what a process printed, on one line; "" when it printed nothing.
std::string Printed(int fd) {
  constexpr off_t kMost = 300;
  const off_t size = lseek(fd, 0, SEEK_END);
  std::string text(static_cast<size_t>(std::min(size, kMost)), '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), std::max<off_t>(0, size - kMost));
  text.resize(static_cast<size_t>(std::max<ssize_t>(0, got)));
  std::replace(text.begin(), text.end(), '\n', ' ');
  absl::StripAsciiWhitespace(&text);
  return text.empty() ? "" : absl::StrCat("; it printed: ", ToUtf8(text));
}

std::string EndOf(int status) {
  if (WIFSIGNALED(status)) {
    return absl::StrCat("it was ended by a signal: ", strsignal(WTERMSIG(status)));
  }
  return absl::StrCat("it ended its process with exit code ", WEXITSTATUS(status));
}

// Reads the report until it is whole, the process has ended, or the time is over. A
// process that the plugin has left behind may hold the other side open for ever.
bool ReadReport(pid_t child, int fd, std::chrono::milliseconds timeout, std::string* report) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));  // -1 is not polled
  bool over = false;
  bool in_time = true;
  while (!over) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    in_time = left.count() > 0;
    if (!in_time) break;
    pollfd waiting[] = {{fd, POLLIN, 0}, {ended, POLLIN, 0}};
    if (poll(waiting, 2, static_cast<int>(left.count())) <= 0) continue;
    if (waiting[0].revents == 0) break;  // it has ended, and all that it said is read
    char buffer[4096];
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) report->append(buffer, static_cast<size_t>(got));
    over = got <= 0 || report->back() == kEndOfReport;
  }
  if (ended >= 0) close(ended);
  return in_time;
}

// Starts the other side, in a group of its own; -1 when that cannot be.
pid_t Start(const std::vector<std::string>& arguments, int report, int printed) {
  std::vector<char*> raw;
  for (const std::string& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, printed, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, printed, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, report, kReportFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = -1;
  if (posix_spawn(&child, "/proc/self/exe", &actions, &attributes, raw.data(), environ) != 0) {
    child = -1;
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

// Brings the context as far as the stage asks; a message when that cannot be.
std::optional<std::string> Prepare(const std::string& plugin, Stage stage, Context* context) {
  const auto files = ReadPlugin(plugin);
  if (!files.ok()) return std::string(files.status().message());
  context->files = *files;
  if (stage == Stage::kFiles || stage == Stage::kWhole) return std::nullopt;
  const auto descriptor = ParseDescriptor(context->files.descriptor.value_or(""));
  if (!descriptor.ok()) return std::string(descriptor.status().message());
  context->descriptor = *descriptor;
  if (context->files.golden.has_value()) {
    auto golden = ParseGoldenVectors(*context->files.golden, *descriptor);
    if (golden.ok()) context->golden = *std::move(golden);
  }
  context->setups = SetupsOf(*descriptor, context->golden, kMostSetups);
  if (stage == Stage::kDescriptor || stage == Stage::kLoadable) return std::nullopt;
  LoadResult loaded = LoadNativeLibrary(context->files.shared_object, *descriptor);
  if (loaded.state != v1::PLUGIN_STATE_ACTIVE)
    return absl::StrCat(context->files.id, ".so ", loaded.message);
  context->library = loaded.library;
  return std::nullopt;
}

// A seed for one check, so that it draws the same whichever others are made.
uint64_t SeedOf(uint64_t seed, const std::string& check) {
  uint64_t mixed = seed ^ 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : check) {
    mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return mixed;
}

void Limit() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // A sanitizer reserves more addresses than there is memory.
  const rlimit memory{kMostMemory, kMostMemory};
  if (WatchesAllocations()) setrlimit(RLIMIT_AS, &memory);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

}  // namespace

Verdict RunInProcess(const Check& check, const std::string& plugin, uint64_t seed,
                     std::chrono::milliseconds timeout) {
  int report[2];
  const int printed = memfd_create("printed", MFD_CLOEXEC);
  if (printed < 0 || pipe2(report, O_CLOEXEC) != 0) {
    return Verdict::Failed(absl::StrCat("it cannot be tried: ", strerror(errno)));
  }
  const pid_t child =
      Start({"policytrack-plugin-check", "--run", check.name, "--seed", absl::StrCat(seed), plugin},
            report[1], printed);
  close(report[1]);
  std::string text;
  const bool in_time = child > 0 && ReadReport(child, report[0], timeout, &text);
  // The group too: a plugin may have left processes behind.
  if (child > 0) kill(-child, SIGKILL);
  int status = -1;
  if (child > 0) waitpid(child, &status, 0);
  close(report[0]);
  const std::string said = Printed(printed);
  close(printed);
  if (child <= 0) return Verdict::Failed("its process cannot be started");
  if (!in_time) {
    return Verdict::Failed(
        absl::StrCat("it was not over after ", timeout.count() / 1000, " seconds", said));
  }
  const bool whole = text.size() > 1 && text.back() == kEndOfReport;
  const auto* letter = std::find(std::begin(kLetters), std::end(kLetters), whole ? text[0] : '?');
  if (letter == std::end(kLetters)) return Verdict::Failed(absl::StrCat(EndOf(status), said));
  return {static_cast<Verdict::Kind>(letter - kLetters), text.substr(1, text.size() - 2)};
}

void RunHere(const std::string& name, const std::string& plugin, uint64_t seed, int report_fd) {
  Limit();
  fcntl(report_fd, F_SETFD, FD_CLOEXEC);
  Verdict verdict = Verdict::Failed(absl::StrCat("there is no check `", name, "`"));
  for (const Check& check : AllChecks()) {
    if (name != check.name) continue;
    Context context;
    context.random.seed(SeedOf(seed, name));
    const std::optional<std::string> problem = Prepare(plugin, check.stage, &context);
    verdict = problem.has_value() ? Verdict::Failed(*problem) : check.run(&context);
  }
  const std::string report = absl::StrCat(std::string(1, kLetters[verdict.kind]), verdict.message,
                                          std::string(1, kEndOfReport));
  const bool whole =
      write(report_fd, report.data(), report.size()) == static_cast<ssize_t>(report.size());
  // Not through what a plugin may have left to be done at exit.
  _exit(whole ? 0 : 1);
}

}  // namespace policytrack::plugins
