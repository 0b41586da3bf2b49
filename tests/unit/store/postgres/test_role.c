/* The PostgreSQL driver as a role of the application's own, and the ways to its password. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;

static enum store_result place_one(struct store *store)
{
    return fixture_place(store, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
}

static const char *database(void)
{
    return strrchr(fixture_url, '/') + 1;
}

/* Runs SQL in the test's database. */
static void sql(const char *text)
{
    CHECK_TRUE(postgres_server_sql(&fixture_server, database(), text, NULL, 0));
}

/* A role that is no superuser, with everything it needs. */
static void make_role(const char *name, const char *options)
{
    char text[400];
    snprintf(text, sizeof text,
             "CREATE ROLE %s LOGIN %s; GRANT ALL ON SCHEMA public TO %s;"
             "GRANT ALL ON ALL TABLES IN SCHEMA public TO %s",
             name, options, name, name);
    sql(text);
}

static void role_url(const char *name, char out[FIXTURE_URL_SIZE])
{
    snprintf(out, FIXTURE_URL_SIZE, "postgresql://%s@127.0.0.1:%d/%s", name, fixture_server.port,
             database());
}

static void test_too_many_connections(void)
{
    char url[FIXTURE_URL_SIZE];
    fixture_begin();
    make_role("narrow", "CONNECTION LIMIT 1");
    role_url("narrow", url);
    struct store *first = fixture_open_url(url, 2000), *second = fixture_open_url(url, 2000);
    CHECK_INT(place_one(first), STORE_OK);
    CHECK_INT(place_one(second), STORE_UNREACHABLE);
    store_close(first);
    CHECK_TRUE(fixture_recovers(second));
    CHECK_INT(place_one(second), STORE_OK);
    store_close(second);
    sql("DROP OWNED BY narrow; DROP ROLE narrow");
    fixture_end();
}

/* Nothing needs more rights than a role of the application's own has. */
static void test_plain_role(void)
{
    char url[FIXTURE_URL_SIZE];
    fixture_begin();
    make_role("plain", "");
    role_url("plain", url);
    struct store *store = fixture_open_url(url, 2000);
    CHECK_INT(fixture_place(store, "c", "k", FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_OK);
    CHECK_INT(fixture_place(store, "c", "k", FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_REPLAYED);
    CHECK_INT(store_order_get(store, "c", outcome.order.id, &outcome.order), STORE_OK);
    store_close(store);
    sql("DROP OWNED BY plain; DROP ROLE plain");
    fixture_end();
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK_INT(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void set_password(const char *password)
{
    char text[80];
    snprintf(text, sizeof text, "ALTER ROLE app PASSWORD '%s'", password);
    sql(text);
}

static void cut_off(const char *role)
{
    char text[120];
    snprintf(text, sizeof text,
             "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '%s'",
             role);
    sql(text);
}

/* Whether the server lets the store in with this in the environment. */
static bool lets_in(const char *url, const char *variable, const char *value)
{
    setenv(variable, value, 1);
    struct store *store = fixture_open_url(url, 2000);
    bool in = store_ping(store) == STORE_OK;
    store_close(store);
    unsetenv(variable);
    return in;
}

static void test_password(void)
{
    char url[FIXTURE_URL_SIZE], file[96], rules[96];
    fixture_begin();
    make_role("app", "PASSWORD 'one'");
    snprintf(rules, sizeof rules, "%s/data/pg_hba.conf", fixture_server.folder);
    write_file(rules, "host all postgres 127.0.0.1/32 trust\n"
                      "host all all 127.0.0.1/32 scram-sha-256\n");
    sql("SELECT pg_reload_conf()");
    snprintf(file, sizeof file, "%s/password", fixture_server.folder);
    role_url("app", url);
    struct store *store = store_open(&(struct store_options){url, 2000, file});
    CHECK_INT(store_ping(store), STORE_UNREACHABLE); /* no such file */
    write_file(file, "one\n");
    CHECK_TRUE(fixture_recovers(store));
    /* The password changes under it; then the connection is lost. */
    set_password("two");
    CHECK_INT(place_one(store), STORE_OK);
    cut_off("app");
    CHECK_INT(place_one(store), STORE_UNREACHABLE);
    write_file(file, "two");
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(place_one(store), STORE_OK);
    store_close(store);
    CHECK_FALSE(lets_in(url, "PGPASSWORD", "one"));
    CHECK_TRUE(lets_in(url, "PGPASSWORD", "two"));
    write_file(file, "*:*:*:app:two\n");
    CHECK_TRUE(lets_in(url, "PGPASSFILE", file));
    write_file(rules, "host all all 127.0.0.1/32 trust\n");
    sql("SELECT pg_reload_conf(); DROP OWNED BY app; DROP ROLE app");
    fixture_end();
}

static int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

/* A host that lets one in and then refuses what each connection begins with: it is left, and its
 * connection with it. */
static void test_refused_set_up(void)
{
    char url[FIXTURE_URL_SIZE];
    fixture_begin();
    make_role("barred", "");
    sql("REVOKE EXECUTE ON FUNCTION pg_advisory_lock(BIGINT) FROM PUBLIC");
    snprintf(url, sizeof url, "postgresql://barred@127.0.0.1:%d,127.0.0.1:%d/%s",
             fixture_server.port, fixture_server.port, database());
    struct store *store = fixture_open_url(url, 2000);
    CHECK_INT(store_ping(store), STORE_FAULT);
    int before = open_files();
    for (int i = 0; i < 3; i++) {
        clock_sleep_us(200000); /* or it would not try */
        CHECK_INT(store_ping(store), STORE_FAULT);
    }
    CHECK_INT(open_files(), before);
    store_close(store);
    sql("DROP OWNED BY barred; DROP ROLE barred");
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"too many connections", test_too_many_connections},
    {"plain role", test_plain_role},
    {"refused set-up", test_refused_set_up},
    {"password", test_password},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/role", NULL, NULL, tests);
}
