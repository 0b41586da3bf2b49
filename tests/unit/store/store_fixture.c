#include "unit/store/store_fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"

static const char fixture_file[] = "/store.db";

static void fixture_file_make(char url[FIXTURE_URL_SIZE])
{
    char directory[] = "/tmp/postern-store-XXXXXX";
    if (!mkdtemp(directory))
        abort();
    snprintf(url, FIXTURE_URL_SIZE, "sqlite:%s%s", directory, fixture_file);
}

static void fixture_file_drop(const char *url)
{
    const char *path = strchr(url, ':') + 1;
    char directory[FIXTURE_URL_SIZE], entry_path[FIXTURE_URL_SIZE + 300];
    snprintf(directory, sizeof directory, "%.*s", (int)(strlen(path) - strlen(fixture_file)), path);
    DIR *open_directory = opendir(directory);
    for (struct dirent *e; open_directory && (e = readdir(open_directory));) {
        snprintf(entry_path, sizeof entry_path, "%s/%s", directory, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlink(entry_path);
    }
    if (open_directory)
        closedir(open_directory);
    rmdir(directory);
}

static bool fixture_file_sql(const char *url, const char *sql)
{
    sqlite3 *db = NULL;
    bool ok = sqlite3_open(strchr(url, ':') + 1, &db) == SQLITE_OK &&
              sqlite3_busy_timeout(db, FIXTURE_TIMEOUT_MS) == SQLITE_OK &&
              sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!ok)
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
    return ok;
}

struct postgres_server fixture_server;

static void fixture_server_remove(void)
{
    postgres_server_remove(&fixture_server);
}

static void fixture_database_make(char url[FIXTURE_URL_SIZE])
{
    static int number;
    char name[32], command[64];
    if (!fixture_server.pid) {
        if (!postgres_server_make(&fixture_server))
            abort();
        atexit(fixture_server_remove);
    }
    snprintf(name, sizeof name, "postern_%d", ++number);
    snprintf(command, sizeof command, "CREATE DATABASE %s", name);
    if (!postgres_server_sql(&fixture_server, "postgres", command, NULL, 0))
        abort();
    postgres_server_url(&fixture_server, name, url);
}

static void fixture_database_drop(const char *url)
{
    char command[FIXTURE_URL_SIZE];
    snprintf(command, sizeof command, "DROP DATABASE %s WITH (FORCE)", strrchr(url, '/') + 1);
    postgres_server_sql(&fixture_server, "postgres", command, NULL, 0);
}

static bool fixture_database_sql(const char *url, const char *sql)
{
    return postgres_server_sql(&fixture_server, strrchr(url, '/') + 1, sql, NULL, 0);
}

const struct fixture_driver fixture_drivers[FIXTURE_DRIVERS] = {
    [FIXTURE_SQLITE] = {"sqlite", fixture_file_make, fixture_file_drop, fixture_file_sql},
    [FIXTURE_POSTGRES] = {"postgres", fixture_database_make, fixture_database_drop,
                          fixture_database_sql},
};

const struct fixture_driver *fixture_driver = fixture_drivers;
char fixture_url[FIXTURE_URL_SIZE];
struct store *fixture;

int fixture_run(const char *name, CU_TestInfo *tests)
{
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < FIXTURE_DRIVERS; i++) {
        char full_name[64];
        fixture_driver = &fixture_drivers[i];
        snprintf(full_name, sizeof full_name, "%s-%s", name, fixture_driver->name);
        if (suite_run(full_name, NULL, NULL, tests) != EXIT_SUCCESS)
            status = EXIT_FAILURE;
    }
    return status;
}

struct store *fixture_open_url(const char *url, int timeout_ms)
{
    return store_open(&(struct store_options){.url = url, .timeout_ms = timeout_ms});
}

struct store *fixture_open(void)
{
    struct store *store = fixture_open_url(fixture_url, FIXTURE_TIMEOUT_MS);
    if (!store)
        abort();
    return store;
}

void fixture_begin_empty(void)
{
    fixture_driver->make(fixture_url);
    fixture = fixture_open();
}

void fixture_end(void)
{
    store_close(fixture);
    fixture = NULL;
    fixture_driver->drop(fixture_url);
}

int fixture_next(void *context, struct product *product)
{
    struct fixture_products *p = context;
    if (p->given == p->count)
        return p->end;
    *product = p->products[p->given++];
    return 1;
}

static void fixture_tell(void *context, enum store_verdict verdict, const struct product *was,
                         const struct product *would_be)
{
    (void)context;
    (void)verdict;
    (void)was;
    (void)would_be;
}

enum store_result fixture_import_into(struct store *store, bool if_empty,
                                      int (*next)(void *context, struct product *product),
                                      void *context)
{
    struct store_imported imported;
    const struct store_import import = {.next = next,
                                        .tell = fixture_tell,
                                        .context = context,
                                        .quantity = STORE_QUANTITY_SET,
                                        .if_empty = if_empty};
    return store_product_import(store, &import, &imported);
}

enum store_result fixture_import(const struct product *products, size_t count)
{
    struct fixture_products p = {products, count, 0, 0};
    return fixture_import_into(fixture, false, fixture_next, &p);
}

const struct product fixture_demo[3] = {
    {1, 999, 10, "Product 1", "Description for product 1"},
    {2, 1999, 5, "Product 2", "Description for product 2"},
    {3, 2999, 2, "Product 3", "Description for product 3"},
};

void fixture_begin(void)
{
    int from = -1, to = -1;
    fixture_begin_empty();
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(fixture_import(fixture_demo, 3), STORE_OK);
}

bool fixture_see_quantity(void *context, const struct product *product)
{
    *(int64_t *)context = product->quantity;
    return true;
}

bool fixture_add_sold(void *context, const struct order *order)
{
    for (size_t i = 0; i < order->count; i++)
        *(int64_t *)context += order->lines[i].quantity;
    return true;
}

int64_t fixture_stock(int64_t id)
{
    int64_t quantity = -1;
    enum store_result result = store_product_get(fixture, id, fixture_see_quantity, &quantity);
    return result == STORE_OK ? quantity : -1;
}

struct order_request *fixture_request(int64_t product, int64_t quantity)
{
    static struct order_request request;
    memset(&request, 0, sizeof request);
    order_request_add(&request, product, quantity, 0);
    return &request;
}

enum store_result fixture_order_place(struct store *store, const struct order_request *request,
                                      const struct store_placement *placement,
                                      struct store_outcome *outcome)
{
    struct store_change change = {
        .use = STORE_USE_ORDER, .request = request, .placement = placement, .outcome = outcome};
    store_changes_make(store, &change, 1);
    return change.result;
}

enum store_result fixture_order_cancel(struct store *store, const struct store_placement *placement,
                                       struct store_outcome *outcome)
{
    struct store_change change = {
        .use = STORE_USE_CANCEL, .placement = placement, .outcome = outcome};
    store_changes_make(store, &change, 1);
    return change.result;
}

enum store_result fixture_place(struct store *store, const char *consumer, const char *key,
                                int64_t now_us, const struct order_request *request,
                                struct store_outcome *outcome)
{
    char id[ID_TEXT_SIZE];
    id_make(now_us, id);
    const struct store_placement placement = {
        .consumer = consumer,
        .key = key,
        .id = id,
        .now_us = now_us,
        .key_lifetime_us = ORDER_KEY_LIFETIME_US,
    };
    return fixture_order_place(store, request, &placement, outcome);
}

void fixture_age_keys(int64_t us)
{
    char sql[100];
    snprintf(sql, sizeof sql, "UPDATE idempotency_keys SET expires_us = expires_us - %" PRId64, us);
    CHECK_TRUE(fixture_driver->sql(fixture_url, sql));
}

int fixture_race(int processes, int (*run)(struct store *store, int number))
{
    pid_t pids[FIXTURE_PROCESSES_MAX];
    int sum = 0, start[2];
    if (processes > FIXTURE_PROCESSES_MAX || pipe(start) < 0)
        abort();
    fflush(NULL);
    for (int i = 0; i < processes; i++) {
        if ((pids[i] = fork()) == 0) {
            char byte;
            close(start[1]);
            struct store *store = fixture_open();
            /* They all wait for the end of the pipe, so that they start together. */
            ssize_t n = read(start[0], &byte, 1);
            int result = n == 0 ? run(store, i) : 255;
            store_close(store);
            _exit(result);
        }
    }
    close(start[0]);
    close(start[1]);
    for (int status, i = 0; i < processes; i++) {
        if (waitpid(pids[i], &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 250)
            sum = -1;
        else if (sum >= 0)
            sum += WEXITSTATUS(status);
    }
    return sum;
}

bool fixture_recovers(struct store *store)
{
    int64_t until = clock_monotonic_us() + 30000000;
    while (store_ping(store) != STORE_OK) {
        if (clock_monotonic_us() >= until)
            return false;
        clock_sleep_us(20000);
    }
    return true;
}
