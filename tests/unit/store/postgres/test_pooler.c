/* The PostgreSQL driver behind PgBouncer: served if the pooler gives each connection a session of
 * its own, and refused if it does not. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "port.h"
#include "store/postgres/session.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/store_fixture.h"

enum { START_US = 20000000, STEP_US = 20000, CLIENTS = 2, PATH_SIZE = 160 };

static struct store_outcome outcome;

static struct {
    pid_t pid;
    int port, port_fd;
    char url[FIXTURE_URL_SIZE];
} pooler;

static bool answers(void)
{
    PGconn *conn = PQconnectdb(pooler.url);
    PGresult *result = PQexec(conn, "SELECT 1");
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    PQfinish(conn);
    return ok;
}

static bool configure(const char *lines)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/pgbouncer.ini", fixture_server.folder);
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    fprintf(file,
            "[databases]\n* = host=127.0.0.1 port=%d user=postgres\n"
            "[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"
            "auth_type = any\n%s",
            fixture_server.port, pooler.port, lines);
    return fclose(file) == 0;
}

/* Starts it before the server, with these lines in its configuration. */
static void start(const char *lines)
{
    static const char *const arguments[] = {"pgbouncer.ini", NULL};
    pooler.port_fd = port_take(&pooler.port);
    REQUIRE_COMPARE(pooler.port_fd, >=, 0);
    database_url("postgres", pooler.port, pooler.url);
    REQUIRE_TRUE(configure(lines));
    pooler.pid = postgres_server_spawn(&fixture_server, "/usr/sbin/pgbouncer", arguments);
    REQUIRE_TRUE(pooler.pid > 0);
    for (int us = 0; us < START_US; us += STEP_US) {
        if (answers())
            return;
        clock_sleep_us(STEP_US);
    }
    REQUIRE_FAIL("pgbouncer does not answer");
}

static void stop(void)
{
    kill(pooler.pid, SIGKILL);
    waitpid(pooler.pid, NULL, 0);
    close(pooler.port_fd);
}

/* In a process of its own: one transaction after the other through the pooler, so that its sessions
 * are in use. */
static void use(void)
{
    PGconn *conn = PQconnectdb(pooler.url);
    for (;;) {
        PQclear(PQexec(conn, "SELECT 1"));
        if (PQstatus(conn) != CONNECTION_OK)
            PQreset(conn);
    }
}

static void test_session(void)
{
    fixture_begin();
    start("pool_mode = session\n");
    struct store *one = fixture_open_url(pooler.url, FIXTURE_TIMEOUT_MS),
                 *two = fixture_open_url(pooler.url, FIXTURE_TIMEOUT_MS);
    /* On a busy machine the trial of a session may last longer than the session is left idle. */
    CHECK_TRUE(fixture_recovers(one));
    CHECK_TRUE(fixture_recovers(two));
    CHECK_INT(fixture_place(one, "c", "k", clock_now_us(), fixture_request(1, 1), &outcome),
              STORE_OK);
    CHECK_INT(fixture_place(two, "c", "k", clock_now_us(), fixture_request(1, 1), &outcome),
              STORE_REPLAYED);
    /* A session that was lost is replaced. */
    database_sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                 " WHERE application_name = 'postern'");
    CHECK_TRUE(fixture_recovers(one));
    CHECK_INT(fixture_place(one, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome),
              STORE_OK);
    CHECK_INT(fixture_stock(1), 8);
    store_close(one);
    store_close(two);
    stop();
    fixture_end();
}

enum call { PING, PLACE, MIGRATE };

/* The driver has the server end a session. On a busy machine it may end while the driver still asks
 * in it, and then the store was out of reach; the next call finds out. */
static enum store_result call_until_reached(struct store *store, enum call call)
{
    int from, to;
    enum store_result result = STORE_UNREACHABLE;
    for (int us = 0; us < START_US && result == STORE_UNREACHABLE; us += STEP_US) {
        clock_sleep_us(us ? 10 * STEP_US : 0);
        if (call == PING)
            result = store_ping(store);
        else if (call == PLACE)
            result =
                fixture_place(store, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
        else
            result = store_migrate(store, &from, &to);
    }
    return result;
}

/* Nothing is begun, and nothing stays behind in the pooler's sessions. */
static void check_refused(void)
{
    char locks[16] = "";
    struct store *store = fixture_open_url(pooler.url, FIXTURE_TIMEOUT_MS);
    CHECK_INT(call_until_reached(store, PING), STORE_UNSUITABLE);
    CHECK_CONTAINS(database_said(store), "a pooler gives each transaction another session");
    CHECK_CONTAINS(database_said(store), "set its pool_mode to session, or connect to the server");
    CHECK_INT(call_until_reached(store, PLACE), STORE_UNSUITABLE);
    CHECK_INT(call_until_reached(store, MIGRATE), STORE_UNSUITABLE);
    store_close(store);
    /* The fixture's own session has a lock, too, until the server has seen its end. */
    store_close(fixture);
    fixture = NULL;
    for (int us = 0; us < START_US && strcmp(locks, "0") != 0; us += STEP_US) {
        clock_sleep_us(us ? STEP_US : 0);
        REQUIRE_TRUE(
            postgres_server_sql(&fixture_server, database_name(),
                                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                                " WHERE locktype = 'advisory'",
                                locks, sizeof locks));
    }
    CHECK_TEXT(locks, "0");
}

/* Whatever the pooler does with the sessions between transactions, and whoever else has them. */
static void test_no_session(void)
{
    static const struct {
        int line;
        const char *lines;
        int clients;
    } rows[] = {
        {__LINE__, "pool_mode = transaction\n", 0},
        {__LINE__, "pool_mode = transaction\n", CLIENTS},
        {__LINE__, "pool_mode = transaction\nserver_round_robin = 1\nmin_pool_size = 3\n", CLIENTS},
        {__LINE__, "pool_mode = transaction\nserver_reset_query_always = 1\n", 0},
        {__LINE__, "pool_mode = transaction\ndefault_pool_size = 1\n", 0},
        {__LINE__, "pool_mode = statement\n", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pid_t clients[CLIENTS];
        CHECK_ROW(rows[i].line);
        fixture_begin();
        start(rows[i].lines);
        fflush(NULL);
        for (int c = 0; c < rows[i].clients; c++) {
            if ((clients[c] = fork()) == 0)
                use();
        }
        check_refused();
        for (int c = 0; c < rows[i].clients; c++) {
            kill(clients[c], SIGKILL);
            waitpid(clients[c], NULL, 0);
        }
        stop();
        fixture_end();
    }
}

static CU_TestInfo tests[] = {
    {"a session of its own", test_session},
    {"no session of its own", test_no_session},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/pooler", NULL, NULL, tests);
}
