#include "plugins/builtin/lua/library.h"

#include <cstring>

#include "plugins/builtin/lua/sandbox.h"

namespace policytrack_lua {
namespace {

constexpr const char* kMathNames[] = {"abs", "ceil", "exp",  "floor", "fmod",     "log",
                                      "max", "min",  "modf", "sqrt",  "tointeger"};
constexpr const char* kNames[] = {"assert", "error",   "ipairs",  "is_missing", "lag",
                                  "math",   "missing", "or_else", "pairs",      "period",
                                  "select", "string",  "table",   "tonumber",   "tostring",
                                  "type",   "year"};
constexpr const char* kWords[] = {"and",   "break", "do",       "else", "elseif", "end",
                                  "false", "for",   "function", "goto", "if",     "in",
                                  "local", "nil",   "not",      "or",   "repeat", "return",
                                  "then",  "true",  "until",    "while"};

int UnknownName(lua_State* lua) {
  Row& row = Sandbox::Of(lua).row();
  if (lua_type(lua, 2) != LUA_TSTRING) return luaL_error(lua, "names are texts");
  return luaL_error(lua, "`%s` is not there; the inputs are %s", lua_tostring(lua, 2),
                    row.names().c_str());
}

int RefuseChange(lua_State* lua) {
  return luaL_error(lua, "the functions that there are cannot be changed");
}

// A function of Lua's: its value is missing where an argument is.
int CallUnlessMissing(lua_State* lua) {
  const int count = lua_gettop(lua);
  for (int i = 1; i <= count; ++i) {
    if (!Sandbox::IsMissing(lua, i)) continue;
    Sandbox::PushMissing(lua);
    return 1;
  }
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, count, LUA_MULTRET);
  return lua_gettop(lua);
}

int Type(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushstring(lua, Sandbox::IsMissing(lua, 1) ? "missing" : luaL_typename(lua, 1));
  return 1;
}

// Without the address that Lua's own gives of tables and functions.
int ToString(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (Sandbox::IsMissing(lua, 1)) {
    lua_pushliteral(lua, "missing");
  } else if (lua_type(lua, 1) == LUA_TTABLE || lua_type(lua, 1) == LUA_TFUNCTION) {
    lua_pushstring(lua, luaL_typename(lua, 1));
  } else {
    luaL_tolstring(lua, 1, nullptr);
  }
  return 1;
}

int Assert(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (lua_toboolean(lua, 1) != 0) return lua_gettop(lua);
  return luaL_error(lua, "%s", luaL_optstring(lua, 2, "an assertion does not hold"));
}

// Numbers in their order, then texts in theirs.
int KeyIsLess(lua_State* lua) {
  const bool a_is_number = lua_type(lua, 1) == LUA_TNUMBER;
  const bool b_is_number = lua_type(lua, 2) == LUA_TNUMBER;
  const bool less =
      a_is_number == b_is_number ? lua_compare(lua, 1, 2, LUA_OPLT) != 0 : a_is_number;
  lua_pushboolean(lua, less ? 1 : 0);
  return 1;
}

int NextOfPairs(lua_State* lua) {
  const lua_Integer next = lua_tointeger(lua, lua_upvalueindex(2)) + 1;
  lua_pushinteger(lua, next);
  lua_replace(lua, lua_upvalueindex(2));
  if (lua_rawgeti(lua, lua_upvalueindex(1), next) == LUA_TNIL) return 1;
  lua_pushvalue(lua, -1);
  lua_gettable(lua, lua_upvalueindex(3));
  return 2;
}

// The entries of a table in the order of their keys: that of Lua's own differs
// from process to process.
int Pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 1);
  lua_newtable(lua);
  lua_Integer count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    lua_pop(lua, 1);
    const int type = lua_type(lua, -1);
    if (type != LUA_TNUMBER && type != LUA_TSTRING) {
      return luaL_error(lua, "pairs needs keys that are numbers or texts, not a %s",
                        luaL_typename(lua, -1));
    }
    lua_pushvalue(lua, -1);
    lua_rawseti(lua, 2, ++count);
  }
  lua_pushcfunction(lua, &KeyIsLess);
  SortTable(lua, 2, count, 3);
  lua_settop(lua, 2);
  lua_pushinteger(lua, 0);
  lua_pushvalue(lua, 1);
  lua_pushcclosure(lua, &NextOfPairs, 3);
  return 1;
}

void CheckHandlesMissing(lua_State* lua, const char* function) {
  if (Sandbox::Of(lua).row().handles_missing()) return;
  luaL_error(lua,
             "%s is for scripts that state handles_missing: without it, a period with a "
             "missing input has no value",
             function);
}

int IsMissingFunction(lua_State* lua) {
  CheckHandlesMissing(lua, "is_missing");
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, Sandbox::IsMissing(lua, 1) ? 1 : 0);
  return 1;
}

int OrElse(lua_State* lua) {
  CheckHandlesMissing(lua, "or_else");
  luaL_checkany(lua, 2);
  lua_settop(lua, Sandbox::IsMissing(lua, 1) ? 2 : 1);
  return 1;
}

int Lag(lua_State* lua) {
  Row& row = Sandbox::Of(lua).row();
  if (lua_type(lua, 1) != LUA_TSTRING) {
    return luaL_error(lua, "lag takes the name of an input in quotes, as in lag(\"sales\", 1)");
  }
  const int input = row.Find(lua_tostring(lua, 1));
  if (input < 0) {
    return luaL_error(lua, "lag names `%s`, which is no input; the inputs are %s",
                      lua_tostring(lua, 1), row.names().c_str());
  }
  const lua_Integer periods = luaL_checkinteger(lua, 2);
  if (periods < 1 || periods > row.look_back()) {
    return luaL_error(lua, "lag looks %I periods back, but look_back allows 1 to %I",
                      static_cast<LUAI_UACINT>(periods), static_cast<LUAI_UACINT>(row.look_back()));
  }
  Sandbox::Of(lua).Charge(lua, periods / 8);
  const std::optional<double> value = row.ReadBefore(static_cast<size_t>(input), periods);
  if (value.has_value()) {
    lua_pushnumber(lua, *value);
    return 1;
  }
  if (!row.handles_missing()) Sandbox::GiveMissing(lua);
  Sandbox::PushMissing(lua);
  return 1;
}

int Period(lua_State* lua) {
  char text[32];
  Sandbox::Of(lua).row().PrintPeriod(text);
  lua_pushstring(lua, text);
  return 1;
}

int Year(lua_State* lua) {
  lua_pushinteger(lua, Sandbox::Of(lua).row().Year());
  return 1;
}

// Replaces the table on top by an empty one that shows it and cannot be changed.
void Protect(lua_State* lua, lua_CFunction unknown) {
  if (unknown != nullptr) {
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, unknown);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);
  }
  lua_newtable(lua);
  lua_createtable(lua, 0, 2);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, &RefuseChange);
  lua_setfield(lua, -2, "__newindex");
  lua_setmetatable(lua, -2);
  lua_remove(lua, -2);
}

int UnknownFunction(lua_State* lua) {
  return luaL_error(lua, "there is no function `%s` in this library",
                    luaL_tolstring(lua, 2, nullptr));
}

// Copies a field of the table at `from` to the one on top, as a function of numbers.
void AddMaths(lua_State* lua) {
  luaL_requiref(lua, "math", &luaopen_math, 0);
  lua_newtable(lua);
  for (const char* name : kMathNames) {
    lua_getfield(lua, -2, name);
    lua_pushcclosure(lua, &CallUnlessMissing, 1);
    lua_setfield(lua, -2, name);
  }
  for (const char* name : {"pi", "huge"}) {
    lua_getfield(lua, -2, name);
    lua_setfield(lua, -2, name);
  }
  lua_remove(lua, -2);
}

}  // namespace

bool IsTaken(const char* name) {
  for (const char* word : kWords) {
    if (std::strcmp(name, word) == 0) return true;
  }
  for (const char* word : kNames) {
    if (std::strcmp(name, word) == 0) return true;
  }
  return std::strcmp(name, "compute") == 0;
}

void PushLibrary(lua_State* lua) {
  constexpr luaL_Reg kFunctions[] = {{"assert", &Assert},     {"is_missing", &IsMissingFunction},
                                     {"lag", &Lag},           {"or_else", &OrElse},
                                     {"pairs", &Pairs},       {"period", &Period},
                                     {"tostring", &ToString}, {"type", &Type},
                                     {"year", &Year},         {nullptr, nullptr}};
  luaL_newlib(lua, kFunctions);
  luaL_requiref(lua, "_G", &luaopen_base, 0);
  for (const char* name : {"error", "ipairs", "select"}) {
    lua_getfield(lua, -1, name);
    lua_setfield(lua, -3, name);
  }
  lua_getfield(lua, -1, "tonumber");
  lua_pushcclosure(lua, &CallUnlessMissing, 1);
  lua_setfield(lua, -3, "tonumber");
  lua_pop(lua, 1);
  Sandbox::PushMissing(lua);
  lua_setfield(lua, -2, "missing");
  AddMaths(lua);
  Protect(lua, &UnknownFunction);
  lua_setfield(lua, -2, "math");
  lua_newtable(lua);
  AddTexts(lua);
  Protect(lua, &UnknownFunction);
  lua_setfield(lua, -2, "string");
  lua_newtable(lua);
  AddTables(lua);
  Protect(lua, &UnknownFunction);
  lua_setfield(lua, -2, "table");
  Protect(lua, &UnknownName);
}

}  // namespace policytrack_lua
