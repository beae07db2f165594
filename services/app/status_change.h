// The last change of a target's status, and why it came about: looks back over the
// evaluations of the target until its status was another one, and tells what is
// different between the two.
//
// Thread rule: a free function over a transaction.
#ifndef POLICYTRACK_SERVICES_APP_STATUS_CHANGE_H_
#define POLICYTRACK_SERVICES_APP_STATUS_CHANGE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/progress.pb.h"
#include "storage/store.h"

namespace policytrack::app {

// The last change of status of `measures/x/targets/y` at or before `revision`, at the
// latest period with data. nullopt when it has always been what it is, or when it
// is longer ago than the evaluations looked at, the last 256.
// Returns what the store returns, and what JudgeTarget does.
absl::StatusOr<std::optional<v1::StatusChange>> LastStatusChange(storage::ReadTransaction& tx,
                                                                 plugins::Engine& engine,
                                                                 const std::string& measure,
                                                                 const std::string& target,
                                                                 int64_t revision);

// What the evaluation of the target at `revision` changed of its status: how it stands
// then against how it stood after the evaluation before. nullopt when that is the same,
// or when there was no such target before.
// Returns what the store returns, and what JudgeTarget does.
absl::StatusOr<std::optional<v1::StatusChange>> StatusChangeAt(storage::ReadTransaction& tx,
                                                               plugins::Engine& engine,
                                                               const std::string& measure,
                                                               const std::string& target,
                                                               int64_t revision);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_STATUS_CHANGE_H_
