/* The pair on a PostgreSQL server that goes away, comes back, or is not what it should be:
 * readiness tells the truth, orders are refused or kept, and nothing has to be restarted by hand.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum {
    WORKERS = 3,
    ROUNDS = 8,        /* requests of each kind, so that every worker has to answer some */
    IN_A_ROW = 50,     /* likewise */
    RETURN_MS = 45000, /* after the server has returned, all of them serve again, if busy too */
    LOOK_MS = 20000,   /* until readiness follows the server: it is looked at each second */
    START_MS = 30000,
    PAUSE_MS = 500 /* longer than they leave between attempts to connect */
};

#define ONE_NUT "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"

static const char catalogue[] = CATALOGUE_NUTS("100000");

static int setup(void)
{
    static const char *const env[] = {"POSTERN_QUIET_MS=100", NULL};
    return fixture_start_postgres(
        &(struct pair_options){.workers = WORKERS, .catalogue = catalogue, .env = env});
}

/* A request on a connection of its own, so that any worker may get it. */
static bool call(const char *method, const char *path, const char *key)
{
    const char *const headers[] = {"Content-Type: application/json", key, NULL};
    bool post = strcmp(method, "POST") == 0;
    return client_call(client,
                       &(struct client_request){.method = method,
                                                .path = path,
                                                .headers = headers,
                                                .body = post ? ONE_NUT : NULL,
                                                .fresh = true},
                       &answer);
}

static bool is_refusal(void)
{
    return answer_is_problem(&answer, 503, "store-unavailable", ANSWER_POSTERN) &&
           client_header(&answer, "Retry-After");
}

/* The process lives and says so, and everything else is refused. */
static void check_away(void)
{
    static const struct {
        int line;
        const char *method, *path;
        bool served;
    } rows[] = {
        {__LINE__, "GET", "/healthz", true},   {__LINE__, "GET", "/readyz", false},
        {__LINE__, "GET", "/products", false}, {__LINE__, "GET", "/products/1", false},
        {__LINE__, "POST", "/orders", false},  {__LINE__, "GET", "/orders", false},
    };
    for (int64_t until = load_now_ms() + LOOK_MS; load_now_ms() < until; load_sleep_ms(20)) {
        call("GET", "/readyz", NULL);
        if (answer.status == 503)
            break;
    }
    for (size_t i = 0; i < ROUNDS * sizeof rows / sizeof rows[0]; i++) {
        const size_t row = i % (sizeof rows / sizeof rows[0]);
        CHECK_ROW(rows[row].line);
        call(rows[row].method, rows[row].path, NULL);
        if (rows[row].served)
            CHECK_INT(answer.status, 200);
        else
            CHECK_TRUE(is_refusal());
    }
}

/* Asks without a pause until nothing was refused for so long that every worker must have answered.
 */
static void check_return(void)
{
    int64_t start = load_now_ms();
    int in_a_row = 0, refused = 0;
    while (in_a_row < IN_A_ROW && load_now_ms() < start + RETURN_MS) {
        bool ready = call("GET", "/readyz", NULL) && answer.status == 200;
        bool placed = call("POST", "/orders", NULL) && answer.status == 201;
        in_a_row = ready && placed ? in_a_row + 1 : 0;
        refused += !ready + !placed;
    }
    CHECK_INT(in_a_row, IN_A_ROW, "refused %d times, the last: %d %s", refused, answer.status,
              answer.body);
}

/* Starts the application alone, and waits until it serves, not until it is ready. lighttpd is not
 * asked before, or it would leave the application alone for a second. */
static void start_app(void)
{
    const char *const argv[] = {"healthcheck", NULL};
    REQUIRE_TRUE(pair_start_app(&pair));
    for (int64_t until = load_now_ms() + START_MS; load_now_ms() < until; load_sleep_ms(10)) {
        if (pair_command(&pair, argv, NULL, 0) == 0)
            return;
    }
    REQUIRE_FAIL("the application does not serve");
}

static void stop_app(void)
{
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    CHECK_TRUE(pair_write(&pair, "postern.log", ""));
}

static void set_database(const char *name)
{
    char url[POSTGRES_SERVER_URL_SIZE], setting[PAIR_SETTING_SIZE];
    postgres_server_url(&fixture_server, name, url);
    snprintf(setting, sizeof setting, "DATABASE_URL=%s", url);
    CHECK_TRUE(pair_set(&pair, setting));
}

static void sql(const char *database, const char *text)
{
    CHECK_TRUE(postgres_server_sql(&fixture_server, database, text, NULL, 0));
}

static int run(const char *command, const char *argument)
{
    const char *const argv[] = {command, argument, NULL};
    CHECK_TRUE(pair_write(&pair, "command.log", ""));
    return pair_command(&pair, argv, NULL, 0);
}

/* How often the application logged the text. */
static int logged(const char *text)
{
    int count = 0;
    char *log = pair_read(&pair, "postern.log");
    for (char *at = log; at && (at = strstr(at, text)); at++)
        count++;
    free(log);
    return count;
}

/* A cause is told when it is met: by a worker once, however many requests it refuses, by each of
 * the writer's lanes, the watcher and the publisher. */
#define CHECK_TOLD(text)                                                                           \
    do {                                                                                           \
        CHECK_LOG(&pair, "postern.log", text, LOOK_MS);                                            \
        CHECK_COMPARE(logged(text), <=, WORKERS + 6, "\"%s\"", text);                              \
    } while (0)

/* How many of the sessions have lasted for more than two looks of a watcher, and been used since.
 */
static int sessions_that_last(void)
{
    char count[16] = "0";
    CHECK_TRUE(postgres_server_sql(&fixture_server, "postgres",
                                   "SELECT count(*) FROM pg_stat_activity"
                                   " WHERE application_name = 'postern'"
                                   " AND query_start > backend_start + interval '2100 ms'",
                                   count, sizeof count));
    return (int)strtol(count, NULL, 10);
}

/* The tasks of one database do not end each other's sessions: watchers and publishers keep theirs.
 */
static void test_two_tasks(void)
{
    struct pair second;
    static const char *const env[] = {"POSTERN_QUIET_MS=100", NULL};
    char url[POSTGRES_SERVER_URL_SIZE];
    postgres_server_url(&fixture_server, "postgres", url);
    REQUIRE_TRUE(
        pair_start(&second, &(struct pair_options){.catalogue = "", .database = url, .env = env}));
    int64_t until = load_now_ms() + RETURN_MS;
    while (sessions_that_last() < 4 && load_now_ms() < until)
        load_sleep_ms(50);
    CHECK_INT(sessions_that_last(), 4);
    pair_end(&second);
}

static void test_outage(void)
{
    static const int signals[] = {SIGINT, SIGQUIT};
    char first[1024];
    CHECK_TRUE(call("POST", "/orders", "Idempotency-Key: before"));
    CHECK_INT(answer.status, 201);
    snprintf(first, sizeof first, "%s", answer.body);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        CHECK_OF("signal %d", signals[i]);
        CHECK_TRUE(pair_write(&pair, "postern.log", ""));
        pid_t app = pair.app, workers[WORKERS];
        CHECK_INT(pair_workers(&pair, workers, WORKERS), WORKERS);
        call("GET", "/readyz", NULL);
        CHECK_INT(answer.status, 200);
        postgres_server_stop(&fixture_server, signals[i]);
        check_away();
        REQUIRE_TRUE(postgres_server_start(&fixture_server));
        check_return();
        call("POST", "/orders", "Idempotency-Key: before");
        CHECK_TEXT(answer.body, first);
        CHECK_NOT_NULL(client_header(&answer, "Idempotent-Replayed"));
        /* They are the same processes. */
        CHECK_TRUE(process_runs(app));
        for (size_t w = 0; w < WORKERS; w++)
            CHECK_TRUE(process_runs(workers[w]));
        CHECK_TOLD("Connection refused");
    }
}

static void test_start_without_server(void)
{
    stop_app();
    postgres_server_stop(&fixture_server, SIGINT);
    start_app();
    check_away();
    CHECK_INT(logged("starting without the store"), 1);
    CHECK_TOLD("Connection refused");
    REQUIRE_TRUE(postgres_server_start(&fixture_server));
    check_return();
}

/* Each cause in turn, of an application that is never restarted. */
static void test_start_without_database(void)
{
    /* A worker looks at the schema when it connects, and when it is asked whether it is ready. */
    static const char *const wrong = "INSERT INTO schema_version VALUES (1000, 1000, 'later');"
                                     "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                                     " WHERE application_name = 'postern'";
    stop_app();
    postgres_server_stop(&fixture_server, SIGINT);
    set_database("late");
    start_app();
    pid_t app = pair.app;
    check_away();
    REQUIRE_TRUE(postgres_server_start(&fixture_server));
    load_sleep_ms(PAUSE_MS);
    check_away();
    CHECK_TOLD("database \\\"late\\\" does not exist");
    sql("postgres", "CREATE DATABASE late");
    load_sleep_ms(PAUSE_MS);
    check_away();
    CHECK_TOLD("older than this program: run postern migrate");
    CHECK_INT(run("migrate", NULL), 0);
    CHECK_TRUE(pair_write(&pair, "some.csv", catalogue));
    char path[PAIR_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/some.csv", pair.dir);
    CHECK_INT(run("import", path), 0);
    check_return();
    sql("late", wrong);
    check_away();
    CHECK_TOLD("newer than this program: install a newer postern");
    sql("late", "DELETE FROM schema_version WHERE version = 1000");
    check_return();
    CHECK_INT(pair.app, app);
}

/* Where the server can be asked, a wrong schema is refused at once. */
static void test_start_with_wrong_schema(void)
{
    stop_app();
    sql("postgres", "CREATE DATABASE empty");
    set_database("empty");
    CHECK_INT(run("serve", NULL), 1);
    CHECK_LOG(&pair, "command.log", "older than this program; run 'postern migrate'", 0);
    set_database("late");
    sql("late", "INSERT INTO schema_version VALUES (1000, 1000, 'later')");
    CHECK_INT(run("serve", NULL), 1);
    CHECK_LOG(&pair, "command.log", "newer than this program; install a newer postern", 0);
    sql("late", "DELETE FROM schema_version WHERE version = 1000");
    start_app();
    check_return();
}

static void test_wrong_password(void)
{
    char setting[PAIR_SETTING_SIZE];
    stop_app();
    sql("late", "CREATE ROLE shop LOGIN PASSWORD 'right';"
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO shop");
    CHECK_TRUE(postgres_server_run(&fixture_server, "/bin/sh",
                                   (const char *[]){"-c",
                                                    "printf 'host all postgres all trust\\n"
                                                    "host all all all scram-sha-256\\n'"
                                                    " >data/pg_hba.conf",
                                                    NULL}));
    sql("late", "SELECT pg_reload_conf()");
    snprintf(setting, sizeof setting, "DATABASE_URL=postgresql://shop@127.0.0.1:%d/late",
             fixture_server.port);
    CHECK_TRUE(pair_set(&pair, setting));
    snprintf(setting, sizeof setting, "DATABASE_PASSWORD_FILE=%s/password", pair.dir);
    CHECK_TRUE(pair_set(&pair, setting));
    CHECK_TRUE(pair_write(&pair, "password", "wr0ng\n"));
    start_app();
    check_away();
    CHECK_TOLD("password authentication failed");
    CHECK_INT(logged("wr0ng"), 0);
    CHECK_TRUE(pair_write(&pair, "password", "right\n"));
    check_return();
}

/* The connection breaks in the middle of an import's COMMIT. */
static void test_lost_commit(void)
{
    char path[PAIR_PATH_SIZE + 16];
    const char *const import[] = {"import", "--set-stock", path, NULL};
    snprintf(path, sizeof path, "%s/some.csv", pair.dir);
    CHECK_TRUE(pair_write(&pair, "command.log", ""));
    set_database("late");
    sql("late", "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
                "CREATE CONSTRAINT TRIGGER hang_up AFTER UPDATE ON products"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hang_up()");
    CHECK_INT(pair_command(&pair, import, NULL, 0), 1);
    CHECK_LOG(&pair, "command.log", "may or may not be there", 0);
    sql("late", "DROP TRIGGER hang_up ON products");
    CHECK_INT(pair_command(&pair, import, NULL, 0), 0);
}

/* Every process of the application uses the schema that is named. */
static void test_named_schema(void)
{
    char path[PAIR_PATH_SIZE + 16], orders[16] = "";
    snprintf(path, sizeof path, "%s/some.csv", pair.dir);
    stop_app();
    sql("postgres", "CREATE DATABASE shops");
    sql("shops", "CREATE SCHEMA shop; ALTER DATABASE shops SET search_path = elsewhere");
    set_database("shops");
    CHECK_INT(run("serve", NULL), 1);
    CHECK_TRUE(pair_set(&pair, "POSTERN_DATABASE_SCHEMA=shop"));
    CHECK_INT(run("migrate", NULL), 0);
    CHECK_INT(run("import", path), 0);
    start_app();
    check_return();
    CHECK_TRUE(postgres_server_sql(
        &fixture_server, "shops", "SELECT count(*) >= 50 FROM shop.orders", orders, sizeof orders));
    CHECK_TEXT(orders, "t");
    CHECK_TRUE(pair_set(&pair, "POSTERN_DATABASE_SCHEMA="));
}

/* What no waiting can mend. */
static void test_wrong_settings(void)
{
    static const struct {
        int line;
        const char *url, *said;
    } rows[] = {
        {__LINE__, "DATABASE_URL=postgresql://shop@127.0.0.1:1/late?nonsense=1", "DATABASE_URL"},
        {__LINE__, "DATABASE_URL=postgresql:late", "DATABASE_URL"},
        {__LINE__, "DATABASE_URL=postgresql://shop@127.0.0.1:1/late?sslmode=verify_full",
         "invalid sslmode value: \"verify_full\""},
    };
    stop_app();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(pair_set(&pair, rows[i].url));
        CHECK_INT(run("serve", NULL), 1);
        CHECK_LOG(&pair, "command.log", rows[i].said, 0);
    }
}

static CU_TestInfo tests[] = {
    {"two tasks", test_two_tasks},
    {"outage", test_outage},
    {"start without the server", test_start_without_server},
    {"start without the database", test_start_without_database},
    {"start with a wrong schema", test_start_with_wrong_schema},
    {"wrong password", test_wrong_password},
    {"lost commit", test_lost_commit},
    {"named schema", test_named_schema},
    {"wrong settings", test_wrong_settings},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return e2e_suite_run("e2e/postgres", setup, fixture_end, tests);
}
