// The border itself: versions, sizes, and memory that is not the plugin's.
#include <dlfcn.h>

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "plugins/conformance/arena.h"
#include "plugins/conformance/check.h"

namespace policytrack::plugins {
namespace {

constexpr int64_t kPeriods = 40;
constexpr size_t kAppended = 72;

// Whether the plugin gives the same to a host of another shape.
Verdict CompareShapes(Context* context, HostShape shape, const std::string& what) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, kPeriods));
    const Outcome usual = ComputeAnew(*context, accepted, inputs);
    const Outcome other = ComputeAnew(*context, accepted, inputs, {}, shape);
    if (SameOutcome(usual, other)) return "";
    return absl::StrCat(what, ": ", Difference(usual, other));
  });
}

// What is wrong with the table that the entry gives a host of this version, or "".
std::string WrongTable(pt_entry_v1 entry, uint32_t size, uint32_t minor, bool must) {
  Arena arena;
  const pt_host_v1* host = arena.Place(pt_host_v1{0, minor}, size);
  arena.Seal();
  const pt_plugin_v1* table = entry(host);
  if (table == nullptr) {
    return must ? absl::StrCat("it does not work with a host of ABI ", PT_ABI_MAJOR, ".", minor,
                               ", though its descriptor says so")
                : "";
  }
  constexpr size_t kSmallest = offsetof(pt_plugin_v1, compute) + sizeof(pt_plugin_v1::compute);
  if (table->struct_size < kSmallest) {
    return absl::StrCat("its table has ", table->struct_size, " bytes, fewer than the ", kSmallest,
                        " of ABI 1.0");
  }
  return "";
}

}  // namespace

Verdict CheckNegotiation(Context* context) {
  void* library = dlopen(context->files.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : dlsym(library, PT_ENTRY_SYMBOL);
  if (symbol == nullptr) return Verdict::Failed("it cannot be loaded from its file");
  const auto entry = reinterpret_cast<pt_entry_v1>(symbol);
  const auto needed = static_cast<uint32_t>(context->descriptor.abi_minor());
  // 1.0 knew these two fields.
  constexpr uint32_t kOf10 = offsetof(pt_host_v1, abi_minor) + sizeof(uint32_t);
  for (uint32_t minor = 0; minor <= PT_ABI_MINOR + 3; ++minor) {
    const uint32_t size = minor <= PT_ABI_MINOR ? kOf10 : kOf10 + kAppended;
    const std::string wrong = WrongTable(entry, size, minor, minor >= needed);
    if (!wrong.empty()) return Verdict::Failed(wrong);
  }
  return Verdict::Passed();
}

Verdict CheckLargerStructs(Context* context) {
  HostShape later;
  later.appended = kAppended;
  return CompareShapes(context, later, "a host whose structs are larger gets something else");
}

Verdict CheckSmallerStructs(Context* context) {
  if (context->descriptor.abi_minor() >= 1) {
    return Verdict::Skipped("its descriptor asks for more than ABI 1.0");
  }
  HostShape earlier;
  earlier.of_1_0 = true;
  return CompareShapes(context, earlier, "a host of ABI 1.0 gets something else");
}

Verdict CheckBounds(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, kPeriods));
    for (const HostShape& shape : {HostShape{}, HostShape{kAppended}}) {
      const Outcome outcome = ComputeAnew(*context, accepted, inputs, {}, shape);
      if (!outcome.overwrote.empty()) return absl::StrCat("it overwrote ", outcome.overwrote);
    }
    return "";
  });
}

// A write is a crash of the check.
Verdict CheckReadOnly(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(PlainFeeds(*accepted.setup, &context->random, kPeriods));
    HostShape sealed;
    sealed.seals_inputs = true;
    ComputeAnew(*context, accepted, inputs, {}, sealed);
    return "";
  });
}

Verdict CheckMessages(Context* context) {
  for (const Setup& setup : context->setups) {
    for (int frequency = v1::FREQUENCY_DAY; frequency <= v1::FREQUENCY_YEAR; ++frequency) {
      for (const char* unit : {"percent", "index", "vehicles"}) {
        Setup odd = setup;
        odd.frequency = static_cast<v1::Frequency>(frequency);
        for (Feed& feed : odd.feeds) feed.unit = unit;
        const auto bound = Bind(context->descriptor, odd);
        if (!bound.ok()) continue;
        for (const uint32_t capacity : {0u, 1u, 7u}) {
          HostShape shape;
          shape.message_capacity = capacity;
          Handle handle(context->library.table, context->descriptor, shape);
          const Outcome outcome = handle.Create(*bound);
          if (!outcome.overwrote.empty()) {
            return Verdict::Failed(absl::StrCat("with room for a message of ", capacity,
                                                " bytes it overwrote ", outcome.overwrote));
          }
        }
      }
    }
  }
  return Verdict::Passed();
}

}  // namespace policytrack::plugins
