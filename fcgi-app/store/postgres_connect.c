#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "store/postgres_internal.h"

enum {
    POSTGRES_PASSWORD_SIZE = 1024,
    POSTGRES_HOST_SIZE = 256,
    POSTGRES_PORT_SIZE = 64,
    POSTGRES_OPTIONS_MAX = 64,
    POSTGRES_RECONNECT_US = 150000, /* between attempts: a server that is away is not stormed */
    POSTGRES_SETUP_MAX = 65536,
    POSTGRES_UNASKED_MAX = 8, /* messages that a server may send between calls */
    /* Percent of the deadline: first a wait for a lock ends, then the statement, both by the
     * server, which then says so; the rest is for a server that does not. */
    POSTGRES_LOCK_PERCENT = 50,
    POSTGRES_STATEMENT_PERCENT = 60,
};

/* Every statement has an index to go by and reads little, so the planner is told to use it always:
 * a plan made while a table was small or not yet analysed must not hold on a large one. */
static const char postgres_settings[] =
    "SET default_transaction_isolation = 'read committed';"
    "SET idle_in_transaction_session_timeout = '60s';"
    "SET plan_cache_mode = force_generic_plan;"
    "SET enable_seqscan = off;"
    "SET enable_hashjoin = off;"
    "SET enable_mergejoin = off;"
    "SET jit = off;"
    /* An order must be durable before it is acknowledged; every other level is the server's own. */
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off';";

/* What stands for an option that the URL leaves out. */
static const struct {
    const char *keyword, *value;
} postgres_defaults[] = {
    {"fallback_application_name", "postern"},
    {"keepalives_idle", "30"},
    {"keepalives_interval", "10"},
    {"keepalives_count", "3"},
};

/* What one attempt to connect says in place of the URL. */
struct postgres_target {
    char host[POSTGRES_HOST_SIZE], hostaddr[POSTGRES_HOST_SIZE], port[POSTGRES_PORT_SIZE];
    char password[POSTGRES_PASSWORD_SIZE], timeout_ms[POSTGRES_PORT_SIZE];
    bool one_of_several;
};

static const char *postgres_option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++) {
        if (strcmp(options->keyword, keyword) == 0)
            return options->val ? options->val : "";
    }
    return "";
}

PQconninfoOption *postgres_parse(const char *url)
{
    /* Its error message may quote a part of the password, so nobody gets to see it. */
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    /* Signs of a password with an @ or a / that is not written %40 or %2F: what follows would be
     * taken for a host, and its beginning for a port, and be named in messages. */
    if (options && !strchr(postgres_option(options, "host"), '@') &&
        strspn(postgres_option(options, "port"), "0123456789,") ==
            strlen(postgres_option(options, "port")))
        return options;
    PQconninfoFree(options);
    return NULL;
}

void postgres_show(const char *url, char *out, size_t size)
{
    PQconninfoOption *options = postgres_parse(url);
    if (!options) {
        snprintf(out, size, "postgresql:…");
        return;
    }
    const char *host = postgres_option(options, "host"), *port = postgres_option(options, "port");
    const char *database = postgres_option(options, "dbname");
    snprintf(out, size, "postgresql://%s%s%s%s%s",
             *host ? host : postgres_option(options, "hostaddr"), *port ? ":" : "", port,
             *database ? "/" : "", database);
    PQconninfoFree(options);
}

/* Copies the part of a comma-separated list with that index. */
static void postgres_element(const char *list, int index, char *out, size_t size)
{
    while (index > 0 && strchr(list, ',')) {
        list = strchr(list, ',') + 1;
        index--;
    }
    snprintf(out, size, "%.*s", (int)strcspn(list, ","), list);
}

static int postgres_count(const char *list)
{
    int count = 1;
    for (; *list; list++)
        count += *list == ',';
    return count;
}

static int postgres_hosts(const struct postgres *p)
{
    int hosts = postgres_count(postgres_option(p->options, "host"));
    int addresses = postgres_count(postgres_option(p->options, "hostaddr"));
    return hosts > addresses ? hosts : addresses;
}

/* Reads the password's first line; it may have been changed since the last connection. */
static bool postgres_read_password(struct postgres *p, char out[POSTGRES_PASSWORD_SIZE])
{
    char text[200];
    out[0] = '\0';
    if (!p->password_file)
        return true;
    int fd = open(p->password_file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, POSTGRES_PASSWORD_SIZE - 1);
    if (n >= 0) {
        out[n] = '\0';
        out[strcspn(out, "\r\n")] = '\0';
    } else {
        snprintf(text, sizeof text, "DATABASE_PASSWORD_FILE: %s", strerror(errno));
        postgres_fail(p, STORE_UNREACHABLE, text);
    }
    if (fd >= 0)
        close(fd);
    return n >= 0;
}

static bool postgres_aim(struct postgres *p, int host, struct postgres_target *target)
{
    postgres_element(postgres_option(p->options, "host"), host, target->host, sizeof target->host);
    postgres_element(postgres_option(p->options, "hostaddr"), host, target->hostaddr,
                     sizeof target->hostaddr);
    postgres_element(postgres_option(p->options, "port"), host, target->port, sizeof target->port);
    snprintf(target->timeout_ms, sizeof target->timeout_ms, "%d", p->timeout_ms);
    target->one_of_several = postgres_hosts(p) > 1;
    return postgres_read_password(p, target->password);
}

/* What the target, or the URL, or else the defaults say of an option; NULL if nothing. */
static const char *postgres_value(const PQconninfoOption *option,
                                  const struct postgres_target *target)
{
    const struct {
        const char *keyword, *value;
        bool listed; /* the URL's value is a list, of which this is the target's part */
    } aimed[] = {
        {"host", target->host, true},
        {"hostaddr", target->hostaddr, true},
        {"port", target->port, true},
        {"password", target->password, false},
    };
    for (size_t i = 0; i < sizeof aimed / sizeof aimed[0]; i++) {
        if (strcmp(option->keyword, aimed[i].keyword) != 0)
            continue;
        if (*aimed[i].value || aimed[i].listed)
            return *aimed[i].value ? aimed[i].value : NULL;
    }
    if (option->val)
        return option->val;
    if (strcmp(option->keyword, "tcp_user_timeout") == 0)
        return target->timeout_ms;
    /* Of several hosts one takes orders. */
    if (strcmp(option->keyword, "target_session_attrs") == 0 && target->one_of_several)
        return option->envvar && getenv(option->envvar) ? NULL : "read-write";
    for (size_t i = 0; i < sizeof postgres_defaults / sizeof postgres_defaults[0]; i++) {
        if (strcmp(option->keyword, postgres_defaults[i].keyword) == 0)
            return postgres_defaults[i].value;
    }
    return NULL;
}

static PGconn *postgres_start(const PQconninfoOption *options, const struct postgres_target *target)
{
    const char *keywords[POSTGRES_OPTIONS_MAX + 2], *values[POSTGRES_OPTIONS_MAX + 2];
    int count = 0;
    for (const PQconninfoOption *o = options; o->keyword && count < POSTGRES_OPTIONS_MAX; o++) {
        const char *value = postgres_value(o, target);
        if (!value)
            continue;
        keywords[count] = o->keyword;
        values[count++] = value;
    }
    keywords[count] = "client_encoding";
    values[count++] = "UTF8";
    keywords[count] = values[count] = NULL;
    return PQconnectStartParams(keywords, values, 0);
}

bool postgres_takes_values(const PQconninfoOption *options, char *why, size_t size)
{
    static const char nowhere[] = "/dev/null"; /* no socket can be in it */
    struct postgres_target target = {.port = "5432"};
    snprintf(target.host, sizeof target.host, "%s", nowhere);
    PGconn *conn = postgres_start(options, &target);
    const char *error = PQerrorMessage(conn);
    bool ok = PQstatus(conn) != CONNECTION_BAD || strstr(error, nowhere);
    if (!ok)
        snprintf(why, size, "%.*s", (int)strcspn(error, "\n"), error);
    PQfinish(conn);
    return ok;
}

/* What the server says without being asked is for people at a terminal. */
static void postgres_ignore(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* Connects to one host until a time; resolving its name is not bounded by it, but by the resolver's
 * own timeouts. */
static enum store_result postgres_connect_to(struct postgres *p, int host, int64_t until_us)
{
    struct postgres_target target;
    if (!postgres_aim(p, host, &target))
        return STORE_UNREACHABLE;
    p->conn = postgres_start(p->options, &target);
    explicit_bzero(target.password, sizeof target.password);
    if (!p->conn)
        return postgres_fail(p, STORE_UNREACHABLE, "out of memory");
    PQsetNoticeReceiver(p->conn, postgres_ignore, NULL);
    PostgresPollingStatusType state =
        PQstatus(p->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        if (!postgres_wait(p, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_us))
            break;
        state = PQconnectPoll(p->conn);
    }
    if (state == PGRES_POLLING_OK && PQsetnonblocking(p->conn, 1) == 0) {
        p->idle = true;
        return STORE_OK;
    }
    postgres_fail(p, STORE_UNREACHABLE,
                  state == PGRES_POLLING_FAILED ? PQerrorMessage(p->conn)
                                                : "no connection within the deadline");
    postgres_disconnect(p);
    return STORE_UNREACHABLE;
}

/* The settings, and the lock by which a later connection can tell whether this one's work is over;
 * see postgres_order_settle. */
static enum store_result postgres_set_up(struct postgres *p)
{
    char sql[sizeof postgres_settings + 200];
    if (getrandom(&p->session, sizeof p->session, 0) != sizeof p->session)
        return postgres_fail(p, STORE_FAULT, "no randomness");
    p->session &= INT64_MAX; /* pg_locks shows its halves unsigned */
    snprintf(sql, sizeof sql,
             "SET statement_timeout = %d; SET lock_timeout = %d;"
             "SELECT pg_advisory_lock(%" PRId64 "); %s",
             1 + p->timeout_ms * POSTGRES_STATEMENT_PERCENT / 100,
             1 + p->timeout_ms * POSTGRES_LOCK_PERCENT / 100, p->session, postgres_settings);
    enum store_result result = postgres_send_text(p, sql);
    return result == STORE_OK ? postgres_finish(p, NULL) : result;
}

/* libpq's own way through the hosts has no deadline for each unless it may block, so that one host
 * which is silent would hide the others. Here each has its share of the time. The one that answered
 * last comes first. */
static enum store_result postgres_connect_any(struct postgres *p)
{
    enum store_result result = STORE_UNREACHABLE;
    int hosts = postgres_hosts(p);
    for (int i = 0; i < hosts && result != STORE_OK; i++) {
        int64_t now_us = clock_monotonic_us();
        int host = (p->host + i) % hosts;
        result = postgres_connect_to(p, host, now_us + (p->deadline_us - now_us) / (hosts - i));
        if (result != STORE_OK)
            continue;
        p->host = host;
        result = postgres_set_up(p);
        /* The next host needs the place. */
        if (result != STORE_OK)
            postgres_disconnect(p);
    }
    return result;
}

enum store_result postgres_connect(struct postgres *p)
{
    int64_t now_us = clock_monotonic_us();
    /* The error is still that of the attempt before. */
    if (now_us < p->next_connect_us)
        return STORE_UNREACHABLE;
    enum store_result result = postgres_connect_any(p);
    if (result != STORE_OK) {
        postgres_disconnect(p);
        p->next_connect_us = clock_monotonic_us() + POSTGRES_RECONNECT_US;
    }
    return result;
}

void postgres_disconnect(struct postgres *p)
{
    PQfinish(p->conn);
    p->conn = NULL;
    p->ready = false;
    p->idle = false;
}

void postgres_leave_host(struct postgres *p)
{
    postgres_disconnect(p);
    p->host = (p->host + 1) % postgres_hosts(p);
}

/* All of them in one round trip. */
static enum store_result postgres_prepare(struct postgres *p)
{
    struct buffer sql;
    enum store_result result = STORE_UNREACHABLE;
    buffer_init(&sql, POSTGRES_SETUP_MAX);
    for (int i = POSTGRES_SQL_PREPARED; i < POSTGRES_SQL_MAX; i++)
        buffer_printf(&sql, "PREPARE s%d AS %s", i, postgres_sql_texts[i]);
    if (sql.overflown)
        postgres_fail(p, result, "out of memory");
    else
        result = postgres_send_text(p, sql.data);
    buffer_free(&sql);
    return result == STORE_OK ? postgres_finish(p, NULL) : result;
}

/* A server that restarted has said so by now, or hung up, and the call need not find out by
 * sending a statement whose fate it then would not know. */
static void postgres_check_alive(struct postgres *p)
{
    for (int i = 0; p->conn && postgres_wait(p, POLLIN, 0); i++) {
        if (i == POSTGRES_UNASKED_MAX || !PQconsumeInput(p->conn))
            postgres_disconnect(p);
        else
            PQisBusy(p->conn); /* takes in what came */
    }
    if (p->conn && PQstatus(p->conn) != CONNECTION_OK)
        postgres_disconnect(p);
}

enum store_result postgres_reach_unchecked(struct postgres *p)
{
    p->remedy = POSTGRES_NONE;
    postgres_check_alive(p);
    return p->conn ? STORE_OK : postgres_connect(p);
}

enum store_result postgres_reach(struct postgres *p)
{
    enum store_result result = postgres_reach_unchecked(p);
    if (result != STORE_OK || p->ready)
        return result;
    result = postgres_check(p);
    if (result != STORE_OK)
        return result;
    result = postgres_prepare(p);
    /* Some may be prepared and stay so; to prepare them a second time would be a fault. */
    if (result != STORE_OK)
        postgres_disconnect(p);
    p->ready = result == STORE_OK;
    return result;
}
