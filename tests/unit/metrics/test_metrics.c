#include "metrics/exposition.h"
#include "metrics/metrics.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "metrics/memory.h"
#include "suite.h"

enum {
    TEXT_MAX = 64 * 1024 * 1024,
    LINE_SIZE = 256,
    PROCESSES = 4,
    EACH = 20000,
    MANY_CONSUMERS = METRICS_CONSUMERS_MAX + 200
};

static const char *const routes[] = {"-", "/products/{id}", "/orders"};
static const char *const calls[] = {"ping"}, *const results[] = {"ok", "busy"};
static const char *const problems[] = {"", NULL, "not-found"};
static const char *const processes[] = {"worker", "writer"};
static struct buffer text;

static void begin(void)
{
    REQUIRE_TRUE(metrics_open());
    metrics_label_texts(LABEL_ROUTE, routes, sizeof routes / sizeof routes[0]);
    metrics_label_texts(LABEL_CALL, calls, sizeof calls / sizeof calls[0]);
    metrics_label_texts(LABEL_RESULT, results, sizeof results / sizeof results[0]);
    metrics_label_texts(LABEL_PROBLEM, problems, sizeof problems / sizeof problems[0]);
    metrics_label_texts(LABEL_PROCESS, processes, sizeof processes / sizeof processes[0]);
    buffer_init(&text, TEXT_MAX);
}

static void end(void)
{
    buffer_free(&text);
    metrics_close();
}

/* All that is told now, in parts of about so many bytes. */
static const char *tell(size_t enough)
{
    struct exposition_cursor cursor = {0};
    struct buffer part;
    bool more = true;
    buffer_reset(&text, TEXT_MAX);
    buffer_init(&part, TEXT_MAX);
    while (more) {
        buffer_reset(&part, TEXT_MAX);
        more = exposition_write(&cursor, &part, enough);
        buffer_append(&text, part.data ? part.data : "", part.len);
    }
    buffer_free(&part);
    return text.data ? text.data : "";
}

/* Not by strstr, which the address sanitizer has look at all that follows, each time. */
static size_t count_of(const char *all, const char *what)
{
    size_t count = 0, len = strlen(what);
    for (const char *at = all; *at; at++)
        count += *at == *what && strncmp(at, what, len) == 0;
    return count;
}

static void check_line(const char *line)
{
    char whole[LINE_SIZE];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    CHECK_CONTAINS(tell(1000), whole);
}

/* Each metric has its two lines once, before its series; every counter is there from the start. */
static void test_begins_at_zero(void)
{
    begin();
    CHECK_START(tell(1000), "# HELP postern_problems_total ");
    check_line("postern_problems_total{problem=\"not-found\"} 0");
    CHECK_INT(count_of(text.data, "postern_problems_total{"), 1);
    check_line("postern_process_ends_total{process=\"worker\",cause=\"left\"} 0");
    check_line("postern_process_ends_total{process=\"writer\",cause=\"stuck\"} 0");
    CHECK_INT(count_of(text.data, "postern_process_ends_total{"), 8);
    check_line("# TYPE postern_requests_abandoned_total counter");
    check_line("postern_requests_abandoned_total{when=\"before it was begun\"} 0");
    check_line("postern_orders_total{outcome=\"placed\"} 0");
    check_line("postern_order_value_total 0.00");
    check_line("# TYPE postern_writer_group_changes histogram");
    check_line("postern_writer_group_changes_bucket{le=\"+Inf\"} 0");
    check_line("postern_writer_group_changes_count 0");
    CHECK_LACKS(text.data, "postern_request_duration_seconds");
    CHECK_LACKS(text.data, "postern_store_call_duration_seconds");
    CHECK_LACKS(text.data, "postern_store_ready");
    end();
}

static void test_numbers(void)
{
    begin();
    metrics_add(METRIC_ORDERS, 2, METRICS_WITH(IS_SHORT));
    metrics_add(METRIC_ORDER_VALUE, 123456, METRICS_BARE);
    metrics_set(METRIC_WORKERS, 7, METRICS_WITH(IS_IDLE));
    metrics_set(METRIC_WORKERS, 6, METRICS_WITH(IS_IDLE));
    metrics_set(METRIC_WRITER_AGE, 1500007, METRICS_BARE);
    check_line("postern_orders_total{outcome=\"short\"} 2");
    check_line("postern_orders_total{outcome=\"placed\"} 0");
    check_line("postern_order_value_total 1234.56");
    check_line("postern_workers{state=\"idle\"} 6");
    check_line("postern_writer_turn_age_seconds 1.500007");
    end();
}

static void test_histogram(void)
{
    /* On a bound and just above it, below the first, above the last. */
    static const int64_t took_us[] = {0, 500, 501, 1000, 10000000, 10000001, 99000000};
    begin();
    for (size_t i = 0; i < sizeof took_us / sizeof took_us[0]; i++)
        metrics_observe(METRIC_STORE_CALLS, took_us[i], METRICS_WITH(0, 1));
#define SERIES(part) "postern_store_call_duration_seconds" part "call=\"ping\",result=\"busy\""
    check_line(SERIES("_bucket{") ",le=\"0.0005\"} 2");
    check_line(SERIES("_bucket{") ",le=\"0.001\"} 4");
    check_line(SERIES("_bucket{") ",le=\"5\"} 4");
    check_line(SERIES("_bucket{") ",le=\"10\"} 5");
    check_line(SERIES("_bucket{") ",le=\"+Inf\"} 7");
    check_line(SERIES("_count{") "} 7");
    check_line(SERIES("_sum{") "} 119.002002");
    for (int64_t size = 1; size <= 65; size += 32)
        metrics_observe(METRIC_GROUPS, size, METRICS_BARE);
    check_line("postern_writer_group_changes_bucket{le=\"1\"} 1");
    check_line("postern_writer_group_changes_bucket{le=\"64\"} 2");
    check_line("postern_writer_group_changes_bucket{le=\"+Inf\"} 3");
    check_line("postern_writer_group_changes_sum 99");
    end();
}

static void ask(const char *consumer)
{
    metrics_observe(METRIC_REQUESTS, 700, METRICS_WITH(1, IS_GET, 200, metrics_consumer(consumer)));
}

static void test_consumers(void)
{
    begin();
    ask("acme");
    ask("acme");
    ask("-");
    ask("vpce-0123456789abcdef0");
#define GOT                                                                                        \
    "postern_request_duration_seconds_count{route=\"/products/{id}\",method=\"GET\",code=\"200\","
    check_line(GOT "consumer=\"acme\"} 2");
    check_line(GOT "consumer=\"-\"} 1");
    check_line(GOT "consumer=\"vpce-0123456789abcdef0\"} 1");
    metrics_observe(METRIC_REQUESTS, 99000000, METRICS_WITH(1, IS_HEAD, 304, 0));
    metrics_observe(METRIC_REQUESTS, 7, METRICS_WITH(2, IS_GET, 200, 0));
    metrics_observe(METRIC_STORE_CALLS, 7, METRICS_WITH(1, 1));
    CHECK_INT(metrics_observed(METRIC_REQUESTS, 1), 5);
    CHECK_INT(metrics_observed(METRIC_REQUESTS, 2), 1);
    CHECK_INT(metrics_observed(METRIC_REQUESTS, 3), 0);
    end();
}

/* Whoever comes when all names are taken is counted with the others, and one that is called so too.
 * No series stands twice, and all of one metric stand together. */
static void test_too_many_consumers(void)
{
    char name[LINE_SIZE];
    begin();
    ask("other");
    for (int i = 0; i < MANY_CONSUMERS; i++) {
        snprintf(name, sizeof name, "vpce-%017x", (unsigned)i);
        ask(name);
    }
    check_line(GOT "consumer=\"other\"} 201");
    check_line(GOT "consumer=\"vpce-00000000000000000\"} 1");
    CHECK_INT(count_of(text.data, "consumer=\"other\",le=\"1\""), 1);
    CHECK_INT(count_of(text.data, "postern_request_duration_seconds_count{"),
              METRICS_CONSUMERS_MAX + 1);
    CHECK_INT(count_of(text.data, "# TYPE postern_request_duration_seconds "), 1);
    CHECK_INT(count_of(text.data, "# TYPE "), count_of(text.data, "# HELP "));
    /* In whatever parts it is told, it is the same. */
    char *whole = strdup(tell(TEXT_MAX));
    REQUIRE_NOT_NULL(whole);
    CHECK_TRUE(strcmp(whole, tell(1)) == 0);
    free(whole);
    end();
}

/* Series without a consumer's name have room after all others have taken theirs. */
static void test_too_many_series(void)
{
    char name[LINE_SIZE];
    begin();
    for (uint16_t code = 200; code < 220; code++) {
        for (int i = 0; i < METRICS_CONSUMERS_MAX; i++) {
            snprintf(name, sizeof name, "c%d", i);
            metrics_observe(METRIC_REQUESTS, 1,
                            METRICS_WITH(2, IS_POST, code, metrics_consumer(name)));
        }
    }
    metrics_observe(METRIC_STORE_CALLS, 1, METRICS_WITH(0, 0));
    check_line("postern_store_call_duration_seconds_count{call=\"ping\",result=\"ok\"} 1");
    check_line(
        "postern_request_duration_seconds_count{route=\"/orders\",method=\"POST\",code=\"219\","
        "consumer=\"other\"} 1000");
    CHECK_COMPARE(count_of(text.data, "_count{"), <=, MEMORY_SERIES_MAX);
    end();
}

static void count_on(void)
{
    for (;;) {
        metrics_add(METRIC_ORDERS, 1, METRICS_WITH(IS_PLACED));
        ask("acme");
    }
}

/* Several processes make the same series at once, and count in it. */
static void test_processes(void)
{
    pid_t children[PROCESSES];
    begin();
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            for (int k = 0; k < EACH; k++) {
                char name[LINE_SIZE];
                snprintf(name, sizeof name, "c%d", k % 500);
                ask(name);
                metrics_add(METRIC_ORDER_LINES, 3, METRICS_BARE);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++)
        CHECK_INT(waitpid(children[i], NULL, 0), children[i]);
    check_line("postern_order_lines_total 240000");
    check_line(GOT "consumer=\"c0\"} 160");
    check_line(GOT "consumer=\"c499\"} 160");
    CHECK_INT(count_of(text.data, "postern_request_duration_seconds_count{"), 500);
    end();
}

/* What a process counted stays when it is killed in the midst of it, and others go on. */
static void test_killed(void)
{
    begin();
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        if (child == 0)
            count_on();
        while (!strstr(tell(TEXT_MAX), "consumer=\"acme\",le=\"+Inf\""))
            continue;
        kill(child, SIGKILL);
        CHECK_INT(waitpid(child, NULL, 0), child);
    }
    const char *line = strstr(tell(TEXT_MAX), "postern_orders_total{outcome=\"placed\"} ");
    REQUIRE_NOT_NULL(line);
    int64_t before = strtoll(strchr(line, ' ') + 1, NULL, 10);
    CHECK_COMPARE(before, >, 0);
    metrics_add(METRIC_ORDERS, 1, METRICS_WITH(IS_PLACED));
    line = strstr(tell(TEXT_MAX), "postern_orders_total{outcome=\"placed\"} ");
    CHECK_INT(strtoll(strchr(line, ' ') + 1, NULL, 10), before + 1);
    end();
}

/* Commands that count nothing call the same functions. */
static void test_not_open(void)
{
    struct exposition_cursor cursor = {0};
    struct buffer out;
    buffer_init(&out, TEXT_MAX);
    metrics_add(METRIC_ORDERS, 1, METRICS_WITH(IS_PLACED));
    metrics_observe(METRIC_GROUPS, 1, METRICS_BARE);
    metrics_set(METRIC_STORE_READY, 1, METRICS_BARE);
    ask("acme");
    CHECK_FALSE(exposition_write(&cursor, &out, 1000));
    CHECK_INT(out.len, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {{"begins at zero", test_begins_at_zero},
                           {"numbers", test_numbers},
                           {"histogram", test_histogram},
                           {"consumers", test_consumers},
                           {"too many consumers", test_too_many_consumers},
                           {"too many series", test_too_many_series},
                           {"processes", test_processes},
                           {"killed", test_killed},
                           {"not open", test_not_open},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/metrics/metrics", NULL, NULL, tests);
}
