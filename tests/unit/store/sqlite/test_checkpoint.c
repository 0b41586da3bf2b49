/* Who moves the log of the SQLite driver into the file, and when it begins anew: a store that asks
 * another process for it (upkeep_fd of struct store_options). */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "sqlite_log.h"
#include "store/sqlite/checkpoint.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

enum { FEW = 400 }; /* pages of a log that has begun anew, or beyond a limit */

static struct store_outcome outcome;
static struct sqlite_log side;
static struct store *asking; /* the store that writes; the fixture's own does the upkeep */
static int upkeep_fd;

static void begin(bool asks)
{
    fixture_begin();
    upkeep_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    REQUIRE_TRUE(upkeep_fd > 0);
    asking = store_open(&(struct store_options){
        .url = fixture_url, .timeout_ms = FIXTURE_TIMEOUT_MS, .upkeep_fd = asks ? upkeep_fd : 0});
    CHECK_INT(store_ping(asking), STORE_OK);
    sqlite_log_open(&side, strchr(fixture_url, ':') + 1);
}

static void end(void)
{
    sqlite_log_close(&side);
    store_close(asking);
    close(upkeep_fd);
    fixture_end();
}

static bool was_asked(void)
{
    eventfd_t count;
    return eventfd_read(upkeep_fd, &count) == 0;
}

static void place(void)
{
    CHECK_INT(fixture_place(asking, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome),
              STORE_OK);
}

/* One order is placed when the log is so long. */
static const struct {
    int line;
    bool asks;
    int pages;
    bool asked, anew;
} rows[] = {
    {__LINE__, true, 0, false, false},
    {__LINE__, true, SQLITE_CHECKPOINT_PAGES - 1000, false, false},
    {__LINE__, true, SQLITE_CHECKPOINT_PAGES, true, false},
    {__LINE__, true, SQLITE_CHECKPOINT_ANEW, true, false},
    {__LINE__, true, SQLITE_CHECKPOINT_ALONE, false, true},
    {__LINE__, false, SQLITE_CHECKPOINT_PAGES - 1000, false, false},
    {__LINE__, false, SQLITE_CHECKPOINT_PAGES, false, true},
};

static void test_asks(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        begin(rows[i].asks);
        sqlite_log_lengthen(&side, rows[i].pages);
        place();
        CHECK_INT(was_asked(), rows[i].asked);
        if (rows[i].anew)
            CHECK_COMPARE(sqlite_log_pages(&side), <, FEW);
        else
            CHECK_COMPARE(sqlite_log_pages(&side), >=, rows[i].pages);
        place();
        CHECK_FALSE(was_asked()); /* not for each order */
        end();
    }
}

/* As long as nobody comes, it asks again, and at last does it itself. */
static void test_nobody_comes(void)
{
    enum { STEP = 2500, STEPS = 9 }; /* an order each; there are 10 to sell */
    int asked = 0, last = 0, pages = 0, i = 0;
    begin(true);
    for (; i < STEPS && pages >= last; i++) {
        last = pages;
        sqlite_log_lengthen(&side, last + STEP);
        place();
        asked += was_asked();
        pages = sqlite_log_pages(&side);
    }
    CHECK_COMPARE(i, <, STEPS);
    CHECK_COMPARE(last, >=, SQLITE_CHECKPOINT_ANEW);
    CHECK_COMPARE(asked, >=, 2);
    CHECK_COMPARE(pages, <, FEW);
    end();
}

/* The other process moves what there is, and a log that is long begins anew. */
static void test_upkeep(void)
{
    int pages = 0, moved = 0;
    begin(true);
    CHECK_INT(store_upkeep(fixture), STORE_OK);
    sqlite_log_lengthen(&side, SQLITE_CHECKPOINT_PAGES);
    CHECK_INT(store_upkeep(fixture), STORE_OK);
    CHECK_INT(sqlite3_wal_checkpoint_v2(side.db, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &moved),
              SQLITE_OK);
    CHECK_INT(moved, pages);
    sqlite_log_lengthen(&side, SQLITE_CHECKPOINT_ANEW);
    CHECK_INT(store_upkeep(fixture), STORE_OK);
    CHECK_COMPARE(sqlite_log_pages(&side), <, FEW);
    place();
    CHECK_FALSE(was_asked());
    CHECK_INT(fixture_stock(1), 9);
    end();
}

static atomic_bool enough, anew;

/* Writes without a pause, until the log that it writes to has begun anew. */
static void *write_on(void *context)
{
    struct sqlite_log own;
    (void)context;
    sqlite_log_open(&own, strchr(fixture_url, ':') + 1);
    while (!atomic_load(&enough) && !atomic_load(&anew))
        atomic_store(&anew, sqlite_log_pages(&own) < FEW);
    sqlite_log_close(&own);
    return NULL;
}

/* The log begins anew under a writer, too, which never lets it be moved as a whole. It may not come
 * to a pause of the writer at once; then it is asked for again. */
static void test_upkeep_under_load(void)
{
    enum { TRIES = 100, PAUSE_US = 5000 };
    pthread_t writer;
    begin(true);
    sqlite_log_lengthen(&side, SQLITE_CHECKPOINT_ANEW);
    REQUIRE_INT(pthread_create(&writer, NULL, write_on, NULL), 0);
    while (sqlite_log_pages(&side) < SQLITE_CHECKPOINT_ANEW + FEW)
        clock_sleep_us(100);
    for (int i = 0; i < TRIES && !atomic_load(&anew); i++) {
        CHECK_INT(store_upkeep(fixture), STORE_OK);
        clock_sleep_us(PAUSE_US);
    }
    atomic_store(&enough, true);
    pthread_join(writer, NULL);
    CHECK_TRUE(atomic_load(&anew));
    end();
}

/* While somebody reads what was there before, the log cannot begin anew, and no order waits for
 * that. Afterwards it does. */
static void test_reader(void)
{
    struct sqlite_log reader;
    begin(true);
    sqlite_log_open(&reader, strchr(fixture_url, ':') + 1);
    CHECK_INT(sqlite3_exec(reader.db, "BEGIN; SELECT * FROM products", NULL, NULL, NULL),
              SQLITE_OK);
    sqlite_log_lengthen(&side, SQLITE_CHECKPOINT_ANEW);
    CHECK_INT(store_upkeep(fixture), STORE_OK);
    place();
    CHECK_COMPARE(sqlite_log_pages(&side), >=, SQLITE_CHECKPOINT_ANEW);
    CHECK_INT(sqlite3_exec(reader.db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    CHECK_INT(store_upkeep(fixture), STORE_OK);
    CHECK_COMPARE(sqlite_log_pages(&side), <, FEW);
    sqlite_log_close(&reader);
    end();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"asks", test_asks},     {"nobody comes", test_nobody_comes},
        {"upkeep", test_upkeep}, {"upkeep under load", test_upkeep_under_load},
        {"reader", test_reader}, CU_TEST_INFO_NULL,
    };
    return suite_run("unit/store/sqlite/checkpoint", NULL, NULL, tests);
}
