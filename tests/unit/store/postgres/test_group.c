/* Groups of orders on PostgreSQL: the way to the server is lost, a product is locked by somebody
 * else, or the process that sent a group dies. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"
#include "store/postgres/session.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/postgres/proxy.h"
#include "unit/store/store_fixture.h"

/* The group, and those that may come after it. */
enum { GROUP = 4, MORE = 20, ALL = GROUP + MORE, WAIT_US = 15000000 };

static struct order_request requests[ALL];
static struct store_placement placements[ALL];
static struct store_outcome outcomes[ALL];
static struct store_change changes[ALL];
static char ids[ALL][ID_TEXT_SIZE];

static void put(size_t i, int64_t product, int64_t quantity)
{
    id_make(clock_now_us(), ids[i]);
    requests[i] = *fixture_request(product, quantity);
    placements[i] = (struct store_placement){.consumer = "c", .id = ids[i], .now_us = 1};
    changes[i] = (struct store_change){STORE_USE_ORDER, &requests[i],     &placements[i],
                                       &outcomes[i],    STORE_RESULT_MAX, NULL};
}

/* One order of each product, 9 of which there is none, and one of product 2 that is too large. */
static void fill(void)
{
    static const int64_t products[GROUP] = {1, 9, 2, 2}, quantities[GROUP] = {1, 1, 6, 1};
    for (size_t i = 0; i < GROUP; i++)
        put(i, products[i], quantities[i]);
}

/* As the writer does. */
static enum store_result make_all(struct store *store, size_t count)
{
    struct store_wait wait;
    bool waits = store_changes_send(store, changes, count, &wait);
    while (waits && clock_monotonic_us() < wait.until_us) {
        poll(&wait.poll, 1, (int)((wait.until_us - clock_monotonic_us()) / 1000) + 1);
        waits = store_changes_wait(store, changes, count, &wait);
    }
    return store_changes_make(store, changes, count);
}

static enum store_result make(struct store *store)
{
    return make_all(store, GROUP);
}

/* How many were sold; -1 if that is not what is missing from the stock. */
static int64_t sold(void)
{
    int64_t sum = 0;
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               fixture_add_sold, &sum),
              STORE_OK);
    return fixture_stock(1) + fixture_stock(2) + sum == 15 ? sum : -1;
}

/* The group's own results, or for each the one given. */
static void check_results(enum store_result instead)
{
    static const enum store_result results[GROUP] = {STORE_OK, STORE_UNKNOWN_PRODUCT, STORE_SHORT,
                                                     STORE_OK};
    for (size_t i = 0; i < GROUP; i++)
        CHECK_INT(changes[i].result, instead == STORE_OK ? results[i] : instead, "change %zu", i);
}

/* The group, or the answer to it, is lost with the connection: a failure is every change's, and
 * what was done is done once. */
static void test_lost(void)
{
    static const struct {
        int line;
        enum proxy_mode now, then;
        enum store_result result; /* STORE_OK: each its own */
        int64_t sold;
    } rows[] = {
        {__LINE__, PROXY_CUT_BEFORE, PROXY_PASS, STORE_OK, 2},
        {__LINE__, PROXY_CUT_AFTER, PROXY_PASS, STORE_OK, 2},
        {__LINE__, PROXY_CUT_LATE, PROXY_PASS, STORE_OK, 2},
        {__LINE__, PROXY_SWALLOW, PROXY_PASS, STORE_OK, 2},
        {__LINE__, PROXY_HOLD, PROXY_PASS, STORE_OK, 2},
        {__LINE__, PROXY_CUT_BEFORE, PROXY_REFUSE, STORE_UNKNOWN, 0},
        {__LINE__, PROXY_CUT_AFTER, PROXY_REFUSE, STORE_UNKNOWN, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fixture_begin();
        int port = proxy_start(fixture_server.port);
        bool silent = rows[i].now == PROXY_SWALLOW || rows[i].now == PROXY_HOLD;
        struct store *store = database_open_at(port, silent ? 6000 : 2500);
        CHECK_TRUE(fixture_recovers(store));
        fill();
        proxy_fail(rows[i].now, rows[i].then);
        make(store);
        check_results(rows[i].result);
        clock_sleep_us(rows[i].now == PROXY_CUT_LATE ? 2 * PROXY_LATE_US : 50000);
        CHECK_INT(sold(), rows[i].sold);
        proxy_fail(PROXY_PASS, PROXY_PASS);
        CHECK_TRUE(fixture_recovers(store));
        /* Whoever repeats them learns what is true. */
        for (size_t k = 0; k < GROUP; k++)
            placements[k].again = true;
        CHECK_INT(make(store), STORE_OK);
        check_results(STORE_OK);
        CHECK_INT(sold(), 2);
        store_close(store);
        proxy_stop();
        fixture_end();
    }
}

/* One that was made before is looked for first: it is no refusal that nothing is left now. */
static void test_again(void)
{
    fixture_begin();
    fill();
    requests[0] = *fixture_request(1, 10);
    CHECK_INT(store_changes_make(fixture, changes, 1), STORE_OK);
    CHECK_INT(changes[0].result, STORE_OK);
    placements[0].again = true;
    CHECK_INT(make(fixture), STORE_OK);
    check_results(STORE_OK);
    CHECK_INT(sold(), 11);
    fixture_end();
}

/* A session beside the store's. */
static PGconn *connect_beside(void)
{
    PGconn *beside = PQconnectdb(fixture_url);
    REQUIRE_INT(PQstatus(beside), CONNECTION_OK);
    return beside;
}

static void run(PGconn *beside, const char *sql)
{
    PGresult *result = PQexec(beside, sql);
    CHECK_TRUE(PQresultStatus(result) == PGRES_COMMAND_OK ||
                   PQresultStatus(result) == PGRES_TUPLES_OK,
               "%s", PQerrorMessage(beside));
    PQclear(result);
}

/* Somebody holds one product for longer than orders wait. The others are sold meanwhile, and the
 * store's patience is as before afterwards. */
static void test_one_is_locked(void)
{
    fixture_begin();
    PGconn *beside = connect_beside();
    struct store *store = fixture_open_url(fixture_url, 6000);
    CHECK_TRUE(fixture_recovers(store));
    run(beside, "BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE");
    fill();
    int64_t start = clock_monotonic_us();
    CHECK_INT(make(store), STORE_OK);
    CHECK_COMPARE(clock_monotonic_us() - start, <, WAIT_US);
    CHECK_INT(changes[0].result, STORE_BUSY);
    CHECK_INT(changes[1].result, STORE_UNKNOWN_PRODUCT);
    CHECK_INT(changes[2].result, STORE_SHORT);
    CHECK_INT(changes[3].result, STORE_OK);
    run(beside, "ROLLBACK");
    CHECK_INT(sold(), 1);
    PGresult *shown = PQexec(((struct postgres *)store)->conn, "SHOW lock_timeout");
    CHECK_TEXT(PQgetvalue(shown, 0, 0), "3001ms");
    PQclear(shown);
    store_close(store);
    PQfinish(beside);
    fixture_end();
}

/* Somebody holds products for longer than a group may take. Orders of one wait for it once, so that
 * there is time for what comes after them; cancellations wait until three have waited in vain. That
 * is no trouble of the store's. */
static void test_many_are_locked(void)
{
    /* In this order: for product 1, for 3, which nobody holds, and of all there is of 1 and 2. */
    enum { HELD = 20, SOLD_1 = 10, SOLD_2 = 5, MANY = HELD + 1 + SOLD_1 + SOLD_2 };
    static struct order_request request[MANY];
    static struct store_placement placement[MANY];
    static struct store_outcome outcome[MANY];
    static struct store_change change[MANY];
    static char id[MANY][ID_TEXT_SIZE];
    fixture_begin();
    PGconn *beside = connect_beside();
    struct store *store = fixture_open_url(fixture_url, 8000);
    const struct postgres *p = (const struct postgres *)store;
    for (size_t i = 0; i < MANY; i++) {
        id_make(clock_now_us(), id[i]);
        request[i] = *fixture_request(i == HELD ? 3 : i <= HELD + SOLD_1 ? 1 : 2, 1);
        placement[i] = (struct store_placement){.consumer = "c", .id = id[i], .now_us = 1};
        change[i] = (struct store_change){STORE_USE_ORDER, &request[i],      &placement[i],
                                          &outcome[i],     STORE_RESULT_MAX, NULL};
    }
    CHECK_INT(store_changes_make(store, &change[HELD + 1], SOLD_1 + SOLD_2), STORE_OK);
    for (size_t i = HELD + 1; i < MANY; i++)
        change[i].use = STORE_USE_CANCEL;
    int session = PQbackendPID(p->conn);
    run(beside, "BEGIN; SELECT FROM products WHERE id < 3 FOR UPDATE");
    CHECK_INT(store_changes_make(store, change, MANY), STORE_OK);
    for (size_t i = 0; i < MANY; i++)
        CHECK_INT(change[i].result, i == HELD ? STORE_OK : STORE_BUSY, "change %zu", i);
    CHECK_INT(p->trouble.result, STORE_OK);
    CHECK_INT(PQbackendPID(p->conn), session);
    run(beside, "ROLLBACK");
    CHECK_INT(fixture_stock(1), 0);
    CHECK_INT(fixture_stock(2), 0);
    CHECK_INT(fixture_stock(3), 1);
    store_close(store);
    PQfinish(beside);
    fixture_end();
}

/* Many want what somebody holds. It is waited for once, so that who comes after them is served in
 * time; nobody's outcome is in doubt, and the session stays. */
static void test_many_want_what_is_locked(void)
{
    fixture_begin();
    PGconn *beside = connect_beside();
    struct store *store = fixture_open_url(fixture_url, 8000);
    CHECK_TRUE(fixture_recovers(store));
    int pid = PQbackendPID(((struct postgres *)store)->conn);
    run(beside, "BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE");
    for (size_t i = 0; i < ALL; i++)
        put(i, i == ALL - 1 ? 2 : 1, 1);
    /* One of two products, and one with a key: what waits for the table of keys may be alone. */
    CHECK_INT(order_request_add(&requests[3], 2, 1, 1), ORDER_OK);
    placements[4].key = "k";
    CHECK_INT(make_all(store, ALL), STORE_OK);
    for (size_t i = 0; i < ALL; i++)
        CHECK_INT(changes[i].result, i == ALL - 1 ? STORE_OK : STORE_BUSY, "change %zu", i);
    CHECK_INT(PQbackendPID(((struct postgres *)store)->conn), pid);
    run(beside, "ROLLBACK");
    CHECK_INT(sold(), 1);
    CHECK_INT(make_all(store, ALL), STORE_OK);
    store_close(store);
    PQfinish(beside);
    fixture_end();
}

/* Cancellations do not tell which products they wait for. After some have waited in vain the others
 * are made if they need not wait. */
static void test_many_give_back_what_is_locked(void)
{
    enum { SOLD = 10 };
    static char of[SOLD][ID_TEXT_SIZE];
    fixture_begin();
    PGconn *beside = connect_beside();
    struct store *store = fixture_open_url(fixture_url, 8000);
    for (size_t i = 0; i < SOLD; i++) {
        const struct order_request *request = fixture_request(i == SOLD - 1 ? 2 : 1, 1);
        CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, request, &outcomes[0]),
                  STORE_OK);
        snprintf(of[i], ID_TEXT_SIZE, "%s", outcomes[0].order.id);
    }
    CHECK_TRUE(fixture_recovers(store));
    run(beside, "BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE");
    for (size_t i = 0; i <= SOLD; i++) {
        put(i, 2, 1);
        if (i == SOLD)
            continue;
        changes[i].use = STORE_USE_CANCEL;
        placements[i].id = of[i];
    }
    CHECK_INT(make_all(store, SOLD + 1), STORE_OK);
    for (size_t i = 0; i <= SOLD; i++)
        CHECK_INT(changes[i].result, i < SOLD - 1 ? STORE_BUSY : STORE_OK, "change %zu", i);
    run(beside, "ROLLBACK");
    CHECK_INT(fixture_stock(1), 10 - (SOLD - 1));
    CHECK_INT(fixture_stock(2), 5 - 1);
    PGresult *shown = PQexec(((struct postgres *)store)->conn, "SHOW lock_timeout");
    CHECK_TEXT(PQgetvalue(shown, 0, 0), "4001ms");
    PQclear(shown);
    store_close(store);
    PQfinish(beside);
    fixture_end();
}

/* Somebody holds an order that is to be cancelled, as while its consumer is renamed: the
 * cancellation fails at once, so that nobody who orders the same product waits for it. */
static void test_order_is_held(void)
{
    static struct store_outcome outcome;
    fixture_begin();
    PGconn *beside = connect_beside();
    struct store *store = fixture_open_url(fixture_url, 4 * WAIT_US / 1000);
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(fixture_place(store, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_OK);
    const struct store_placement cancelled = {.consumer = "c", .id = outcome.order.id, .now_us = 1};
    run(beside, "BEGIN; UPDATE orders SET consumer = 'd'");
    fill();
    changes[1] = (struct store_change){STORE_USE_CANCEL, NULL, &cancelled, &outcomes[1],
                                       STORE_RESULT_MAX, NULL};
    int64_t start = clock_monotonic_us();
    CHECK_INT(make(store), STORE_OK);
    CHECK_COMPARE(clock_monotonic_us() - start, <, WAIT_US);
    CHECK_INT(changes[0].result, STORE_OK);
    CHECK_INT(changes[1].result, STORE_BUSY);
    CHECK_INT(changes[3].result, STORE_OK);
    run(beside, "ROLLBACK");
    CHECK_INT(fixture_order_cancel(store, &cancelled, &outcomes[1]), STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    CHECK_INT(fixture_stock(2), 4);
    store_close(store);
    PQfinish(beside);
    fixture_end();
}

/* All are placed, and then the commit fails: each has that failure. */
static void test_commit_is_refused(void)
{
    fixture_begin();
    PGconn *beside = connect_beside();
    run(beside, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$;"
                "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON orders"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()");
    fill();
    CHECK_INT(make(fixture), STORE_UNREACHABLE);
    check_results(STORE_UNREACHABLE);
    CHECK_INT(sold(), 0);
    run(beside, "DROP TRIGGER refuse ON orders");
    CHECK_INT(make(fixture), STORE_OK);
    check_results(STORE_OK);
    CHECK_INT(sold(), 2);
    PQfinish(beside);
    fixture_end();
}

static struct store *open_as_successor(void)
{
    return store_open(&(struct store_options){
        .url = fixture_url, .timeout_ms = FIXTURE_TIMEOUT_MS, .succession = 4711});
}

static bool wait_until_it_waits(PGconn *beside)
{
    int waits = 0;
    for (int64_t until = clock_monotonic_us() + WAIT_US; !waits && clock_monotonic_us() < until;
         clock_sleep_us(10000)) {
        PGresult *row = PQexec(beside, "SELECT count(*) FROM pg_stat_activity"
                                       " WHERE wait_event_type = 'Lock' AND datname ="
                                       " current_database()");
        waits = PQgetvalue(row, 0, 0)[0] != '0';
        PQclear(row);
    }
    return waits;
}

/* Whoever sent a group is killed while the server still works at it. Its successor waits for the
 * end of that, or brings it about; each order is there once. */
static void test_sender_dies(void)
{
    for (int ended = 0; ended < 2; ended++) {
        CHECK_OF("ended %d", ended);
        fixture_begin();
        PGconn *beside = connect_beside(), *looks = connect_beside();
        run(beside, "BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE");
        fill();
        pid_t sender = fork();
        if (sender == 0) {
            make(open_as_successor());
            _exit(0);
        }
        CHECK_TRUE(wait_until_it_waits(looks));
        kill(sender, SIGKILL);
        waitpid(sender, NULL, 0);
        if (!ended)
            run(beside, "ROLLBACK");
        struct store *store = open_as_successor();
        CHECK_INT(store_ping(store), STORE_OK);
        if (ended)
            run(beside, "ROLLBACK");
        for (size_t i = 0; i < GROUP; i++)
            placements[i].again = true;
        CHECK_INT(make(store), STORE_OK);
        check_results(STORE_OK);
        CHECK_INT(sold(), 2);
        store_close(store);
        PQfinish(beside);
        PQfinish(looks);
        fixture_end();
    }
}

/* Two that follow one another never work at the same time. */
static void test_succession(void)
{
    char sql[100], alive[8] = "";
    fixture_begin();
    struct store *first = open_as_successor();
    CHECK_INT(store_ping(first), STORE_OK);
    struct store *second = open_as_successor();
    CHECK_INT(store_ping(second), STORE_OK);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d",
             PQbackendPID(((struct postgres *)first)->conn));
    CHECK_TRUE(postgres_server_sql(&fixture_server, "postgres", sql, alive, sizeof alive));
    CHECK_TEXT(alive, "0");
    /* The first makes a session anew, and now the second's is over. */
    fill();
    CHECK_INT(make(first), STORE_OK);
    check_results(STORE_OK);
    CHECK_INT(store_ping(second), STORE_OK);
    CHECK_INT(sold(), 2);
    store_close(first);
    store_close(second);
    fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"lost", test_lost},
        {"again", test_again},
        {"one is locked", test_one_is_locked},
        {"many are locked", test_many_are_locked},
        {"many want what is locked", test_many_want_what_is_locked},
        {"many give back what is locked", test_many_give_back_what_is_locked},
        {"an order is held", test_order_is_held},
        {"commit is refused", test_commit_is_refused},
        {"sender dies", test_sender_dies},
        {"succession", test_succession},
        CU_TEST_INFO_NULL};
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/group", NULL, NULL, tests);
}
