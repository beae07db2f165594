// Which watches wait for which judgement. What one waits for is a commit as its selection
// sees it: those that wait for the same are one judgement, and go on together.
//
// Thread rule: guarded by the lock of the hub.
#ifndef POLICYTRACK_SERVICES_RPC_JUDGEMENT_QUEUE_H_
#define POLICYTRACK_SERVICES_RPC_JUDGEMENT_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "services/app/event_selection.h"
#include "services/rpc/intrusive_list.h"

namespace policytrack::rpc {

template <typename Waiter>
class JudgementQueue {
 public:
  using Selection = std::shared_ptr<const app::EventSelection>;
  struct Judgement {
    int64_t revision = 0;
    Selection selection;
    // Who leaves it for a while, as for a heartbeat, comes back to the same place in the
    // queue; so it may be empty.
    IntrusiveList<Waiter> waiting;
    ListLink<Judgement> place;
  };

  void Wait(int64_t revision, const Selection& selection, ListLink<Waiter>* link) {
    const Key key(revision, selection.get());
    auto found = judgements_.find(key);
    if (found == judgements_.end()) {
      if (judgements_.size() >= sweep_at_) Sweep();
      found = judgements_.try_emplace(key).first;
      Judgement& made = found->second;
      made.revision = revision;
      made.selection = selection;
      made.place.owner = &made;
      queue_.PushBack(&made.place);
    }
    found->second.waiting.PushBack(link);
  }

  // The one asked for first that somebody waits for; null when there is none. Nobody
  // else takes it until it is told to be done.
  Judgement* Begin() {
    while (!queue_.empty()) {
      Judgement* const next = queue_.front();
      next->place.Unlink();
      if (!next->waiting.empty()) return begun_ = next;
      Erase(next);
    }
    return nullptr;
  }
  void Done() {
    Erase(begun_);
    begun_ = nullptr;
  }

  bool empty() const { return queue_.empty(); }
  // Nobody waits any more: all are appended to `to`.
  void TakeAll(IntrusiveList<Waiter>* to) {
    for (auto& [key, judgement] : judgements_) to->TakeAll(&judgement.waiting);
  }
  size_t size() const { return judgements_.size(); }

 private:
  using Key = std::pair<int64_t, const app::EventSelection*>;

  void Erase(Judgement* judgement) {
    judgements_.erase(Key(judgement->revision, judgement->selection.get()));
  }
  // Forgets what all have left, for good as far as one can know.
  void Sweep() {
    for (auto it = judgements_.begin(); it != judgements_.end();) {
      Judgement& judgement = it->second;
      const bool keep = &judgement == begun_ || !judgement.waiting.empty();
      if (!keep) judgement.place.Unlink();
      it = keep ? std::next(it) : judgements_.erase(it);
    }
    sweep_at_ = std::max<size_t>(kFirstSweep, 2 * judgements_.size());
  }

  static constexpr size_t kFirstSweep = 64;
  std::map<Key, Judgement> judgements_;
  IntrusiveList<Judgement> queue_;  // without that which was begun
  Judgement* begun_ = nullptr;
  size_t sweep_at_ = kFirstSweep;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_JUDGEMENT_QUEUE_H_
