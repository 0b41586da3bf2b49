#include "spans/span.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "suite.h"

static const struct span_origin origin = {"1.2.3", "instance"};
static const struct trace first = {.id = "0af7651916cd43dd8448eb211c80319c",
                                   .span = "b7ad6b7169203331"};
static const struct trace inner = {.id = "0af7651916cd43dd8448eb211c80319c",
                                   .span = "b7ad6b7169203331",
                                   .parent = "00f067aa0ba902b7"};
static struct buffer line;
static const struct span_attribute none[] = {{.name = NULL}};
static const struct span_attribute two[] = {
    {"http.route", "/products/{id}", 0}, {"http.response.status_code", NULL, 200}, {.name = NULL}};

#define BEGINNING                                                                                  \
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":["                                          \
    "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"postern\"}},"                          \
    "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"1.2.3\"}},"                         \
    "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"instance\"}}]},"                \
    "\"scopeSpans\":[{\"scope\":{\"name\":\"postern\"},\"spans\":[{"                               \
    "\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\""

static void test_write(void)
{
    static const struct {
        int line;
        struct span span;
        const char *text;
    } rows[] = {
        {__LINE__,
         {.trace = &first,
          .name = {"GET", "/products/{id}"},
          .kind = SPAN_SERVER,
          .start_us = 1700000000000001,
          .end_us = 1700000000000500,
          .attributes = two},
         BEGINNING ",\"name\":\"GET /products/{id}\",\"kind\":2,"
                   "\"startTimeUnixNano\":\"1700000000000001000\","
                   "\"endTimeUnixNano\":\"1700000000000500000\",\"attributes\":["
                   "{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/products/{id}\"}},"
                   "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"200\"}}],"
                   "\"status\":{}}]}]}]}\n"},
        {__LINE__,
         {.trace = &inner,
          .name = {"commit", NULL},
          .kind = SPAN_INTERNAL,
          .failed = true,
          .state = "a=\"\\\t,b=1",
          .attributes = none},
         BEGINNING ",\"parentSpanId\":\"00f067aa0ba902b7\",\"traceState\":\"a=\\\"\\\\?,b=1\","
                   "\"name\":\"commit\",\"kind\":1,\"startTimeUnixNano\":\"0000\","
                   "\"endTimeUnixNano\":\"0000\",\"attributes\":[],\"status\":{\"code\":2}}]}]}]}"
                   "\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(span_write(&rows[i].span, &origin, &line));
        CHECK_TEXT(line.data, rows[i].text);
        cJSON *json = cJSON_Parse(line.data);
        CHECK_NOT_NULL(json);
        cJSON_Delete(json);
    }
}

/* What does not fit is refused whole, and the next one is written as ever. */
static void test_longest(void)
{
    char *text = calloc(1, SPAN_LINE_MAX + 1);
    REQUIRE_NOT_NULL(text);
    struct span span = {.trace = &first,
                        .name = {"x", NULL},
                        .kind = SPAN_SERVER,
                        .attributes = SPAN_ATTRIBUTES(SPAN_TEXT("a", text))};
    REQUIRE_TRUE(span_write(&span, &origin, &line));
    size_t room = SPAN_LINE_MAX - line.len;
    memset(text, 'y', room);
    CHECK_TRUE(span_write(&span, &origin, &line));
    CHECK_INT(line.len, SPAN_LINE_MAX);
    memset(text, 'y', room + 1);
    CHECK_FALSE(span_write(&span, &origin, &line));
    text[0] = '\0';
    CHECK_TRUE(span_write(&span, &origin, &line));
    free(text);
}

static int setup(void)
{
    buffer_init(&line, SPAN_LINE_MAX);
    return 0;
}

static int teardown(void)
{
    buffer_free(&line);
    return 0;
}

int main(void)
{
    CU_TestInfo tests[] = {{"write", test_write}, {"longest", test_longest}, CU_TEST_INFO_NULL};
    return suite_run("unit/spans/span", setup, teardown, tests);
}
