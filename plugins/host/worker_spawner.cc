#include "plugins/host/worker_spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace policytrack::plugins {
namespace {

absl::Status CannotStart(const std::string& program, int error) {
  return absl::UnavailableError(
      absl::StrCat("the program ", program, " cannot be started: ", std::strerror(error)));
}

// What posix_spawn is told, released in the end.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  // Copies of the descriptors above all numbers that they are to get, so that
  // none is overwritten before it is used.
  int Descriptors(const std::vector<int>& descriptors) {
    const int count = static_cast<int>(descriptors.size());
    for (int i = 0; i < count; ++i) {
      copies_.emplace_back(fcntl(descriptors[static_cast<size_t>(i)], F_DUPFD_CLOEXEC, count));
      if (copies_.back().get() < 0) return errno;
      const int error = posix_spawn_file_actions_adddup2(&actions_, copies_.back().get(), i);
      if (error != 0) return error;
    }
    return posix_spawn_file_actions_addclosefrom_np(&actions_, count);
  }

  int Signals() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(&attributes_, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(&attributes_, &all);
    if (error == 0) {
      error = posix_spawnattr_setflags(
          &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    }
    return error;
  }

  int Start(const std::string& program, const std::vector<std::string>& arguments, pid_t* pid) {
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) {
      argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    char* environment[] = {nullptr};
    return posix_spawn(pid, program.c_str(), &actions_, &attributes_, argv.data(), environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  std::vector<Descriptor> copies_;
};

absl::StatusOr<WorkerSpawner::Child> Start(const std::string& program,
                                           const std::vector<std::string>& arguments,
                                           const std::vector<int>& descriptors) {
  SpawnPlan plan;
  int error = plan.Descriptors(descriptors);
  if (error == 0) error = plan.Signals();
  WorkerSpawner::Child child;
  if (error == 0) error = plan.Start(program, arguments, &child.pid);
  if (error != 0) return CannotStart(program, error);
  // Nobody else waits for it, so the number is still its own.
  child.pidfd = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0)));
  if (child.pidfd.get() < 0) {
    error = errno;
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    return CannotStart(program, error);
  }
  return child;
}

}  // namespace

WorkerSpawner::WorkerSpawner() : thread_([this] { Run(); }) {}

WorkerSpawner::~WorkerSpawner() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

absl::StatusOr<WorkerSpawner::Child> WorkerSpawner::Spawn(const std::string& program,
                                                          const std::vector<std::string>& arguments,
                                                          const std::vector<int>& descriptors) {
  // Shared, since the answer is there a little before the thread lets go of it.
  const auto promise = std::make_shared<std::promise<absl::StatusOr<Child>>>();
  std::future<absl::StatusOr<Child>> result = promise->get_future();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    work_.emplace_back([promise, &program, &arguments, &descriptors] {
      promise->set_value(Start(program, arguments, descriptors));
    });
    changed_.notify_one();
  }
  return result.get();
}

void WorkerSpawner::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !work_.empty(); });
    if (work_.empty()) return;
    const std::function<void()> next = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    next();
    lock.lock();
  }
}

}  // namespace policytrack::plugins
