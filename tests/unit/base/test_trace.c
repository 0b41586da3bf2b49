#include "base/trace.h"

#include <stdio.h>

#include "check.h"
#include "suite.h"

#define ID    "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"
#define ZEROS "00000000000000000000000000000000"

static void test_read(void)
{
    static const struct {
        int line;
        const char *text;
        bool is, sampled;
    } rows[] = {
        {__LINE__, "00-" ID "-" SPAN "-01", true, true},
        {__LINE__, "00-" ID "-" SPAN "-00", true, false},
        {__LINE__, "00-" ID "-" SPAN "-02", true, false},
        {__LINE__, "00-" ID "-" SPAN "-ff", true, true},
        /* A later version may have more, behind a hyphen. */
        {__LINE__, "cc-" ID "-" SPAN "-01", true, true},
        {__LINE__, "cc-" ID "-" SPAN "-01-what-the-future-holds", true, true},
        {__LINE__, "cc-" ID "-" SPAN "-01-", true, true},
        {__LINE__, "cc-" ID "-" SPAN "-01.what", false, false},
        {__LINE__, "00-" ID "-" SPAN "-01-more", false, false},
        {__LINE__, "00-" ID "-" SPAN "-01-", false, false},
        {__LINE__, "00-" ID "-" SPAN "-011", false, false},
        {__LINE__, "ff-" ID "-" SPAN "-01", false, false},
        {__LINE__, "0-" ID "-" SPAN "-01", false, false},
        {__LINE__, "0G-" ID "-" SPAN "-01", false, false},
        {__LINE__, "", false, false},
        {__LINE__, "00-" ID "-" SPAN, false, false},
        {__LINE__, "00-" ID "-" SPAN "-1", false, false},
        {__LINE__, "00-" ID "-" SPAN "-.1", false, false},
        {__LINE__, "00-" ZEROS "-" SPAN "-01", false, false},
        {__LINE__, "00-" ID "-0000000000000000-01", false, false},
        {__LINE__, "00-0AF7651916cd43dd8448eb211c80319c-" SPAN "-01", false, false},
        {__LINE__, "00-" ID "-B7ad6b7169203331-01", false, false},
        {__LINE__, "00_" ID "-" SPAN "-01", false, false},
        {__LINE__, "00-" ID "_" SPAN "-01", false, false},
        {__LINE__, "00-" ID "-" SPAN "_01", false, false},
        {__LINE__, " 00-" ID "-" SPAN "-01", false, false},
        {__LINE__, "00-" ID "-" SPAN "-01 ", false, false},
        /* Two headers, as a web server puts them together. */
        {__LINE__, "00-" ID "-" SPAN "-01, 00-" ID "-" SPAN "-01", false, false},
        {__LINE__, "00-" ID "-" SPAN "-01,00-" ID "-" SPAN "-01", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trace trace = {.id = "before"};
        CHECK_ROW(rows[i].line);
        CHECK_INT(trace_read(rows[i].text, &trace), rows[i].is);
        CHECK_TEXT(trace.id, rows[i].is ? ID : "before");
        CHECK_TEXT(trace.parent, rows[i].is ? SPAN : "");
        CHECK_TEXT(trace.span, "");
        CHECK_INT(trace.sampled, rows[i].sampled);
    }
}

static void test_start(void)
{
    struct trace joined, first, second, inner;
    trace_start("00-" ID "-" SPAN "-01", &joined);
    CHECK_TEXT(joined.id, ID);
    CHECK_TEXT(joined.parent, SPAN);
    CHECK_TRUE(trace_is_span(joined.span), "%s", joined.span);
    CHECK_OTHER_TEXT(joined.span, SPAN);
    CHECK_TRUE(joined.sampled);

    trace_start(NULL, &first);
    trace_start("00-" ID "-" SPAN "-x1", &second);
    CHECK_TRUE(trace_is_id(first.id), "%s", first.id);
    CHECK_TRUE(trace_is_id(second.id), "%s", second.id);
    CHECK_OTHER_TEXT(first.id, second.id);
    CHECK_OTHER_TEXT(second.id, ID);
    CHECK_TEXT(second.parent, "");
    CHECK_FALSE(second.sampled);

    trace_within(&joined, &inner);
    CHECK_TEXT(inner.id, ID);
    CHECK_TEXT(inner.parent, joined.span);
    CHECK_OTHER_TEXT(inner.span, joined.span);
    CHECK_TRUE(inner.sampled);
}

static void test_is_id(void)
{
    CHECK_TRUE(trace_is_id(ID));
    CHECK_FALSE(trace_is_id(ZEROS));
    CHECK_FALSE(trace_is_id(ID "0"));
    CHECK_FALSE(trace_is_id(SPAN));
    CHECK_FALSE(trace_is_id(""));
    CHECK_TRUE(trace_is_span(SPAN));
    CHECK_FALSE(trace_is_span("0000000000000000"));
    CHECK_FALSE(trace_is_span("b7ad6b716920333g"));
    CHECK_FALSE(trace_is_span(ID));
}

/* What a trace that began here is wanted for goes by its id alone. */
static void test_is_wanted(void)
{
    enum { TRACES = 20000, RATE = 250000 };
    struct trace trace = {.id = ID, .span = SPAN, .parent = SPAN, .sampled = true};
    int wanted = 0;
    CHECK_TRUE(trace_is_wanted(&trace, 0));
    trace.sampled = false;
    CHECK_FALSE(trace_is_wanted(&trace, TRACE_RATE_ALL));
    snprintf(trace.id, sizeof trace.id, "ffffffffffffffffffffffffffffffff");
    trace.parent[0] = '\0';
    CHECK_TRUE(trace_is_wanted(&trace, TRACE_RATE_ALL));
    CHECK_FALSE(trace_is_wanted(&trace, TRACE_RATE_ALL - 1));
    /* Half of the ids are below it, as far as their last 56 bits go. */
    snprintf(trace.id, sizeof trace.id, "ffffffffffffffffff7fffffffffffff");
    CHECK_TRUE(trace_is_wanted(&trace, TRACE_RATE_ALL / 2));
    snprintf(trace.id, sizeof trace.id, "00000000000000000080000000000000");
    CHECK_FALSE(trace_is_wanted(&trace, TRACE_RATE_ALL / 2));
    for (int i = 0; i < TRACES; i++) {
        trace_start(NULL, &trace);
        CHECK_FALSE(trace_is_wanted(&trace, 0));
        wanted += trace_is_wanted(&trace, RATE);
    }
    /* 5000 with a standard deviation of 61. */
    CHECK_COMPARE(wanted, >, 4500);
    CHECK_COMPARE(wanted, <, 5500);
}

#define TEN(x) x x x x x x x x x x

static void test_state(void)
{
    static const struct {
        int line;
        const char *text;
        bool is;
    } rows[] = {
        {__LINE__, "rojo=00f067aa0ba902b7", true},
        {__LINE__, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true},
        {__LINE__, "a=1 , \tb=2,", true},
        {__LINE__, ",,a=1", true},
        {__LINE__, "fw529a3039@dt=FfAaKqnJ", true},
        {__LINE__, "1a-2f@foo=bar1", true},
        {__LINE__, "a_-*/@=x \"\\;~", true},
        {__LINE__, "", false},
        {__LINE__, " , ", false},
        {__LINE__, "a", false},
        {__LINE__, "a=", false},
        {__LINE__, "a= ", false},
        {__LINE__, "=1", false},
        {__LINE__, "A=1", false},
        {__LINE__, "@a=1", false},
        {__LINE__, "a =1", false},
        {__LINE__, "a=1=2", false},
        {__LINE__, "a=\xc3\xa4", false},
        {__LINE__, "a=\x01", false},
        {__LINE__, "a=1\tb", false},
        {__LINE__, TEN("a=1,") TEN("a=1,") TEN("a=1,") "a=1,a=1", true},
        {__LINE__, TEN("a=1,") TEN("a=1,") TEN("a=1,") "a=1,a=1,a=1", false},
        {__LINE__, "a=" TEN(TEN("12")) TEN("12345") "123456", true},
        {__LINE__, "a=" TEN(TEN("12")) TEN("12345") "1234567", false},
        {__LINE__, TEN(TEN("12")) TEN("12345") "123456=1", true},
        {__LINE__, TEN(TEN("12")) TEN("12345") "1234567=1", false},
        {__LINE__, "a=" TEN(TEN("12")) ",b=" TEN(TEN("12")) ",c=" TEN(TEN("1")) "1234", true},
        {__LINE__, "a=" TEN(TEN("12")) ",b=" TEN(TEN("12")) ",c=" TEN(TEN("1")) "12345", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(trace_state_is_valid(rows[i].text), rows[i].is);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"read", test_read},        {"start", test_start},
                           {"is an id", test_is_id},   {"is wanted", test_is_wanted},
                           {"tracestate", test_state}, CU_TEST_INFO_NULL};
    return suite_run("unit/base/trace", NULL, NULL, tests);
}
