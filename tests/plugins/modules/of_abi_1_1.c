/* Frozen as of ABI 1.1: never edited. Built against the header of then, it is loaded
 * and called for ever. It sees the parts of a spread slot: it gives the
 * sum of each part's value times the first byte of its name, and nothing of parts
 * that have no value. Compiled with -std=c99 -pedantic. */
#include "policytrack_plugin.h"

static int32_t create(const pt_setup_v1* setup, void** instance, pt_message_v1* message) {
  (void)setup;
  (void)message;
  *instance = 0;
  return PT_OK;
}

static void destroy(void* instance) { (void)instance; }

static int32_t compute(void* instance, const pt_call_v1* call, pt_message_v1* message) {
  const pt_column_v1* column = call->inputs[0];
  pt_output_v1* out = call->outputs[0];
  uint64_t i;
  uint64_t p;
  (void)instance;
  (void)message;
  for (i = 0; i < call->axis_count; ++i) {
    double sum = 0;
    if (call->axis[i] < call->window_first || call->axis[i] > call->window_last) continue;
    for (p = 0; p < column->part_count; ++p) {
      const pt_column_v1* part = column->parts[p];
      if (part->periods[i] != call->axis[i] || part->part_count != 0) return PT_FAILED;
      if ((part->flags[i] & PT_FLAG_MISSING) != 0) continue;
      sum += part->values[i] * column->part_names[p][0];
    }
    out->periods[out->count] = call->axis[i];
    out->values[out->count] = sum;
    out->flags[out->count] = PT_QUALITY_NORMAL;
    ++out->count;
  }
  return PT_OK;
}

static const pt_plugin_v1 table = {
    sizeof(pt_plugin_v1), PT_ABI_MINOR, PLUGIN_NAME, "1.0.0", create, destroy, compute, 0};

const pt_plugin_v1* policytrack_plugin_v1(const pt_host_v1* host) {
  return host->struct_size >= sizeof(pt_host_v1) && host->abi_minor >= 1 ? &table : 0;
}
