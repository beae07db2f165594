// The same arguments give the same bytes: again, in another locale, under another
// rounding mode, on another thread.
#include <fenv.h>
#include <locale.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstring>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "plugins/conformance/check.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

extern char** environ;

namespace policytrack::plugins {
namespace {

constexpr int64_t kPeriods = 60;

std::string Differs(const std::string& when, const Outcome& a, const Outcome& b) {
  return SameOutcome(a, b) ? ""
                           : absl::StrCat(when, " it gives something else: ", Difference(a, b));
}

bool HasDecimalComma() { return std::strcmp(localeconv()->decimal_point, ",") == 0; }

// Makes a locale in a folder of its own; "" when that cannot be.
std::string MakeLocale() {
  std::string folder = std::filesystem::temp_directory_path().string() + "/plugin-check-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return "";
  std::string made = folder + "/de_DE.UTF-8";
  const char* arguments[] = {"localedef", "--no-archive", "-i",         "de_DE",
                             "-f",        "UTF-8",        made.c_str(), nullptr};
  pid_t child;
  int status = -1;
  if (posix_spawnp(&child, arguments[0], nullptr, nullptr, const_cast<char* const*>(arguments),
                   environ) == 0) {
    waitpid(child, &status, 0);
  }
  return folder;
}

// Changes to a locale with a decimal comma, the most usual way for one to matter.
bool EnterLocale() {
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8", "ru_RU.UTF-8"}) {
    if (setlocale(LC_ALL, name) != nullptr && HasDecimalComma()) return true;
  }
  const std::string folder = MakeLocale();
  if (folder.empty()) return false;
  setenv("LOCPATH", folder.c_str(), 1);
  const bool entered = setlocale(LC_ALL, "de_DE.UTF-8") != nullptr && HasDecimalComma();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return entered;
}

// What computes differently, in numbers: rounding and, where it can be known,
// masks, flush-to-zero and denormals-are-zero. Flags of exceptions do not count.
std::string Environment() {
#if defined(__x86_64__)
  return absl::StrCat("rounding mode ", fegetround(), ", control word ", _mm_getcsr() & ~0x3fu);
#else
  return absl::StrCat("rounding mode ", fegetround());
#endif
}

}  // namespace

Verdict CheckTwice(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, kPeriods));
    Handle handle(context->library.table, context->descriptor);
    handle.Create(accepted.bound);
    const Outcome first = handle.Compute(inputs);
    const Outcome second = handle.Compute(inputs);
    handle.Destroy();
    const std::string again = Differs("called again", first, second);
    if (!again.empty()) return again;
    return Differs("made anew", first, ComputeAnew(*context, accepted, inputs));
  });
}

Verdict CheckLocale(Context* context) {
  std::vector<std::pair<Accepted, std::vector<Feed>>> fed;
  std::vector<Outcome> before;
  for (const Accepted& accepted : AcceptedSetups(*context)) {
    fed.emplace_back(accepted, RichFeeds(*accepted.setup, &context->random, kPeriods));
    before.push_back(ComputeAnew(*context, accepted, FedInputs(fed.back().second)));
  }
  if (!EnterLocale()) {
    return Verdict::Skipped(
        "no locale with a decimal comma is installed, and none can be made (Debian has what it "
        "takes in the package locales)");
  }
  const std::string locale = setlocale(LC_ALL, nullptr);
  for (size_t i = 0; i < fed.size(); ++i) {
    const Outcome outcome = ComputeAnew(*context, fed[i].first, FedInputs(fed[i].second));
    const std::string differs = Differs(absl::StrCat("in the locale ", locale), before[i], outcome);
    if (!differs.empty()) return Verdict::Failed(differs);
    if (locale != setlocale(LC_ALL, nullptr)) {
      return Verdict::Failed(absl::StrCat("it changes the locale of the process, from ", locale,
                                          " to ", setlocale(LC_ALL, nullptr)));
    }
  }
  return Verdict::Passed();
}

Verdict CheckRounding(Context* context) {
  HostShape as_it_is;
  as_it_is.keep_environment = true;
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, kPeriods));
    const Outcome usual = ComputeAnew(*context, accepted, inputs);
    for (const int mode : {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO}) {
      fesetround(mode);
      // The host sets the environment, so that a caller's does not matter.
      const Outcome set = ComputeAnew(*context, accepted, inputs);
      const std::string before = Environment();
      ComputeAnew(*context, accepted, inputs, {}, as_it_is);
      const std::string after = Environment();
      fesetround(FE_TONEAREST);
      if (before != after) {
        return absl::StrCat("it leaves another floating-point environment, ", after,
                            ", than it found, ", before);
      }
      const std::string differs = Differs("called from another rounding mode", usual, set);
      if (!differs.empty()) return differs;
    }
    return "";
  });
}

Verdict CheckThread(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, kPeriods));
    const Outcome here = ComputeAnew(*context, accepted, inputs);
    Handle handle(context->library.table, context->descriptor);
    handle.Create(accepted.bound);
    Outcome there;
    std::thread([&] { there = handle.Compute(inputs); }).join();
    return Differs("on another thread than that which made it", here, there);
  });
}

}  // namespace policytrack::plugins
