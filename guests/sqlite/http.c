/* SQLite on a database that lies elsewhere (examples/sqlite): a VFS that only reads, and asks the host for each page.
 * The host may take as long as it wants: over HTTP ranges, say.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"

#define HOST(name) __attribute__((import_module("host"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

HOST("size") double host_size(void);                                       /* of the database, bytes; < 0: it failed */
HOST("read") int32_t host_read(double offset, void *into, int32_t size);   /* 0, or it failed */
HOST("row") void host_row(int32_t columns);                                /* begins a row */
HOST("value") void host_value(int32_t type, const char *text, int32_t size); /* its next value, as SQLite's text */

static sqlite3 *database;

static int file_close(sqlite3_file *file) { return (void)file, SQLITE_OK; }

static int file_read(sqlite3_file *file, void *into, int size, sqlite3_int64 offset) {
    sqlite3_int64 there = (sqlite3_int64)host_size();
    int whole = size;
    (void)file;
    if (there < 0) return SQLITE_IOERR_READ;
    if (offset >= there) whole = 0;
    else if (offset + size > there) whole = (int)(there - offset);
    if (whole < size) memset((char *)into + whole, 0, (size_t)(size - whole));
    if (whole > 0 && host_read((double)offset, into, whole) != 0) return SQLITE_IOERR_READ;
    return whole < size ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    *size = (sqlite3_int64)host_size();
    return (void)file, *size < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 offset) {
    return (void)file, (void)from, (void)size, (void)offset, SQLITE_READONLY;
}
static int file_truncate(sqlite3_file *file, sqlite3_int64 size) { return (void)file, (void)size, SQLITE_READONLY; }
static int file_sync(sqlite3_file *file, int flags) { return (void)file, (void)flags, SQLITE_OK; }
static int file_lock(sqlite3_file *file, int level) { return (void)file, (void)level, SQLITE_OK; }
static int file_reserved(sqlite3_file *file, int *reserved) { return (void)file, *reserved = 0, SQLITE_OK; }
static int file_control(sqlite3_file *file, int what, void *argument) {
    return (void)file, (void)what, (void)argument, SQLITE_NOTFOUND;
}
static int file_sector(sqlite3_file *file) { return (void)file, 512; }
static int file_traits(sqlite3_file *file) { return (void)file, SQLITE_IOCAP_IMMUTABLE; }

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs, (void)name;
    if (!(flags & SQLITE_OPEN_MAIN_DB)) return SQLITE_CANTOPEN; /* what is temporary stays in memory */
    file->pMethods = &methods;
    if (out_flags) *out_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    return SQLITE_OK;
}
static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    return (void)vfs, (void)name, (void)sync, SQLITE_READONLY;
}
static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *there) {
    return (void)vfs, (void)name, (void)flags, *there = 0, SQLITE_OK; /* no journals */
}
static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int room, char *into) {
    (void)vfs;
    snprintf(into, (size_t)room, "%s", name);
    return SQLITE_OK;
}
static int vfs_random(sqlite3_vfs *vfs, int size, char *into) { return (void)vfs, memset(into, 7, (size_t)size), size; }
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) { return (void)vfs, microseconds; }
static int vfs_time(sqlite3_vfs *vfs, double *julian_day) { return (void)vfs, *julian_day = 2461000.5, SQLITE_OK; }

static sqlite3_vfs vfs = {
    .iVersion = 1,
    .szOsFile = sizeof(sqlite3_file),
    .mxPathname = 64,
    .zName = "host",
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_name,
    .xRandomness = vfs_random,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time,
};

int sqlite3_os_init(void) { return sqlite3_vfs_register(&vfs, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

EXPORT("room") void *new_room(int32_t size) { return malloc((size_t)size); }
EXPORT("done") void end_room(void *room) { free(room); }

EXPORT("open") int32_t open_database(void) {
    int status = sqlite3_open_v2("remote", &database, SQLITE_OPEN_READONLY, NULL);
    return status != SQLITE_OK ? status : sqlite3_exec(database, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
}

/* The message of the last error, with a zero at its end. */
EXPORT("problem") const char *problem(void) { return sqlite3_errmsg(database); }

/* SQLite's result code, 0 when all rows were handed over. */
EXPORT("query") int32_t query(const char *sql, int32_t size) {
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(database, sql, size, &statement, NULL);
    if (status != SQLITE_OK) return status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        int columns = sqlite3_column_count(statement);
        host_row(columns);
        for (int i = 0; i < columns; i++) {
            int type = sqlite3_column_type(statement, i); /* before it is made text */
            const char *text = (const char *)sqlite3_column_text(statement, i);
            host_value(type, text ? text : "", sqlite3_column_bytes(statement, i));
        }
    }
    status = sqlite3_finalize(statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}
