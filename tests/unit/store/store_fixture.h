/* store_fixture: a fresh store of each driver for each test. The tests of a program use one store
 * at a time: fixture_begin, the test, fixture_end. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "postgres_server.h"
#include "store/store.h"
#include "suite.h"

enum { FIXTURE_URL_SIZE = 128, FIXTURE_TIMEOUT_MS = 20000, FIXTURE_PROCESSES_MAX = 64 };

/* An arbitrary moment of 2026. */
#define FIXTURE_NOW_US INT64_C(1780000000000000)

/* A driver to put to the test. */
struct fixture_driver {
    const char *name;
    void (*make)(char url[FIXTURE_URL_SIZE]); /* writes the URL of a store that is not there yet */
    void (*drop)(const char *url);            /* removes that store */
    bool (*sql)(const char *url, const char *sql); /* runs SQL beside the driver */
};

enum { FIXTURE_SQLITE, FIXTURE_POSTGRES, FIXTURE_DRIVERS };

extern const struct fixture_driver fixture_drivers[FIXTURE_DRIVERS];

/* The PostgreSQL server, which the first test that needs it starts. Each test has a database of its
 * own. */
extern struct postgres_server fixture_server;

/* The driver that tests get a store of; SQLite, unless a test program sets another. */
extern const struct fixture_driver *fixture_driver;

/* Runs the tests with each driver, as suites of that name and the driver's; returns main's exit
 * status. */
int fixture_run(const char *name, CU_TestInfo *tests);

/* The store of the test that runs, and a handle for it. */
extern char fixture_url[FIXTURE_URL_SIZE];
extern struct store *fixture;

/* Opens a handle for a URL and with a deadline; NULL if there is no driver for it. */
struct store *fixture_open_url(const char *url, int timeout_ms);

/* Opens one more handle for the store of the test. */
struct store *fixture_open(void);

/* Begins a test with a store that does not exist yet. */
void fixture_begin_empty(void);

/* Products 1 to 3, of the demo catalogue. */
extern const struct product fixture_demo[3];

/* Begins a test with a store that has the schema and these products. */
void fixture_begin(void);

/* Ends a test: closes the handle and removes the store. */
void fixture_end(void);

/* Products to import, the context of fixture_next. */
struct fixture_products {
    const struct product *products;
    size_t count, given;
    int end; /* what fixture_next returns behind the last one */
};

int fixture_next(void *context, struct product *product);

/* Imports what next gives. A quantity of a product that exists sets its stock. */
enum store_result fixture_import_into(struct store *store, bool if_empty,
                                      int (*next)(void *context, struct product *product),
                                      void *context);

/* Imports products into the store of the test, likewise. */
enum store_result fixture_import(const struct product *products, size_t count);

/* A visitor that writes the product's stock to an int64_t. */
bool fixture_see_quantity(void *context, const struct product *product);

/* A visitor that adds the quantities of the order's lines to an int64_t. */
bool fixture_add_sold(void *context, const struct order *order);

/* The stock of a product; -1 if there is none or the store failed. */
int64_t fixture_stock(int64_t id);

/* A request for one product; the next call overwrites it. */
struct order_request *fixture_request(int64_t product, int64_t quantity);

/* Make one change each, by store_changes_make. */
enum store_result fixture_order_place(struct store *store, const struct order_request *request,
                                      const struct store_placement *placement,
                                      struct store_outcome *outcome);
enum store_result fixture_order_cancel(struct store *store, const struct store_placement *placement,
                                       struct store_outcome *outcome);

/* Places an order; its id is made from the time, so later times sort later. For a store that has no
 * clock of its own it is the time of the call, too. */
enum store_result fixture_place(struct store *store, const char *consumer, const char *key,
                                int64_t now_us, const struct order_request *request,
                                struct store_outcome *outcome);

/* Lets so much time pass for the idempotency keys of the store, and for nothing else. */
void fixture_age_keys(int64_t us);

/* Runs the function in so many processes at once, each with a handle of its own, and returns the
 * sum of what they returned (0..250 each), or -1 if one died. */
int fixture_race(int processes, int (*run)(struct store *store, int number));

/* Whether the store answers within ten seconds, as it must once its server is back. */
bool fixture_recovers(struct store *store);

#endif
