/* Products as a consumer sees them: lists, pages, single ones, conditional requests. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"

#define PRODUCT_1                                                                                  \
    "{\"description\":\"Description for product 1\",\"id\":1,\"name\":\"Product 1\","              \
    "\"price\":9.99,\"quantity\":10}"
#define PRODUCT_2                                                                                  \
    "{\"description\":\"Description for product 2\",\"id\":2,\"name\":\"Product 2\","              \
    "\"price\":19.99,\"quantity\":5}"
#define PRODUCT_3                                                                                  \
    "{\"description\":\"Description for product 3\",\"id\":3,\"name\":\"Product 3\","              \
    "\"price\":29.99,\"quantity\":2}"

static int setup(void)
{
    return fixture_start(&(struct pair_options){0});
}

static void test_bodies(void)
{
    static const struct {
        int line;
        const char *path, *body;
    } rows[] = {
        {__LINE__, "/products", "[" PRODUCT_1 "," PRODUCT_2 "," PRODUCT_3 "]"},
        {__LINE__, "/products/1", PRODUCT_1},
        {__LINE__, "/products/3", PRODUCT_3},
        {__LINE__, "/products?limit=2", "[" PRODUCT_1 "," PRODUCT_2 "]"},
        {__LINE__, "/products?limit=2&after=2", "[" PRODUCT_3 "]"},
        {__LINE__, "/products?limit=1000", "[" PRODUCT_1 "," PRODUCT_2 "," PRODUCT_3 "]"},
        {__LINE__, "/products?limit=1&after=3", "[]"},
        {__LINE__, "/products?limit=1&after=9007199254740991", "[]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(client_get(client, rows[i].path, &answer));
        CHECK_INT(answer.status, 200);
        CHECK_TEXT(answer.body, rows[i].body);
        const char *type = client_header(&answer, "Content-Type");
        CHECK_TEXT(type, "application/json");
        CHECK_NOT_NULL(client_header(&answer, "X-Request-Id"));
    }
}

static void test_pretty(void)
{
    static const char start[] =
        "{\n  \"description\": \"Description for product 1\",\n  \"id\": 1,\n";
    CHECK_TRUE(client_get(client, "/products/1?pretty", &answer));
    CHECK_START(answer.body, start);
    cJSON *json = answer_json(&answer);
    CHECK_INT(answer_number(json, "quantity"), 10);
    cJSON_Delete(json);
}

/* Follows rel="next" from the first page to the last; the pages together are the whole list. */
static void test_pages(void)
{
    char path[256] = "/products?limit=1", seen[1024] = "[";
    int pages = 0;
    for (; path[0] && pages < 5; pages++) {
        CHECK_TRUE(client_get(client, path, &answer), "%s: %d", path, answer.status);
        CHECK_INT(answer.status, 200, "%s: %d", path, answer.status);
        size_t used = strlen(seen);
        if (answer.body_len > 2)
            snprintf(seen + used, sizeof seen - used, "%s%.*s", used > 1 ? "," : "",
                     (int)answer.body_len - 2, answer.body + 1);
        const char *link = client_header(&answer, "Link");
        path[0] = '\0';
        if (link && strstr(link, ">; rel=\"next\"") && *link == '<')
            snprintf(path, sizeof path, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
    }
    CHECK_TEXT(seen, "[" PRODUCT_1 "," PRODUCT_2 "," PRODUCT_3);
    CHECK_INT(pages, 3);
    CHECK_TRUE(client_get(client, "/products?limit=3", &answer), "a last page names a next one");
    CHECK_NULL(client_header(&answer, "Link"), "a last page names a next one");
}

/* A full page stays as it is when a product comes behind it, but now it has a next one. */
static void test_full_page_gets_a_next(void)
{
    const char *argv[] = {"import", NULL, NULL};
    char etag[128], header[160], file[PAIR_PATH_SIZE + 32];
    CHECK_TRUE(client_get(client, "/products?limit=3", &answer));
    CHECK_NULL(client_header(&answer, "Link"));
    snprintf(etag, sizeof etag, "%s", client_header(&answer, "ETag"));
    snprintf(header, sizeof header, "If-None-Match: %s", etag);
    const char *const headers[] = {header, NULL};
    const struct client_request request = {
        .method = "GET", .path = "/products?limit=3", .headers = headers};
    CHECK_TRUE(client_call(client, &request, &answer));
    CHECK_INT(answer.status, 304);
    CHECK_TRUE(pair_write(&pair, "fourth.csv", CATALOGUE_HEADER "4,Product 4,,1,1\n"));
    snprintf(file, sizeof file, "%s/fourth.csv", pair.dir);
    argv[1] = file;
    CHECK_INT(pair_command(&pair, argv, NULL, 0), 0);
    CHECK_TRUE(client_call(client, &request, &answer));
    CHECK_INT(answer.status, 200);
    CHECK_NOT_NULL(client_header(&answer, "Link"));
    CHECK_OTHER_TEXT(client_header(&answer, "ETag"), etag);
}

static void test_bad_queries(void)
{
    static const struct {
        int line;
        const char *path, *where;
    } rows[] = {
        {__LINE__, "/products?limit=0", "limit"},
        {__LINE__, "/products?limit=1001", "limit"},
        {__LINE__, "/products?limit=-1", "limit"},
        {__LINE__, "/products?limit=", "limit"},
        {__LINE__, "/products?limit=1.5", "limit"},
        {__LINE__, "/products?limit=01x", "limit"},
        {__LINE__, "/products?limit=9223372036854775808", "limit"},
        {__LINE__, "/products?limit=1&limit=2", "limit"},
        {__LINE__, "/products?limit=1&after=x", "after"},
        {__LINE__, "/products?limit=1&after=-1", "after"},
        {__LINE__, "/products?limit=1&after=18446744073709551616", "after"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(client_get(client, rows[i].path, &answer));
        CHECK_TRUE(answer_is_problem(&answer, 422, "invalid-request", ANSWER_POSTERN));
        CHECK_TRUE(answer_has_error(&answer, rows[i].where));
    }
}

static void test_unknown(void)
{
    static const struct {
        int line;
        const char *path;
    } rows[] = {
        {__LINE__, "/products/4"},
        {__LINE__, "/products/0"},
        {__LINE__, "/products/01"},
        {__LINE__, "/products/+1"},
        {__LINE__, "/products/-1"},
        {__LINE__, "/products/1.0"},
        {__LINE__, "/products/1e0"},
        {__LINE__, "/products/0x1"},
        {__LINE__, "/products/%201"},
        {__LINE__, "/products/1%20"},
        {__LINE__, "/products/one"},
        {__LINE__, "/products/9223372036854775808"},
        {__LINE__, "/products/18446744073709551617"},
        {__LINE__, "/products/1/"},
        {__LINE__, "/products/1/2"},
        {__LINE__, "/products/"},
        {__LINE__, "/Products"},
        {__LINE__, "/"},
        {__LINE__, "/product"},
        {__LINE__, "/products1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(client_get(client, rows[i].path, &answer));
        CHECK_TRUE(answer_is_problem(&answer, 404, NULL, ANSWER_POSTERN));
    }
}

static int get_if(const char *path, const char *etags)
{
    char header[512];
    snprintf(header, sizeof header, "If-None-Match: %s", etags);
    const char *const headers[] = {header, NULL};
    const struct client_request request = {.method = "GET", .path = path, .headers = headers};
    return client_call(client, &request, &answer) ? answer.status : 0;
}

static void test_etags(void)
{
    static const char *const paths[] = {"/products", "/products/1", "/products?limit=1",
                                        "/openapi.json", "/openapi.json?pretty"};
    char etag[128], list[300];
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        CHECK_OF("%s", paths[i]);
        client_get(client, paths[i], &answer);
        const char *value = client_header(&answer, "ETag");
        snprintf(etag, sizeof etag, "%s", value ? value : "");
        CHECK_START(etag, "\"");
        CHECK_INT(get_if(paths[i], etag), 304);
        CHECK_INT(answer.body_len, 0);
        value = client_header(&answer, "ETag");
        CHECK_TEXT(value, etag);
        snprintf(list, sizeof list, "\"nothing\", W/%s", etag);
        CHECK_INT(get_if(paths[i], list), 304, "%s", list);
        CHECK_INT(get_if(paths[i], "*"), 304);
        CHECK_INT(get_if(paths[i], "\"nothing\""), 200);
    }
}

static void test_description(void)
{
    static const char *const others[] = {"DELETE", "OPTIONS"};
    CHECK_TRUE(client_get(client, "/openapi.json", &answer));
    CHECK_INT(answer.status, 200);
    const char *type = client_header(&answer, "Content-Type");
    CHECK_TEXT(type, "application/json");
    cJSON *json = answer_json(&answer);
    const char *version = answer_text(json, "openapi");
    CHECK_START(version, "3.1.");
    cJSON_Delete(json);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK_OF("%s", others[i]);
        const struct client_request request = {.method = others[i], .path = "/openapi.json"};
        CHECK_TRUE(client_call(client, &request, &answer));
        CHECK_INT(answer.status, strcmp(others[i], "OPTIONS") == 0 ? 204 : 405);
        const char *allow = client_header(&answer, "Allow");
        CHECK_TEXT(allow, "GET, HEAD, OPTIONS");
    }
}

static void test_etag_changes_with_stock(void)
{
    char etag[128];
    client_get(client, "/products/2", &answer);
    const char *value = client_header(&answer, "ETag");
    snprintf(etag, sizeof etag, "%s", value ? value : "");
    client_post(client, "/orders", "{\"items\":[{\"product_id\":2,\"quantity\":1}]}", &answer);
    CHECK_INT(answer.status, 201);
    CHECK_INT(get_if("/products/2", etag), 200);
    CHECK_CONTAINS(answer.body, "\"quantity\":4}");
}

int main(void)
{
    static CU_TestInfo tests[] = {{"bodies", test_bodies},
                                  {"pretty", test_pretty},
                                  {"pages", test_pages},
                                  {"bad queries", test_bad_queries},
                                  {"unknown", test_unknown},
                                  {"etags", test_etags},
                                  {"description", test_description},
                                  {"etag changes with stock", test_etag_changes_with_stock},
                                  {"a full page gets a next one", test_full_page_gets_a_next},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/products", setup, fixture_end, tests);
}
