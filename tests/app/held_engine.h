// An engine that lets nobody find a plugin while it is held, as one that computes for very
// long; and counts who asked.
//
// Thread rule: as Engine; the rest is safe from any thread.
#ifndef POLICYTRACK_TESTS_APP_HELD_ENGINE_H_
#define POLICYTRACK_TESTS_APP_HELD_ENGINE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "plugins/engine.h"

namespace policytrack::app {

class HeldEngine final : public plugins::Engine {
 public:
  // Not owned; must outlive this.
  explicit HeldEngine(plugins::Engine* real) : real_(real) {}
  explicit HeldEngine(std::unique_ptr<plugins::Engine> real)
      : owned_(std::move(real)), real_(owned_.get()) {}

  void Hold(bool held) {
    absl::MutexLock lock(&mutex_);
    held_ = held;
  }
  // Waits until so many wait to be let go.
  void AwaitWaiting(int count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiting_ >= count; };
    mutex_.Await(absl::Condition(&enough));
  }
  // How often a plugin was asked for since it was asked the last time.
  int TakeCount() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(count_, 0);
  }

  std::vector<v1::Plugin> ListPlugins() const override { return real_->ListPlugins(); }
  absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override {
    return real_->GetPlugin(name);
  }
  std::string PluginDigest(absl::string_view name) const override {
    return real_->PluginDigest(name);
  }
  absl::StatusOr<std::unique_ptr<plugins::Instance>> MakeInstance(
      absl::string_view name, const google::protobuf::Struct& parameters,
      const std::vector<plugins::InputMeta>& inputs,
      const plugins::AssessmentContext* assessment) override {
    return real_->MakeInstance(name, parameters, inputs, assessment);
  }
  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const override {
    return real_->EffectiveParameters(name, parameters);
  }
  absl::StatusOr<std::shared_ptr<const plugins::Build>> Find(
      absl::string_view reference) const override {
    {
      absl::MutexLock lock(&mutex_);
      ++count_;
      ++waiting_;
      const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !held_; };
      mutex_.Await(absl::Condition(&free));
      --waiting_;
    }
    return real_->Find(reference);
  }

 private:
  const std::unique_ptr<plugins::Engine> owned_;
  plugins::Engine* const real_;
  mutable absl::Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  mutable int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_TESTS_APP_HELD_ENGINE_H_
