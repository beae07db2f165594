/* The difference from the same period of the year before, in C99. */
#include <math.h>
#include <string.h>

#include "policytrack_plugin.h"

static int32_t say(int32_t code, const char* text, pt_message_v1* message) {
  message->length = (uint32_t)strlen(text);
  if (message->length > message->capacity) message->length = message->capacity;
  memcpy(message->text, text, message->length);
  return code;
}

/* How many periods a year has: that is all of an instance, and fits into its handle. */
static int32_t create(const pt_setup_v1* setup, void** instance, pt_message_v1* message) {
  const uint32_t frequency = setup->inputs[0]->frequency;
  if (frequency == PT_FREQUENCY_DAY || frequency == PT_FREQUENCY_WEEK) {
    return say(PT_REFUSED, "years have no fixed number of days or weeks; feed months", message);
  }
  *instance = (void*)(intptr_t)setup->inputs[0]->periods_per_year;
  return PT_OK;
}

static void destroy(void* instance) { (void)instance; }

static uint32_t missing(uint32_t reason) {
  return PT_FLAG_MISSING | reason << PT_FLAG_REASON_SHIFT;
}

static void put(pt_output_v1* out, int64_t period, double value, uint32_t flags) {
  out->periods[out->count] = period;
  out->values[out->count] = value;
  out->flags[out->count] = (uint16_t)flags;
  ++out->count;
}

static int32_t compute(void* instance, const pt_call_v1* call, pt_message_v1* message) {
  const int64_t lag = (intptr_t)instance;
  const pt_column_v1* in = call->inputs[0];
  pt_output_v1* out = call->outputs[0];
  uint64_t i, base = 0;
  (void)message;
  for (i = 0; i < in->count; ++i) {
    const int64_t period = in->periods[i];
    uint32_t base_quality, quality, broken = 0;
    uint64_t b;
    double value;
    if (*call->cancel != 0) return PT_CANCELLED;
    if (period < call->window_first || period > call->window_last) continue;
    while (base < i && in->periods[base] < period - lag) ++base; /* both only grow */
    if (((in->flags[i] | in->flags[base]) & PT_FLAG_MISSING) || in->periods[base] != period - lag) {
      put(out, period, 0, missing(PT_REASON_INPUT_MISSING));
      continue;
    }
    for (b = base + 1; b <= i; ++b) broken |= in->flags[b] & PT_FLAG_BREAK;
    value = in->values[i] - in->values[base];
    quality = in->flags[i] & PT_FLAG_QUALITY_MASK;
    base_quality = in->flags[base] & PT_FLAG_QUALITY_MASK;
    if (broken || !isfinite(value)) {
      put(out, period, 0, missing(broken ? PT_REASON_SERIES_BREAK : PT_REASON_UNDEFINED));
    } else {
      put(out, period, value, quality > base_quality ? quality : base_quality);
    }
  }
  return PT_OK;
}

static int32_t window(void* instance, pt_window_v1* reach) {
  reach->look_back = (intptr_t)instance;
  reach->look_ahead = 0;
  return PT_OK;
}

static const pt_plugin_v1 table = {sizeof(table), PT_ABI_MINOR, "year-difference", "1.0.0",
                                   create,        destroy,      compute,           window};

const pt_plugin_v1* policytrack_plugin_v1(const pt_host_v1* host) { return host ? &table : NULL; }
