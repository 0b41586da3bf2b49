/* The schema of the database that the store is in: the one that is named, whatever the role's
 * search_path is. */
#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/store_fixture.h"

enum { TIMEOUT_MS = 10000 };

static struct store_outcome outcome;

static struct store *open_in(const char *schema, const char *role)
{
    char url[FIXTURE_URL_SIZE];
    database_url(role, fixture_server.port, url);
    return store_open(
        &(struct store_options){.url = url, .timeout_ms = TIMEOUT_MS, .schema = schema});
}

static enum store_result place(struct store *store, const char *key)
{
    return fixture_place(store, "c", key, clock_now_us(), fixture_request(1, 1), &outcome);
}

static enum store_result migrate(struct store *store)
{
    int from, to;
    return store_migrate(store, &from, &to);
}

/* All that belongs to the store, and nothing else, is in the schema that is named. */
static void test_named(void)
{
    static const char *const names[] = {"shop", "order", "_1"};
    char text[400];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct fixture_products given = {fixture_demo, 3, 0, 0};
        struct store_rename rename = {"c", "d", false, clock_now_us()};
        struct store_renamed renamed;
        CHECK_OF("%s", names[i]);
        fixture_begin_empty();
        snprintf(text, sizeof text, "CREATE SCHEMA \"%s\"; CREATE SCHEMA other", names[i]);
        database_sql(text);
        struct store *store = open_in(names[i], "postgres");
        CHECK_INT(store_ping(store), STORE_OLD_SCHEMA);
        CHECK_INT(migrate(store), STORE_OK);
        CHECK_INT(fixture_import_into(store, true, fixture_next, &given), STORE_OK);
        CHECK_INT(store_ping(store), STORE_OK);
        CHECK_INT(place(store, "k"), STORE_OK);
        CHECK_INT(place(store, "k"), STORE_REPLAYED);
        CHECK_INT(store_consumer_rename(store, &rename, &renamed), STORE_OK);
        CHECK_INT(store_order_get(store, "d", outcome.order.id, &outcome.order), STORE_OK);
        CHECK_TEXT(database_value(
                       "SELECT string_agg(DISTINCT nspname, ' ') FROM pg_namespace AS n WHERE"
                       " EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relkind = 'r')"
                       " AND nspname NOT IN ('pg_catalog', 'information_schema')"),
                   names[i]);
        store_close(store);
        fixture_end();
    }
}

/* Whoever changes the search_path of the role, or of the database, changes nothing for the store,
 * nor for who calls its function by hand. */
static void test_search_path(void)
{
    char text[400];
    fixture_begin();
    database_sql(
        "CREATE ROLE app LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO app;"
        "CREATE SCHEMA app AUTHORIZATION app; ALTER ROLE app SET search_path = app, nowhere");
    snprintf(text, sizeof text, "ALTER DATABASE %s SET search_path = app", database_name());
    database_sql(text);
    struct store *store = open_in(NULL, "app");
    CHECK_INT(store_ping(store), STORE_OK);
    CHECK_INT(place(store, "k"), STORE_OK);
    CHECK_INT(migrate(store), STORE_OK);
    CHECK_INT(place(store, "k"), STORE_REPLAYED);
    CHECK_TEXT(
        database_value(
            "SELECT outcome FROM public.place_order('c', 'k', 'x', 1, '{1}', '{1}', '', '')"),
        "replayed");
    CHECK_TEXT(
        database_value("SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace"),
        "0");
    store_close(store);
    database_sql("DROP OWNED BY app; DROP ROLE app");
    fixture_end();
}

/* A schema that cannot be used is named with what to do; nobody is told to make a second store. */
static void test_wrong_schema(void)
{
    static const struct {
        int line;
        const char *schema, *sql, *said;
    } rows[] = {
        {__LINE__, "shop", "SELECT 1", "the database has no schema shop; run: CREATE SCHEMA shop"},
        {__LINE__, "order", "SELECT 1",
         "run: CREATE SCHEMA \"order\", or set POSTERN_DATABASE_SCHEMA"},
        {__LINE__, "shop", "CREATE SCHEMA shop", "run: GRANT USAGE ON SCHEMA shop TO app"},
        {__LINE__, "shop", "CREATE SCHEMA shop; GRANT ALL ON SCHEMA shop TO app",
         "the store is not in the schema shop but in public; set POSTERN_DATABASE_SCHEMA=public"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fixture_begin();
        database_sql("CREATE ROLE app LOGIN");
        database_sql(rows[i].sql);
        struct store *store = open_in(rows[i].schema, "app");
        CHECK_INT(store_ping(store), STORE_UNSUITABLE);
        CHECK_CONTAINS(database_said(store), rows[i].said);
        CHECK_INT(place(store, NULL), STORE_UNSUITABLE);
        CHECK_INT(migrate(store), STORE_UNSUITABLE);
        CHECK_CONTAINS(database_said(store), rows[i].said);
        CHECK_TEXT(database_value("SELECT count(*) FROM pg_class WHERE relname = 'schema_version'"),
                   "1");
        store_close(store);
        database_sql("DROP OWNED BY app; DROP ROLE app");
        fixture_end();
    }
}

/* What is missing is to be granted in the schema that is named. */
static void test_missing_privilege(void)
{
    struct fixture_products demo = {fixture_demo, 3, 0, 0};
    fixture_begin_empty();
    database_sql("CREATE ROLE app LOGIN; CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO app");
    struct store *owner = open_in("shop", "postgres"), *store = open_in("shop", "app");
    CHECK_INT(migrate(store), STORE_UNSUITABLE);
    CHECK_CONTAINS(database_said(store), "GRANT USAGE, CREATE ON SCHEMA \"shop\" TO \"app\"");
    CHECK_INT(migrate(owner), STORE_OK);
    CHECK_INT(store_ping(store), STORE_UNSUITABLE);
    CHECK_CONTAINS(database_said(store), "ON ALL TABLES IN SCHEMA \"shop\" TO \"app\"");
    database_sql("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO app");
    CHECK_INT(store_ping(store), STORE_UNSUITABLE);
    CHECK_CONTAINS(database_said(store), "GRANT UPDATE ON shop.products TO app");
    database_sql("GRANT ALL ON ALL TABLES IN SCHEMA shop TO app");
    CHECK_INT(store_ping(store), STORE_OK);
    CHECK_TEXT(
        database_value("SELECT has_function_privilege('app', 'shop.note_stock()', 'EXECUTE')"),
        "f");
    /* The ledger is written with the rights of its function's owner. */
    database_sql("REVOKE INSERT ON shop.adjustments FROM app");
    CHECK_INT(fixture_import_into(store, false, fixture_next, &demo), STORE_OK);
    CHECK_TEXT(database_value("SELECT count(*) FROM shop.adjustments WHERE run_as = 'app'"), "3");
    /* No table's privilege is any use without the function's. */
    database_sql("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA shop FROM PUBLIC");
    CHECK_INT(store_ping(store), STORE_UNSUITABLE);
    CHECK_CONTAINS(database_said(store), "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA shop TO app");
    store_close(owner);
    store_close(store);
    database_sql("DROP OWNED BY app; DROP ROLE app");
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"named", test_named},
    {"search_path", test_search_path},
    {"wrong schema", test_wrong_schema},
    {"missing privilege", test_missing_privilege},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/schema", NULL, NULL, tests);
}
