#include "bench/server_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bench/fail.h"

namespace policytrack::bench {
namespace {

// The port in "... (port 40123)...", or "".
std::string PortIn(const std::string& line) {
  static constexpr char kMark[] = "(port ";
  const size_t mark = line.find(kMark);
  if (mark == std::string::npos) return "";
  const size_t first = mark + sizeof(kMark) - 1;
  return line.substr(first, line.find(')', first) - first);
}

// The lines of a file descriptor until it ends.
template <typename Take>
void ForEachLine(int fd, Take take) {
  std::string pending;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
    pending.append(buffer, static_cast<size_t>(got));
    size_t end = 0;
    while ((end = pending.find('\n')) != std::string::npos) {
      take(pending.substr(0, end));
      pending.erase(0, end + 1);
    }
  }
  if (!pending.empty()) take(pending);
}

}  // namespace

ServerProcess::ServerProcess(const std::string& program,
                             const std::vector<std::string>& arguments) {
  int log[2];
  Must(pipe(log) == 0, "no pipe for the log of " + program);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  Must(pid_ >= 0, "cannot start " + program);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(log[1], STDERR_FILENO);
    close(log[0]);
    close(log[1]);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  close(log[1]);
  std::promise<std::string> port;
  std::future<std::string> known = port.get_future();
  // Reads on to the end, so that the server is never held up by a full pipe.
  reader_ = std::thread([fd = log[0], port = std::move(port)]() mutable {
    bool told = false;
    std::string text;
    ForEachLine(fd, [&](const std::string& line) {
      if (told) return;
      text += line + "\n";
      const std::string found = PortIn(line);
      if (found.empty()) return;
      told = true;
      port.set_value(found);
    });
    close(fd);
    if (!told) Fail("a server ended before it said its port:\n" + text);
  });
  address_ = "127.0.0.1:" + known.get();
}

ServerProcess::~ServerProcess() { Stop(); }

double ServerProcess::BytesIn(const std::string& field) const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  std::string line;
  while (std::getline(status, line)) {
    if (!absl::StartsWith(line, field)) continue;
    absl::string_view number(line);
    number.remove_prefix(field.size());
    number.remove_suffix(3);
    double kib = 0;
    Must(absl::SimpleAtod(number, &kib), "no number: " + line);
    return kib * 1024;
  }
  Fail("the memory of a server cannot be read");
}

void ServerProcess::Stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  int status = 0;
  Must(waitpid(pid_, &status, 0) == pid_, "a server cannot be waited for");
  Must(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a server did not end well");
  pid_ = -1;
  reader_.join();
}

}  // namespace policytrack::bench
