// A check: one promise of a plugin, tried in a process of its own.
//
// Thread rule: a check runs in one thread, alone in its process.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_CHECK_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plugins/conformance/border.h"
#include "plugins/conformance/draw.h"
#include "plugins/conformance/subject.h"
#include "plugins/host/native_library.h"

namespace policytrack::plugins {

struct Verdict {
  enum Kind { kPassed, kFailed, kSkipped };
  Kind kind = kPassed;
  std::string message;  // what is wrong and what to do, or why it was skipped

  static Verdict Passed() { return {}; }
  static Verdict Failed(std::string message) { return {kFailed, std::move(message)}; }
  static Verdict Skipped(std::string message) { return {kSkipped, std::move(message)}; }
  // Failed when there is a problem.
  static Verdict Of(std::string problem) {
    return problem.empty() ? Passed() : Failed(std::move(problem));
  }
};

// How far a plugin must have come before a check can be made.
enum class Stage {
  kFiles,       // its files are there
  kWhole,       // its shared object is whole
  kDescriptor,  // its descriptor is good
  kLoadable,    // its code can be loaded
  kLoaded,      // it is
  kCreated      // it accepts a setup
};

// What a check works on; of what its stage does not reach nothing is there.
struct Context {
  PluginBytes files;
  v1::PluginDescriptor descriptor;
  std::vector<GoldenCase> golden;  // none when the file is not there or not good
  std::vector<Setup> setups;
  NativeLibrary library;
  Random random;
};

struct Check {
  const char* name;  // group.check
  Stage stage;
  const char* promise;  // in words
  Verdict (*run)(Context* context);
};

// All, in the order in which they are made. A check of a stage is made only when
// those that lead to it have passed: static.elf and static.descriptor, load.load,
// lifecycle.create.
const std::vector<Check>& AllChecks();
// Whether what comes after it is not tried when it fails.
bool IsGate(const Check& check, Stage stage);

// A setup that the plugin accepts.
struct Accepted {
  const Setup* setup;
  BoundSetup bound;
};
std::vector<Accepted> AcceptedSetups(const Context& context);

// Calls `problem` for every accepted setup until it is not "".
Verdict ForEachSetup(Context* context,
                     const std::function<std::string(const Accepted& accepted)>& problem);

// One computation by a new instance.
Outcome ComputeAnew(const Context& context, const Accepted& accepted, const FedInputs& inputs,
                    PeriodRange window = {}, HostShape shape = {});

// The checks of each group, listed in check.cc.
Verdict CheckWholeElf(Context* context);
Verdict CheckDescriptorFile(Context* context);
Verdict CheckOneSymbol(Context* context);
Verdict CheckDependencies(Context* context);
Verdict CheckStack(Context* context);
Verdict CheckTextRelocations(Context* context);

Verdict CheckLoads(Context* context);
Verdict CheckLoadLeavesTheProcess(Context* context);

Verdict CheckCreate(Context* context);
Verdict CheckManyInstances(Context* context);
Verdict CheckTwoInstances(Context* context);
Verdict CheckSetups(Context* context);

Verdict CheckNegotiation(Context* context);
Verdict CheckLargerStructs(Context* context);
Verdict CheckSmallerStructs(Context* context);
Verdict CheckBounds(Context* context);
Verdict CheckReadOnly(Context* context);
Verdict CheckMessages(Context* context);

Verdict CheckGolden(Context* context);

Verdict CheckEmptyAxis(Context* context);
Verdict CheckOnePoint(Context* context);
Verdict CheckAllMissing(Context* context);
Verdict CheckExtremes(Context* context);
Verdict CheckGaps(Context* context);
Verdict CheckFrequencies(Context* context);
Verdict CheckStatuses(Context* context);

Verdict CheckTwice(Context* context);
Verdict CheckLocale(Context* context);
Verdict CheckRounding(Context* context);
Verdict CheckThread(Context* context);

Verdict CheckParts(Context* context);
Verdict CheckReach(Context* context);

Verdict CheckCancel(Context* context);
Verdict CheckDeadline(Context* context);

Verdict CheckLeaks(Context* context);
Verdict CheckAllocationFailure(Context* context);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_CHECK_H_
