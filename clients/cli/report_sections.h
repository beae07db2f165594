// What a report says below the targets: the methods side by side, and what steers.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_REPORT_SECTIONS_H_
#define POLICYTRACK_CLIENTS_CLI_REPORT_SECTIONS_H_

#include <string>
#include <vector>

#include "clients/cli/table.h"
#include "policytrack/v1/progress.pb.h"

namespace policytrack::cli {

// One line for each assessment of the targets that have further ones.
Table MethodsTable(const v1::PlanProgress& progress);

// One line for each target of which something is known that steers.
Table SteeringTable(const v1::PlanProgress& progress);

// "limited by linear_pace, on track by open_sdg": what the assessments of a target say,
// the target's own first. "" without further ones.
std::string MethodsInWords(const v1::TargetProgress& target);

// The columns of the exact report that say what steers, and their cells for a target.
std::vector<std::string> SteeringColumns();
std::vector<std::string> SteeringCells(const v1::TargetProgress& target);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_REPORT_SECTIONS_H_
