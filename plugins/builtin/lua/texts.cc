// The functions of texts: the part of library.h that bounds what they cost.
#include <cstring>

#include "plugins/builtin/lua/library.h"
#include "plugins/builtin/lua/sandbox.h"

namespace policytrack_lua {
namespace {

constexpr size_t kMaxRepeatedBytes = 1 << 20;

int CallOwn(lua_State* lua) {
  const int count = lua_gettop(lua);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, count, LUA_MULTRET);
  return lua_gettop(lua);
}

int Repeat(lua_State* lua) {
  size_t bytes = 0;
  size_t separator = 0;
  luaL_checklstring(lua, 1, &bytes);
  const lua_Integer times = luaL_checkinteger(lua, 2);
  luaL_optlstring(lua, 3, "", &separator);
  const size_t each = bytes + separator;
  if (each == 0) {
    // Lua's own would write nothing, and do so as often as it is told.
    lua_pushliteral(lua, "");
    return 1;
  }
  if (times > 0 && static_cast<size_t>(times) > kMaxRepeatedBytes / each) {
    return luaL_error(lua, "string.rep would make a text of more than 1 MiB");
  }
  return CallOwn(lua);
}

// How often the repetitions of a pattern may multiply what there is to try: each
// can end anywhere in the text.
int Repetitions(const char* pattern, size_t length) {
  int count = 0;
  for (size_t i = 0; i < length; ++i) {
    if (pattern[i] == '%') {
      // What follows stands for itself, but for a balanced pair, a frontier and what
      // was captured before.
      if (i + 1 < length && std::strchr("bf0123456789", pattern[i + 1]) != nullptr) ++count;
      ++i;
    } else if (std::strchr("*+-?", pattern[i]) != nullptr && pattern[i] != '\0') {
      ++count;
    }
  }
  return count;
}

// Patterns are tried from every position, and every repetition from there: what
// could take longer than a run may is refused before it starts.
int Match(lua_State* lua) {
  size_t text = 0;
  size_t pattern_length = 0;
  luaL_checklstring(lua, 1, &text);
  const char* pattern = luaL_checklstring(lua, 2, &pattern_length);
  const double positions = static_cast<double>(text) + 1;
  double steps = positions * static_cast<double>(pattern_length + 1);
  for (int i = Repetitions(pattern, pattern_length); i > 0; --i) steps *= positions;
  if (steps > static_cast<double>(kMaxSteps)) {
    return luaL_error(lua,
                      "a pattern with %d repetitions on a text of %d bytes may take too long; use "
                      "fewer of * + - ? or a shorter text",
                      Repetitions(pattern, pattern_length), static_cast<int>(text));
  }
  Sandbox::Of(lua).Charge(lua, static_cast<int64_t>(steps));
  return CallOwn(lua);
}

// Without addresses: those of tables and functions, and %p.
int Format(lua_State* lua) {
  size_t length = 0;
  const char* format = luaL_checklstring(lua, 1, &length);
  for (size_t i = 0; i + 1 < length; ++i) {
    if (format[i] != '%') continue;
    ++i;
    while (i < length && std::strchr("-+ #0123456789.", format[i]) != nullptr) ++i;
    if (i < length && format[i] == 'p') return luaL_error(lua, "string.format knows no %%p");
  }
  for (int i = 2; i <= lua_gettop(lua); ++i) {
    const int type = lua_type(lua, i);
    if (type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TBOOLEAN) continue;
    return luaL_error(lua, "string.format takes numbers and texts, not a %s",
                      Sandbox::IsMissing(lua, i) ? "missing value" : luaL_typename(lua, i));
  }
  return CallOwn(lua);
}

}  // namespace

void AddTexts(lua_State* lua) {
  const struct {
    const char* name;
    lua_CFunction bounded;
  } kFunctions[] = {{"byte", &CallOwn},  {"char", &CallOwn},    {"find", &Match},
                    {"format", &Format}, {"gmatch", &Match},    {"gsub", &Match},
                    {"len", &CallOwn},   {"lower", &CallOwn},   {"match", &Match},
                    {"rep", &Repeat},    {"reverse", &CallOwn}, {"sub", &CallOwn},
                    {"upper", &CallOwn}};
  luaL_requiref(lua, "string", &luaopen_string, 0);
  for (const auto& function : kFunctions) {
    lua_getfield(lua, -1, function.name);
    lua_pushcclosure(lua, function.bounded, 1);
    lua_setfield(lua, -3, function.name);
  }
  lua_pop(lua, 1);

  // The rules of texts: these functions as methods. Texts are no numbers.
  lua_pushliteral(lua, "");
  lua_createtable(lua, 0, 2);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
  lua_pop(lua, 1);
}

}  // namespace policytrack_lua
