#include "plugins/builtin/lua/sandbox.h"

#include <cstdlib>
#include <cstring>

#include "plugins/builtin/lua/library.h"

// Lua leaves a function that raises an error by longjmp: no object with a
// destructor may be alive where one can be raised.

namespace policytrack_lua {
namespace {

constexpr int kStepsBetweenChecks = 1000;
// Where time is limited: a step may take a millisecond.
constexpr int kStepsBetweenTimedChecks = 100;
constexpr auto kNever = std::chrono::steady_clock::time_point::max();
constexpr char kChunk[] = "script";

// Addresses that stand for what is kept in a state.
const char kMissingValue = 0;
const char kMissingResult = 0;
const char kMain = 0;
const char kEnvironment = 0;
const char kEnvironmentRules = 0;

void* Key(const char* of) { return const_cast<char*>(of); }

bool IsNumberOrMissing(lua_State* lua, int index) {
  return lua_type(lua, index) == LUA_TNUMBER || Sandbox::IsMissing(lua, index);
}

// What is computed from a missing value is missing.
int Propagate(lua_State* lua) {
  if (!IsNumberOrMissing(lua, 1) || !IsNumberOrMissing(lua, 2)) {
    return luaL_error(lua, "a missing value and a %s cannot be computed with",
                      luaL_typename(lua, Sandbox::IsMissing(lua, 1) ? 2 : 1));
  }
  Sandbox::PushMissing(lua);
  return 1;
}

// Neither yes nor no would be right.
int CompareMissing(lua_State* lua) { Sandbox::GiveMissing(lua); }

int RefuseAssignment(lua_State* lua) {
  return luaL_error(lua, "`%s` cannot be set: an expression has no variables of its own",
                    luaL_tolstring(lua, 2, nullptr));
}

// The rules of missing values, for the one light userdata that scripts see.
void SetMissingRules(lua_State* lua) {
  lua_pushlightuserdata(lua, Key(&kMissingValue));
  lua_newtable(lua);
  for (const char* name :
       {"__add", "__sub", "__mul", "__div", "__mod", "__pow", "__idiv", "__unm"}) {
    lua_pushcfunction(lua, &Propagate);
    lua_setfield(lua, -2, name);
  }
  for (const char* name : {"__lt", "__le"}) {
    lua_pushcfunction(lua, &CompareMissing);
    lua_setfield(lua, -2, name);
  }
  lua_pushliteral(lua, "missing value");
  lua_setfield(lua, -2, "__name");
  lua_setmetatable(lua, -2);
  lua_pop(lua, 1);
}

}  // namespace

Sandbox::Sandbox(Row* row)
    : row_(row), steps_between_checks_(kStepsBetweenChecks), give_up_(kNever) {
  lua_ = lua_newstate(&Allocate, this);
  if (lua_ == nullptr) throw sdk::Failed("there is no memory for a Lua state");
  Sandbox* self = this;
  std::memcpy(lua_getextraspace(lua_), &self, sizeof(self));
  lua_pushcfunction(lua_, &Prepare);
  if (lua_pcall(lua_, 0, 0, 0) == LUA_OK) return;
  const std::string message = MessageOnTop();
  lua_close(lua_);
  throw sdk::Failed("the Lua state cannot be made: " + message);
}

Sandbox::~Sandbox() { lua_close(lua_); }

Sandbox& Sandbox::Of(lua_State* lua) {
  Sandbox* self;
  std::memcpy(&self, lua_getextraspace(lua), sizeof(self));
  return *self;
}

int Sandbox::Prepare(lua_State* lua) {
  SetMissingRules(lua);
  PushLibrary(lua);

  // Of code: each run gets an empty table for the names that it sets.
  lua_newtable(lua);
  lua_pushvalue(lua, -2);
  lua_setfield(lua, -2, "__index");
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kEnvironmentRules);

  // Of expressions: one that stays empty.
  lua_newtable(lua);
  lua_newtable(lua);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, &RefuseAssignment);
  lua_setfield(lua, -2, "__newindex");
  lua_setmetatable(lua, -2);
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kEnvironment);

  // Its place: what is put there later takes no memory, which might be refused where
  // no error can be raised.
  lua_pushboolean(lua, 0);
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kMain);
  return 0;
}

void* Sandbox::Allocate(void* self, void* block, size_t old_size, size_t new_size) {
  auto* sandbox = static_cast<Sandbox*>(self);
  if (block == nullptr) old_size = 0;  // it is a kind of object then
  if (new_size == 0) {
    std::free(block);
    sandbox->bytes_ -= old_size;
    return nullptr;
  }
  if (new_size > old_size) {
    const size_t more = new_size - old_size;
    if (sandbox->bytes_ + more > kMaxBytes || sandbox->bytes_of_run_ + more > kMaxBytesOfRun) {
      if (sandbox->lua_ != nullptr && !sandbox->refused_memory_) {
        sandbox->line_of_memory_ = sandbox->LineOf(0);
      }
      sandbox->refused_memory_ = true;
      return nullptr;
    }
  }
  void* moved = std::realloc(block, new_size);
  if (moved == nullptr) return nullptr;
  sandbox->bytes_ += new_size - old_size;
  if (new_size > old_size) sandbox->bytes_of_run_ += new_size - old_size;
  return moved;
}

// The line that runs, or 0: that of the innermost function that has lines.
int Sandbox::LineOf(int level) const {
  lua_Debug at;
  for (; lua_getstack(lua_, level, &at) != 0; ++level) {
    if (lua_getinfo(lua_, "l", &at) != 0 && at.currentline > 0) return at.currentline;
  }
  return 0;
}

void Sandbox::CountSteps(lua_State* lua, lua_Debug*) {
  Sandbox& self = Of(lua);
  self.Charge(lua, self.steps_between_checks_);
}

void Sandbox::Charge(lua_State* lua, int64_t steps) {
  try {
    row_->call().Poll();
  } catch (const sdk::Cancelled&) {
    cancelled_ = true;
  }
  steps_ += steps;
  if (cancelled_) {
    lua_pushliteral(lua, "cancelled");
    lua_error(lua);
  }
  if (give_up_ != kNever && std::chrono::steady_clock::now() > give_up_) {
    lua_pushfstring(lua, "%s:%d: it takes too long for a trial", kChunk, LineOf(0));
    lua_error(lua);
  }
  if (steps_ <= kMaxSteps) return;
  lua_pushfstring(lua,
                  "%s:%d: it takes more than %d steps for one period; is there a loop that does "
                  "not end?",
                  kChunk, LineOf(0), static_cast<int>(kMaxSteps));
  lua_error(lua);
}

void Sandbox::PushMissing(lua_State* lua) { lua_pushlightuserdata(lua, Key(&kMissingValue)); }

bool Sandbox::IsMissing(lua_State* lua, int index) {
  return lua_touserdata(lua, index) == &kMissingValue;
}

void Sandbox::GiveMissing(lua_State* lua) {
  lua_pushlightuserdata(lua, Key(&kMissingResult));
  lua_error(lua);
  std::abort();  // not reached
}

std::string Sandbox::Load(const std::string& before, const std::string& text) {
  const std::string chunk = before + text;
  bytes_of_run_ = 0;
  // Only text: bytecode could do anything.
  if (luaL_loadbufferx(lua_, chunk.data(), chunk.size(), "=script", "t") != LUA_OK) {
    std::string message = MessageOnTop();
    lua_settop(lua_, 0);
    return message;
  }
  lua_rawsetp(lua_, LUA_REGISTRYINDEX, &kMain);
  return "";
}

std::string Sandbox::LoadExpression(const std::string& text) {
  is_code_ = false;
  return Load("local " + row_->names() + " = ... return ", text);
}

std::string Sandbox::LoadCode(const std::string& text) {
  is_code_ = true;
  return Load("", text);
}

// Pushes what `compute`, on top of the stack, takes: inputs by the names of its
// parameters.
int Sandbox::PushArguments(lua_State* lua, Sandbox* self) {
  Row& row = self->row();
  const auto push = [&](size_t input) {
    const std::optional<double> value = row.Read(input);
    if (value.has_value()) {
      lua_pushnumber(lua, *value);
    } else {
      PushMissing(lua);
    }
  };
  if (!self->is_code_) {
    for (size_t i = 0; i < row.inputs().size(); ++i) push(i);
    return static_cast<int>(row.inputs().size());
  }
  const int function = lua_gettop(lua);
  lua_Debug about;
  lua_pushvalue(lua, function);
  lua_getinfo(lua, ">u", &about);
  luaL_checkstack(lua, about.nparams + 2, "too many parameters");
  for (int p = 1; p <= about.nparams; ++p) {
    lua_pushvalue(lua, function);
    const char* name = lua_getlocal(lua, nullptr, p);
    lua_pop(lua, 1);
    const int input = name == nullptr ? -1 : row.Find(name);
    if (input < 0) {
      return luaL_error(lua, "compute has a parameter `%s`, which is no input; the inputs are %s",
                        name == nullptr ? "?" : name, row.names().c_str());
    }
    push(static_cast<size_t>(input));
  }
  return about.nparams;
}

int Sandbox::RunOnce(lua_State* lua) {
  Sandbox& self = Of(lua);
  lua_rawgetp(lua, LUA_REGISTRYINDEX, &kMain);
  if (self.is_code_) {
    lua_createtable(lua, 0, 4);
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &kEnvironmentRules);
    lua_setmetatable(lua, -2);
  } else {
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &kEnvironment);
  }
  lua_pushvalue(lua, 2);
  lua_setupvalue(lua, 1, 1);  // _ENV
  if (self.is_code_) {
    // All of it again for each period: what it sets at its top is new then too.
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 0);
    lua_pushliteral(lua, "compute");
    if (lua_rawget(lua, 2) != LUA_TFUNCTION || lua_iscfunction(lua, -1) != 0) {
      return luaL_error(lua, "the code has no function `compute`; write `function compute(%s)`",
                        self.row_->names().c_str());
    }
  } else {
    lua_pushvalue(lua, 1);
  }
  const int base = lua_gettop(lua) - 1;
  const int arguments = PushArguments(lua, &self);
  lua_call(lua, arguments, LUA_MULTRET);
  const int count = lua_gettop(lua) - base;
  const char* what = self.is_code_ ? "compute" : "the expression";
  if (count != 1) {
    return luaL_error(lua, "%s gives %s, not one number; `missing` says that there is none", what,
                      count == 0 ? "nothing" : "several values");
  }
  if (lua_type(lua, -1) == LUA_TNUMBER) {
    self.result_.kind = RunResult::kValue;
    self.result_.value = lua_tonumber(lua, -1);
    return 0;
  }
  if (!IsMissing(lua, -1)) {
    return luaL_error(lua, "%s gives a %s, not a number; `missing` says that there is none", what,
                      luaL_typename(lua, -1));
  }
  self.result_.kind = RunResult::kMissing;
  return 0;
}

void Sandbox::LimitTime(std::chrono::milliseconds time) {
  steps_between_checks_ = kStepsBetweenTimedChecks;
  give_up_ = std::chrono::steady_clock::now() + time;
}

RunResult Sandbox::Run() {
  steps_ = 0;
  bytes_of_run_ = 0;
  refused_memory_ = false;
  cancelled_ = false;
  line_of_memory_ = 0;
  result_ = RunResult();
  // Anew, so that each run is counted from its start.
  lua_sethook(lua_, &CountSteps, LUA_MASKCOUNT, steps_between_checks_);
  lua_pushcfunction(lua_, &RunOnce);
  const int status = lua_pcall(lua_, 0, 0, 0);
  if (status == LUA_OK) return result_;
  RunResult failure = Failure(status);
  lua_settop(lua_, 0);
  return failure;
}

RunResult Sandbox::Failure(int status) {
  RunResult failure;
  if (cancelled_) {
    failure.kind = RunResult::kCancelled;
  } else if (lua_touserdata(lua_, -1) == &kMissingResult) {
    failure.kind = RunResult::kMissing;
  } else if (status == LUA_ERRMEM) {
    if (line_of_memory_ > 0) failure.message = "line " + std::to_string(line_of_memory_) + ": ";
    failure.message += bytes_of_run_ > kMaxBytesOfRun / 2
                           ? "it makes more than 64 MiB of values for one period"
                           : "it needs more than 16 MiB of memory";
  } else {
    failure.message = MessageOnTop();
  }
  return failure;
}

// The message of an error, its place as `line 3: ` and not as `script:3: `.
std::string Sandbox::MessageOnTop() {
  if (lua_type(lua_, -1) != LUA_TSTRING) return "it raised an error that is not a text";
  size_t length = 0;
  const char* raw = lua_tolstring(lua_, -1, &length);
  const std::string text(raw, length);
  const std::string place = std::string(kChunk) + ":";
  if (text.compare(0, place.size(), place) != 0) return text;
  return "line " + text.substr(place.size());
}

}  // namespace policytrack_lua
