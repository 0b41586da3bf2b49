#include "http/route.h"

#include <string.h>

#include "suite.h"

#define READ   "GET, HEAD, OPTIONS"
#define ORDERS "GET, HEAD, POST, OPTIONS"
#define ID_63  "123456789012345678901234567890123456789012345678901234567890123"

static void test_find(void)
{
    static const struct {
        int line;
        const char *method, *path;
        const char *template; /* NULL: no such path */
        api_handler handler;  /* NULL: not with this method */
        const char *id, *allow;
    } rows[] = {
        {__LINE__, "GET", "/products", "/products", products_list, "", READ},
        {__LINE__, "HEAD", "/products", "/products", products_list, "", READ},
        {__LINE__, "GET", "/products/7", "/products/{id}", products_get, "7", READ},
        {__LINE__, "GET", "/products/a b", "/products/{id}", products_get, "a b", READ},
        {__LINE__, "GET", "/products/{id}", "/products/{id}", products_get, "{id}", READ},
        {__LINE__, "GET", "/products/" ID_63, "/products/{id}", products_get, ID_63, READ},
        {__LINE__, "GET", "/products/4" ID_63, "/products/{id}", products_get, "", READ},
        {__LINE__, "GET", "/orders", "/orders", orders_list, "", ORDERS},
        {__LINE__, "HEAD", "/orders", "/orders", orders_list, "", ORDERS},
        {__LINE__, "POST", "/orders", "/orders", orders_place, "", ORDERS},
        {__LINE__, "GET", "/orders/x", "/orders/{id}", orders_get, "x", READ},
        {__LINE__, "GET", "/healthz", "/healthz", health_live, "", READ},
        {__LINE__, "GET", "/readyz", "/readyz", health_ready, "", READ},
        {__LINE__, "DELETE", "/orders", "/orders", NULL, "", ORDERS},
        {__LINE__, "POST", "/products", "/products", NULL, "", READ},
        {__LINE__, "POST", "/products/7", "/products/{id}", NULL, "7", READ},
        {__LINE__, "get", "/products", "/products", NULL, "", READ},
        {__LINE__, "GETX", "/products", "/products", NULL, "", READ},
        {__LINE__, "", "/products", "/products", NULL, "", READ},
        {__LINE__, "OPTIONS", "/orders", "/orders", NULL, "", ORDERS},
        {__LINE__, "GET", "", NULL, NULL, "", ""},
        {__LINE__, "GET", "/", NULL, NULL, "", ""},
        {__LINE__, "GET", "*", NULL, NULL, "", ""},
        {__LINE__, "GET", "products", NULL, NULL, "", ""},
        {__LINE__, "GET", "/product", NULL, NULL, "", ""},
        {__LINE__, "GET", "/Products", NULL, NULL, "", ""},
        {__LINE__, "GET", "/productsx", NULL, NULL, "", ""},
        {__LINE__, "GET", "/products/", NULL, NULL, "", ""},
        {__LINE__, "GET", "/products/7/", NULL, NULL, "", ""},
        {__LINE__, "GET", "/products/7/8", NULL, NULL, "", ""},
        {__LINE__, "GET", "/orders//", NULL, NULL, "", ""},
        {__LINE__, "GET", "/healthz/x", NULL, NULL, "", ""},
        {__LINE__, "GET", "//products", NULL, NULL, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct route_match match;
        route_find(rows[i].method, rows[i].path, &match);
        SUITE_ROW(&rows[i], (match.path == NULL) == (rows[i].template == NULL));
        SUITE_ROW(&rows[i], !match.path || strcmp(match.path, rows[i].template) == 0);
        SUITE_ROW(&rows[i], (match.route ? match.route->handler : NULL) == rows[i].handler);
        SUITE_ROW(&rows[i], strcmp(match.id, rows[i].id) == 0);
        SUITE_ROW(&rows[i], strcmp(match.allow, rows[i].allow) == 0);
    }
}

/* What http/ does for each route beside calling its handler. */
static void test_traits(void)
{
    static const struct {
        int line;
        const char *method, *path, *cache;
        bool takes_body, paged, tagged;
    } rows[] = {
        {__LINE__, "GET", "/products", "no-cache", false, true, true},
        {__LINE__, "GET", "/products/1", "no-cache", false, false, true},
        {__LINE__, "GET", "/orders", "no-store", false, true, false},
        {__LINE__, "POST", "/orders", "no-store", true, false, false},
        {__LINE__, "GET", "/orders/1", "no-store", false, false, false},
        {__LINE__, "GET", "/healthz", "no-store", false, false, false},
        {__LINE__, "GET", "/readyz", "no-store", false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct route_match match;
        route_find(rows[i].method, rows[i].path, &match);
        SUITE_ROW(&rows[i], match.route != NULL);
        if (!match.route)
            continue;
        SUITE_ROW(&rows[i], strcmp(match.route->cache, rows[i].cache) == 0);
        SUITE_ROW(&rows[i], match.route->takes_body == rows[i].takes_body);
        SUITE_ROW(&rows[i], match.route->paged == rows[i].paged);
        SUITE_ROW(&rows[i], match.route->tagged == rows[i].tagged);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"find", test_find}, {"traits", test_traits}, CU_TEST_INFO_NULL};
    return suite_run("unit/http/route", NULL, NULL, tests);
}
