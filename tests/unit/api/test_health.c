
#include "call.h"
#include "check.h"
#include "suite.h"

static enum api_status call_health(const char *path, struct api_request request)
{
    return call(&health_resource, API_READ, path, request);
}

static void test_handlers(void)
{
    static const struct {
        int line;
        const char *path;
        bool draining;
        enum store_result result;
        enum api_status status;
    } rows[] = {
        {__LINE__, "/healthz", false, STORE_OK, API_OK},
        {__LINE__, "/healthz", true, STORE_UNREACHABLE, API_OK},
        {__LINE__, "/readyz", false, STORE_OK, API_OK},
        {__LINE__, "/readyz", true, STORE_OK, API_DRAINING},
        {__LINE__, "/readyz", true, STORE_UNREACHABLE, API_DRAINING},
        {__LINE__, "/readyz", false, STORE_BUSY, API_STORE_BUSY},
        {__LINE__, "/readyz", false, STORE_UNREACHABLE, API_STORE_DOWN},
        {__LINE__, "/readyz", false, STORE_OLD_SCHEMA, API_STORE_DOWN},
        {__LINE__, "/readyz", false, STORE_NEW_SCHEMA, API_STORE_DOWN},
        {__LINE__, "/readyz", false, STORE_UNSUITABLE, API_STORE_DOWN},
        {__LINE__, "/readyz", false, STORE_FAULT, API_FAULT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        const struct api_request request = {.draining = rows[i].draining,
                                            .store_state = rows[i].result};
        CHECK_INT(call_health(rows[i].path, request), rows[i].status);
        CHECK_INT(fake.calls, 0, "a probe asks no store");
        if (rows[i].status == API_OK)
            CHECK_TEXT(response.body.data, "{\"status\":\"ok\"}");
    }
}

static void test_pretty(void)
{
    const struct api_request request = {.pretty = true};
    CHECK_INT(call_health("/healthz", request), API_OK);
    CHECK_TEXT(response.body.data, "{\n  \"status\": \"ok\"\n}\n");
}

int main(void)
{
    CU_TestInfo tests[] = {{"handlers", test_handlers}, {"pretty", test_pretty}, CU_TEST_INFO_NULL};
    return suite_run("unit/api/health", call_setup, call_teardown, tests);
}
