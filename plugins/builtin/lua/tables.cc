// The functions of tables: the part of library.h that counts their elements.
#include "plugins/builtin/lua/library.h"
#include "plugins/builtin/lua/sandbox.h"

namespace policytrack_lua {
namespace {

// Calls Lua's own function, upvalue 1, after the elements of the table have been
// counted as steps: it goes through all of them.
int CountElements(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  Sandbox::Of(lua).Charge(lua, luaL_len(lua, 1));
  const int count = lua_gettop(lua);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, count, LUA_MULTRET);
  return lua_gettop(lua);
}

int Unpack(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const lua_Integer first = luaL_optinteger(lua, 2, 1);
  const lua_Integer last = lua_isnoneornil(lua, 3) ? luaL_len(lua, 1) : luaL_checkinteger(lua, 3);
  // Lua refuses what its stack cannot hold.
  if (last >= first && last / 2 - first / 2 < kMaxSteps) {
    Sandbox::Of(lua).Charge(lua, last - first + 1);
  }
  return CountElements(lua);
}

// Whether the element at `a` of the stack comes before that at `b`.
bool IsLess(lua_State* lua, int less, int a, int b) {
  if (less == 0) return lua_compare(lua, a, b, LUA_OPLT) != 0;
  lua_pushvalue(lua, less);
  lua_pushvalue(lua, a);
  lua_pushvalue(lua, b);
  lua_call(lua, 2, 1);
  const bool is_less = lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 1);
  return is_less;
}

// Merges [first, middle) and [middle, end) of one table into another.
void Merge(lua_State* lua, int from, int to, lua_Integer first, lua_Integer middle, lua_Integer end,
           int less) {
  lua_Integer a = first;
  lua_Integer b = middle;
  for (lua_Integer next = first; next < end; ++next) {
    if (a == middle || b == end) {
      lua_rawgeti(lua, from, a == middle ? b++ : a++);
      lua_rawseti(lua, to, next);
      continue;
    }
    lua_rawgeti(lua, from, a);
    lua_rawgeti(lua, from, b);
    const int top = lua_gettop(lua);
    // Only what is before, so that equal ones stay in their order.
    const bool second = IsLess(lua, less, top, top - 1);
    lua_pushvalue(lua, second ? top : top - 1);
    lua_rawseti(lua, to, next);
    lua_pop(lua, 2);
    (second ? b : a) += 1;
  }
}

int Sort(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const bool has_less = !lua_isnoneornil(lua, 2);
  if (has_less) luaL_checktype(lua, 2, LUA_TFUNCTION);
  lua_settop(lua, 2);
  SortTable(lua, 1, luaL_len(lua, 1), has_less ? 2 : 0);
  return 0;
}

}  // namespace

// Lua's own sort is not stable, and takes the time of day for chance.
void SortTable(lua_State* lua, int table, lua_Integer n, int less) {
  luaL_checkstack(lua, 10, nullptr);
  lua_newtable(lua);
  const int spare = lua_gettop(lua);
  int from = table;
  int to = spare;
  for (lua_Integer width = 1; width < n; width *= 2) {
    Sandbox::Of(lua).Charge(lua, n);
    for (lua_Integer first = 1; first <= n; first += 2 * width) {
      const lua_Integer middle = first + width > n + 1 ? n + 1 : first + width;
      const lua_Integer end = middle + width > n + 1 ? n + 1 : middle + width;
      Merge(lua, from, to, first, middle, end, less);
    }
    const int other = from;
    from = to;
    to = other;
  }
  if (from == spare) {
    for (lua_Integer i = 1; i <= n; ++i) {
      lua_rawgeti(lua, spare, i);
      lua_rawseti(lua, table, i);
    }
  }
  lua_settop(lua, spare - 1);
}

void AddTables(lua_State* lua) {
  luaL_requiref(lua, "table", &luaopen_table, 0);
  for (const char* name : {"concat", "insert", "remove", "unpack"}) {
    lua_getfield(lua, -1, name);
    lua_pushcclosure(lua, name[0] == 'u' ? &Unpack : &CountElements, 1);
    lua_setfield(lua, -3, name);
  }
  lua_pop(lua, 1);
  lua_pushcfunction(lua, &Sort);
  lua_setfield(lua, -2, "sort");
}

}  // namespace policytrack_lua
