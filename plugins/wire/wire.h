// What the server and `policytrack-worker` say to each other. Both ends come
// from one build, so there is one version and no negotiation: a difference ends
// the conversation.
//
// Requests and replies are packets of fixed size over a socket that keeps their
// borders (SOCK_SEQPACKET). What varies in size lies in two arenas of shared
// memory, named by offsets from their start:
//
//   input   written by the server, read-only to the worker: ArenaIn, then records,
//           texts and columns
//   output  written by both: ArenaOut, then one CallResult for each call of the
//           batch, then the output columns
//
// Either side takes the other for hostile: a size, count or offset is checked
// before it is used, and is read from shared memory once.
//
// Thread rule: plain data.
#ifndef POLICYTRACK_PLUGINS_WIRE_WIRE_H_
#define POLICYTRACK_PLUGINS_WIRE_WIRE_H_

#include <stdint.h>

namespace policytrack::wire {

inline constexpr uint32_t kVersion = 1;

// Descriptors that the worker is born with, beside the standard three. The
// library and the arenas are closed once they are mapped.
inline constexpr int kControlFd = 3;
inline constexpr int kLibraryFd = 4;
inline constexpr int kInputFd = 5;
inline constexpr int kOutputFd = 6;

// Arguments of the program after its name.
inline constexpr int kArgParent = 1;   // process id of the server
inline constexpr int kArgMemory = 2;   // bytes of address space
inline constexpr int kArgSandbox = 3;  // "required" or "best_effort"
inline constexpr int kArgCount = 4;

// Kinds of requests.
inline constexpr uint32_t kLoad = 1;     // input: LoadRecord
inline constexpr uint32_t kCreate = 2;   // input: SetupRecord
inline constexpr uint32_t kDestroy = 3;  // no input
inline constexpr uint32_t kCompute = 4;  // input: `count` times CallRecord

// Codes of replies beyond those of the plugin border (PT_OK and so on).
inline constexpr int32_t kBadRequest = 100;   // the server broke the rules above
inline constexpr int32_t kBroken = 101;       // load: the message says why
inline constexpr int32_t kAbiMismatch = 102;  // load: the message says why
inline constexpr int32_t kNoSandbox = 103;    // load: a part is missing, and all are required
inline constexpr int32_t kNoMemory = 104;     // compute: no room for its pointers

// Parts of the sandbox.
inline constexpr uint32_t kSeccomp = 1;
inline constexpr uint32_t kLandlock = 2;
inline constexpr uint32_t kUser = 4;

inline constexpr uint32_t kNewInput = 1;   // a new input arena comes along
inline constexpr uint32_t kNewOutput = 2;  // a new output arena comes along, after it

struct Request {
  uint32_t version;
  uint32_t kind;
  uint64_t nonce;     // of this request; comes back in the reply
  uint64_t instance;  // create, destroy, compute
  uint32_t count;     // compute: calls of the batch
  uint32_t arenas;    // kNewInput, kNewOutput
  uint64_t input_size;
  uint64_t output_size;
  int64_t call_nanoseconds;  // what each call may take
};
static_assert(sizeof(Request) == 56);

struct Reply {
  uint32_t version;
  uint32_t kind;  // of the request
  uint64_t nonce;
  int32_t code;             // PT_... or one of the above
  uint32_t count;           // compute: calls that were begun
  uint32_t sandbox_lacks;   // load
  uint32_t message_length;  // at most sizeof(message)
  int64_t look_back;        // create; PT_UNBOUNDED also when the plugin has no window
  int64_t look_ahead;
  char message[1024];
};
static_assert(sizeof(Reply) == 48 + 1024);

// Starts of the arenas.
struct ArenaIn {
  uint32_t cancel;  // not 0: the call that runs is to stop
  uint32_t reserved[15];
};
struct ArenaOut {
  uint64_t current;    // the call of the batch that runs
  int64_t started_ns;  // when it began, on CLOCK_MONOTONIC
  uint64_t reserved[6];
};
inline constexpr uint64_t kArenaStart = 64;
static_assert(sizeof(ArenaIn) == kArenaStart && sizeof(ArenaOut) == kArenaStart);
// Records and columns begin at multiples of this.
inline constexpr uint64_t kAlignment = 8;

// All records of the input arena: an offset of a text is that of its first byte,
// and it ends with NUL.
struct LoadRecord {
  uint64_t id;
  uint64_t version;
};

struct ParameterRecord {
  uint32_t type;
  uint32_t reserved;
  double number;
  uint64_t name;
  uint64_t text;
};

struct MetaRecord {
  uint32_t frequency;
  uint32_t accumulation;
  double periods_per_year;
  double unit_factor;
  uint64_t slot;
  uint64_t unit;
  uint64_t unit_kind;
  uint32_t year_start_month;
  uint32_t reserved;
};

struct SetupRecord {
  uint32_t parameter_count;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t reserved;
  uint64_t parameters;  // of ParameterRecord
  uint64_t inputs;      // of MetaRecord
  uint64_t outputs;     // of offsets of texts
};

struct ColumnRecord {
  uint64_t count;
  uint64_t periods;  // of int64_t
  uint64_t values;   // of double
  uint64_t flags;    // of uint16_t
  uint64_t name;     // of a part
  uint64_t part_count;
  uint64_t parts;  // of ColumnRecord, which have no parts of their own
};

// Where an output goes: arrays in the output arena with one place more than the
// capacity, which must stay as it is.
struct OutputRecord {
  uint64_t capacity;
  uint64_t count;  // of one uint64_t, into which the plugin's count goes
  uint64_t periods;
  uint64_t values;
  uint64_t flags;
};

struct CallRecord {
  uint32_t input_count;
  uint32_t output_count;
  uint64_t axis_count;
  uint64_t axis;     // of int64_t
  uint64_t inputs;   // of ColumnRecord
  uint64_t outputs;  // of OutputRecord
  int64_t window_first;
  int64_t window_last;
};

// What came of one call, in the output arena.
struct CallResult {
  int32_t code;
  uint32_t message_length;
  char message[1016];
};
static_assert(sizeof(CallResult) == 1024);

}  // namespace policytrack::wire

#endif  // POLICYTRACK_PLUGINS_WIRE_WIRE_H_
