/* lighttpd's lines as JSON: what is one stays, what is none becomes the message of one. */
#include "programs/json_line.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "suite.h"

#define NOW "2026-11-26T12:34:56Z"

enum { LONG = JSON_LINE_MESSAGE_MAX + 100, OUT_SIZE = 3 * LONG + JSON_LINE_ROOM };

static char out[OUT_SIZE];

static size_t write_line(const char *line, size_t len)
{
    memset(out, '?', sizeof out);
    return json_line_write(line, len, NOW, out);
}

static void test_objects_stay(void)
{
    static const struct {
        int line;
        const char *text, *wanted; /* NULL: the same */
    } rows[] = {
        {__LINE__, "{\"a\":\"b\"}", NULL},
        {__LINE__, "{\"status\":200,\"bytes\":\"-\",\"d\":0,\"e\":-17}", NULL},
        {__LINE__, "{\"\":\"\"}", NULL},
        {__LINE__, "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uABCD\\uabcd\"}", NULL},
        {__LINE__, "{\"a\":\"\xc3\xa9 \x7f\"}", NULL},
        {__LINE__, "{\"a\":\"\xe9 \xc3\"}", "{\"a\":\"\xef\xbf\xbd \xef\xbf\xbd\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *wanted = rows[i].wanted ? rows[i].wanted : rows[i].text;
        CHECK_ROW(rows[i].line);
        size_t len = write_line(rows[i].text, strlen(rows[i].text));
        CHECK_BYTES(out, len - 1, wanted, strlen(wanted));
        CHECK_INT(out[len - 1], '\n');
        CHECK_INT(out[len], '?');
    }
}

static void test_the_rest_becomes_a_message(void)
{
    static const struct {
        int line;
        const char *text, *wanted; /* from after "{" to before "}" */
    } rows[] = {
        {__LINE__, "", "\"time\":\"" NOW "\",\"level\":\"warn\",\"message\":\"\""},
        {__LINE__, "2026-01-31 23:59:00: (gw_backend.c.321) all handlers are down",
         "\"time\":\"2026-01-31T23:59:00Z\",\"level\":\"warn\","
         "\"message\":\"(gw_backend.c.321) all handlers are down\""},
        {__LINE__, "2026-01-31 23:59:00: (server.c.1704) server started (lighttpd/1.4.69)",
         "\"time\":\"2026-01-31T23:59:00Z\",\"level\":\"info\","
         "\"message\":\"(server.c.1704) server started (lighttpd/1.4.69)\""},
        {__LINE__, "2026-01-31 23:59:00: (server.c.9) server stopped by UID = 0 PID = 1",
         "\"time\":\"2026-01-31T23:59:00Z\",\"level\":\"info\","
         "\"message\":\"(server.c.9) server stopped by UID = 0 PID = 1\""},
        {__LINE__, "server started",
         "\"time\":\"" NOW "\",\"level\":\"info\",\"message\":\"server started\""},
        {__LINE__, "(a server started",
         "\"time\":\"" NOW "\",\"level\":\"info\",\"message\":\"(a server started\""},
        {__LINE__, "x server started",
         "\"time\":\"" NOW "\",\"level\":\"warn\",\"message\":\"x server started\""},
        {__LINE__, "server starte",
         "\"time\":\"" NOW "\",\"level\":\"warn\",\"message\":\"server starte\""},
        {__LINE__, "2026-01-31 23:59:00: ",
         "\"time\":\"2026-01-31T23:59:00Z\",\"level\":\"warn\",\"message\":\"\""},
        {__LINE__, "2026-01-31 23:59:00:",
         "\"time\":\"" NOW "\",\"level\":\"warn\",\"message\":\"2026-01-31 23:59:00:\""},
        {__LINE__, "2026-01-31 23:59:0/: x",
         "\"time\":\"" NOW "\",\"level\":\"warn\",\"message\":\"2026-01-31 23:59:0/: x\""},
        {__LINE__, "2026-01-31 23:59:0:: x",
         "\"time\":\"" NOW "\",\"level\":\"warn\",\"message\":\"2026-01-31 23:59:0:: x\""},
        {__LINE__, "2026-01-31T23:59:00: x",
         "\"time\":\"" NOW "\",\"level\":\"warn\",\"message\":\"2026-01-31T23:59:00: x\""},
        {__LINE__, "caf\xe9 \xc3\xa9 \"\\ \x01\x7f\xc2\x9b",
         "\"time\":\"" NOW "\",\"level\":\"warn\","
         "\"message\":\"caf\xef\xbf\xbd \xc3\xa9 \\\"\\\\ \\u0001\\u007f\\u009b\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char wanted[512];
        CHECK_ROW(rows[i].line);
        snprintf(wanted, sizeof wanted, "{%s}\n", rows[i].wanted);
        size_t len = write_line(rows[i].text, strlen(rows[i].text));
        CHECK_BYTES(out, len, wanted, strlen(wanted));
    }
}

/* Almost objects: each becomes a message, which says the same. */
static void test_broken_objects(void)
{
    static const char *const rows[] = {
        "{",
        "{}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\":1}x",
        " {\"a\":1}",
        "{\"a\":1} ",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.5}",
        "{\"a\":1/}",
        "{\"a\":1:}",
        "{\"a\":true}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":{}}",
        "{\"a\":\"b}",
        "{\"a\":\"b\\\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u123g\"}",
        "{\"a\":\"\\u123",
        "{\"a\":\"\\",
        "{\"a\":\"\x1f\"}",
        "{\"a\":\"\0015}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = write_line(rows[i], strlen(rows[i]));
        out[len - 1] = '\0';
        cJSON *json = cJSON_ParseWithOpts(out, NULL, true);
        const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(json, "message"));
        CHECK_TEXT(message ? message : "none", rows[i]);
        cJSON_Delete(json);
    }
}

static void test_a_nul(void)
{
    static const char line[] = "a\0b", wanted[] = "\"message\":\"a\\u0000b\"}\n";
    size_t len = write_line(line, sizeof line - 1);
    CHECK_BYTES(out + len - (sizeof wanted - 1), sizeof wanted - 1, wanted, sizeof wanted - 1);
}

/* A message has its bound, with whole characters before the mark of the cut. */
static void test_long_messages(void)
{
    static const struct {
        int line;
        const char *piece;
        size_t pieces; /* of the input */
        size_t whole;  /* pieces that are written */
        size_t written;
    } rows[] = {
        {__LINE__, "x", JSON_LINE_MESSAGE_MAX - 3, JSON_LINE_MESSAGE_MAX - 3, 1},
        {__LINE__, "x", JSON_LINE_MESSAGE_MAX - 2, JSON_LINE_MESSAGE_MAX - 3, 1},
        {__LINE__, "x", LONG, JSON_LINE_MESSAGE_MAX - 3, 1},
        {__LINE__, "\xc3\xa9", LONG / 2, (JSON_LINE_MESSAGE_MAX - 3) / 2, 2},
        {__LINE__, "\xff", LONG, (JSON_LINE_MESSAGE_MAX - 3) / 3, 3},
        {__LINE__, "\x01", LONG, (JSON_LINE_MESSAGE_MAX - 3) / 6, 6},
    };
    static const char mark[] = "\xe2\x80\xa6\"}\n";
    static char line[LONG + 1];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t piece = strlen(rows[i].piece), written = rows[i].whole * rows[i].written;
        CHECK_ROW(rows[i].line);
        for (size_t j = 0; j < rows[i].pieces; j++)
            memcpy(line + j * piece, rows[i].piece, piece);
        size_t len = write_line(line, rows[i].pieces * piece);
        const char *start = memmem(out, len, "\"message\":\"", 11);
        REQUIRE_NOT_NULL(start);
        bool cut = rows[i].whole < rows[i].pieces;
        CHECK_INT(len - (size_t)(start + 11 - out), written + (cut ? sizeof mark - 1 : 3));
        CHECK_INT(memmem(out, len, mark, sizeof mark - 1) != NULL, cut);
        CHECK_INT(out[len], '?');
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a line of the access log stays", test_objects_stay},
        {"a line of the error log becomes a message", test_the_rest_becomes_a_message},
        {"what is almost an object becomes a message", test_broken_objects},
        {"a NUL byte", test_a_nul},
        {"a long message is cut", test_long_messages},
        CU_TEST_INFO_NULL,
    };
    return suite_run("programs/json_line", NULL, NULL, tests);
}
