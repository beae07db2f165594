// Modules that break the rules of the border, one behaviour each, chosen by
// the macro BEHAVIOUR. Written against the C header, as a stranger would.
#include <cmath>
#include <cstring>
#include <ctime>
#include <limits>
#include <stdexcept>

#include "policytrack_plugin.h"

#define HONEST 0
#define THROWS 1
#define NOT_A_NUMBER 2
#define UNSORTED 3
#define OFF_THE_AXIS 4
#define OUTSIDE_THE_WINDOW 5
#define UNDEFINED_FLAGS 6
#define OUT_OF_RANGE 7
#define TOO_MANY 8
#define STRAY_REASON 9
#define FAILS 10
#define IGNORES_CANCEL 11
#define WAITS_FOR_CANCEL 12
#define SMALL_TABLE 13
#define NO_WINDOW 14
#define OLD_TABLE 15
#define OTHER_VERSION 16
#define REFUSES_HOST 17
#define THROWS_IN_CREATE 18
#define LONG_REFUSAL 19
#define CHANGES_ROUNDING 20
#define UNDEFINED_QUALITY 21
#define NEGATIVE_ZERO 22
#define TINY 23
#define OVERRUNS_BUFFER 24
#define BAD_WINDOW 25

#if BEHAVIOUR == CHANGES_ROUNDING
#include <cfenv>
#endif

namespace {

int instance;

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

int32_t Create(const pt_setup_v1*, void** out, pt_message_v1* message) {
  if (BEHAVIOUR == THROWS_IN_CREATE) throw std::runtime_error("create");
  if (BEHAVIOUR == LONG_REFUSAL) {
    // More than there is room for, and not UTF-8.
    std::memset(message->text, 0xff, message->capacity);
    message->length = message->capacity + 1000;
    return PT_REFUSED;
  }
  *out = &instance;
  return PT_OK;
}

void Destroy(void*) {}

int32_t GetWindow(void*, pt_window_v1* window) {
  window->look_back = BEHAVIOUR == BAD_WINDOW ? -7 : 0;
  window->look_ahead = 0;
  return PT_OK;
}

// Copies the input, then does what it must not.
int32_t Compute(void*, const pt_call_v1* call, pt_message_v1* message) {
  if (BEHAVIOUR == THROWS) throw 42;
  if (BEHAVIOUR == FAILS) {
    std::memcpy(message->text, "out of luck", 11);
    message->length = 11;
    return PT_FAILED;
  }
  if (BEHAVIOUR == IGNORES_CANCEL) {
    while (Now() < call->deadline_ns + 20000000) {
    }
  }
  if (BEHAVIOUR == WAITS_FOR_CANCEL) {
    while (__atomic_load_n(call->cancel, __ATOMIC_RELAXED) == 0) {
    }
    return PT_CANCELLED;
  }
#if BEHAVIOUR == CHANGES_ROUNDING
  std::fesetround(FE_UPWARD);
#endif
  const pt_column_v1* in = call->inputs[0];
  pt_output_v1* out = call->outputs[0];
  for (uint64_t i = 0; i < in->count; ++i) {
    if (in->periods[i] < call->window_first || in->periods[i] > call->window_last) continue;
    out->periods[out->count] = in->periods[i];
    out->values[out->count] = in->values[i];
    out->flags[out->count] = in->flags[i];
    ++out->count;
  }
  if (out->count < 2) return PT_OK;
  if (BEHAVIOUR == NOT_A_NUMBER) out->values[1] = std::numeric_limits<double>::quiet_NaN();
  if (BEHAVIOUR == UNSORTED) out->periods[1] = out->periods[0];
  if (BEHAVIOUR == OFF_THE_AXIS) out->periods[out->count - 1] += 1;
  if (BEHAVIOUR == OUTSIDE_THE_WINDOW) out->periods[0] = call->axis[0];
  if (BEHAVIOUR == UNDEFINED_FLAGS) out->flags[1] = 0x0040;
  if (BEHAVIOUR == UNDEFINED_QUALITY) out->flags[1] = 0x0005;
  if (BEHAVIOUR == OUT_OF_RANGE) out->values[1] = 1001;
  if (BEHAVIOUR == TOO_MANY) out->count = out->capacity + 1;
  if (BEHAVIOUR == STRAY_REASON) out->flags[1] = 0x0300;
  if (BEHAVIOUR == NEGATIVE_ZERO) {
    out->values[0] = -0.0;
    out->values[1] = 12;  // on a missing point
    out->flags[1] = PT_FLAG_MISSING;
  }
  if (BEHAVIOUR == TINY) out->values[1] *= 0.5;
  if (BEHAVIOUR == OVERRUNS_BUFFER) out->periods[out->capacity] = 0;
  return PT_OK;
}

pt_plugin_v1 MakeTable() {
  pt_plugin_v1 table = {sizeof(pt_plugin_v1),
                        PT_ABI_MINOR,
                        PLUGIN_NAME,
                        "1.0.0",
                        Create,
                        Destroy,
                        Compute,
                        GetWindow};
  if (BEHAVIOUR == SMALL_TABLE) table.struct_size = 16;
  if (BEHAVIOUR == OLD_TABLE) table.struct_size -= sizeof(table.window);  // rest is not to be read
  if (BEHAVIOUR == NO_WINDOW) table.window = nullptr;
  if (BEHAVIOUR == OTHER_VERSION) table.version = "2.0.0";
  return table;
}

}  // namespace

#ifdef ENTRY
extern "C" __attribute__((visibility("default"))) const pt_plugin_v1* ENTRY(const pt_host_v1*) {
#else
const pt_plugin_v1* policytrack_plugin_v1(const pt_host_v1*) {
#endif
  static const pt_plugin_v1 table = MakeTable();
  if (BEHAVIOUR == REFUSES_HOST) return nullptr;
  return &table;
}

#ifdef SECOND_ENTRY
extern "C" __attribute__((visibility("default"))) const pt_plugin_v1* SECOND_ENTRY(
    const pt_host_v1*) {
  return nullptr;
}
#endif
