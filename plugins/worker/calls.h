// Instances of the plugin, and computations with them.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_PLUGINS_WORKER_CALLS_H_
#define POLICYTRACK_PLUGINS_WORKER_CALLS_H_

#include "plugins/sdk/policytrack_plugin.h"
#include "plugins/wire/wire.h"
#include "plugins/worker/arena.h"

namespace policytrack::worker {

class Calls {
 public:
  // All three must outlive it.
  Calls(const pt_plugin_v1* table, const Arena* input, const Arena* output)
      : table_(table), input_(input), output_(output) {}

  // Answers one request.
  void Create(const wire::Request& request, wire::Reply* reply);
  void Destroy(const wire::Request& request, wire::Reply* reply);
  void Compute(const wire::Request& request, wire::Reply* reply);

 private:
  struct Handle {
    uint64_t instance;
    void* handle;
  };

  Handle* Find(uint64_t instance);
  // The structs of one call, made in the scratch memory.
  bool Prepare(const wire::Request& request, const wire::CallRecord& record, pt_call_v1* call);
  bool FillColumn(const wire::Request& request, const wire::ColumnRecord& record,
                  pt_column_v1* column);
  bool FillParts(const wire::Request& request, const wire::ColumnRecord& record,
                 pt_column_v1* column);
  // Room for `count` objects until the next call; null when there is none.
  template <typename T>
  T* Scratch(uint64_t count);
  void* ScratchBytes(uint64_t bytes);

  const pt_plugin_v1* const table_;
  const Arena* const input_;
  const Arena* const output_;

  Handle* handles_ = nullptr;
  uint32_t handle_count_ = 0;
  uint32_t handle_room_ = 0;

  // Blocks of scratch memory, the newest first.
  struct Block {
    Block* next;
    uint64_t size;
    uint64_t used;
  };
  Block* blocks_ = nullptr;
};

}  // namespace policytrack::worker

#endif  // POLICYTRACK_PLUGINS_WORKER_CALLS_H_
