/* Lua as a WASI command: `lua -e SCRIPT [ARG]…`, or the script on standard input. Scripts have one
 * function more than Lua's own, `wait(n)`: it asks the host and returns what the host answers.
 *
 * No files and no `io`, `os` or `package`: what a script can do is compute, print and wait.
 * An uncaught error is printed on standard output (which a case can expect) and the exit status is 1.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

__attribute__((import_module("host"), import_name("wait"))) int32_t host_wait(int32_t what);

/* Lua's loadfile and dofile reach for these; there are no files, and so libc's need not come along. */
FILE *fopen(const char *path, const char *mode) {
    (void)path, (void)mode;
    return NULL;
}
FILE *freopen(const char *path, const char *mode, FILE *stream) {
    (void)path, (void)mode, (void)stream;
    return NULL;
}

static int script_wait(lua_State *L) {
    int32_t what = (int32_t)luaL_checkinteger(L, 1);
    lua_pushinteger(L, host_wait(what));
    return 1;
}

static void open_libraries(lua_State *L) {
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},           {LUA_TABLIBNAME, luaopen_table},
        {LUA_STRLIBNAME, luaopen_string},    {LUA_MATHLIBNAME, luaopen_math},
        {LUA_UTF8LIBNAME, luaopen_utf8},     {LUA_COLIBNAME, luaopen_coroutine},
        {LUA_DBLIBNAME, luaopen_debug},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
    lua_register(L, "wait", script_wait);
}

/* All of standard input, on Lua's stack as a string. */
static void push_input(lua_State *L) {
    luaL_Buffer text;
    size_t got;
    luaL_buffinit(L, &text);
    do {
        char *room = luaL_prepbuffer(&text);
        got = fread(room, 1, LUAL_BUFFERSIZE, stdin);
        luaL_addsize(&text, got);
    } while (got > 0);
    luaL_pushresult(&text);
}

static int run(lua_State *L) {
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);
    int first = 1;
    const char *script;
    size_t length;
    open_libraries(L);
    if (argc > 2 && strcmp(argv[1], "-e") == 0) {
        lua_pushstring(L, argv[2]);
        first = 3;
    } else {
        push_input(L);
    }
    script = lua_tolstring(L, -1, &length);
    if (luaL_loadbufferx(L, script, length, "=script", "t") != LUA_OK) return lua_error(L);
    for (int i = first; i < argc; i++) lua_pushstring(L, argv[i]);
    lua_call(L, argc > first ? argc - first : 0, 0);
    return 0;
}

int main(int argc, char **argv) {
    lua_State *L = luaL_newstate();
    int status;
    if (L == NULL) return 2;
    lua_pushcfunction(L, run);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    status = lua_pcall(L, 2, 0, 0);
    if (status != LUA_OK) printf("error: %s\n", luaL_tolstring(L, -1, NULL));
    lua_close(L); /* runs what is left of the finalizers, which may wait too */
    return status != LUA_OK;
}
