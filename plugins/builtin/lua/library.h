// What scripts can call: a choice of Lua's own functions without clock, chance,
// addresses, files and other code, each bounded; and those that know of missing
// values and of the period.
//
// Thread rule: one thread at a time for a state.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_LUA_LIBRARY_H_
#define POLICYTRACK_PLUGINS_BUILTIN_LUA_LIBRARY_H_

#include <lua.hpp>

namespace policytrack_lua {

// Pushes the table of all names that a script can use, which it cannot change.
// May raise errors.
void PushLibrary(lua_State* lua);

// Whether `name` is a word of Lua or of the library, so that no input can have it.
bool IsTaken(const char* name);

// Puts the functions of texts into the table on top, and makes texts use them.
void AddTexts(lua_State* lua);
// Puts the functions of tables into the table on top.
void AddTables(lua_State* lua);

// Sorts the elements 1 to n of the table at `table`, stably. `less` is a function
// at that index, or 0 for the order of numbers and texts.
void SortTable(lua_State* lua, int table, lua_Integer n, int less);

}  // namespace policytrack_lua

#endif  // POLICYTRACK_PLUGINS_BUILTIN_LUA_LIBRARY_H_
