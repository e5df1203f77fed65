/* Lua as a library, for a server (examples/lua): `run` gives a script a state of its own and the text of a request, and
 * hands what it returns to the host. Calls may overlap: each has its state, and nothing here is shared.
 *
 * Scripts have three functions more than Lua's own: `fetch(key)` and `sleep(milliseconds)`, which wait, and `log(text)`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

#define HOST(name) __attribute__((import_module("host"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

enum { ROOM = 4096 };

/* The value of a key: how many bytes it has, of which so many as there is room for were written; -1: there is none. */
HOST("fetch") int32_t host_fetch(const char *key, int32_t size, char *into, int32_t room);
HOST("sleep") void host_sleep(double milliseconds);
HOST("log") void host_log(const char *text, int32_t size);
HOST("respond") void host_respond(const char *text, int32_t size);

FILE *fopen(const char *path, const char *mode) {
    (void)path, (void)mode;
    return NULL;
}
FILE *freopen(const char *path, const char *mode, FILE *stream) {
    (void)path, (void)mode, (void)stream;
    return NULL;
}

static int script_fetch(lua_State *L) {
    size_t size;
    const char *key = luaL_checklstring(L, 1, &size);
    luaL_Buffer value;
    char *room = luaL_buffinitsize(L, &value, ROOM);
    int32_t got = host_fetch(key, (int32_t)size, room, ROOM);
    if (got > ROOM) return luaL_error(L, "the value of %s is too large", key);
    if (got < 0) {
        lua_pushnil(L);
        return 1;
    }
    luaL_pushresultsize(&value, (size_t)got);
    return 1;
}

static int script_sleep(lua_State *L) {
    host_sleep(luaL_checknumber(L, 1));
    return 0;
}

static int script_log(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    host_log(text, (int32_t)size);
    return 0;
}

static void open_libraries(lua_State *L) {
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},        {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
        {LUA_MATHLIBNAME, luaopen_math},  {LUA_UTF8LIBNAME, luaopen_utf8}, {LUA_COLIBNAME, luaopen_coroutine},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
    lua_register(L, "fetch", script_fetch);
    lua_register(L, "sleep", script_sleep);
    lua_register(L, "log", script_log);
}

struct Texts {
    const char *script, *request;
    size_t script_size, request_size;
};

static int serve(lua_State *L) {
    const struct Texts *texts = lua_touserdata(L, 1);
    size_t size;
    const char *answer;
    open_libraries(L);
    if (luaL_loadbufferx(L, texts->script, texts->script_size, "=script", "t") != LUA_OK) return lua_error(L);
    lua_pushlstring(L, texts->request, texts->request_size);
    lua_call(L, 1, 1);
    answer = luaL_tolstring(L, -1, &size);
    host_respond(answer, (int32_t)size);
    return 0;
}

EXPORT("room") void *new_room(int32_t size) { return malloc((size_t)size); }
EXPORT("done") void end_room(void *room) { free(room); }

/* 0, or 1 if the script failed: the answer is then what it failed with. */
EXPORT("run") int32_t run(const char *script, int32_t script_size, const char *request, int32_t request_size) {
    struct Texts texts = {script, request, (size_t)script_size, (size_t)request_size};
    lua_State *L = luaL_newstate();
    int status;
    if (L == NULL) return 2;
    lua_pushcfunction(L, serve);
    lua_pushlightuserdata(L, &texts);
    status = lua_pcall(L, 1, 0, 0);
    if (status != LUA_OK) {
        size_t size;
        const char *text = luaL_tolstring(L, -1, &size);
        host_respond(text, (int32_t)size);
    }
    lua_close(L);
    return status != LUA_OK;
}
