/* The border between PolicyTrack and its plugins: a plugin is a shared object
 * that turns aligned input columns into output columns. Plain C99; write it in
 * any language that can export one C function. C++ authors include
 * policytrack_plugin.hpp instead.
 *
 * The rules. They are not negotiable, since neither side can check them all.
 *
 *  1. Fixed-width integers, doubles and pointers only: no enums, bools, longs
 *     or bit-fields in structs. Every struct starts with its size in bytes, set
 *     by the side that made it. Reserved fields are zero. An array of structs
 *     is an array of pointers, so that structs can grow.
 *  2. One exported symbol, with the major version in its name. The host
 *     negotiates: minor versions only append fields and slots. What lies beyond
 *     the smaller of the two sizes is absent. All that 1.0 has is always there.
 *  3. The host allocates all that crosses. A plugin allocates only what lies
 *     behind its own instance. Nothing is freed by the other side, and no
 *     pointer survives the call that it came with. The one exception is the
 *     function table with its texts: it is constant and lives as long as the
 *     process.
 *  4. Inputs are read-only: strictly increasing period ordinals, doubles,
 *     flags. The host has aligned frequency, units, accumulation and groups
 *     before the call; a plugin never guesses.
 *  5. Outputs go into host arrays of the stated capacity. A value is finite, or
 *     its flags say that it is missing.
 *  6. Errors and diagnostics are copied into host buffers during the call.
 *  7. No exception crosses. No protobuf, abseil or C++ library type is in this
 *     header, and a plugin does not link protobuf or abseil.
 *  8. Every function carries a thread tag: [any thread] or [serial per
 *     instance]. Compute is pure: the same arguments give the same bytes; no
 *     clock (but to meet the deadline), no randomness, no files, no threads
 *     that outlive the call, no change of locale or floating-point environment.
 *  9. A cancel word is polled, at least every few milliseconds, and a deadline
 *     is passed. A call that overruns is an error, whatever it returns.
 * 10. Look-back and look-ahead are declared, so that a change of inputs
 *     recomputes a window and nothing else.
 *
 * Texts are UTF-8 and end with NUL.
 */
#ifndef POLICYTRACK_PLUGIN_H_
#define POLICYTRACK_PLUGIN_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PT_ABI_MAJOR 1
#define PT_ABI_MINOR 2

/* Flags of a point: bits 0-3 quality, bit 4 break, bit 5 missing, bit 6 joint,
 * bits 8-15 the reason when missing. The other bits are reserved. */
#define PT_FLAG_QUALITY_MASK 0x000fu
#define PT_FLAG_BREAK 0x0010u /* what is from here on does not compare with what was before */
#define PT_FLAG_MISSING 0x0020u
#define PT_FLAG_JOINT 0x0040u /* covers the period before too; only in slots that declare it */
#define PT_FLAG_REASON_SHIFT 8

/* Quality, from best to worst. A result has the worst one of what it rests on. */
#define PT_QUALITY_NORMAL 0u
#define PT_QUALITY_IMPUTED 1u
#define PT_QUALITY_ESTIMATED 2u
#define PT_QUALITY_PROVISIONAL 3u
#define PT_QUALITY_FORECAST 4u

/* Why a point is missing. */
#define PT_REASON_NONE 0u
#define PT_REASON_INPUT_MISSING 1u
#define PT_REASON_PART_MISSING 2u
#define PT_REASON_ZERO_BASE 3u
#define PT_REASON_UNDEFINED 4u
#define PT_REASON_TOO_FEW_POINTS 5u
#define PT_REASON_SERIES_BREAK 6u
#define PT_REASON_PERIOD_INCOMPLETE 7u
#define PT_REASON_JOINT_PERIOD 8u
/* From 16 on: the source itself says why it has no value, such as that it is
 * suppressed. Plugins that pass points on keep it; to others it is a missing
 * input. */
#define PT_REASON_OF_SOURCE 16u

/* Frequencies and the ordinals of their periods. */
#define PT_FREQUENCY_DAY 1u       /* days since 1970-01-01 */
#define PT_FREQUENCY_WEEK 2u      /* ISO weeks since that of 1969-12-29 */
#define PT_FREQUENCY_MONTH 3u     /* year * 12 + month - 1 */
#define PT_FREQUENCY_QUARTER 4u   /* year * 4 + quarter - 1 */
#define PT_FREQUENCY_HALF_YEAR 5u /* year * 2 + half - 1 */
#define PT_FREQUENCY_YEAR 6u      /* year */

/* What a value says about its period. */
#define PT_ACCUMULATION_NONE 0u /* not stated */
#define PT_ACCUMULATION_FLOW 1u
#define PT_ACCUMULATION_YEAR_TO_DATE 2u
#define PT_ACCUMULATION_STOCK 3u
#define PT_ACCUMULATION_LEVEL 4u

/* Types of parameters. */
#define PT_PARAMETER_NUMBER 1u
#define PT_PARAMETER_INTEGER 2u
#define PT_PARAMETER_STRING 3u
#define PT_PARAMETER_BOOLEAN 4u

/* Results of calls. */
#define PT_OK 0
#define PT_REFUSED 1   /* create: these parameters or inputs do not fit; the message says why */
#define PT_FAILED 2    /* the message says why */
#define PT_CANCELLED 3 /* compute: the cancel word was set */

/* No bound on a window. */
#define PT_UNBOUNDED (-1)

/* The host, as a plugin sees it. */
typedef struct pt_host_v1 {
  uint32_t struct_size;
  uint32_t abi_minor; /* of the header that the host was compiled with */
} pt_host_v1;

/* Where a plugin copies a message to. The host has set capacity and text; a
 * plugin writes up to capacity bytes and sets length. */
typedef struct pt_message_v1 {
  uint32_t struct_size;
  uint32_t capacity;
  uint32_t length;
  uint32_t reserved;
  char* text;
} pt_message_v1;

/* A parameter that is in force: given, or the default of the descriptor. */
typedef struct pt_parameter_v1 {
  uint32_t struct_size;
  uint32_t type; /* PT_PARAMETER_... */
  const char* name;
  double number;    /* of a number or integer; 0 or 1 of a boolean */
  const char* text; /* of a string, else "" */
} pt_parameter_v1;

/* What an input slot is fed with. A slot that is left open has none. */
typedef struct pt_input_meta_v1 {
  uint32_t struct_size;
  uint32_t frequency;    /* PT_FREQUENCY_... */
  uint32_t accumulation; /* PT_ACCUMULATION_... */
  uint32_t reserved;
  double periods_per_year; /* 365.25, 365.25 / 7, 12, 4, 2, 1 */
  const char* slot;
  const char* unit;      /* code of the unit list; values come without multiplier */
  const char* unit_kind; /* what the unit measures: units of one kind convert */
  double unit_factor;    /* to the base unit of its kind */
  /* Since 1.2. */
  uint32_t year_start_month; /* in which the statistical year begins, 1 to 12 */
  uint32_t reserved_of_1_2;
} pt_input_meta_v1;

/* What an instance is made from. An assessment also gets the parameters
 *   host.relation           string: at_least, at_most, about, within
 *   host.baseline_period    integer: ordinal, absent when not stated
 *   host.target_period      integer: ordinal of the final point, absent when none
 *   host.tolerance_percent  number: for about, absent when not stated
 */
typedef struct pt_setup_v1 {
  uint32_t struct_size;
  uint32_t parameter_count;
  uint32_t input_count;
  uint32_t output_count;
  const pt_parameter_v1* const* parameters;
  const pt_input_meta_v1* const* inputs;
  const char* const* outputs; /* names, in the order of the descriptor */
} pt_setup_v1;

/* Outputs for [a - look_ahead, b + look_back] depend on inputs [a, b]; each a
 * number of periods, or PT_UNBOUNDED. */
typedef struct pt_window_v1 {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t look_back;
  int64_t look_ahead;
} pt_window_v1;

/* An input: count points. A missing point has value 0. An aligned slot has
 * exactly the periods of the axis, an unaligned one has its own.
 *
 * A slot that the descriptor declares spread comes with its parts, one for each
 * value of the dimension that is spread, in the order of their names by bytes.
 * A part has exactly the periods of the column that it is a part of, and no parts
 * of its own. It counts from its first value on: before it, its points are
 * missing as PT_REASON_INPUT_MISSING, and it is no part of the whole yet; after
 * it, a gap is PT_REASON_PART_MISSING. The column itself is the sum of the parts
 * that count, missing where one of them is; where the unit does not add up, as
 * percentages do not, all of it is missing as PT_REASON_UNDEFINED. */
typedef struct pt_column_v1 {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t count;
  const int64_t* periods;
  const double* values;
  const uint16_t* flags;
  /* Since 1.1. */
  uint64_t part_count;
  const struct pt_column_v1* const* parts; /* by part_names; null when there are none */
  const char* const* part_names;           /* the dimension values */
} pt_column_v1;

/* An output: the plugin writes up to capacity points, periods strictly
 * increasing, on the axis and in the window, and sets count. */
typedef struct pt_output_v1 {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t capacity;
  uint64_t count;
  int64_t* periods;
  double* values;
  uint16_t* flags;
} pt_output_v1;

/* One computation. */
typedef struct pt_call_v1 {
  uint32_t struct_size;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t reserved;
  uint64_t axis_count;
  const int64_t* axis; /* the periods that the aligned inputs share */
  const pt_column_v1* const* inputs;
  pt_output_v1* const* outputs;
  int64_t window_first;            /* outputs are wanted for the axis periods of the window, */
  int64_t window_last;             /* both ends inclusive */
  const volatile uint32_t* cancel; /* not 0: stop and return PT_CANCELLED */
  int64_t deadline_ns;             /* on CLOCK_MONOTONIC */
} pt_call_v1;

/* What a plugin can do. A slot may be null only where that is said. */
typedef struct pt_plugin_v1 {
  uint32_t struct_size;
  uint32_t abi_minor;  /* of the header that the plugin was compiled with */
  const char* id;      /* both as in the descriptor: a shared object and a */
  const char* version; /* descriptor that do not belong together are refused */

  /* [any thread] Makes an instance. */
  int32_t (*create)(const pt_setup_v1* setup, void** instance, pt_message_v1* message);
  /* [serial per instance] Ends an instance; no other call is in flight. */
  void (*destroy)(void* instance);
  /* [serial per instance] */
  int32_t (*compute)(void* instance, const pt_call_v1* call, pt_message_v1* message);
  /* [serial per instance] The same for the life of the instance. May be null or
   * absent: then every change recomputes everything. */
  int32_t (*window)(void* instance, pt_window_v1* window);
} pt_plugin_v1;

/* The one exported function. [any thread] Returns null when the plugin cannot
 * work with this host. */
#define PT_ENTRY_SYMBOL "policytrack_plugin_v1"
typedef const pt_plugin_v1* (*pt_entry_v1)(const pt_host_v1* host);

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const pt_plugin_v1*
policytrack_plugin_v1(const pt_host_v1* host);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* POLICYTRACK_PLUGIN_H_ */
