/* One plugin in several versions: `versioned` gives its MAJOR * 10 + MINOR for every
 * period. */
#include "policytrack_plugin.h"

static int32_t create(const pt_setup_v1* setup, void** instance, pt_message_v1* message) {
  (void)setup;
  (void)message;
  *instance = 0;
  return PT_OK;
}

static void destroy(void* instance) { (void)instance; }

static int32_t compute(void* instance, const pt_call_v1* call, pt_message_v1* message) {
  uint64_t i;
  pt_output_v1* out = call->outputs[0];
  (void)instance;
  (void)message;
  for (i = 0; i < call->axis_count; ++i) {
    if (call->axis[i] < call->window_first || call->axis[i] > call->window_last) continue;
    out->periods[out->count] = call->axis[i];
    out->values[out->count] = MAJOR * 10 + MINOR;
    out->flags[out->count] = PT_QUALITY_NORMAL;
    ++out->count;
  }
  return PT_OK;
}

static const pt_plugin_v1 table = {
    sizeof(pt_plugin_v1), PT_ABI_MINOR, "versioned", PLUGIN_VERSION, create, destroy, compute, 0};

const pt_plugin_v1* policytrack_plugin_v1(const pt_host_v1* host) {
  return host->struct_size >= sizeof(pt_host_v1) ? &table : 0;
}
