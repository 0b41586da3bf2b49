#include "metrics/emf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "check.h"
#include "metrics/metrics.h"
#include "suite.h"

enum { TEXT_MAX = 1024 * 1024, NOW_MS = 1234, ALL = 1000 };

#define HEAD                                                                                       \
    "\"_aws\":{\"Timestamp\":1234,\"CloudWatchMetrics\":[{\"Namespace\":\"Shop/"                   \
    "api\",\"Dimensions\":["

static const char *const routes[] = {"-", "/products/{id}", "/orders"};
static const char *const calls[] = {"ping"}, *const results[] = {"ok", "busy"};
static struct buffer text;
static int room; /* for so many objects more */
static size_t longest;

static void begin(void)
{
    REQUIRE_TRUE(metrics_open());
    REQUIRE_TRUE(emf_open());
    metrics_label_texts(LABEL_ROUTE, routes, sizeof routes / sizeof routes[0]);
    metrics_label_texts(LABEL_CALL, calls, sizeof calls / sizeof calls[0]);
    metrics_label_texts(LABEL_RESULT, results, sizeof results / sizeof results[0]);
    buffer_init(&text, TEXT_MAX);
    longest = 0;
}

static void end(void)
{
    buffer_free(&text);
    emf_close();
    metrics_close();
}

static bool put(const char *members)
{
    if (room-- <= 0)
        return false;
    longest = strlen(members) > longest ? strlen(members) : longest;
    return buffer_text(&text, members) && buffer_char(&text, '\n');
}

/* What is told now, while there is room for so many objects, one a line. */
static const char *tell(int objects)
{
    buffer_reset(&text, TEXT_MAX);
    room = objects;
    emf_tell("Shop/api", NOW_MS, put);
    return text.data ? text.data : "";
}

static void ask(uint16_t code, int64_t took_us, const char *consumer)
{
    metrics_observe(METRIC_REQUESTS, took_us,
                    METRICS_WITH(1, IS_GET, code, metrics_consumer(consumer)));
}

#define REQUESTS(class, values, counts)                                                            \
    HEAD "[],[\"route\",\"code\"]],\"Metrics\":[{\"Name\":\"postern_request_duration_seconds\","   \
         "\"Unit\":\"Seconds\"}]}]},\"route\":\"/products/{id}\",\"code\":\"" class                \
        "\",\"postern_request_duration_seconds\":{\"Values\":[" values "],\"Counts\":[" counts     \
        "]}\n"

/* Codes of one class, and all consumers, are one; above the last bound is twice the last bound. */
static void test_histogram(void)
{
    begin();
    ask(200, 500, "acme");
    ask(201, 501, "globex");
    ask(200, 501, "acme");
    ask(299, 10000001, "acme");
    ask(503, 900, "acme");
    const char *told = tell(ALL);
    CHECK_CONTAINS(told, REQUESTS("2xx", "0.0005,0.001,20", "1,2,1"));
    CHECK_CONTAINS(told, REQUESTS("5xx", "0.001", "1"));
    CHECK_LACKS(told, "acme");
    end();
}

#define ORDERS(outcome, count)                                                                     \
    HEAD "[\"outcome\"]],\"Metrics\":[{\"Name\":\"postern_orders_total\",\"Unit\":\"Count\"}]}]}," \
         "\"outcome\":\"" outcome "\",\"postern_orders_total\":" count "\n"

/* Each time the growth, and where there is none nothing that has a dimension. */
static void test_growth(void)
{
    begin();
    metrics_add(METRIC_ORDERS, 5, METRICS_WITH(IS_PLACED));
    metrics_add(METRIC_LOG_ERRORS, 3, METRICS_BARE);
    const char *told = tell(ALL);
    CHECK_CONTAINS(told, ORDERS("placed", "5"));
    CHECK_LACKS(told, "\"short\"");
    CHECK_CONTAINS(told, "\"postern_log_errors_total\":3");
    ask(200, 1, "acme");
    tell(ALL);
    metrics_add(METRIC_ORDERS, 2, METRICS_WITH(IS_PLACED));
    told = tell(ALL);
    CHECK_CONTAINS(told, ORDERS("placed", "2"));
    CHECK_CONTAINS(told, "\"postern_log_errors_total\":0");
    CHECK_LACKS(told, "postern_request_duration_seconds");
    end();
}

/* Gauges are as they are, and are told each time. */
static void test_gauges(void)
{
    begin();
    metrics_set(METRIC_WORKERS, 7, METRICS_WITH(IS_IDLE));
    metrics_set(METRIC_WRITER_AGE, 1500007, METRICS_BARE);
    for (int i = 0; i < 2; i++) {
        const char *told = tell(ALL);
        CHECK_CONTAINS(told, HEAD "[]],\"Metrics\":[");
        CHECK_CONTAINS(told, "{\"Name\":\"postern_writer_turn_age_seconds\",\"Unit\":\"Seconds\"}");
        CHECK_CONTAINS(told, "\"postern_writer_turn_age_seconds\":1.500007");
        CHECK_CONTAINS(told, "\"state\":\"idle\",\"postern_workers\":7\n");
    }
    end();
}

/* What the log did not take is told the next time, with what came since. */
static void test_not_put(void)
{
    begin();
    metrics_add(METRIC_ORDERS, 5, METRICS_WITH(IS_PLACED));
    metrics_add(METRIC_LOG_ERRORS, 3, METRICS_BARE);
    CHECK_TEXT(tell(0), "");
    metrics_add(METRIC_ORDERS, 1, METRICS_WITH(IS_PLACED));
    const char *told = tell(1);
    CHECK_CONTAINS(told, "\"postern_log_errors_total\":3");
    CHECK_LACKS(told, "outcome");
    told = tell(ALL);
    CHECK_CONTAINS(told, "\"postern_log_errors_total\":0");
    CHECK_CONTAINS(told, ORDERS("placed", "6"));
    end();
}

/* One process goes on where the one before it was. */
static void test_processes(void)
{
    begin();
    metrics_add(METRIC_ORDERS, 5, METRICS_WITH(IS_PLACED));
    pid_t child = fork();
    if (child == 0) {
        tell(ALL);
        _exit(0);
    }
    CHECK_INT(waitpid(child, NULL, 0), child);
    metrics_add(METRIC_ORDERS, 1, METRICS_WITH(IS_PLACED));
    CHECK_CONTAINS(tell(ALL), ORDERS("placed", "1"));
    end();
}

/* With numbers as large as can be, and a bucket of each kind: all is told, within the bound. */
static void test_longest(void)
{
    begin();
    for (enum metric metric = 0; metric < METRIC_MAX; metric++) {
        const struct table_metric *row = &table_metrics[metric];
        if (row->type != METRIC_HISTOGRAM) {
            metrics_set(metric, INT64_MAX, METRICS_BARE);
            continue;
        }
        for (int64_t value = 1; value < INT64_MAX / 4; value *= 2) {
            for (int i = 0; i < 100; i++)
                metrics_observe(metric, value, METRICS_BARE);
        }
    }
    const char *told = tell(ALL);
    CHECK_CONTAINS(told, "\"postern_writer_group_changes\":{\"Values\":[1,2,4,8,16,32,64,128]");
    CHECK_CONTAINS(told, "\"postern_log_errors_total\":9223372036854775807");
    CHECK_CONTAINS(told, "\"route\":\"-\",\"code\":\"0xx\"");
    printf("emf: the longest object has %zu bytes\n", longest);
    CHECK_COMPARE(longest, <=, EMF_MEMBERS_MAX);
    end();
}

static void test_not_open(void)
{
    buffer_init(&text, TEXT_MAX);
    CHECK_TEXT(tell(ALL), "");
}

int main(void)
{
    CU_TestInfo tests[] = {{"histogram", test_histogram}, {"growth", test_growth},
                           {"gauges", test_gauges},       {"not put", test_not_put},
                           {"processes", test_processes}, {"longest", test_longest},
                           {"not open", test_not_open},   CU_TEST_INFO_NULL};
    return suite_run("unit/metrics/emf", NULL, NULL, tests);
}
