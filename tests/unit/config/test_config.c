#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

enum { TEXT_SIZE = 8192, SET_MAX = 4 };

/* The stand-in for the environment. */
static struct {
    const char *name, *value;
} set[SET_MAX];

static struct config config;
static char errors[TEXT_SIZE];

static char *get(const char *name)
{
    static char value[TEXT_SIZE];
    for (int i = 0; i < SET_MAX && set[i].name; i++) {
        if (strcmp(name, set[i].name) == 0) {
            snprintf(value, sizeof value, "%s", set[i].value);
            return value;
        }
    }
    return NULL;
}

static bool read_set(void)
{
    FILE *file = fmemopen(errors, sizeof errors, "w");
    REQUIRE_NOT_NULL(file);
    memset(errors, 0, sizeof errors);
    bool ok = config_read(&config, get, file);
    fclose(file);
    return ok;
}

static bool read_one(const char *name, const char *value)
{
    memset(set, 0, sizeof set);
    set[0].name = name;
    set[0].value = value;
    return read_set();
}

static void test_defaults(void)
{
    CHECK_TRUE(read_one("HOME", "/"));
    CHECK_TEXT(errors, "");
    CHECK_TEXT(config.database_url, "sqlite:var/postern.db");
    CHECK_TEXT(config.database_password_file, "");
    CHECK_TEXT(config.database_schema, "public");
    CHECK_TEXT(config.socket, "var/postern.sock");
    CHECK_TEXT(config.socket_group, "");
    CHECK_INT(config.backlog, 1024);
    CHECK_INT(config.drain_seconds, 25);
    CHECK_INT(config.quiet_ms, 1000);
    CHECK_INT(config.request_seconds, 30);
    CHECK_INT(config.store_timeout_ms, 3000);
    CHECK_INT(config.log_level, LOG_INFO);
    int workers = config_workers(&config);
    CHECK_COMPARE(workers, >=, 24);
    CHECK_COMPARE(workers, <=, 256);
    config.workers = 1;
    CHECK_INT(config_workers(&config), 1);
}

static void test_numbers(void)
{
    static const struct {
        int line;
        const int *member;
        const char *name, *value;
        int number; /* -1: refused */
    } rows[] = {
        {__LINE__, &config.workers, "POSTERN_WORKERS", "1", 1},
        {__LINE__, &config.workers, "POSTERN_WORKERS", "256", 256},
        {__LINE__, &config.workers, "POSTERN_WORKERS", "0", -1},
        {__LINE__, &config.workers, "POSTERN_WORKERS", "257", -1},
        {__LINE__, &config.workers, "POSTERN_WORKERS", "-1", -1},
        {__LINE__, &config.workers, "POSTERN_WORKERS", "two", -1},
        {__LINE__, &config.workers, "POSTERN_WORKERS", "4 ", -1},
        {__LINE__, &config.workers, "POSTERN_WORKERS", "4294967297", -1},
        {__LINE__, &config.backlog, "POSTERN_BACKLOG", "16", 16},
        {__LINE__, &config.backlog, "POSTERN_BACKLOG", "15", -1},
        {__LINE__, &config.backlog, "POSTERN_BACKLOG", "65536", -1},
        {__LINE__, &config.backlog, "POSTERN_BACKLOG", "", 1024},
        {__LINE__, &config.drain_seconds, "POSTERN_DRAIN_SECONDS", "600", 600},
        {__LINE__, &config.drain_seconds, "POSTERN_DRAIN_SECONDS", "0", -1},
        {__LINE__, &config.quiet_ms, "POSTERN_QUIET_MS", "10", 10},
        {__LINE__, &config.quiet_ms, "POSTERN_QUIET_MS", "9", -1},
        {__LINE__, &config.drain_min_ms, "POSTERN_DRAIN_MIN_MS", "0", 0},
        {__LINE__, &config.drain_min_ms, "POSTERN_DRAIN_MIN_MS", "18000", 18000},
        {__LINE__, &config.drain_min_ms, "POSTERN_DRAIN_MIN_MS", "540001", -1},
        {__LINE__, &config.drain_min_ms, "POSTERN_DRAIN_MIN_MS", "1s", -1},
        {__LINE__, &config.request_seconds, "POSTERN_REQUEST_SECONDS", "7", 7},
        {__LINE__, &config.request_seconds, "POSTERN_REQUEST_SECONDS", "601", -1},
        {__LINE__, &config.store_timeout_ms, "POSTERN_STORE_TIMEOUT_MS", "10", 10},
        {__LINE__, &config.store_timeout_ms, "POSTERN_STORE_TIMEOUT_MS", "1e3", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        bool ok = read_one(rows[i].name, rows[i].value);
        CHECK_INT(ok, rows[i].number >= 0);
        if (ok)
            CHECK_INT(*rows[i].member, rows[i].number);
        CHECK_INT(ok, errors[0] == '\0');
        if (!ok)
            CHECK_CONTAINS(errors, rows[i].name);
    }
}

static void test_texts(void)
{
    char path[4200];
    CHECK_TRUE(read_one("DATABASE_URL", "sqlite:/tmp/x.db"));
    CHECK_TEXT(config.database_url, "sqlite:/tmp/x.db");
    CHECK_TRUE(read_one("DATABASE_URL", ""));
    CHECK_TEXT(config.database_url, "sqlite:var/postern.db");
    CHECK_TRUE(read_one("POSTERN_SOCKET_GROUP", "www-data"));
    CHECK_TEXT(config.socket_group, "www-data");
    /* A unix socket's path has 107 bytes at most, with ".publish" after it. */
    memset(path, 'p', sizeof path);
    path[99] = '\0';
    CHECK_TRUE(read_one("POSTERN_SOCKET", path));
    path[99] = 'p';
    path[100] = '\0';
    CHECK_FALSE(read_one("POSTERN_SOCKET", path));
    CHECK_CONTAINS(errors, "POSTERN_SOCKET: 100 bytes are too long");
}

static void test_namespaces(void)
{
    static const struct {
        int line;
        const char *value;
        bool taken;
    } rows[] = {
        {__LINE__, "", true},
        {__LINE__, "postern", true},
        {__LINE__, "Shop/api-1_#:.", true},
        {__LINE__, "AWS/ECS", false},
        {__LINE__, ":postern", false},
        {__LINE__, "a b", false},
        {__LINE__, "a\"", false},
        {__LINE__, "a\\", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(read_one("POSTERN_EMF_NAMESPACE", rows[i].value), rows[i].taken);
        if (rows[i].taken)
            CHECK_TEXT(config.emf_namespace, rows[i].value);
        else
            CHECK_CONTAINS(errors, "POSTERN_EMF_NAMESPACE");
    }
}

static void test_identifiers(void)
{
    static const struct {
        int line;
        const char *value;
        bool takes;
    } rows[] = {
        {__LINE__, "shop", true},
        {__LINE__, "_shop_2", true},
        {__LINE__, "order", true}, /* quoted wherever it is used */
        {__LINE__, "pgshop", true},
        {__LINE__, "abcdefghijklmnopqrstuvwxyz_0123456789_abcdefghijklmnopqrstuvwxy", true},
        {__LINE__, "abcdefghijklmnopqrstuvwxyz_0123456789_abcdefghijklmnopqrstuvwxyz", false},
        {__LINE__, "2shop", false},
        {__LINE__, "Shop", false},
        {__LINE__, "pg_shop", false},
        {__LINE__, "shop,public", false},
        {__LINE__, "\"shop\"", false},
        {__LINE__, "shop ", false},
        {__LINE__, "caf\xc3\xa9", false},
    };
    CHECK_TRUE(read_one("POSTERN_DATABASE_SCHEMA", ""));
    CHECK_TEXT(config.database_schema, "public");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(read_one("POSTERN_DATABASE_SCHEMA", rows[i].value), rows[i].takes);
        if (rows[i].takes)
            CHECK_TEXT(config.database_schema, rows[i].value);
        else
            CHECK_CONTAINS(errors, "POSTERN_DATABASE_SCHEMA: ");
    }
}

static void test_log_level(void)
{
    CHECK_TRUE(read_one("POSTERN_LOG_LEVEL", "debug"));
    CHECK_INT(config.log_level, LOG_DEBUG);
    CHECK_FALSE(read_one("POSTERN_LOG_LEVEL", "loud"));
    CHECK_CONTAINS(errors, "POSTERN_LOG_LEVEL: \"loud\"");
}

static void test_switch(void)
{
    CHECK_TRUE(read_one("HOME", "/"));
    CHECK_TRUE(config.publish);
    CHECK_TRUE(read_one("POSTERN_PUBLISH", "off"));
    CHECK_FALSE(config.publish);
    CHECK_TRUE(read_one("POSTERN_PUBLISH", "on"));
    CHECK_TRUE(config.publish);
    CHECK_FALSE(read_one("POSTERN_PUBLISH", "no"));
    CHECK_CONTAINS(errors, "POSTERN_PUBLISH: \"no\" is neither on nor off");
}

static void test_deadlines(void)
{
    memset(set, 0, sizeof set);
    set[0].name = "POSTERN_STORE_TIMEOUT_MS";
    set[0].value = "1000";
    set[1].name = "POSTERN_REQUEST_SECONDS";
    set[1].value = "2";
    CHECK_FALSE(read_set());
    CHECK_CONTAINS(errors, "POSTERN_STORE_TIMEOUT_MS");
    CHECK_CONTAINS(errors, "POSTERN_REQUEST_SECONDS");
    set[0].value = "999";
    CHECK_TRUE(read_set());
}

/* The socket closes a tenth of the time before the drain's deadline. */
static void test_drain(void)
{
    memset(set, 0, sizeof set);
    set[0].name = "POSTERN_DRAIN_MIN_MS";
    set[0].value = "9001";
    set[1].name = "POSTERN_DRAIN_SECONDS";
    set[1].value = "10";
    CHECK_FALSE(read_set());
    CHECK_CONTAINS(errors, "POSTERN_DRAIN_MIN_MS: 9001 ms are over nine tenths");
    CHECK_CONTAINS(errors, "POSTERN_DRAIN_SECONDS");
    set[0].value = "9000";
    CHECK_TRUE(read_set());
}

static void test_consumers(void)
{
    CHECK_TRUE(read_one("POSTERN_CONSUMERS", "vpce-0a a rate=5; vpce-0b b"));
    CHECK_TEXT(config.consumers, "vpce-0a a rate=5; vpce-0b b");
    CHECK_TRUE(read_one("POSTERN_CONSUMERS", ""));
    CHECK_TEXT(config.consumers, "");
    CHECK_FALSE(read_one("POSTERN_CONSUMERS", "vpce-0a a; vpce-svc-0b b"));
    CHECK_CONTAINS(errors, "POSTERN_CONSUMERS: line 2: \"vpce-svc-0b\" is no VPC");
    CHECK_TRUE(read_one("POSTERN_CONSUMERS_FILE", "/etc/postern/consumers"));
}

static void test_every_error(void)
{
    memset(set, 0, sizeof set);
    set[0].name = "POSTERN_WORKERS";
    set[0].value = "many";
    set[1].name = "POSTERN_LOG_LEVEL";
    set[1].value = "loud";
    set[2].name = "POSTERN_BACKLOG";
    set[2].value = "1";
    CHECK_FALSE(read_set());
    int lines = 0;
    for (const char *p = errors; (p = strchr(p, '\n')); p++)
        lines++;
    CHECK_INT(lines, 3);
    for (int i = 0; i < 3; i++)
        CHECK_CONTAINS(errors, set[i].name, "%s", set[i].name);
}

/* config_read_environment with standard error led into errors. */
static bool read_environment(void)
{
    int ends[2], saved = dup(STDERR_FILENO);
    REQUIRE_INT(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    bool ok = config_read_environment(&config);
    dup2(saved, STDERR_FILENO);
    close(saved);
    memset(errors, 0, sizeof errors);
    size_t used = 0;
    for (ssize_t n = 1; n > 0 && used < sizeof errors - 1; used += (size_t)(n > 0 ? n : 0))
        n = read(ends[0], errors + used, sizeof errors - 1 - used);
    close(ends[0]);
    return ok;
}

static void test_environment(void)
{
    clearenv();
    setenv("POSTERN_WORKERS", "7", 1);
    setenv("OTHER", "x", 1);
    CHECK_TRUE(read_environment());
    CHECK_TEXT(errors, "");
    CHECK_INT(config.workers, 7);
    setenv("POSTERN_WORKER", "8", 1);
    setenv("POSTERN_BACKLOGS", "9", 1);
    setenv("POSTERN_BACKLOG", "x", 1);
    CHECK_FALSE(read_environment());
    CHECK_CONTAINS(errors, "POSTERN_WORKER: no such setting");
    CHECK_CONTAINS(errors, "POSTERN_BACKLOGS: no such setting");
    CHECK_CONTAINS(errors, "POSTERN_BACKLOG: \"x\"");
    CHECK_LACKS(errors, "POSTERN_WORKERS");
}

/* The one setting whose name is that of a link, and its Service's other variables. */
static void test_links(void)
{
    clearenv();
    setenv("METRICS_PORT", "tcp://10.0.0.11:9000", 1);
    setenv("METRICS_PORT_9000_TCP", "tcp://10.0.0.11:9000", 1);
    CHECK_TRUE(read_environment());
    CHECK_INT(config.metrics_port, 0);
    setenv("METRICS_PORT", "9000", 1);
    CHECK_TRUE(read_environment());
    CHECK_INT(config.metrics_port, 9000);
    setenv("METRICS_PORT", "x", 1);
    CHECK_FALSE(read_environment());
    CHECK_CONTAINS(errors, "METRICS_PORT: \"x\"");
}

static void test_help(void)
{
    static const char *const names[] = {
#define SETTING(kind, member, name, ...) name,
#include "config/settings.def"
    };
    char help[TEXT_SIZE] = "";
    FILE *file = fmemopen(help, sizeof help, "w");
    REQUIRE_NOT_NULL(file);
    config_help(file);
    fclose(file);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char start[40];
        snprintf(start, sizeof start, "\n%s ", names[i]);
        CHECK_CONTAINS(help, start, "%s", names[i]);
    }
    CHECK_CONTAINS(help, "(16..65535)");
    CHECK_CONTAINS(help, "error, warn, info or debug\n");
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"everything has a default", test_defaults},
        {"numbers stay within their bounds", test_numbers},
        {"texts are taken as they are, up to their size", test_texts},
        {"an identifier is a plain name", test_identifiers},
        {"a namespace is what CloudWatch takes", test_namespaces},
        {"the log level is a name", test_log_level},
        {"a switch is on or off", test_switch},
        {"a store call must fit into a request", test_deadlines},
        {"a drain lasts at least as long as it must", test_drain},
        {"consumers are checked", test_consumers},
        {"every error is named at once", test_every_error},
        {"a misspelt variable is an error", test_environment},
        {"a link is no setting", test_links},
        {"the help names every setting", test_help},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/config/config", NULL, NULL, tests);
}
