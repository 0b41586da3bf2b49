#include "http/header.h"

#include <string.h>

#include "check.h"
#include "suite.h"

static void test_is_json(void)
{
    static const struct {
        int line;
        const char *type;
        bool json;
    } rows[] = {
        {__LINE__, "application/json", true},
        {__LINE__, "Application/JSON", true},
        {__LINE__, "application/json; charset=utf-8", true},
        {__LINE__, "application/json;charset=\"utf-8\"", true},
        {__LINE__, "application/json \t;", true},
        {__LINE__, "application/json ", true},
        {__LINE__, NULL, false},
        {__LINE__, "", false},
        {__LINE__, "text/plain", false},
        {__LINE__, "application/jsonp", false},
        {__LINE__, "application/json-patch+json", false},
        {__LINE__, "application/json, text/plain", false},
        {__LINE__, "application/json text", false},
        {__LINE__, "application/problem+json", false},
        {__LINE__, "application/js", false},
        {__LINE__, "application/x-www-form-urlencoded", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(header_is_json(rows[i].type), rows[i].json);
    }
}

static void test_is_host(void)
{
    static const struct {
        int line;
        const char *host;
        bool good;
    } rows[] = {
        {__LINE__, "a", true},
        {__LINE__, "vpc-endpoint-service-demo.internal.com", true},
        {__LINE__, "A1.b-2.c:8080", true},
        {__LINE__, "10.0.0.1:80", true},
        {__LINE__, "a.", true},
        {__LINE__, "a:", true},
        {__LINE__, "[::1]", true},
        {__LINE__, "[::ffff:10.0.0.1]:80", true},
        {__LINE__, "my_service", false},
        {__LINE__, "my_service:8080", false},
        {__LINE__, "", false},
        {__LINE__, ":80", false},
        {__LINE__, ".", false},
        {__LINE__, ".a", false},
        {__LINE__, "a..b", false},
        {__LINE__, "-a", false},
        {__LINE__, "a-", false},
        {__LINE__, "a-.b", false},
        {__LINE__, "a.-b", false},
        {__LINE__, "a:b", false},
        {__LINE__, "a:1:2", false},
        {__LINE__, "a b", false},
        {__LINE__, "caf\xc3\xa9", false},
        {__LINE__, "[::1", false},
        {__LINE__, "[x]", false},
        {__LINE__, "[::1]x", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(header_is_host(rows[i].host), rows[i].good);
    }
}

static void test_idempotency_key(void)
{
    static const struct {
        int line;
        const char *header;
        const char *key; /* NULL: refused */
    } rows[] = {
        {__LINE__, "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"",
         "8e03978e-40d5-43e8-bc93-6894a57f9324"},
        {__LINE__, "8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"},
        {__LINE__, "\"a\"", "a"},
        {__LINE__, " \t\"a\" \t", "a"},
        {__LINE__, " a ", "a"},
        {__LINE__, "\"a b,c;d\"", "a b,c;d"},
        {__LINE__, "\" \"", " "},
        {__LINE__, "\"a\\\"b\\\\c\"", "a\"b\\c"},
        {__LINE__, "\"~\"", "~"},
        {__LINE__, "a+b/c==", "a+b/c=="},
        {__LINE__, "order:7|x", "order:7|x"},
        {__LINE__, "", NULL},
        {__LINE__, " ", NULL},
        {__LINE__, "\"", NULL},
        {__LINE__, "\"\"", NULL},
        {__LINE__, "\"a", NULL},
        {__LINE__, "a\"", NULL},
        {__LINE__, "\"a\"b", NULL},
        {__LINE__, "\"a\" b", NULL},
        {__LINE__, "\"a\";p=1", NULL},
        {__LINE__, "\"a\", \"b\"", NULL},
        {__LINE__, "a b", NULL},
        {__LINE__, "a,b", NULL},
        {__LINE__, "a;b", NULL},
        {__LINE__, "\"a\\b\"", NULL},
        {__LINE__, "\"a\\", NULL},
        {__LINE__, "\"a\\\"", NULL},
        {__LINE__, "\"a\tb\"", NULL},
        {__LINE__, "\"a\x7f\"", NULL},
        {__LINE__, "\"\xc3\xa9\"", NULL},
        {__LINE__, "\xc3\xa9", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char key[ORDER_KEY_MAX + 1] = "";
        bool taken = header_idempotency_key(rows[i].header, key);
        CHECK_INT(taken, rows[i].key != NULL);
        if (taken)
            CHECK_TEXT(key, rows[i].key);
    }
}

static void test_idempotency_key_lengths(void)
{
    static const struct {
        int line;
        const char *before, *unit, *after;
        size_t units;
        bool taken;
    } rows[] = {
        {__LINE__, "", "k", "", ORDER_KEY_MAX, true},
        {__LINE__, "", "k", "", ORDER_KEY_MAX + 1, false},
        {__LINE__, "\"", "k", "\"", ORDER_KEY_MAX, true},
        {__LINE__, "\"", "k", "\"", ORDER_KEY_MAX + 1, false},
        {__LINE__, "\"", "\\\"", "\"", ORDER_KEY_MAX, true},
        {__LINE__, "\"", "\\\"", "\"", ORDER_KEY_MAX + 1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char header[2 * ORDER_KEY_MAX + 8], key[ORDER_KEY_MAX + 1] = "";
        size_t used = (size_t)snprintf(header, sizeof header, "%s", rows[i].before);
        for (size_t n = 0; n < rows[i].units; n++)
            used += (size_t)snprintf(header + used, sizeof header - used, "%s", rows[i].unit);
        snprintf(header + used, sizeof header - used, "%s", rows[i].after);
        CHECK_INT(header_idempotency_key(header, key), rows[i].taken);
        if (rows[i].taken)
            CHECK_INT(strlen(key), rows[i].units);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"is JSON", test_is_json},
                           {"hosts are names or addresses", test_is_host},
                           {"idempotency key", test_idempotency_key},
                           {"idempotency key's length", test_idempotency_key_lengths},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/header", NULL, NULL, tests);
}
