/* Frozen as of ABI 1.2: never edited. Built against the header of then, it is loaded
 * and called for ever. It sees in which month the statistical year begins, and gives
 * each value times that. Compiled with -std=c99 -pedantic. */
#include <stdlib.h>

#include "policytrack_plugin.h"

static int32_t create(const pt_setup_v1* setup, void** instance, pt_message_v1* message) {
  uint32_t* month = malloc(sizeof *month);
  (void)message;
  if (month == 0) return PT_FAILED;
  *month = setup->inputs[0]->year_start_month;
  *instance = month;
  return PT_OK;
}

static void destroy(void* instance) { free(instance); }

static int32_t compute(void* instance, const pt_call_v1* call, pt_message_v1* message) {
  const pt_column_v1* column = call->inputs[0];
  pt_output_v1* out = call->outputs[0];
  uint64_t i;
  (void)message;
  for (i = 0; i < call->axis_count; ++i) {
    if (call->axis[i] < call->window_first || call->axis[i] > call->window_last) continue;
    out->periods[out->count] = call->axis[i];
    out->values[out->count] = column->values[i] * *(const uint32_t*)instance;
    out->flags[out->count] = column->flags[i];
    ++out->count;
  }
  return PT_OK;
}

static const pt_plugin_v1 table = {
    sizeof(pt_plugin_v1), PT_ABI_MINOR, PLUGIN_NAME, "1.0.0", create, destroy, compute, 0};

const pt_plugin_v1* policytrack_plugin_v1(const pt_host_v1* host) {
  return host->struct_size >= sizeof(pt_host_v1) && host->abi_minor >= 2 ? &table : 0;
}
