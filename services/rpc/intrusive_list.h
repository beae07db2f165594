// A list whose places are in its members: to put in, to take out and to append a
// whole list cost no memory and no search, which counts where there are very many.
//
// Thread rule: that of whoever guards it. A member is in at most one list by one of
// its links, and must be taken out before it goes.
#ifndef POLICYTRACK_SERVICES_RPC_INTRUSIVE_LIST_H_
#define POLICYTRACK_SERVICES_RPC_INTRUSIVE_LIST_H_

namespace policytrack::rpc {

template <typename T>
struct ListLink {
  T* owner = nullptr;  // set by the owner, for good
  ListLink* previous = nullptr;
  ListLink* next = nullptr;

  bool linked() const { return next != nullptr; }
  void Unlink() {
    if (!linked()) return;
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
  }
};

template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.previous = head_.next = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return head_.next == &head_; }
  // REQUIRES: not empty.
  T* front() const { return head_.next->owner; }
  void PushBack(ListLink<T>* link) {
    link->previous = head_.previous;
    link->next = &head_;
    head_.previous->next = link;
    head_.previous = link;
  }
  // Appends all of `other`, which is empty afterwards.
  void TakeAll(IntrusiveList* other) {
    if (other->empty()) return;
    ListLink<T>* first = other->head_.next;
    ListLink<T>* last = other->head_.previous;
    other->head_.previous = other->head_.next = &other->head_;
    first->previous = head_.previous;
    head_.previous->next = first;
    last->next = &head_;
    head_.previous = last;
  }

 private:
  ListLink<T> head_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_INTRUSIVE_LIST_H_
