/* What `postern status` makes of the text that the server tells. */
#include "command/sample.h"

#include <stdlib.h>

#include "check.h"
#include "command/overview.h"
#include "suite.h"

#define NAME "postern_request_duration_seconds"

/* Takes a text apart, as of a server at that second. */
static void read_text(struct sample *sample, int second, const char *text)
{
    *sample = (struct sample){.at_us = second * INT64_C(1000000)};
    buffer_init(&sample->text, SAMPLE_TEXT_MAX);
    buffer_text(&sample->text, text);
    REQUIRE_TRUE(sample_parse(sample));
}

static void test_lines(void)
{
    static const struct {
        int line;
        const char *text;
        size_t count;
        const char *name, *labels;
        int value;
    } rows[] = {
        {__LINE__, "a_total 7\n", 1, "a_total", "", 7},
        {__LINE__, "a{b=\"c d\",e=\"f\"} 8.5\n", 1, "a", "b=\"c d\",e=\"f\"", 8},
        {__LINE__, "# HELP a it is 7\n", 0, NULL, NULL, 0},
        {__LINE__, "", 0, NULL, NULL, 0},
        {__LINE__, "\n\n", 0, NULL, NULL, 0},
        {__LINE__, "a\n", 0, NULL, NULL, 0},
        {__LINE__, "a seven\n", 0, NULL, NULL, 0},
        {__LINE__, "a 7x\n", 0, NULL, NULL, 0},
        {__LINE__, "a \n", 0, NULL, NULL, 0},
        {__LINE__, "a{b=\"c\" 7\n", 0, NULL, NULL, 0},
        {__LINE__, "a{b=\"c\"}x 7\n", 0, NULL, NULL, 0},
        {__LINE__, "a 7", 0, NULL, NULL, 0}, /* no whole line */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct sample sample;
        read_text(&sample, 1, rows[i].text);
        CHECK_INT(sample.count, rows[i].count);
        if (sample.count == 1 && rows[i].count == 1) {
            CHECK_TEXT(sample.list[0].name, rows[i].name);
            CHECK_TEXT(sample.list[0].labels, rows[i].labels);
            CHECK_INT((int)sample.list[0].value, rows[i].value);
        }
        sample_free(&sample);
    }
}

static void test_labels(void)
{
    static const char labels[] = "route=\"/a\",method=\"GET\",te=\"x\"";
    char out[SAMPLE_VALUE_SIZE];
    CHECK_TRUE(sample_label(labels, "route", out));
    CHECK_TEXT(out, "/a");
    CHECK_TRUE(sample_label(labels, "method", out));
    CHECK_TEXT(out, "GET");
    CHECK_TRUE(sample_label(labels, "te", out));
    CHECK_TEXT(out, "x");
    CHECK_FALSE(sample_label(labels, "out", out));
    CHECK_TEXT(out, "");
    CHECK_FALSE(sample_label(labels, "meth", out));
    CHECK_FALSE(sample_label("", "route", out));
}

static void test_sum(void)
{
    struct sample sample;
    read_text(&sample, 1, "a{b=\"c\",d=\"e\"} 1\na{b=\"c\",d=\"f\"} 2\na{b=\"g\"} 4\naa 8\n");
    CHECK_INT((int)sample_sum(&sample, "a", NULL, NULL), 7);
    CHECK_INT((int)sample_sum(&sample, "a", "b", "c"), 3);
    CHECK_INT((int)sample_sum(&sample, "a", "d", "f"), 2);
    CHECK_INT((int)sample_sum(&sample, "b", NULL, NULL), 0);
    sample_free(&sample);
}

#define ROUTE(route, code, low, high, all)                                                         \
    NAME "_bucket{route=\"" route "\",code=\"" code "\",le=\"0.01\"} " low "\n" NAME               \
         "_bucket{route=\"" route "\",code=\"" code "\",le=\"0.1\"} " high "\n" NAME               \
         "_bucket{route=\"" route "\",code=\"" code "\",le=\"+Inf\"} " all "\n" NAME               \
         "_count{route=\"" route "\",code=\"" code "\"} " all "\n"

/* Between the two, /a had 10 + 90 requests of code 200 and 100 of 503; /b none. */
#define EARLIER ROUTE("/a", "200", "5", "5", "5") ROUTE("/b", "200", "7", "7", "9")
#define LATER                                                                                      \
    ROUTE("/b", "200", "7", "7", "9")                                                              \
    ROUTE("/a", "200", "15", "105", "105") ROUTE("/a", "503", "0", "0", "100")

static int hundredths_ms(const struct traffic_row *row, double share)
{
    return (int)(traffic_quantile(row, share) * 100000 + 0.5);
}

static void test_traffic(void)
{
    struct sample earlier, later;
    struct traffic *traffic = malloc(sizeof *traffic);
    REQUIRE_NOT_NULL(traffic);
    read_text(&earlier, 1, EARLIER);
    read_text(&later, 3, LATER);
    traffic_read(traffic, &earlier, &later, "route");
    REQUIRE_INT(traffic->count, 2);
    const struct traffic_row *row = &traffic->rows[0];
    CHECK_TEXT(row->name, "/a");
    CHECK_INT((int)row->requests, 200);
    CHECK_INT((int)row->total, 205);
    CHECK_INT((int)row->failures, 100);
    CHECK_INT(hundredths_ms(row, 0.05), 1000);  /* on a bound */
    CHECK_INT(hundredths_ms(row, 0.025), 500);  /* half-way to it */
    CHECK_INT(hundredths_ms(row, 0.275), 5500); /* half-way between two */
    CHECK_INT(hundredths_ms(row, 0.99), 10000); /* above the last one that is finite */
    CHECK_TEXT(traffic->rows[1].name, "/b");
    CHECK_INT((int)traffic->rows[1].requests, 0);
    CHECK_INT((int)traffic->rows[1].total, 9);
    CHECK_TRUE(traffic_quantile(&traffic->rows[1], 0.5) < 0);
    sample_free(&earlier);
    sample_free(&later);
    free(traffic);
}

static void test_overview(void)
{
    struct sample earlier, later;
    struct buffer out;
    struct overview *overview = malloc(sizeof *overview);
    REQUIRE_NOT_NULL(overview);
    buffer_init(&out, SAMPLE_TEXT_MAX);
    read_text(&earlier, 1, EARLIER);
    read_text(&later, 3,
              LATER "postern_build_info{version=\"1.2 (abc)\"} 1\n"
                    "postern_store_info{driver=\"sqlite\",schema=\"3\"} 1\npostern_draining 1\n"
                    "postern_workers{state=\"idle\"} 4\npostern_order_value_total 12.34\n");
    overview_make(overview, &earlier, &later, "then one\nbefore two \"quoted\"\n");
    overview_put_text(overview, &out);
    CHECK_START(out.data, "postern  1.2 (abc), draining, up for ");
    CHECK_CONTAINS(out.data, "\nstore    sqlite, schema 3: NOT READY; ");
    CHECK_CONTAINS(
        out.data,
        "\n/a                                100.0   100.00   100.00      50.0          205\n");
    CHECK_CONTAINS(
        out.data,
        "\n/b                                  0.0        -        -       0.0            9\n");
    CHECK_CONTAINS(out.data, "\nlast errors\nthen one\nbefore two");
    buffer_reset(&out, 0);
    overview_put_json(overview, &out);
    CHECK_START(out.data, "{\"version\":\"1.2 (abc)\",");
    CHECK_CONTAINS(out.data, "\"workers_idle\":4,");
    CHECK_CONTAINS(out.data, "\"orders_value\":12.34,");
    CHECK_CONTAINS(out.data, "\"routes\":[{\"route\":\"/a\",\"requests_per_second\":100.00,");
    CHECK_CONTAINS(out.data, "\"errors\":[\"then one\",\"before two \\\"quoted\\\"\"]}\n");
    buffer_free(&out);
    sample_free(&earlier);
    sample_free(&later);
    free(overview);
}

#define SERVER(start) "postern_start_time_seconds " start ".000000\n"

/* A server that began anew between the two has told less than the one before it. */
static void test_another_server(void)
{
    struct sample earlier, later;
    struct buffer out;
    struct overview *overview = malloc(sizeof *overview);
    REQUIRE_NOT_NULL(overview);
    buffer_init(&out, SAMPLE_TEXT_MAX);
    read_text(&earlier, 1, SERVER("1000") LATER);
    read_text(&later, 3, SERVER("2000") EARLIER);
    overview_make(overview, &earlier, &later, "");
    REQUIRE_INT(overview->routes.count, 2);
    CHECK_TEXT(overview->routes.rows[0].name, "/b");
    CHECK_INT((int)overview->routes.rows[0].requests, 9);
    CHECK_INT((int)overview->routes.rows[1].requests, 5);
    CHECK_TRUE(overview->seconds == overview->uptime);
    overview_put_json(overview, &out);
    CHECK_LACKS(out.data, "-");
    buffer_free(&out);
    sample_free(&earlier);
    sample_free(&later);
    free(overview);
}

/* Not every kernel tells how many wait. */
static void test_what_is_not_told(void)
{
    static const struct {
        int line;
        const char *told, *text, *json;
    } rows[] = {{__LINE__, "postern_queue_length 3\n", "; 3 wait\n", ",\"queue\":3,"},
                {__LINE__, "postern_queue_length 0\n", "; 0 wait\n", ",\"queue\":0,"},
                {__LINE__, "", "; ? wait\n", NULL}};
    struct overview *overview = malloc(sizeof *overview);
    REQUIRE_NOT_NULL(overview);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct sample sample;
        struct buffer out;
        read_text(&sample, 1, rows[i].told);
        buffer_init(&out, SAMPLE_TEXT_MAX);
        overview_make(overview, &sample, &sample, "");
        overview_put_text(overview, &out);
        CHECK_CONTAINS(out.data, rows[i].text);
        buffer_reset(&out, SAMPLE_TEXT_MAX);
        overview_put_json(overview, &out);
        if (rows[i].json)
            CHECK_CONTAINS(out.data, rows[i].json);
        else
            CHECK_LACKS(out.data, "\"queue\"");
        buffer_free(&out);
        sample_free(&sample);
    }
    free(overview);
}

int main(void)
{
    CU_TestInfo tests[] = {{"lines", test_lines},
                           {"labels", test_labels},
                           {"sum", test_sum},
                           {"traffic", test_traffic},
                           {"overview", test_overview},
                           {"another server", test_another_server},
                           {"what is not told", test_what_is_not_told},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/command/sample", NULL, NULL, tests);
}
