/* A VFS that keeps its files in the guest's memory and asks the host before each operation, as one over
 * a browser's storage or a network would: `host.io(operation, offset, size)`. An answer of 0 goes
 * ahead; any other is SQLite's result code of an operation that failed (10: I/O error, 13: disk full, …).
 *
 * Time and random numbers are constants, so that every run is the same to the byte.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"
#include "vfs.h"

__attribute__((import_module("host"), import_name("io"))) int32_t host_io(int32_t operation, int32_t offset,
                                                                         int32_t size);

enum Operation { READ, WRITE, SYNC, LOCK, UNLOCK, TRUNCATE, OPEN, CLOSE, DELETE, EXISTS, OPERATIONS };

static const char *const operation_names[OPERATIONS] = {"read", "write",    "sync",   "lock",
                                                        "unlock", "truncate", "open", "close",
                                                        "delete", "exists"};

static int counts[OPERATIONS];

static int ask(enum Operation operation, sqlite3_int64 offset, int size) {
    counts[operation]++;
    return host_io(operation, (int32_t)offset, size);
}

/* The disk: a few files by name. A file without a name is temporary and goes when it is closed. */
enum { FILES = 16, NAME = 32 };

struct Stored {
    int exists;
    char name[NAME];
    unsigned char *bytes;
    sqlite3_int64 size, room;
    int lock;
};

static struct Stored disk[FILES];

struct Handle {
    sqlite3_file base; /* SQLite's own, first */
    struct Stored *stored;
    int lock;
    int delete_on_close;
};

static struct Stored *find(const char *name) {
    for (int i = 0; i < FILES; i++)
        if (disk[i].exists && strcmp(disk[i].name, name) == 0) return &disk[i];
    return NULL;
}

static struct Stored *create(const char *name) {
    for (int i = 0; i < FILES; i++) {
        if (disk[i].exists) continue;
        memset(&disk[i], 0, sizeof disk[i]);
        disk[i].exists = 1;
        snprintf(disk[i].name, NAME, "%s", name);
        return &disk[i];
    }
    return NULL;
}

static void erase(struct Stored *stored) {
    free(stored->bytes);
    memset(stored, 0, sizeof *stored);
}

static int reserve(struct Stored *stored, sqlite3_int64 size) {
    if (size > stored->room) {
        sqlite3_int64 room = stored->room ? stored->room : 4096;
        unsigned char *bytes;
        while (room < size) room *= 2;
        bytes = realloc(stored->bytes, (size_t)room);
        if (bytes == NULL) return SQLITE_FULL;
        stored->bytes = bytes;
        stored->room = room;
    }
    if (size > stored->size) {
        memset(stored->bytes + stored->size, 0, (size_t)(size - stored->size));
        stored->size = size;
    }
    return SQLITE_OK;
}

static struct Handle *handle_of(sqlite3_file *file) { return (struct Handle *)file; }

static int file_read(sqlite3_file *file, void *into, int size, sqlite3_int64 offset) {
    struct Stored *stored = handle_of(file)->stored;
    sqlite3_int64 there;
    int status = ask(READ, offset, size);
    if (status != SQLITE_OK) return status;
    there = stored->size > offset ? stored->size - offset : 0;
    if (there >= size) {
        memcpy(into, stored->bytes + offset, (size_t)size);
        return SQLITE_OK;
    }
    memset(into, 0, (size_t)size);
    if (there > 0) memcpy(into, stored->bytes + offset, (size_t)there);
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 offset) {
    struct Stored *stored = handle_of(file)->stored;
    int status = ask(WRITE, offset, size);
    if (status == SQLITE_OK) status = reserve(stored, offset + size);
    if (status == SQLITE_OK) memcpy(stored->bytes + offset, from, (size_t)size);
    return status;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    struct Stored *stored = handle_of(file)->stored;
    int status = ask(TRUNCATE, size, 0);
    if (status == SQLITE_OK && size < stored->size) stored->size = size;
    return status;
}

static int file_sync(sqlite3_file *file, int flags) {
    (void)file, (void)flags;
    return ask(SYNC, 0, 0);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    *size = handle_of(file)->stored->size;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level) {
    struct Handle *handle = handle_of(file);
    int status;
    if (handle->lock >= level) return SQLITE_OK;
    status = ask(LOCK, level, 0);
    if (status == SQLITE_OK) handle->lock = handle->stored->lock = level;
    return status;
}

static int file_unlock(sqlite3_file *file, int level) {
    struct Handle *handle = handle_of(file);
    int status;
    if (handle->lock <= level) return SQLITE_OK;
    status = ask(UNLOCK, level, 0);
    if (status == SQLITE_OK) handle->lock = handle->stored->lock = level;
    return status;
}

static int file_reserved(sqlite3_file *file, int *reserved) {
    *reserved = handle_of(file)->stored->lock >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int what, void *argument) {
    (void)file, (void)what, (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file) {
    (void)file;
    return 512;
}

static int file_traits(sqlite3_file *file) {
    (void)file;
    return 0;
}

static int file_close(sqlite3_file *file) {
    struct Handle *handle = handle_of(file);
    ask(CLOSE, 0, 0);
    if (handle->delete_on_close) erase(handle->stored);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    struct Handle *handle = handle_of(file);
    int status;
    (void)vfs;
    memset(handle, 0, sizeof *handle);
    status = ask(OPEN, 0, 0);
    if (status != SQLITE_OK) return status;
    handle->stored = name ? find(name) : NULL;
    if (handle->stored == NULL) {
        if (!(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
        handle->stored = create(name ? name : "");
        if (handle->stored == NULL) return SQLITE_CANTOPEN;
    }
    handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    handle->base.pMethods = &methods;
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
    struct Stored *stored;
    int status = ask(DELETE, 0, 0);
    (void)vfs, (void)sync_directory;
    if (status != SQLITE_OK) return status;
    stored = find(name);
    if (stored == NULL) return SQLITE_IOERR_DELETE_NOENT;
    erase(stored);
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *there) {
    int status = ask(EXISTS, 0, 0);
    (void)vfs, (void)flags;
    *there = find(name) != NULL;
    return status;
}

static int disk_full_name(sqlite3_vfs *vfs, const char *name, int room, char *into) {
    (void)vfs;
    snprintf(into, (size_t)room, "%s", name);
    return SQLITE_OK;
}

static int disk_random(sqlite3_vfs *vfs, int size, char *into) {
    (void)vfs;
    for (int i = 0; i < size; i++) into[i] = (char)(i * 37 + 11);
    return size;
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}

static int disk_time(sqlite3_vfs *vfs, double *julian_day) {
    (void)vfs;
    *julian_day = 2451545.0; /* noon of 1 January 2000 */
    return SQLITE_OK;
}

/* A build with SQLITE_OS_OTHER calls these in place of registering a system's own VFS. */
int sqlite3_os_init(void) {
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct Handle),
        .mxPathname = NAME,
        .zName = "waiting",
        .xOpen = disk_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_full_name,
        .xRandomness = disk_random,
        .xSleep = disk_sleep,
        .xCurrentTime = disk_time,
    };
    return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void) { return SQLITE_OK; }

void vfs_crash(void) {
    for (int i = 0; i < FILES; i++) {
        disk[i].lock = 0;
        if (disk[i].exists && disk[i].name[0] == '\0') erase(&disk[i]);
    }
}

void vfs_print_counts(void) {
    for (int i = 0; i < OPERATIONS; i++) {
        printf("%s%s=%d", i ? " " : "", operation_names[i], counts[i]);
        counts[i] = 0;
    }
    putchar('\n');
}

void vfs_print_files(void) {
    for (int i = 0; i < FILES; i++)
        if (disk[i].exists) printf("%s %lld\n", disk[i].name, (long long)disk[i].size);
}
