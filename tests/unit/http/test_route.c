#include "http/route.h"

#include "check.h"
#include "suite.h"

#define READ   "GET, HEAD, OPTIONS"
#define ORDERS "GET, HEAD, POST, OPTIONS"
#define ID_63  "123456789012345678901234567890123456789012345678901234567890123"

static const struct {
    int line;
    const char *method, *path;
    const char *template; /* NULL: no such path */
    bool takes;           /* the path takes this method */
    const char *id, *allow;
} find_rows[] = {
    {__LINE__, "GET", "/products", "/products", true, "", READ},
    {__LINE__, "HEAD", "/products", "/products", true, "", READ},
    {__LINE__, "GET", "/products/7", "/products/{id}", true, "7", READ},
    {__LINE__, "GET", "/products/a b", "/products/{id}", true, "a b", READ},
    {__LINE__, "GET", "/products/{id}", "/products/{id}", true, "{id}", READ},
    {__LINE__, "GET", "/products/" ID_63, "/products/{id}", true, ID_63, READ},
    {__LINE__, "GET", "/products/4" ID_63, "/products/{id}", true, "", READ},
    {__LINE__, "GET", "/orders", "/orders", true, "", ORDERS},
    {__LINE__, "HEAD", "/orders", "/orders", true, "", ORDERS},
    {__LINE__, "POST", "/orders", "/orders", true, "", ORDERS},
    {__LINE__, "GET", "/orders/x", "/orders/{id}", true, "x", READ},
    {__LINE__, "POST", "/orders/x/cancel", "/orders/{id}/cancel", true, "x", "POST, OPTIONS"},
    {__LINE__, "GET", "/orders/x/cancel", "/orders/{id}/cancel", false, "x", "POST, OPTIONS"},
    {__LINE__, "HEAD", "/orders/x/cancel", "/orders/{id}/cancel", false, "x", "POST, OPTIONS"},
    {__LINE__, "POST", "/orders//cancel", false, NULL, "", ""},
    {__LINE__, "POST", "/orders/x/cancel/", false, NULL, "", ""},
    {__LINE__, "POST", "/orders/x/y/cancel", false, NULL, "", ""},
    {__LINE__, "GET", "/healthz", "/healthz", true, "", READ},
    {__LINE__, "GET", "/readyz", "/readyz", true, "", READ},
    {__LINE__, "GET", "/openapi.json", "/openapi.json", true, "", READ},
    {__LINE__, "POST", "/openapi.json", "/openapi.json", false, "", READ},
    {__LINE__, "DELETE", "/orders", "/orders", false, "", ORDERS},
    {__LINE__, "POST", "/products", "/products", false, "", READ},
    {__LINE__, "POST", "/products/7", "/products/{id}", false, "7", READ},
    {__LINE__, "get", "/products", "/products", false, "", READ},
    {__LINE__, "GETX", "/products", "/products", false, "", READ},
    {__LINE__, "", "/products", "/products", false, "", READ},
    {__LINE__, "OPTIONS", "/orders", "/orders", false, "", ORDERS},
    {__LINE__, "GET", "", NULL, false, "", ""},
    {__LINE__, "GET", "/", NULL, false, "", ""},
    {__LINE__, "GET", "*", NULL, false, "", ""},
    {__LINE__, "GET", "products", NULL, false, "", ""},
    {__LINE__, "GET", "/product", false, NULL, "", ""},
    {__LINE__, "GET", "/Products", false, NULL, "", ""},
    {__LINE__, "GET", "/productsx", false, NULL, "", ""},
    {__LINE__, "GET", "/products/", false, NULL, "", ""},
    {__LINE__, "GET", "/products/7/", false, NULL, "", ""},
    {__LINE__, "GET", "/products/7/8", false, NULL, "", ""},
    {__LINE__, "GET", "/orders//", false, NULL, "", ""},
    {__LINE__, "GET", "/healthz/x", false, NULL, "", ""},
    {__LINE__, "GET", "//products", false, NULL, "", ""},
};

static void test_find(void)
{
    for (size_t i = 0; i < sizeof find_rows / sizeof find_rows[0]; i++) {
        CHECK_ROW(find_rows[i].line);
        struct route_match match;
        route_find(find_rows[i].method, find_rows[i].path, &match);
        CHECK_INT(match.path == NULL, find_rows[i].template == NULL);
        if (match.path)
            CHECK_TEXT(match.path, find_rows[i].template);
        CHECK_INT(match.route != NULL, find_rows[i].takes);
        if (match.route) {
            CHECK_TEXT(match.route->path, match.path);
            CHECK_INT(!match.route->handler, match.route->prepare && match.route->conclude);
        }
        CHECK_TEXT(match.id, find_rows[i].id);
        CHECK_TEXT(match.allow, find_rows[i].allow);
    }
}

/* What http/ does for each route, beside calling its handler. */
static void test_traits(void)
{
    static const struct {
        int line;
        const char *method, *path;
        enum api_verb verb;
        bool takes_body, body_optional, keyed, paged, shared, probe;
    } rows[] = {
        {__LINE__, "GET", "/products", API_READ, false, false, false, true, true, false},
        {__LINE__, "GET", "/products/1", API_READ, false, false, false, false, true, false},
        {__LINE__, "GET", "/orders", API_READ, false, false, false, true, false, false},
        {__LINE__, "POST", "/orders", API_CHANGE, true, false, true, false, false, false},
        {__LINE__, "POST", "/orders/1/cancel", API_CHANGE, true, true, false, false, false, false},
        {__LINE__, "GET", "/orders/1", API_READ, false, false, false, false, false, false},
        {__LINE__, "GET", "/healthz", API_READ, false, false, false, false, false, true},
        {__LINE__, "GET", "/readyz", API_READ, false, false, false, false, false, true},
        {__LINE__, "GET", "/openapi.json", API_READ, false, false, false, false, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct route_match match;
        route_find(rows[i].method, rows[i].path, &match);
        CHECK_NOT_NULL(match.route);
        if (!match.route)
            continue;
        CHECK_INT(match.route->verb, rows[i].verb);
        CHECK_INT(match.route->takes_body, rows[i].takes_body);
        CHECK_INT(match.route->body_optional, rows[i].body_optional);
        CHECK_INT(match.route->keyed, rows[i].keyed);
        CHECK_INT(match.route->paged, rows[i].paged);
        CHECK_INT(match.route->shared, rows[i].shared);
        CHECK_INT(match.route->probe, rows[i].probe);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"find", test_find}, {"traits", test_traits}, CU_TEST_INFO_NULL};
    return suite_run("unit/http/route", NULL, NULL, tests);
}
