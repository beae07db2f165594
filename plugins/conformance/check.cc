#include "plugins/conformance/check.h"

#include "absl/strings/str_cat.h"

namespace policytrack::plugins {

const std::vector<Check>& AllChecks() {
  static const std::vector<Check> kChecks = {
      {"static.elf", Stage::kFiles, "is a whole shared object for this machine", CheckWholeElf},
      {"static.descriptor", Stage::kFiles, "has a descriptor that says what it must",
       CheckDescriptorFile},
      {"static.one-symbol", Stage::kWhole, "exports its entry and nothing else", CheckOneSymbol},
      {"static.dependencies", Stage::kWhole, "needs no library that must not be in a plugin",
       CheckDependencies},
      {"static.stack", Stage::kWhole, "has a stack that is not executable", CheckStack},
      {"static.text-relocations", Stage::kWhole, "does not relocate its code",
       CheckTextRelocations},
      {"load.load", Stage::kDescriptor, "loads, and calls itself what its descriptor calls it",
       CheckLoads},
      {"load.leaves-the-process", Stage::kLoadable,
       "changes nothing of the process when it is loaded", CheckLoadLeavesTheProcess},
      {"lifecycle.create", Stage::kLoaded, "accepts the setups of its golden vectors, or defaults",
       CheckCreate},
      {"lifecycle.many-instances", Stage::kCreated, "is made and ended many times",
       CheckManyInstances},
      {"lifecycle.two-instances", Stage::kCreated, "has instances that do not touch each other",
       CheckTwoInstances},
      {"lifecycle.setups", Stage::kCreated, "accepts a setup, or refuses it and says why",
       CheckSetups},
      {"abi.negotiation", Stage::kLoadable, "works with earlier and later minor versions",
       CheckNegotiation},
      {"abi.larger-structs", Stage::kCreated, "overlooks what a later version appends",
       CheckLargerStructs},
      {"abi.smaller-structs", Stage::kCreated, "does not look beyond the size of a struct",
       CheckSmallerStructs},
      {"abi.bounds", Stage::kCreated, "writes within its outputs", CheckBounds},
      {"abi.read-only", Stage::kCreated, "does not write to its inputs", CheckReadOnly},
      {"abi.messages", Stage::kCreated, "writes messages within their room", CheckMessages},
      {"golden.vectors", Stage::kCreated, "gives its golden vectors", CheckGolden},
      {"edge.empty-axis", Stage::kCreated, "computes nothing of nothing", CheckEmptyAxis},
      {"edge.one-point", Stage::kCreated, "computes on one point", CheckOnePoint},
      {"edge.all-missing", Stage::kCreated, "computes where every value is missing",
       CheckAllMissing},
      {"edge.extremes", Stage::kCreated, "computes on the largest and smallest doubles",
       CheckExtremes},
      {"edge.gaps", Stage::kCreated, "computes where periods are not there", CheckGaps},
      {"edge.frequencies", Stage::kCreated, "computes on every frequency that it accepts",
       CheckFrequencies},
      {"edge.statuses", Stage::kCreated, "computes on every quality, mark and reason",
       CheckStatuses},
      {"determinism.twice", Stage::kCreated, "gives the same again", CheckTwice},
      {"determinism.locale", Stage::kCreated, "gives the same in another locale, and leaves it",
       CheckLocale},
      {"determinism.rounding", Stage::kCreated, "leaves the floating-point environment alone",
       CheckRounding},
      {"determinism.thread", Stage::kCreated, "gives the same on another thread", CheckThread},
      {"incremental.parts", Stage::kCreated, "gives for a window that part of the whole",
       CheckParts},
      {"incremental.reach", Stage::kCreated, "needs no more than its declared window", CheckReach},
      {"stop.cancel", Stage::kCreated, "stops when it is told to", CheckCancel},
      {"stop.deadline", Stage::kCreated, "does not wait when the deadline is past", CheckDeadline},
      {"memory.leaks", Stage::kCreated, "does not grow from call to call", CheckLeaks},
      {"memory.allocation-failure", Stage::kCreated, "survives that memory runs out",
       CheckAllocationFailure},
  };
  return kChecks;
}

bool IsGate(const Check& check, Stage stage) {
  const std::string name = check.name;
  switch (stage) {
    case Stage::kFiles:
      return false;
    case Stage::kWhole:
      return name == "static.elf";
    case Stage::kDescriptor:
      return name == "static.descriptor" || IsGate(check, Stage::kWhole);
    case Stage::kLoadable:
    case Stage::kLoaded:
      return name == "load.load" || IsGate(check, Stage::kDescriptor);
    case Stage::kCreated:
      return name == "lifecycle.create" || IsGate(check, Stage::kLoaded);
  }
  return false;
}

std::vector<Accepted> AcceptedSetups(const Context& context) {
  std::vector<Accepted> accepted;
  for (const Setup& setup : context.setups) {
    absl::StatusOr<BoundSetup> bound = Bind(context.descriptor, setup);
    if (!bound.ok()) continue;
    Handle handle(context.library.table, context.descriptor);
    if (handle.Create(*bound).code == PT_OK) accepted.push_back({&setup, *std::move(bound)});
  }
  return accepted;
}

Verdict ForEachSetup(Context* context,
                     const std::function<std::string(const Accepted& accepted)>& problem) {
  for (const Accepted& accepted : AcceptedSetups(*context)) {
    const std::string found = problem(accepted);
    if (!found.empty()) {
      return Verdict::Failed(absl::StrCat(found, " (fed as in `", accepted.setup->name, "`)"));
    }
  }
  return Verdict::Passed();
}

Outcome ComputeAnew(const Context& context, const Accepted& accepted, const FedInputs& inputs,
                    PeriodRange window, HostShape shape) {
  Handle handle(context.library.table, context.descriptor, shape);
  Outcome made = handle.Create(accepted.bound);
  if (!handle.made()) return made;
  return handle.Compute(inputs, window);
}

}  // namespace policytrack::plugins
