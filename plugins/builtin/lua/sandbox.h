// A Lua state that a script cannot do harm with: memory, steps and what it can
// reach are bounded, and nothing of one run is left for the next one, so that a
// value depends on its inputs alone.
//
// A script cannot catch errors, so none of the bounds can be swallowed: there is
// neither pcall nor coroutine nor a metatable to be had.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_LUA_SANDBOX_H_
#define POLICYTRACK_PLUGINS_BUILTIN_LUA_SANDBOX_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <string>

#include "plugins/builtin/lua/row.h"

namespace policytrack_lua {

// What a state may hold at any time.
inline constexpr size_t kMaxBytes = 16 << 20;
// What a run may take in all, given back or not: taking much, over and over, is
// slow without many steps.
inline constexpr size_t kMaxBytesOfRun = 64 << 20;
// Instructions of a run, for one period; functions of the library that take long
// count as several.
inline constexpr int64_t kMaxSteps = 1000000;

// What a run came to.
struct RunResult {
  enum Kind { kValue, kMissing, kCancelled, kFailed };
  Kind kind = kFailed;
  double value = 0;
  std::string message;  // of kFailed: "line 3: ..."
};

class Sandbox {
 public:
  // `row` must outlive this.
  explicit Sandbox(Row* row);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Reads a text, once; returns what is wrong with it, or "".
  std::string LoadExpression(const std::string& text);
  std::string LoadCode(const std::string& text);

  // From now on runs end with an error after this time, all of them together. For
  // trials, whose values nobody keeps: how long something takes differs from machine
  // to machine.
  void LimitTime(std::chrono::milliseconds time);

  // Runs what was loaded on the row as it stands.
  RunResult Run();

  // For the functions of the library.
  static Sandbox& Of(lua_State* lua);
  Row& row() { return *row_; }
  // Counts steps; raises an error when they are too many.
  void Charge(lua_State* lua, int64_t steps);
  static void PushMissing(lua_State* lua);
  static bool IsMissing(lua_State* lua, int index);
  // Ends the run: its value is missing.
  [[noreturn]] static void GiveMissing(lua_State* lua);

 private:
  static void* Allocate(void* self, void* block, size_t old_size, size_t new_size);
  static void CountSteps(lua_State* lua, lua_Debug* at);
  static int Prepare(lua_State* lua);
  static int RunOnce(lua_State* lua);
  static int PushArguments(lua_State* lua, Sandbox* self);
  std::string Load(const std::string& before, const std::string& text);
  RunResult Failure(int status);
  std::string MessageOnTop();
  int LineOf(int level) const;

  Row* const row_;
  lua_State* lua_ = nullptr;
  bool is_code_ = false;
  size_t bytes_ = 0;
  size_t bytes_of_run_ = 0;
  int64_t steps_ = 0;
  int line_of_memory_ = 0;  // where an allocation was refused
  bool refused_memory_ = false;
  bool cancelled_ = false;
  int steps_between_checks_;
  std::chrono::steady_clock::time_point give_up_;
  RunResult result_;
};

}  // namespace policytrack_lua

#endif  // POLICYTRACK_PLUGINS_BUILTIN_LUA_SANDBOX_H_
