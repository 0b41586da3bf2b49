/* The file of a SQLite store under a running pair: its disk fails, it is replaced, backed up and
 * restored. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "faulty_disk.h"

enum { WAIT_MS = 20000, STOCK = 100, TRIES = 5 };

static struct faulty_disk *disk;
static char control[] = "/tmp/postern-disk-XXXXXX";

static int setup(void)
{
    char catalogue[1024];
    static char preload[FAULTY_DISK_SETTING_SIZE], setting[FAULTY_DISK_SETTING_SIZE];
    /* An address sanitizer in the program wants to be the first library, and need not be. */
    const char *const env[] = {preload, setting, "ASAN_OPTIONS=verify_asan_link_order=0", NULL};
    catalogue_write(catalogue, sizeof catalogue, 2, STOCK);
    int fd = mkstemp(control);
    if (fd < 0)
        return 1;
    close(fd);
    disk = faulty_disk_map(control);
    faulty_disk_settings(control, preload, setting);
    return disk && preload[strlen("LD_PRELOAD=")]
               ? fixture_start(
                     &(struct pair_options){.workers = 1, .env = env, .catalogue = catalogue})
               : 1;
}

static int teardown(void)
{
    unlink(control);
    return fixture_end();
}

static const char *path(const char *end)
{
    static char paths[4][PAIR_PATH_SIZE + 32];
    static unsigned next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof paths[0], "%s/%s", pair.dir, end);
    return out;
}

/* Runs a command with one argument; what it says on standard error is in command.log. */
static int run(const char *command, const char *argument)
{
    const char *const argv[] = {command, argument, NULL};
    pair_write(&pair, "command.log", "");
    return pair_command(&pair, argv, NULL, 0);
}

static bool order(const char *key)
{
    char header[64];
    snprintf(header, sizeof header, "Idempotency-Key: %s", key);
    const char *const headers[] = {"Content-Type: application/json", header, NULL};
    return client_call(client,
                       &(struct client_request){.method = "POST",
                                                .path = "/orders",
                                                .headers = headers,
                                                .body = "{\"items\":[{\"product_id\":1,"
                                                        "\"quantity\":1}]}"},
                       &answer);
}

struct commit_row {
    int line;
    unsigned calls;
    int error;
    const char *type;
};

/* Places an order that meets the fault. The writer writes by itself, too, as it begins; if the
 * fault met that instead, on a busy machine, the order was refused, and another try is made. */
static void order_on_broken_disk(const struct commit_row *row, const char *key)
{
    for (int i = 0; i < TRIES; i++) {
        faulty_disk_break(disk, FAULTY_DISK_WAL, row->calls, row->error, 1, 0);
        CHECK_TRUE(order(key));
        if (i + 1 == TRIES || !strstr(answer.body, "nothing was changed") ||
            strcmp(row->type, "outcome-unknown") != 0)
            break;
        faulty_disk_mend(disk);
        CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
    }
    CHECK_TRUE(answer_is_problem(&answer, 503, row->type, ANSWER_POSTERN));
}

/* The sync fails in the very commit. Nobody knows whether the order is there, and nobody is told
 * so; what is seen once the disk is well is what stays, whoever is killed. */
static void test_commit_fails(void)
{
    static const struct commit_row rows[] = {
        {__LINE__, FAULTY_DISK_SYNC, EIO, "outcome-unknown"},
        {__LINE__, FAULTY_DISK_WRITE, EIO, "outcome-unknown"},
        {__LINE__, FAULTY_DISK_WRITE, ENOSPC, "store-unavailable"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char key[32];
        snprintf(key, sizeof key, "fails-%zu", i);
        int64_t before = ledger_number(&pair, "SELECT count(*) FROM orders");
        /* The worker has the store open. */
        client_get(client, "/products", &answer);
        CHECK_INT(answer.status, 200);
        order_on_broken_disk(&rows[i], key);
        CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
        if (i % 2)
            pair_stop_app(&pair, SIGKILL);
        faulty_disk_mend(disk);
        if (i % 2)
            REQUIRE_TRUE(pair_start_app(&pair));
        CHECK_TRUE(pair_wait_ready(&pair));
        CHECK_TRUE(order(key));
        CHECK_INT(answer.status, 201);
        CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), before + 1);
        CHECK_TRUE(ledger_balances(&pair, STOCK));
    }
}

static void copy(const char *from, const char *to)
{
    CHECK_INT(process_run((const char *const[]){"cp", from, to, NULL}, WAIT_MS), 0);
}

/* What a person did before there was postern restore. */
static void test_replaced(void)
{
    int64_t orders = ledger_number(&pair, "SELECT count(*) FROM orders");
    copy(path("postern.db"), path("n"));
    CHECK_INT(link(path("postern.db"), path("old")), 0);
    CHECK_INT(rename(path("n"), path("postern.db")), 0);
    /* Products are read from the old one for some milliseconds: decision 0025. */
    CHECK_TRUE(fixture_wait_status("/products", 503, WAIT_MS));
    for (int i = 0; i < 8; i++) {
        CHECK_TRUE(order("replaced"));
        CHECK_TRUE(answer_is_problem(&answer, 503, "store-unavailable", ANSWER_POSTERN));
        client_get(client, "/products", &answer);
        CHECK_INT(answer.status, 503);
        CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
    }
    CHECK_LOG(&pair, "postern.log", "another file was put in the store's place", WAIT_MS);
    /* Processes that are new agree. */
    pid_t children[PROCESS_WORKERS_MAX];
    size_t count = pair_workers(&pair, children, PROCESS_WORKERS_MAX);
    for (size_t i = 0; i < count; i++)
        kill(children[i], SIGKILL);
    CHECK_TRUE(process_wait_workers(&pair, count, children, count, WAIT_MS));
    for (int i = 0; i < 8; i++) {
        client_get(client, "/products", &answer);
        CHECK_INT(answer.status, 503);
        CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
    }
    /* Back again, nothing is lost, and nothing need be restarted. */
    CHECK_INT(rename(path("old"), path("postern.db")), 0);
    CHECK_TRUE(order("replaced"));
    CHECK_INT(answer.status, 201);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), orders + 1);
    CHECK_TRUE(ledger_balances(&pair, STOCK));
}

static void test_backup_and_restore(void)
{
    int64_t orders = ledger_number(&pair, "SELECT count(*) FROM orders");
    CHECK_INT(run("backup", path("backup")), 0, "%s", process_log_end(&pair, "command.log"));
    CHECK_INT(run("backup", path("backup")), 1);
    CHECK_LOG(&pair, "command.log", "it is there already", 0);
    CHECK_TRUE(order("after"));
    CHECK_INT(answer.status, 201);
    CHECK_INT(run("restore", path("backup")), 1);
    CHECK_LOG(&pair, "command.log", "it is in use; stop every postern", 0);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), orders + 1);
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    CHECK_INT(run("restore", path("backup")), 0, "%s", process_log_end(&pair, "command.log"));
    REQUIRE_TRUE(pair_start_app(&pair));
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), orders);
    CHECK_TRUE(ledger_balances(&pair, STOCK));
}

static void test_usage(void)
{
    static const char *const commands[] = {"backup", "restore"};
    for (size_t i = 0; i < 2; i++) {
        CHECK_OF("%s", commands[i]);
        CHECK_INT(run(commands[i], NULL), 2);
        CHECK_INT(run(commands[i], "--none"), 2);
        struct pair other = pair;
        const char *const argv[] = {commands[i], path("new"), NULL};
        CHECK_TRUE(pair_set(&other, "DATABASE_URL=postgresql://u@127.0.0.1:1/d"));
        pair_write(&pair, "command.log", "");
        CHECK_INT(pair_command(&other, argv, NULL, 0), 1);
        CHECK_LOG(&pair, "command.log", "pg_dump", 0);
        CHECK_INT(access(path("new"), F_OK), -1);
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {{"a commit fails", test_commit_fails},
                                  {"replaced", test_replaced},
                                  {"backup and restore", test_backup_and_restore},
                                  {"usage", test_usage},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/store_file", setup, teardown, tests);
}
