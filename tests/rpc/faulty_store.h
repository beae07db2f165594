// A store that says what a test wants it to say of writes and reads.
//
// Thread rule: as Store; the setters are safe from any thread.
#ifndef POLICYTRACK_TESTS_RPC_FAULTY_STORE_H_
#define POLICYTRACK_TESTS_RPC_FAULTY_STORE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/store.h"

namespace policytrack::rpc_test {

class FaultyStore final : public storage::Store {
 public:
  explicit FaultyStore(std::unique_ptr<storage::Store> real) : real_(std::move(real)) {}

  // From now on every write of clients, every write of evaluation, and every
  // read ends so; OK lets them pass.
  void FailWrites(const absl::Status& status) { Set(&writes_, status); }
  void FailEvaluations(const absl::Status& status) { Set(&evaluations_, status); }
  void FailReads(const absl::Status& status) { Set(&reads_, status); }

  // Copies and checks wait as long as it is so.
  void Hold(bool held) {
    absl::MutexLock lock(&mutex_);
    held_ = held;
  }
  // Waits until so many of them wait.
  void AwaitHeld(int count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiting_ >= count; };
    mutex_.Await(absl::Condition(&enough));
  }

  absl::Status Read(const ReadBody& body) override {
    const absl::Status fault = Get(&reads_);
    return fault.ok() ? real_->Read(body) : fault;
  }
  void WriteAsync(storage::WriteOptions options, WriteBody body, WriteDone done) override {
    const absl::Status fault =
        Get(options.kind == storage::CommitKind::kEvaluation ? &evaluations_ : &writes_);
    if (!fault.ok()) return done(fault);
    real_->WriteAsync(std::move(options), std::move(body), std::move(done));
  }
  int AddListener(std::function<void(int64_t)> listener) override {
    return real_->AddListener(std::move(listener));
  }
  void RemoveListener(int id) override { real_->RemoveListener(id); }
  int64_t revision() const override { return real_->revision(); }
  absl::StatusOr<storage::StoreState> CopyTo(const std::string& file,
                                             const Progress& progress) override {
    WaitWhileHeld();
    const absl::Status fault = Get(&reads_);
    return fault.ok() ? real_->CopyTo(file, progress) : fault;
  }
  absl::StatusOr<storage::VerifyReport> VerifyAll(const Progress& progress) override {
    WaitWhileHeld();
    const absl::Status fault = Get(&reads_);
    return fault.ok() ? real_->VerifyAll(progress) : fault;
  }
  void Stop() override { real_->Stop(); }

 private:
  void WaitWhileHeld() {
    absl::MutexLock lock(&mutex_);
    ++waiting_;
    const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !held_; };
    mutex_.Await(absl::Condition(&free));
    --waiting_;
  }
  void Set(absl::Status* fault, const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    *fault = status;
  }
  absl::Status Get(const absl::Status* fault) const {
    absl::MutexLock lock(&mutex_);
    return *fault;
  }

  const std::unique_ptr<storage::Store> real_;
  mutable absl::Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status writes_;
  absl::Status evaluations_;
  absl::Status reads_;
};

}  // namespace policytrack::rpc_test

#endif  // POLICYTRACK_TESTS_RPC_FAULTY_STORE_H_
