/* Who was told of a change never reads what was before it from the same task, whoever answers the
 * read, while the task's processes are killed and stopped in turn: 64 clients through lighttpd, on
 * either store. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/wire.h"

enum {
    CLIENTS = 64,
    STOCK = 1000000,
    SOLD = 4,     /* products 1 to SOLD are ordered */
    RETURNED = 5, /* of this one orders are cancelled, */
    ADJUSTED = 6, /* this one is counted up by postern stock, */
    IMPORTED = 7, /* and this one's stock is set by imports */
    PRODUCTS = 7,
    RETURNS = 24, /* orders of a client that it may cancel */
    LOCATION_SIZE = 64,
    CALL_MS = 5000,
    WAIT_MS = 30000, /* for what a busy machine may not have done by then */
    TICK_MS = 5,
    PAUSE_MS = 3,  /* of a client, so that others of the machine get on */
    AFTER_MS = 60, /* of load between two faults: the publisher looks meanwhile */
    HELD_MS = 15   /* for which a worker stands still */
};

/* What a product's stock went down and up by: in changes that were sent, and that were told of. */
struct moved {
    _Atomic int64_t down_sent, down_told, up_sent, up_told;
};

struct buyer {
    struct wire wire;
    uint64_t random;
    size_t returns; /* locations of orders that were not cancelled */
    char locations[RETURNS][LOCATION_SIZE];
};

static uint64_t seed;
static atomic_bool stop;
static struct moved moved[PRODUCTS + 1];
static struct buyer *buyers;
static _Atomic int64_t orders, cancellations, reads, untrue;
static int64_t kills, commands, imported;

/* The bounds of what a read may show: of before it and of after it. */
struct bounds {
    int64_t down_told, up_told;
};

static struct bounds bounds_before(int product)
{
    return (struct bounds){atomic_load(&moved[product].down_told),
                           atomic_load(&moved[product].up_told)};
}

static void judge(int product, int64_t shown, struct bounds before)
{
    int64_t most = STOCK + atomic_load(&moved[product].up_sent) - before.down_told;
    int64_t least = STOCK + before.up_told - atomic_load(&moved[product].down_sent);
    if (shown >= least && shown <= most)
        return;
    if (atomic_fetch_add(&untrue, 1) < 10)
        fprintf(stderr, "product %d: read %" PRId64 ", not from %" PRId64 " to %" PRId64 "\n",
                product, shown, least, most);
}

static int64_t number_after(const char *text, const char *name)
{
    const char *at = text ? strstr(text, name) : NULL;
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static bool call(struct buyer *buyer, const char *method, const char *path, const char *body)
{
    char request[512];
    snprintf(request, sizeof request,
             "%s %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             method, path, strlen(body), body);
    return wire_call(&buyer->wire, request) == WIRE_ANSWERED;
}

static void read_one(struct buyer *buyer, int product)
{
    char request[128];
    struct bounds before = bounds_before(product);
    snprintf(request, sizeof request, "GET /products/%d HTTP/1.1\r\nHost: a\r\n\r\n", product);
    if (wire_call(&buyer->wire, request) != WIRE_ANSWERED || buyer->wire.status != 200)
        return;
    judge(product, number_after(buyer->wire.answer, "\"quantity\":"), before);
    atomic_fetch_add(&reads, 1);
}

static void read_list(struct buyer *buyer)
{
    struct bounds before[PRODUCTS + 1];
    for (int i = 1; i <= PRODUCTS; i++)
        before[i] = bounds_before(i);
    if (wire_call(&buyer->wire, "GET /products HTTP/1.1\r\nHost: a\r\n\r\n") != WIRE_ANSWERED ||
        buyer->wire.status != 200)
        return;
    const char *at = buyer->wire.answer;
    for (int i = 1; i <= PRODUCTS; i++) {
        char id[16];
        snprintf(id, sizeof id, "\"id\":%d,", i);
        at = strstr(at, id);
        judge(i, number_after(at, "\"quantity\":"), before[i]);
        if (!at)
            return;
    }
    atomic_fetch_add(&reads, 1);
}

/* False if it was not told that it was placed. */
static bool order(struct buyer *buyer, int product)
{
    char body[128];
    snprintf(body, sizeof body, "{\"items\":[{\"product_id\":%d,\"quantity\":1}]}", product);
    atomic_fetch_add(&moved[product].down_sent, 1);
    if (!call(buyer, "POST", "/orders", body) || buyer->wire.status != 201)
        return false;
    atomic_fetch_add(&moved[product].down_told, 1);
    atomic_fetch_add(&orders, 1);
    return true;
}

static void keep_order(struct buyer *buyer)
{
    const char *at = strcasestr(buyer->wire.answer, "\r\nLocation: ");
    if (!at)
        return;
    at += strlen("\r\nLocation: ");
    snprintf(buyer->locations[buyer->returns++], LOCATION_SIZE, "%.*s", (int)strcspn(at, "\r"), at);
}

static void cancel(struct buyer *buyer)
{
    char path[LOCATION_SIZE + sizeof "/cancel"];
    snprintf(path, sizeof path, "%s/cancel", buyer->locations[--buyer->returns]);
    atomic_fetch_add(&moved[RETURNED].up_sent, 1);
    if (!call(buyer, "POST", path, "{}") || buyer->wire.status != 200)
        return;
    atomic_fetch_add(&moved[RETURNED].up_told, 1);
    atomic_fetch_add(&cancellations, 1);
}

static void make_orders(void *context, size_t thread)
{
    struct buyer *buyer = &buyers[thread];
    (void)context;
    wire_init(&buyer->wire, pair.port);
    for (int i = 0; i < RETURNS; i++) {
        if (order(buyer, RETURNED))
            keep_order(buyer);
    }
}

/* Most reads follow a change of their client's own. */
static void trade(void *context, size_t thread)
{
    struct buyer *buyer = &buyers[thread];
    (void)context;
    buyer->wire.timeout_ms = CALL_MS;
    while (!atomic_load(&stop)) {
        uint32_t what = load_random(&buyer->random, 100);
        int product = 1 + (int)load_random(&buyer->random, PRODUCTS);
        if (what < 3 && buyer->returns) {
            product = RETURNED;
            cancel(buyer);
        } else if (what < 30) {
            product = 1 + (int)load_random(&buyer->random, SOLD);
            order(buyer, product);
        }
        read_one(buyer, product);
        read_one(buyer, product);
        if (what % 10 == 0)
            read_list(buyer);
        load_sleep_ms(PAUSE_MS);
    }
    wire_close(&buyer->wire);
}

static void adjust(void)
{
    static const char *const stock[] = {"stock", "6", "+1", NULL};
    atomic_fetch_add(&moved[ADJUSTED].up_sent, 1);
    if (CHECK_INT(pair_command(&pair, stock, NULL, 0), 0))
        atomic_fetch_add(&moved[ADJUSTED].up_told, 1);
}

static void import(void)
{
    char text[64], file[PAIR_PATH_SIZE + 16];
    const char *const argv[] = {"import", "--set-stock", file, NULL};
    snprintf(file, sizeof file, "%s/set.csv", pair.dir);
    snprintf(text, sizeof text, "id,quantity\n%d,%" PRId64 "\n", IMPORTED, STOCK + ++imported);
    REQUIRE_TRUE(pair_write(&pair, "set.csv", text));
    atomic_store(&moved[IMPORTED].up_sent, imported);
    if (CHECK_INT(pair_command(&pair, argv, NULL, 0), 0))
        atomic_store(&moved[IMPORTED].up_told, imported);
}

/* What a command has changed is told of by its end. */
static void command(void)
{
    if (commands++ % 2)
        adjust();
    else
        import();
}

enum fault { KILL_CHILD, HOLD_CHILD, KILL_MASTER };

static const struct {
    enum fault fault;
    const char *child;
} faults[] = {
    {KILL_CHILD, "postern-worker"},
    {KILL_CHILD, "postern-writer"},
    {HOLD_CHILD, "postern-worker"},
    {KILL_CHILD, "postern-publish"},
    {KILL_MASTER, NULL},
    {HOLD_CHILD, "postern-writer"},
    {KILL_CHILD, "postern-publish"},
    {KILL_CHILD, "postern-writer"},
    {HOLD_CHILD, "postern-worker"},
    {HOLD_CHILD, "postern-publish"},
};

/* One of the children of that name, once there is one that is not the one before; 0 if none comes.
 */
static pid_t wait_child(const char *name, pid_t before)
{
    pid_t pids[PROCESS_WORKERS_MAX];
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(TICK_MS)) {
        size_t n = pair_children(&pair, name, pids, PROCESS_WORKERS_MAX);
        for (size_t i = 0; i < n; i++) {
            if (pids[i] != before)
                return pids[i];
        }
    }
    return 0;
}

/* The commands run while the victim is not there, and while its successor is. */
static void disturb(enum fault fault, const char *name)
{
    if (fault == KILL_MASTER) {
        pair_stop_app(&pair, SIGKILL);
        REQUIRE_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    } else {
        pid_t pid = wait_child(name, 0);
        REQUIRE_COMPARE(pid, >, 0, "%s", name);
        CHECK_INT(kill(pid, fault == KILL_CHILD ? SIGKILL : SIGSTOP), 0);
        if (fault == HOLD_CHILD) {
            load_sleep_ms(HELD_MS);
            kill(pid, SIGCONT);
        }
        if (fault == KILL_CHILD) {
            command();
            REQUIRE_COMPARE(wait_child(name, pid), >, 0, "%s", name);
        }
    }
    kills += fault != HOLD_CHILD;
    command();
    load_sleep_ms(AFTER_MS);
}

/* Reads that the application has logged; a line that a killed one has not written is missing. */
static int64_t count_asked(void)
{
    int64_t asked = 0;
    char *log = pair_read(&pair, "postern.log");
    for (const char *at = log; at && (at = strstr(at, "\"route\":\"/products")); at++)
        asked++;
    free(log);
    return asked;
}

static void start_anew(void)
{
    memset(moved, 0, sizeof moved);
    orders = cancellations = reads = untrue = kills = commands = imported = 0;
    atomic_store(&stop, false);
    for (size_t i = 0; i < CLIENTS; i++) {
        buyers[i].random = seed + i;
        buyers[i].returns = 0;
    }
}

static void check_store(const char *name)
{
    struct load load;
    start_anew();
    REQUIRE_TRUE(load_run(CLIENTS, make_orders, NULL));
    REQUIRE_TRUE(load_start(&load, CLIENTS, trade, NULL));
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        disturb(faults[i].fault, faults[i].child);
    atomic_store(&stop, true);
    load_join(&load);
    int64_t published = reads - count_asked();
    printf("truth, %s: %" PRId64 " orders, %" PRId64 " cancellations, %" PRId64
           " commands, %" PRId64 " reads, %" PRId64 " of them published, %" PRId64 " kills\n",
           name, atomic_load(&orders), atomic_load(&cancellations), commands, atomic_load(&reads),
           published, kills);
    CHECK_INT(atomic_load(&untrue), 0);
    CHECK_COMPARE(orders, >, 0);
    CHECK_COMPARE(cancellations, >, 0);
    CHECK_COMPARE(published, >, reads / 4);
}

static const char *const settings[] = {"POSTERN_QUIET_MS=50", NULL};

static void begin(struct pair_options *options, char text[1024])
{
    catalogue_write(text, 1024, PRODUCTS, STOCK);
    *options =
        (struct pair_options){.module = true,
                              .workers = 4,
                              .catalogue = text,
                              .env = settings,
                              .lighttpd = "include env.WEBSERVER_CONF + \"/published.conf\"\n"};
}

static void test_sqlite(void)
{
    struct pair_options options;
    char text[1024];
    begin(&options, text);
    REQUIRE_INT(fixture_start(&options), 0);
    check_store("SQLite");
    fixture_end();
}

static void test_postgres(void)
{
    struct pair_options options;
    char text[1024];
    begin(&options, text);
    REQUIRE_INT(fixture_start_postgres(&options), 0);
    check_store("PostgreSQL");
    fixture_end();
}

static int setup(void)
{
    seed = load_seed();
    buyers = calloc(CLIENTS, sizeof *buyers);
    return buyers ? 0 : 1;
}

static int teardown(void)
{
    free(buyers);
    return 0;
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"SQLite", test_sqlite}, {"PostgreSQL", test_postgres}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/truth", setup, teardown, tests);
}
