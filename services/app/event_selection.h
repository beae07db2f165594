// What a watch selects: names, kinds and a filter, parsed once.
//
// Thread rule: immutable; any thread.
#ifndef POLICYTRACK_SERVICES_APP_EVENT_SELECTION_H_
#define POLICYTRACK_SERVICES_APP_EVENT_SELECTION_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/filter.h"
#include "policytrack/v1/event_service.pb.h"

namespace policytrack::app {

class EventSelection {
 public:
  // Returns INVALID_ARGUMENT / FIELD_INVALID for too many names or a kind that is not
  // stated, NAME_INVALID for a name, FILTER_INVALID for the filter.
  static absl::StatusOr<EventSelection> Parse(const v1::WatchEventsRequest& request);

  bool Matches(const v1::Event& event) const;
  // Whether nothing is left out.
  bool everything() const { return names_.empty() && kinds_.empty() && filter_.empty(); }
  // Whether an event of this kind and name can be selected, whatever else it says.
  bool CanSelect(v1::EventKind kind, const std::string& name) const;
  // Equal for those that select the same, whatever the order they say it in.
  const std::string& digest() const { return digest_; }

 private:
  EventSelection(std::set<std::string> names, std::set<int> kinds, Filter filter,
                 std::string digest)
      : names_(std::move(names)),
        kinds_(std::move(kinds)),
        filter_(std::move(filter)),
        digest_(std::move(digest)) {}

  std::set<std::string> names_;
  std::set<int> kinds_;
  Filter filter_;
  std::string digest_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EVENT_SELECTION_H_
