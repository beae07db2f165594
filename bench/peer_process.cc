#include "bench/peer_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/fail.h"

namespace policytrack::bench {
namespace {

// Of the distribution, where the modules of the scripts are.
constexpr char kPython[] = "/usr/bin/python3";
constexpr char kReady[] = "ready";

}  // namespace

PeerProcess::PeerProcess(const Setting& setting, const std::string& script)
    : scratch_(setting.scratch), script_(setting.peers + "/" + script) {
  // A server that runs as another user has to reach its data.
  Must(chmod(scratch_.path().c_str(), 0755) == 0, "cannot open " + scratch_.path());
  int in[2];
  int out[2];
  Must(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "no pipes for " + script_);
  const pid_t parent = getpid();
  pid_ = fork();
  Must(pid_ >= 0, "cannot start " + script_);
  if (pid_ == 0) {
    // Told to stop with its input, so that it stops its server too.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execl(kPython, kPython, "-B", script_.c_str(), "--figures", setting.figures_file.c_str(),
          "--scratch", scratch_.path().c_str(), nullptr);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_ = fdopen(in[1], "w");
  from_ = fdopen(out[0], "r");
  const std::string greeting = Line();
  Must(greeting.rfind(kReady, 0) == 0, script_ + ": " + greeting);
  if (greeting.size() > sizeof(kReady)) detail_ = greeting.substr(sizeof(kReady));
}

PeerProcess::~PeerProcess() {
  fclose(to_);
  int status = 0;
  Must(waitpid(pid_, &status, 0) == pid_, script_ + " cannot be waited for");
  fclose(from_);
  Must(WIFEXITED(status) && WEXITSTATUS(status) == 0, script_ + " did not end well");
}

void PeerProcess::Do(const std::string& command) {
  Must(fprintf(to_, "%s\n", command.c_str()) > 0 && fflush(to_) == 0, script_ + " has ended");
  const std::string answer = Line();
  Must(answer.empty(), absl::StrCat(script_, " ", command, ": ", answer));
}

double PeerProcess::Ask(const std::string& command) {
  Must(fprintf(to_, "%s\n", command.c_str()) > 0 && fflush(to_) == 0, script_ + " has ended");
  const std::string answer = Line();
  char* end = nullptr;
  const double figure = strtod(answer.c_str(), &end);
  Must(!answer.empty() && *end == '\0', absl::StrCat(script_, " ", command, ": ", answer));
  return figure;
}

std::string PeerProcess::Line() {
  std::string line;
  for (int c = fgetc(from_); c != '\n'; c = fgetc(from_)) {
    Must(c != EOF, script_ + " ended without an answer");
    line.push_back(static_cast<char>(c));
  }
  return line;
}

void WriteFigures(const Figures& figures, const std::string& path) {
  std::ofstream file(path);
  for (int series = 0; series < figures.series(); ++series) {
    for (int month = 0; month < figures.periods(); ++month) {
      file << absl::StrFormat("%d,%d,%.2f\n", series, month, figures.value(series, month));
    }
  }
  file.close();
  Must(file.good(), "cannot write " + path);
}

}  // namespace policytrack::bench
