/* The SQLite driver on a disk that fails: what it says of a change, and whether it takes orders. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"
#include "faulty_disk.h"
#include "store/sqlite/connection.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;
static struct faulty_disk *disk;

static enum store_result place(struct store *store, const char *key)
{
    return fixture_place(store, "c", key, clock_now_us(), fixture_request(1, 1), &outcome);
}

/* How many of product 1 were sold; -1 if that is not what is missing from the stock. */
static int64_t sold(void)
{
    int64_t sum = 0;
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               fixture_add_sold, &sum),
              STORE_OK);
    return fixture_stock(1) + sum == 10 ? sum : -1;
}

static const struct {
    int line;
    unsigned files, calls;
    int error;
    enum store_result result;
} rows[] = {
    {__LINE__, FAULTY_DISK_WAL, FAULTY_DISK_SYNC, EIO, STORE_UNKNOWN},
    {__LINE__, FAULTY_DISK_WAL, FAULTY_DISK_SYNC, ENOSPC, STORE_UNKNOWN},
    {__LINE__, FAULTY_DISK_WAL, FAULTY_DISK_SYNC, EDQUOT, STORE_UNKNOWN},
    {__LINE__, FAULTY_DISK_WAL, FAULTY_DISK_WRITE, EIO, STORE_UNKNOWN},
    /* A page that did not fit: the log ends before the commit. */
    {__LINE__, FAULTY_DISK_WAL, FAULTY_DISK_WRITE, ENOSPC, STORE_UNREACHABLE},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* An order, an import and the readiness, on a disk that fails until it is mended. */
static void test_fails(void)
{
    static const struct product other = {2, 1, 1, "Other", ""};
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_ROW(rows[i].line);
        fixture_begin();
        CHECK_INT(place(fixture, "before"), STORE_OK);
        CHECK_INT(store_ping(fixture), STORE_OK);
        faulty_disk_break(disk, rows[i].files, rows[i].calls, rows[i].error, 1, 0);
        CHECK_INT(place(fixture, "key"), rows[i].result);
        CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
        CHECK_COMPARE(fixture_import(&other, 1), !=, STORE_OK);
        CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
        CHECK_COMPARE(atomic_load(&disk->faults), >, 0);
        faulty_disk_mend(disk);
        CHECK_INT(store_ping(fixture), STORE_OK);
        enum store_result again = place(fixture, "key");
        CHECK_TRUE(again == STORE_OK || again == STORE_REPLAYED, "%s", store_result_names[again]);
        CHECK_INT(sold(), 2);
        fixture_end();
    }
}

/* Places an order of which one commit fails, with or without another handle that keeps the log;
 * sees how many are sold then; and ends as if killed, with all handles open. */
static void place_and_die(int row, bool other, int out)
{
    fixture = fixture_open();
    store_ping(fixture);
    if (other)
        store_ping(fixture_open());
    faulty_disk_break(disk, rows[row].files, rows[row].calls, rows[row].error, 1, 1);
    bool ok = place(fixture, "key") == rows[row].result;
    int64_t before = sold();
    _exit(ok && write(out, &before, sizeof before) == sizeof before ? 0 : 1);
}

/* What is seen at once of an order whose commit failed is what is seen after everything died. */
static void test_settled(void)
{
    for (int i = 0; i < 2 * ROWS; i++) {
        CHECK_ROW(rows[i / 2].line);
        CHECK_OF("%d other handles", i % 2);
        int ends[2], status = -1;
        int64_t before = -2;
        fixture_begin();
        store_close(fixture);
        REQUIRE_INT(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            place_and_die(i / 2, i % 2, ends[1]);
        waitpid(child, &status, 0);
        CHECK_INT(status, 0);
        CHECK_INT(read(ends[0], &before, sizeof before), (ssize_t)sizeof before);
        close(ends[0]);
        close(ends[1]);
        fixture = fixture_open();
        CHECK_INT(sold(), before);
        fixture_end();
    }
}

/* A commit that fails is every change's of its group, also of one that was refused because of it.
 */
static void test_group_fails(void)
{
    enum { GROUP = 3 };
    static struct order_request requests[GROUP];
    static struct store_outcome outcomes[GROUP];
    static const int64_t quantities[GROUP] = {8, 5, 1};
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_ROW(rows[i].line);
        static struct store_placement placements[GROUP];
        struct store_change changes[GROUP];
        char ids[GROUP][ID_TEXT_SIZE];
        fixture_begin();
        for (size_t k = 0; k < GROUP; k++) {
            id_make(clock_now_us(), ids[k]);
            requests[k] = *fixture_request(1, quantities[k]);
            placements[k] = (struct store_placement){.consumer = "c", .id = ids[k]};
            changes[k] = (struct store_change){STORE_USE_ORDER, &requests[k], &placements[k],
                                               &outcomes[k],    STORE_OK,     NULL};
        }
        faulty_disk_break(disk, rows[i].files, rows[i].calls, rows[i].error, 1, 0);
        CHECK_INT(store_changes_make(fixture, changes, GROUP), rows[i].result);
        for (size_t k = 0; k < GROUP; k++)
            CHECK_INT(changes[k].result, rows[i].result);
        faulty_disk_mend(disk);
        CHECK_INT(store_ping(fixture), STORE_OK);
        for (size_t k = 0; k < GROUP; k++)
            placements[k].again = true;
        CHECK_INT(store_changes_make(fixture, changes, GROUP), STORE_OK);
        for (size_t k = 0; k < GROUP; k++)
            CHECK_INT(changes[k].result, k == 1 ? STORE_SHORT : STORE_OK);
        CHECK_INT(sold(), 9);
        fixture_end();
    }
}

/* One process dies in its commit, while another has the store open. Its successor is refused an
 * order, which writes nothing. Then all die. */
static void follow_and_die(void)
{
    struct store *other = fixture_open();
    bool ok = store_ping(other) == STORE_OK;
    pid_t child = fork();
    if (child == 0) {
        fixture = fixture_open();
        store_ping(fixture);
        faulty_disk_break(disk, FAULTY_DISK_WAL, FAULTY_DISK_SYNC, EIO, 1, 1);
        _exit(place(fixture, NULL) != STORE_UNKNOWN);
    }
    int status = 0;
    waitpid(child, &status, 0);
    struct store *successor = store_open(&(struct store_options){
        .url = fixture_url, .timeout_ms = FIXTURE_TIMEOUT_MS, .succession = 1});
    ok = ok && status == 0 &&
         fixture_place(successor, "c", NULL, clock_now_us(), fixture_request(1, 11), &outcome) ==
             STORE_SHORT;
    _exit(ok ? 0 : 1);
}

/* What the successor was told is what stays. */
static void test_successor(void)
{
    int status = -1;
    fixture_begin();
    store_close(fixture);
    pid_t child = fork();
    if (child == 0)
        follow_and_die();
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
    fixture = fixture_open();
    CHECK_INT(sold(), 0);
    fixture_end();
}

/* A read tells nothing of whether orders are taken; a ping does, also on a handle that never wrote.
 */
static void test_ready(void)
{
    fixture_begin();
    struct store *reader = fixture_open();
    faulty_disk_break(disk, FAULTY_DISK_WAL, FAULTY_DISK_WRITE, EROFS, 1, 0);
    CHECK_INT(store_ping(reader), STORE_UNREACHABLE);
    CHECK_INT(store_product_get(reader, 1, fixture_see_quantity, &(int64_t){0}), STORE_OK);
    CHECK_INT(store_ping(reader), STORE_UNREACHABLE);
    faulty_disk_mend(disk);
    CHECK_INT(store_ping(reader), STORE_OK);
    store_close(reader);
    fixture_end();
}

/* An order that was just written says that orders are taken, and spares a ping its own write. On a
 * busy machine a moment may have passed. */
static void test_ready_by_an_order(void)
{
    enum { TRIES = 50 };
    enum store_result result = STORE_BUSY;
    fixture_begin();
    for (int i = 0; i < TRIES && result != STORE_OK; i++) {
        faulty_disk_mend(disk);
        CHECK_INT(store_ping(fixture), STORE_OK);
        REQUIRE_INT(place(fixture, "spared"), i ? STORE_REPLAYED : STORE_OK);
        faulty_disk_break(disk, FAULTY_DISK_WAL, FAULTY_DISK_WRITE, EROFS, 1, 0);
        result = store_ping(fixture);
    }
    CHECK_INT(result, STORE_OK);
    faulty_disk_mend(disk);
    fixture_end();
}

/* Leaves a log with an order whose sync failed, as a crash does. */
static void leave_log(void)
{
    store_close(fixture);
    pid_t child = fork();
    if (child == 0) {
        fixture = fixture_open();
        store_ping(fixture);
        store_ping(fixture_open()); /* so that the log is no one's to remove */
        faulty_disk_break(disk, FAULTY_DISK_WAL, FAULTY_DISK_SYNC, EIO, 1, 1);
        _exit(place(fixture, "key") != STORE_UNKNOWN);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
    fixture = fixture_open();
}

/* What is read from a log that was left is in the system's memory, and perhaps not on the disk. So
 * nothing is read from it, and no order repeated, before it is. */
static void test_log_left(void)
{
    fixture_begin();
    leave_log();
    faulty_disk_break(disk, FAULTY_DISK_DB, FAULTY_DISK_SYNC, EIO, 1, 0);
    CHECK_INT(place(fixture, "key"), STORE_UNREACHABLE);
    CHECK_INT(fixture_stock(1), -1);
    faulty_disk_mend(disk);
    int64_t before = sold();
    CHECK_COMPARE(before, >=, 0);
    CHECK_INT(place(fixture, "key"), before ? STORE_REPLAYED : STORE_OK);
    CHECK_INT(sold(), 1);
    fixture_end();
}

static int setup(void)
{
    disk = faulty_disk_own();
    return 0;
}

int main(void)
{
    static CU_TestInfo tests[] = {{"the disk fails", test_fails},
                                  {"group fails", test_group_fails},
                                  {"successor", test_successor},
                                  {"one commit fails", test_settled},
                                  {"a log is left", test_log_left},
                                  {"readiness", test_ready},
                                  {"readiness by an order", test_ready_by_an_order},
                                  CU_TEST_INFO_NULL};
    return suite_run("unit/store/sqlite/disk", setup, NULL, tests);
}
