/* A plugin that halves a series, and breaks one promise: that which the macro FAULT
 * names. Each check of plugin-check fails on the one that is made for it, and no
 * other check does. */
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policytrack_plugin.h"

enum {
  NONE,
  STATIC_ONE_SYMBOL,
  STATIC_TEXT_RELOCATIONS,
  LOAD_LOAD,
  LOAD_LEAVES_THE_PROCESS,
  LIFECYCLE_CREATE,
  LIFECYCLE_MANY_INSTANCES,
  LIFECYCLE_TWO_INSTANCES,
  LIFECYCLE_SETUPS,
  ABI_NEGOTIATION,
  ABI_LARGER_STRUCTS,
  ABI_SMALLER_STRUCTS,
  ABI_BOUNDS,
  ABI_READ_ONLY,
  ABI_MESSAGES,
  EDGE_EMPTY_AXIS,
  EDGE_ONE_POINT,
  EDGE_ALL_MISSING,
  EDGE_EXTREMES,
  EDGE_GAPS,
  EDGE_FREQUENCIES,
  EDGE_STATUSES,
  DETERMINISM_TWICE,
  DETERMINISM_LOCALE,
  DETERMINISM_ROUNDING,
  DETERMINISM_THREAD,
  INCREMENTAL_PARTS,
  INCREMENTAL_REACH,
  STOP_CANCEL,
  STOP_DEADLINE,
  MEMORY_LEAKS,
  MEMORY_ALLOCATION_FAILURE,
  PROCESS_CRASH,
  PROCESS_EXIT,
  PROCESS_HANG,
  PROCESS_FORK
};

#define IS(fault) (FAULT == (fault))

#if FAULT_HELPER
__attribute__((visibility("default"))) int helper(void);
int helper(void) { return 1; }
#endif
#if FAULT_TEXT
__asm__(".text\n.balign 8\n.quad policytrack_plugin_v1\n");
#endif

typedef struct instance {
  uint32_t frequency;
  uint32_t calls;
  pthread_t maker;
} instance;

static int made;
static int alive;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

__attribute__((constructor)) static void on_load(void) {
  if (IS(LOAD_LEAVES_THE_PROCESS)) signal(SIGUSR1, SIG_IGN);
}

static int32_t say(int32_t code, const char* text, pt_message_v1* message) {
  size_t length = strlen(text);
  if (!IS(ABI_MESSAGES) && length > message->capacity) length = message->capacity;
  memcpy(message->text, text, length);
  message->length = (uint32_t)length;
  return code;
}

static int32_t create(const pt_setup_v1* setup, void** out, pt_message_v1* message) {
  instance* made_here;
  if (IS(LIFECYCLE_CREATE)) return say(PT_REFUSED, "not today", message);
  if (IS(LIFECYCLE_MANY_INSTANCES) && ++made > 900) return say(PT_FAILED, "used up", message);
  if (IS(LIFECYCLE_SETUPS) && strcmp(setup->parameters[0]->text, "other") == 0) {
    return say(PT_FAILED, "cannot do that", message);
  }
  if (IS(ABI_MESSAGES) && setup->inputs[0]->frequency == PT_FREQUENCY_DAY) {
    return say(PT_REFUSED, "it does not take days", message);
  }
  made_here = malloc(sizeof(*made_here));
  if (made_here == NULL) return say(PT_FAILED, "out of memory", message);
  made_here->frequency = setup->inputs[0]->frequency;
  made_here->calls = 0;
  made_here->maker = pthread_self();
  ++alive;
  *out = made_here;
  return PT_OK;
}

static void destroy(void* in) {
  --alive;
  free(in);
}

/* What must not end more than one check, on one point. */
static void misuse_process(void) {
  volatile int* nowhere = NULL;
  if (IS(PROCESS_CRASH)) *nowhere = 1;
  if (IS(PROCESS_EXIT)) {
    puts("leaving for good");
    exit(0);
  }
  while (IS(PROCESS_HANG)) { /* for ever */
  }
  if (IS(PROCESS_FORK) && fork() == 0) pause();
}

/* Faults that show before anything is computed. */
static int32_t fail_early(const instance* self, const pt_call_v1* call) {
  const pt_column_v1* in = call->inputs[0];
  uint64_t values = 0;
  uint64_t i;
  for (i = 0; i < in->count; ++i) values += (in->flags[i] & PT_FLAG_MISSING) == 0;
  if (IS(ABI_LARGER_STRUCTS) && call->struct_size != sizeof(*call)) return PT_FAILED;
  if (in->count == 1) misuse_process();
  if (IS(EDGE_EMPTY_AXIS) && in->count == 0) return PT_FAILED;
  if (IS(EDGE_ONE_POINT) && in->count == 1) return PT_FAILED;
  if (IS(EDGE_ALL_MISSING) && in->count > 1 && values == 0) return PT_FAILED;
  if (IS(EDGE_FREQUENCIES) && self->frequency == PT_FREQUENCY_HALF_YEAR) return PT_FAILED;
  for (i = 1; IS(EDGE_GAPS) && i < in->count; ++i) {
    if (in->periods[i] != in->periods[i - 1] + 1) return PT_FAILED;
  }
  return PT_OK;
}

/* What is added to every value. */
static double stray(const instance* self, const pt_call_v1* call) {
  if (IS(LIFECYCLE_TWO_INSTANCES)) return alive - 1;
  if (IS(ABI_SMALLER_STRUCTS)) return call->inputs[0]->part_count != 0;
  if (IS(DETERMINISM_TWICE)) return self->calls - 1;
  if (IS(DETERMINISM_LOCALE)) return localeconv()->decimal_point[0] == ',';
  if (IS(DETERMINISM_THREAD)) return !pthread_equal(self->maker, pthread_self());
  if (IS(INCREMENTAL_PARTS)) return call->window_first != INT64_MIN;
  return 0;
}

static void put(pt_output_v1* out, int64_t period, double value, uint16_t flags) {
  out->periods[out->count] = period;
  out->values[out->count] = value;
  out->flags[out->count] = flags;
  ++out->count;
}

static void halve(const instance* self, const pt_call_v1* call) {
  const pt_column_v1* in = call->inputs[0];
  pt_output_v1* out = call->outputs[0];
  const double more = stray(self, call);
  uint64_t i;
  for (i = 0; i < in->count; ++i) {
    double value = in->values[i];
    if (in->periods[i] < call->window_first || in->periods[i] > call->window_last) continue;
    if ((in->flags[i] & PT_FLAG_MISSING) != 0) {
      const uint32_t reason = IS(EDGE_STATUSES) && in->flags[i] >> 8 >= PT_REASON_OF_SOURCE
                                  ? 250u /* of its own */
                                  : PT_REASON_INPUT_MISSING;
      put(out, in->periods[i], 0, (uint16_t)(PT_FLAG_MISSING | reason << PT_FLAG_REASON_SHIFT));
      continue;
    }
    if (IS(EDGE_EXTREMES)) value = value * 2 / 2; /* beyond doubles on the way */
    if (IS(INCREMENTAL_REACH) && i > 0 && in->values[i - 1] > 20) value += 1;
    put(out, in->periods[i], value / 2 + more, in->flags[i]);
  }
}

static void misuse_memory(const pt_call_v1* call) {
  if (IS(ABI_BOUNDS)) call->outputs[0]->periods[call->outputs[0]->capacity] = 0;
  if (IS(ABI_READ_ONLY) && call->axis_count > 0) {
    volatile double* first = (volatile double*)call->inputs[0]->values;
    *first = *first;
  }
  if (IS(MEMORY_LEAKS)) {
    volatile char* lost = malloc(16);
    if (lost != NULL) *lost = 1;
  }
  if (IS(MEMORY_ALLOCATION_FAILURE)) {
    volatile char* memory = malloc(16);
    *memory = 1;
    free((void*)memory);
  }
}

static int32_t compute(void* in, const pt_call_v1* call, pt_message_v1* message) {
  instance* self = in;
  const int64_t begun = now();
  const int32_t early = fail_early(self, call);
  ++self->calls;
  if (early != PT_OK) return say(early, "cannot do that", message);
  if (IS(STOP_CANCEL) && call->axis_count > 1000) {
    while (now() < call->deadline_ns) { /* deaf */
    }
  }
  if (IS(STOP_DEADLINE) && (uint64_t)(call->deadline_ns - begun) > 3600000000000u) {
    while (now() < begun + 3000000000) { /* it takes what is past for far ahead */
    }
  }
  if (*call->cancel != 0) return PT_CANCELLED;
  halve(self, call);
  misuse_memory(call);
  if (IS(DETERMINISM_ROUNDING)) fesetround(FE_DOWNWARD);
  return PT_OK;
}

static int32_t window(void* in, pt_window_v1* out) {
  (void)in;
  out->look_back = 0;
  out->look_ahead = 0;
  return PT_OK;
}

static const pt_plugin_v1 table = {sizeof(pt_plugin_v1),
                                   PT_ABI_MINOR,
                                   PLUGIN_NAME,
                                   IS(LOAD_LOAD) ? "2.0.0" : "1.0.0",
                                   create,
                                   destroy,
                                   compute,
                                   window};

const pt_plugin_v1* policytrack_plugin_v1(const pt_host_v1* host) {
  if (IS(ABI_NEGOTIATION) && host->abi_minor != PT_ABI_MINOR) return NULL;
  return &table;
}
