/* SQLite as a WASI command: `sqlite SQL…`, or the SQL on standard input. Rows are printed as in
 * SQLite's own shell, columns parted by `|`; errors as a line `error: …`, after which it goes on.
 *
 * The database is a file of the VFS in vfs.c, whose every operation asks the host and may wait there.
 * SQL has one function more, `wait(n)`, which asks the host and gives what it answers, and one more
 * collation, WAITING, which asks before it compares. Lines that begin with a dot are ours:
 *
 *   .open      close the connection and open another on the same file
 *   .crash     as after a power cut: the connection is lost in the midst of what it did, the files stay
 *   .io        print what the VFS was asked for since the last .io
 *   .files     print the files there are, with their sizes
 *
 * The exit status is 1 if the last statement failed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"
#include "vfs.h"

__attribute__((import_module("host"), import_name("wait"))) int32_t host_wait(int32_t what);

static const char *const database = "main.db";

static void sql_wait(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    sqlite3_result_int(context, host_wait(sqlite3_value_int(values[0])));
}

static int waiting_collation(void *unused, int a_size, const void *a, int b_size, const void *b) {
    int order = memcmp(a, b, (size_t)(a_size < b_size ? a_size : b_size));
    (void)unused;
    if (order == 0) order = a_size - b_size;
    /* The answer is part of the order: were it lost, the rows would come out in another one. */
    return host_wait(order < 0 ? -1 : order > 0);
}

static sqlite3 *open_database(void) {
    sqlite3 *db;
    if (sqlite3_open(database, &db) != SQLITE_OK) {
        printf("error: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    /* Deterministic, as a host's answer need not be: only so may it stand in an index or a generated column. */
    sqlite3_create_function(db, "wait", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_wait, NULL, NULL);
    sqlite3_create_collation(db, "WAITING", SQLITE_UTF8, NULL, waiting_collation);
    return db;
}

static void print_row(sqlite3_stmt *statement) {
    int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; i++) {
        const unsigned char *text = sqlite3_column_text(statement, i);
        printf("%s%s", i ? "|" : "", text ? (const char *)text : "");
    }
    putchar('\n');
}

/* Run all statements of `sql`; returns whether the last of them failed. */
static int run_sql(sqlite3 *db, const char *sql) {
    int failed = 0;
    while (*sql) {
        sqlite3_stmt *statement = NULL;
        const char *rest = NULL;
        int status = sqlite3_prepare_v2(db, sql, -1, &statement, &rest);
        if (status == SQLITE_OK && statement != NULL) {
            while ((status = sqlite3_step(statement)) == SQLITE_ROW) print_row(statement);
            if (status == SQLITE_DONE) status = SQLITE_OK;
        }
        failed = status != SQLITE_OK;
        if (failed) printf("error: %s (%d)\n", sqlite3_errmsg(db), sqlite3_extended_errcode(db));
        sqlite3_finalize(statement);
        if (rest == NULL || rest == sql) break;
        sql = rest;
    }
    return failed;
}

static sqlite3 *run_dot(sqlite3 *db, const char *line) {
    if (strncmp(line, ".open", 5) == 0) {
        sqlite3_close(db);
        return open_database();
    }
    if (strncmp(line, ".crash", 6) == 0) {
        vfs_crash(); /* the old connection is left where it is: nothing of it runs again */
        return open_database();
    }
    if (strncmp(line, ".io", 3) == 0) vfs_print_counts();
    if (strncmp(line, ".files", 6) == 0) vfs_print_files();
    return db;
}

/* SQL up to the next line that begins with a dot, that line, and so on. */
static int run_script(sqlite3 **db, char *script) {
    int failed = 0;
    while (*script) {
        char *dot = script[0] == '.' ? script : strstr(script, "\n.");
        if (dot == NULL) return run_sql(*db, script);
        if (dot != script) {
            *dot++ = '\0';
            failed = run_sql(*db, script);
        }
        script = strchr(dot, '\n');
        *db = run_dot(*db, dot);
        if (script == NULL) break;
        script++;
    }
    return failed;
}

static char *read_input(void) {
    size_t size = 0, room = 4096, got;
    char *text = malloc(room);
    while (text != NULL && (got = fread(text + size, 1, room - size - 1, stdin)) > 0) {
        size += got;
        if (room - size < 2) text = realloc(text, room *= 2);
    }
    if (text != NULL) text[size] = '\0';
    return text;
}

int main(int argc, char **argv) {
    sqlite3 *db;
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a run that is cut short has printed what it came to */
    if (sqlite3_initialize() != SQLITE_OK) return 2;
    db = open_database();
    if (argc > 1) {
        for (int i = 1; i < argc; i++) failed = run_script(&db, argv[i]);
    } else {
        char *script = read_input();
        if (script == NULL) return 2;
        failed = run_script(&db, script);
        free(script);
    }
    sqlite3_close(db);
    return failed;
}
