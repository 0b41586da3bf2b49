/* A SQLite store's backup and its restoring. */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "store/sqlite/connection.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;
static char said[4096];

static enum store_result place_one(void)
{
    return fixture_place(fixture, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
}

/* The path of a file beside the store's, with that added to its name. */
static const char *beside(const char *end)
{
    static char path[4][FIXTURE_URL_SIZE + 32];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s%s", strchr(fixture_url, ':') + 1, end);
    return out;
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static bool backup(const char *file)
{
    said[0] = '\0';
    return store_backup(fixture, file, said, sizeof said);
}

/* By a handle of its own, as the command does. */
static bool restore(const char *file)
{
    struct store *store = fixture_open();
    said[0] = '\0';
    bool ok = store_restore(store, file, said, sizeof said);
    store_close(store);
    return ok;
}

static int64_t count(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;
    if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

/* What cp misses is in the log. */
static void test_backup(void)
{
    fixture_begin();
    for (int i = 0; i < 3; i++)
        CHECK_INT(place_one(), STORE_OK);
    CHECK_TRUE(backup(beside(".backup")), "%s", said);
    CHECK_INT(place_one(), STORE_OK);
    CHECK_INT(count(beside(".backup"), "SELECT count(*) FROM orders"), 3);
    CHECK_INT(count(beside(".backup"), "SELECT quantity FROM products WHERE id = 1"), 7);
    CHECK_FALSE(is_there(beside(".backup-wal")));
    struct stat st;
    CHECK_INT(stat(beside(".backup"), &st), 0);
    CHECK_INT(st.st_mode & 07777, 0600);
    CHECK_INT(st.st_nlink, 1);
    fixture_end();
}

/* While others write: whole each time, with as many orders as are missing from the stock. */
static void test_backup_under_load(void)
{
    static const struct product many = {1, 1, PRODUCT_QUANTITY_MAX, "Many", ""};
    int status = -1;
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    store_close(fixture);
    pid_t child = fork();
    if (child == 0) {
        fixture = fixture_open();
        while (place_one() == STORE_OK)
            ;
        _exit(1);
    }
    fixture = fixture_open();
    for (int i = 0; i < 10; i++) {
        CHECK_TRUE(backup(beside(".backup")), "%s", said);
        CHECK_INT(count(beside(".backup"), "SELECT (SELECT quantity FROM products WHERE id = 1) + "
                                           "(SELECT count(*) FROM orders)"),
                  PRODUCT_QUANTITY_MAX);
        unlink(beside(".backup"));
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CHECK_INT(status, SIGKILL);
    fixture_end();
}

/* Nothing is written over, and nothing is left behind. */
static void test_backup_refused(void)
{
    static const char *const ends[] = {"", "-lock", ".link", ".other", "/under", ".none/x"};
    fixture_begin();
    CHECK_INT(place_one(), STORE_OK);
    CHECK_INT(symlink("nowhere", beside(".link")), 0);
    close(open(beside(".other-wal"), O_CREAT | O_WRONLY, 0600));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        CHECK_OF("%s", ends[i]);
        CHECK_FALSE(backup(beside(ends[i])));
        CHECK_OTHER_TEXT(said, "");
    }
    CHECK_INT(place_one(), STORE_OK);
    CHECK_INT(fixture_stock(1), 8);
    store_close(fixture);
    fixture = fixture_open();
    unlink(beside(""));
    CHECK_FALSE(backup(beside(".backup")));
    glob_t left;
    CHECK_INT(glob(beside(".*"), 0, NULL, &left), 0);
    CHECK_INT(left.gl_pathc, 2, "%s", left.gl_pathv[0]);
    globfree(&left);
    fixture_end();
}

static void test_restore(void)
{
    char former[sizeof said];
    int from, to;
    fixture_begin();
    CHECK_INT(place_one(), STORE_OK);
    CHECK_TRUE(backup(beside(".backup")), "%s", said);
    CHECK_INT(place_one(), STORE_OK);
    /* It is served. */
    CHECK_FALSE(restore(beside(".backup")));
    CHECK_CONTAINS(said, "it is in use");
    CHECK_INT(fixture_stock(1), 8);
    store_close(fixture);
    CHECK_TRUE(restore(beside(".backup")), "%s", said);
    snprintf(former, sizeof former, "%s", said);
    CHECK_START(former, beside(".20"));
    /* It needs no migration, as a file does that was put there in another way. */
    fixture = fixture_open();
    CHECK_INT(store_ping(fixture), STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    CHECK_INT(place_one(), STORE_OK);
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(count(former, "SELECT quantity FROM products WHERE id = 1"), 8);
    CHECK_INT(count(beside(".backup"), "SELECT quantity FROM products WHERE id = 1"), 9);
    fixture_end();
}

/* All are dead, and the log that they left holds the last order: it goes aside with its store. */
static void test_restore_beside_log(void)
{
    char former[sizeof said];
    int status = -1;
    fixture_begin();
    CHECK_TRUE(backup(beside(".backup")), "%s", said);
    store_close(fixture);
    pid_t child = fork();
    if (child == 0) {
        fixture = fixture_open();
        _exit(place_one() != STORE_OK);
    }
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
    CHECK_TRUE(is_there(beside("-wal")));
    CHECK_TRUE(restore(beside(".backup")), "%s", said);
    snprintf(former, sizeof former, "%s", said);
    CHECK_FALSE(is_there(beside("-wal")));
    fixture = fixture_open();
    CHECK_INT(fixture_stock(1), 10);
    CHECK_INT(count(former, "SELECT quantity FROM products WHERE id = 1"), 9);
    fixture_end();
}

/* Somebody put a copy beside another's log, as one does before one knows of restore. */
static void test_restore_beside_foreign_log(void)
{
    char former[sizeof said + 16];
    int status = -1;
    fixture_begin();
    CHECK_TRUE(backup(beside(".backup")), "%s", said);
    CHECK_TRUE(backup(beside(".copy")), "%s", said);
    store_close(fixture);
    pid_t child = fork();
    if (child == 0) {
        fixture = fixture_open();
        _exit(place_one() != STORE_OK);
    }
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
    rename(beside(".copy"), beside(""));
    fixture = fixture_open();
    CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
    CHECK_TRUE(restore(beside(".backup")), "%s", said);
    CHECK_INT(count(said, "SELECT quantity FROM products WHERE id = 1"), 10);
    snprintf(former, sizeof former, "%s.other-wal", said);
    CHECK_TRUE(is_there(former));
    CHECK_INT(store_ping(fixture), STORE_OK);
    CHECK_INT(fixture_stock(1), 10);
    fixture_end();
}

/* Makes a copy with a fault in it. */
static void spoil(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    CHECK_TRUE(backup(file), "%s", said);
    CHECK_INT(sqlite3_open(file, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* What is no store is refused, and the store stays what it was. */
static void test_restore_refused(void)
{
    fixture_begin();
    CHECK_INT(place_one(), STORE_OK);
    CHECK_TRUE(backup(beside(".damaged")), "%s", said);
    spoil(beside(".check"),
          "PRAGMA ignore_check_constraints = 1; UPDATE products SET quantity = -1");
    spoil(beside(".references"), "DELETE FROM orders");
    spoil(beside(".newer"), "PRAGMA user_version = 9999");
    spoil(beside(".other"), "PRAGMA application_id = 7");
    store_close(fixture);
    int fd = open(beside(".damaged"), O_WRONLY);
    for (off_t at = 4096; at < 8192; at += 8)
        CHECK_INT(pwrite(fd, "garbage!", 8, at), 8);
    close(fd);
    close(open(beside(".empty"), O_CREAT | O_WRONLY, 0600));
    fd = open(beside(".text"), O_CREAT | O_WRONLY, 0600);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(write(fd, "no database ", 12), 12);
    close(fd);
    static const char *const ends[] = {".damaged", ".check", ".references", ".newer", ".other",
                                       ".empty",   ".text",  ".none",       ""};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        CHECK_OF("%s", ends[i]);
        CHECK_FALSE(restore(beside(ends[i])));
        CHECK_OTHER_TEXT(said, "");
    }
    fixture = fixture_open();
    CHECK_INT(fixture_stock(1), 9);
    fixture_end();
}

/* Another process's connection, which knows of no lock. */
static void test_restore_in_use(void)
{
    fixture_begin();
    sqlite3 *shell = NULL;
    CHECK_TRUE(backup(beside(".backup")), "%s", said);
    store_close(fixture);
    int ready[2], done[2];
    char byte;
    REQUIRE_INT(pipe(ready), 0);
    REQUIRE_INT(pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        close(done[1]);
        sqlite3_open(beside(""), &shell);
        sqlite3_exec(shell, "SELECT count(*) FROM products", NULL, NULL, NULL);
        bool told = write(ready[1], "x", 1) == 1;
        _exit(read(done[0], &byte, 1) != 0 || !told);
    }
    CHECK_INT(read(ready[0], &byte, 1), 1);
    CHECK_FALSE(restore(beside(".backup")));
    CHECK_CONTAINS(said, "it is in use");
    close(done[1]);
    waitpid(child, NULL, 0);
    CHECK_TRUE(restore(beside(".backup")), "%s", said);
    fixture = fixture_open();
    fixture_end();
}

/* Onto a machine that has no store yet. */
static void test_restore_first(void)
{
    fixture_begin();
    CHECK_INT(place_one(), STORE_OK);
    CHECK_TRUE(backup(beside(".backup")), "%s", said);
    store_close(fixture);
    unlink(beside(""));
    unlink(beside("-lock"));
    CHECK_TRUE(restore(beside(".backup")), "%s", said);
    CHECK_TEXT(said, "");
    fixture = fixture_open();
    CHECK_INT(fixture_stock(1), 9);
    fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"backup", test_backup},
        {"backup under load", test_backup_under_load},
        {"backup refused", test_backup_refused},
        {"restore", test_restore},
        {"restore beside a log", test_restore_beside_log},
        {"restore beside another's log", test_restore_beside_foreign_log},
        {"restore refused", test_restore_refused},
        {"restore of a store in use", test_restore_in_use},
        {"restore the first", test_restore_first},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/store/sqlite/copy", NULL, NULL, tests);
}
