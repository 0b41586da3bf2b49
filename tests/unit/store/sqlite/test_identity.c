/* Which file is the store: it is moved, or another is put in its place. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/identity.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;

static const char *file_path(void)
{
    return strchr(fixture_url, ':') + 1;
}

static enum store_result place_one(struct store *store)
{
    return fixture_place(store, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
}

static void test_same(void)
{
    static const struct {
        int line;
        struct sqlite_identity a, b;
        bool same;
    } rows[] = {
        {__LINE__, {1, 2, 3}, {1, 2, 3}, true},
        {__LINE__, {1, 2, 3}, {9, 2, 3}, false},
        {__LINE__, {1, 2, 3}, {1, 9, 3}, false},
        {__LINE__, {1, 2, 3}, {1, 2, 9}, false},
        /* a device that is not known */
        {__LINE__, {0, 2, 3}, {1, 2, 3}, true},
        {__LINE__, {1, 2, 3}, {0, 2, 3}, true},
        {__LINE__, {0, 2, 3}, {1, 9, 3}, false},
        {__LINE__, {0, 2, 3}, {1, 2, 9}, false},
        /* a file system that has no time of birth */
        {__LINE__, {1, 2, 0}, {1, 2, 0}, true},
        {__LINE__, {1, 2, 0}, {1, 9, 0}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(sqlite_identity_same(&rows[i].a, &rows[i].b), rows[i].same);
    }
}

static void test_moved(void)
{
    char elsewhere[FIXTURE_URL_SIZE + 8];
    int from, to;
    fixture_begin();
    snprintf(elsewhere, sizeof elsewhere, "%s.moved", file_path());
    CHECK_INT(place_one(fixture), STORE_OK);
    rename(file_path(), elsewhere);
    CHECK_INT(place_one(fixture), STORE_UNREACHABLE);
    CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
    rename(elsewhere, file_path());
    CHECK_INT(store_ping(fixture), STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    unlink(file_path());
    CHECK_INT(place_one(fixture), STORE_UNREACHABLE);
    CHECK_INT(fixture_stock(1), -1);
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_UNREACHABLE);
    CHECK_INT(access(file_path(), F_OK), -1);
    store_close(fixture);
    fixture = fixture_open();
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(from, 0);
    CHECK_INT(place_one(fixture), STORE_UNKNOWN_PRODUCT);
    fixture_end();
}

/* A look of just now is enough to read a product, and for nothing else. After one that failed
 * there is none. */
static void test_looked_just_now(void)
{
    enum { FUTURE_US = 60 * 1000000, LONG_AGO_US = 10 * 1000 };
    char elsewhere[FIXTURE_URL_SIZE + 8];
    char id[] = "01890a5d-ac96-774b-bcce-b302099a8057";
    struct order order;
    fixture_begin();
    struct sqlite *s = (struct sqlite *)fixture;
    snprintf(elsewhere, sizeof elsewhere, "%s.moved", file_path());
    CHECK_INT(fixture_stock(1), 10);
    CHECK_COMPARE(s->looked_us, >, 0);
    s->looked_us = clock_monotonic_us() + FUTURE_US;
    rename(file_path(), elsewhere);
    CHECK_INT(fixture_stock(1), 10);
    CHECK_INT(store_order_get(fixture, "c", id, &order), STORE_UNREACHABLE);
    CHECK_INT(fixture_stock(1), -1);
    s->looked_us = clock_monotonic_us() + FUTURE_US;
    CHECK_INT(place_one(fixture), STORE_UNREACHABLE);
    s->looked_us = clock_monotonic_us() + FUTURE_US;
    CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
    s->looked_us = clock_monotonic_us() - LONG_AGO_US;
    CHECK_INT(fixture_stock(1), -1);
    rename(elsewhere, file_path());
    CHECK_INT(fixture_stock(1), 10);
    fixture_end();
}

/* Copies the file, as cp does. */
static void copy(const char *from, const char *to)
{
    char bytes[4096];
    ssize_t n;
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        CHECK_INT(write(out, bytes, (size_t)n), n);
    close(in);
    close(out);
}

/* The path of a file beside the store's, with that added to its name. */
static const char *beside(const char *end)
{
    static char path[4][FIXTURE_URL_SIZE + 16];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s%s", file_path(), end);
    return out;
}

/* A handle that was open and one that is opened now agree, and a migration changes nothing. */
static void check_refused(const char *why)
{
    int from, to;
    struct store *late = fixture_open();
    CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
    CHECK_CONTAINS(((struct sqlite *)fixture)->error.text, why);
    CHECK_INT(place_one(fixture), STORE_UNREACHABLE);
    CHECK_INT(place_one(late), STORE_UNREACHABLE);
    CHECK_INT(fixture_stock(1), -1);
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_UNREACHABLE);
    CHECK_INT(store_migrate(late, &from, &to), STORE_UNREACHABLE);
    store_close(late);
}

/* As a person restarts the service. */
static void restart(enum store_result result)
{
    int from, to;
    store_close(fixture);
    fixture = fixture_open();
    CHECK_INT(store_migrate(fixture, &from, &to), result);
}

/* A copy is put in the place of the store while orders are placed. Nobody reads it with the log of
 * the other, and the other keeps all that it was told. */
static void test_replaced(void)
{
    struct stat before, after;
    fixture_begin();
    struct store *second = fixture_open();
    CHECK_INT(store_ping(second), STORE_OK);
    restart(STORE_OK);
    copy(file_path(), beside(".copy"));
    CHECK_INT(place_one(fixture), STORE_OK);
    CHECK_INT(link(file_path(), beside(".old")), 0);
    stat(beside(".copy"), &before);
    rename(beside(".copy"), file_path());
    check_refused("another file was put in the store's place");
    CHECK_INT(store_ping(second), STORE_UNREACHABLE);
    /* Restarted, but not everyone. */
    restart(STORE_UNREACHABLE);
    store_close(second);
    stat(file_path(), &after);
    CHECK_INT(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    restart(STORE_OK);
    CHECK_INT(fixture_stock(1), 10);
    store_close(fixture);
    rename(beside(".old"), file_path());
    fixture = fixture_open();
    /* Without a migration, which is serve's, or a person's word for it. */
    CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
    restart(STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    fixture_end();
}

/* The path is a symbolic link, and leads to another store from now on. */
static void test_retargeted(void)
{
    fixture_begin();
    store_close(fixture);
    copy(file_path(), beside(".2"));
    rename(file_path(), beside(".1"));
    CHECK_INT(symlink(beside(".1"), file_path()), 0);
    fixture = fixture_open();
    restart(STORE_OK);
    CHECK_INT(place_one(fixture), STORE_OK);
    CHECK_INT(symlink(beside(".2"), beside(".link")), 0);
    rename(beside(".link"), file_path());
    check_refused("another file was put in the store's place");
    restart(STORE_OK);
    CHECK_INT(fixture_stock(1), 10);
    fixture_end();
}

/* Places an order and ends as if killed. */
static void leave_log(void)
{
    int status = -1;
    store_close(fixture);
    pid_t child = fork();
    if (child == 0)
        _exit(place_one(fixture = fixture_open()) != STORE_OK);
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
    fixture = fixture_open();
}

/* All are dead, and a copy is put beside the log that they left. */
static void test_foreign_log(void)
{
    struct stat before, after;
    fixture_begin();
    restart(STORE_OK);
    store_close(fixture);
    copy(file_path(), beside(".copy"));
    fixture = fixture_open();
    leave_log();
    stat(beside(".copy"), &before);
    rename(file_path(), beside(".old"));
    check_refused("the file is gone but its log");
    rename(beside(".copy"), file_path());
    check_refused("another file was put in the store's place");
    restart(STORE_UNREACHABLE);
    CHECK_CONTAINS(((struct sqlite *)fixture)->error.text, "-wal) is not its own");
    stat(file_path(), &after);
    CHECK_INT(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    rename(beside(".old"), file_path());
    CHECK_INT(fixture_stock(1), 9);
    fixture_end();
}

/* Both were brought here together. */
static void test_brought(void)
{
    fixture_begin();
    leave_log();
    rename(file_path(), beside(".old"));
    copy(beside(".old"), file_path());
    restart(STORE_UNREACHABLE);
    unlink(beside("-lock"));
    restart(STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    fixture_end();
}

static int migrate_again(struct store *store, int number)
{
    int from, to;
    (void)number;
    return store_migrate(store, &from, &to) == STORE_OK && store_ping(store) == STORE_OK ? 1 : 255;
}

/* Several that start at once take a file that was put there while nobody used the store. */
static void test_adopted_race(void)
{
    fixture_begin();
    for (int i = 0; i < 5; i++) {
        store_close(fixture);
        copy(file_path(), beside(".copy"));
        rename(beside(".copy"), file_path());
        CHECK_INT(fixture_race(6, migrate_again), 6);
        fixture = fixture_open();
        CHECK_INT(fixture_stock(1), 10);
    }
    fixture_end();
}

static void move_while_waiting(sqlite3 *lock)
{
    clock_sleep_us(100000);
    unlink(file_path());
    sqlite3_exec(lock, "ROLLBACK", NULL, NULL, NULL);
    _exit(0);
}

/* The file goes away while an order waits for the lock. */
static void test_moved_while_waiting(void)
{
    fixture_begin();
    CHECK_INT(store_ping(fixture), STORE_OK);
    int ready[2];
    char byte;
    if (pipe(ready) < 0)
        abort();
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *lock = NULL;
        sqlite3_open(file_path(), &lock);
        CHECK_INT(sqlite3_exec(lock, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        CHECK_INT(write(ready[1], "x", 1), 1);
        move_while_waiting(lock);
    }
    CHECK_INT(read(ready[0], &byte, 1), 1);
    CHECK_INT(place_one(fixture), STORE_UNREACHABLE);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"same", test_same},
    {"moved", test_moved},
    {"looked just now", test_looked_just_now},
    {"replaced", test_replaced},
    {"symbolic link retargeted", test_retargeted},
    {"another's log", test_foreign_log},
    {"brought here", test_brought},
    {"adopted at once", test_adopted_race},
    {"moved while waiting", test_moved_while_waiting},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return suite_run("unit/store/sqlite/identity", NULL, NULL, tests);
}
