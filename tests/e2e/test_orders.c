/* Orders as a consumer sees them: placing, reading back, running out of stock. The suite's own
 * catalogue leaves enough of each product that the tests do not meet. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"

static const char catalogue[] = CATALOGUE_HEADER "1,Nut,,0.10,1000000\n"
                                                 "2,Bolt,With a nut,19.99,1000000\n"
                                                 "3,Rare,,29.99,2\n"
                                                 "4,Gone,,5.00,0\n"
                                                 "9007199254740991,Last,,99999999.99,1000000\n";

static int setup(void)
{
    return fixture_start(&(struct pair_options){.catalogue = catalogue});
}

static void test_placed(void)
{
    char location[128];
    client_post(client, "/orders",
                "{\"items\":[{\"product_id\":2,\"quantity\":3},{\"quantity\":7,\"product_id\":1}],"
                "\"email\":\"a@example.com\",\"reference\":\"R\xc3\xa9"
                "f 1\"}",
                &answer);
    CHECK_INT(answer.status, 201);
    cJSON *json = answer_json(&answer);
    const char *id = answer_text(json, "id"), *at = client_header(&answer, "Location");
    if (CHECK_NOT_NULL(id) && CHECK_INT(strlen(id), 36, "%s", id))
        CHECK_INT(id[14], '7', "%s", id);
    snprintf(location, sizeof location, "/orders/%s", id ? id : "");
    CHECK_TEXT(at, location);
    CHECK_CONTAINS(answer.body, ",\"email\":\"a@example.com\",\"id\":");
    CHECK_CONTAINS(answer.body,
                   "\"items\":[{\"amount\":59.97,\"name\":\"Bolt\",\"product_id\":2,"
                   "\"quantity\":3,\"unit_price\":19.99},{\"amount\":0.70,\"name\":\"Nut\","
                   "\"product_id\":1,\"quantity\":7,\"unit_price\":0.10}],"
                   "\"message\":\"Order created\",\"reference\":\"R\xc3\xa9"
                   "f 1\","
                   "\"status\":\"confirmed\",\"total\":60.67}");
    const char *created = answer_text(json, "created_at");
    if (CHECK_NOT_NULL(created) && CHECK_COMPARE(strlen(created), >=, 20, "%s", created)) {
        CHECK_INT(created[10], 'T', "%s", created);
        CHECK_INT(created[strlen(created) - 1], 'Z', "%s", created);
    }
    cJSON_Delete(json);
}

/* The 201's body less its message is what GET gives, byte for byte. */
static void test_read_back(void)
{
    static const char message[] = "\"message\":\"Order created\",";
    char expected[4096], location[128];
    client_post(client, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &answer);
    const char *cut = strstr(answer.body, message), *at = client_header(&answer, "Location");
    CHECK_NOT_NULL(cut);
    CHECK_TRUE(at);
    if (!cut || !at)
        return;
    snprintf(expected, sizeof expected, "%.*s%s", (int)(cut - answer.body), answer.body,
             cut + strlen(message));
    snprintf(location, sizeof location, "%s", at);
    CHECK_TRUE(client_get(client, location, &answer));
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer.body, expected, "%s\nis not\n%s", answer.body, expected);
}

static void test_amounts(void)
{
    static const struct {
        int line;
        const char *items, *total;
    } rows[] = {
        {__LINE__, "{\"product_id\":1,\"quantity\":3}", "0.30"},
        {__LINE__, "{\"product_id\":1,\"quantity\":1e1}", "1.00"},
        {__LINE__, "{\"product_id\":1,\"quantity\":5.0}", "0.50"},
        {__LINE__, "{\"product_id\":1,\"quantity\":1},{\"product_id\":1,\"quantity\":2}", "0.30"},
        {__LINE__, "{\"product_id\":2,\"quantity\":100}", "1999.00"},
        {__LINE__, "{\"product_id\":9007199254740991,\"quantity\":1000000}", "99999999990000.00"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char body[512], total[64];
        snprintf(body, sizeof body, "{\"items\":[%s]}", rows[i].items);
        snprintf(total, sizeof total, "\"total\":%s}", rows[i].total);
        client_post(client, "/orders", body, &answer);
        CHECK_INT(answer.status, 201);
        CHECK_CONTAINS(answer.body, total);
    }
}

static void test_same_product_is_summed(void)
{
    int64_t before = answer_stock(client, 1);
    client_post(client, "/orders",
                "{\"items\":[{\"product_id\":1,\"quantity\":2},{\"product_id\":2,\"quantity\":1},"
                "{\"product_id\":1,\"quantity\":3}]}",
                &answer);
    cJSON *json = answer_json(&answer);
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(json, "items");
    CHECK_INT(cJSON_GetArraySize(items), 2);
    CHECK_INT(answer_number(cJSON_GetArrayItem(items, 0), "quantity"), 5);
    cJSON_Delete(json);
    CHECK_INT(answer_stock(client, 1), before - 5);
}

static void check_short(int line, const cJSON *entry, int64_t id, int64_t requested,
                        int64_t available)
{
    CHECK_ROW(line);
    CHECK_INT(answer_number(entry, "product_id"), id);
    CHECK_INT(answer_number(entry, "requested"), requested);
    CHECK_INT(answer_number(entry, "available"), available);
}

static void test_out_of_stock_changes_nothing(void)
{
    int64_t nuts = answer_stock(client, 1), rare = answer_stock(client, 3);
    client_post(client, "/orders",
                "{\"items\":[{\"product_id\":1,\"quantity\":1},{\"product_id\":3,\"quantity\":3},"
                "{\"product_id\":4,\"quantity\":1}]}",
                &answer);
    CHECK_TRUE(answer_is_problem(&answer, 409, "out-of-stock", ANSWER_POSTERN), "no 409");
    cJSON *json = answer_json(&answer);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "short");
    CHECK_INT(cJSON_GetArraySize(list), 2);
    check_short(__LINE__, cJSON_GetArrayItem(list, 0), 3, 3, 2);
    check_short(__LINE__, cJSON_GetArrayItem(list, 1), 4, 1, 0);
    cJSON_Delete(json);
    CHECK_INT(answer_stock(client, 1), nuts, "nuts were taken");
    CHECK_INT(answer_stock(client, 3), rare, "rare ones were taken");
}

static void test_last_ones(void)
{
    client_post(client, "/orders", "{\"items\":[{\"product_id\":3,\"quantity\":2}]}", &answer);
    CHECK_INT(answer.status, 201);
    CHECK_INT(answer_stock(client, 3), 0);
    client_post(client, "/orders", "{\"items\":[{\"product_id\":3,\"quantity\":1}]}", &answer);
    CHECK_TRUE(answer_is_problem(&answer, 409, "out-of-stock", ANSWER_POSTERN), "no 409");
}

static void test_list_newest_first(void)
{
    char newest[64] = "";
    client_post(client, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &answer);
    client_post(client, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":2}]}", &answer);
    cJSON *json = answer_json(&answer);
    snprintf(newest, sizeof newest, "%s", answer_text(json, "id") ? answer_text(json, "id") : "");
    cJSON_Delete(json);
    client_get(client, "/orders", &answer);
    json = answer_json(&answer);
    CHECK_INT(answer.status, 200);
    CHECK_COMPARE(cJSON_GetArraySize(json), >=, 2);
    const char *first = answer_text(cJSON_GetArrayItem(json, 0), "id");
    CHECK_TEXT(first, newest);
    const char *last = first;
    const cJSON *order;
    cJSON_ArrayForEach(order, json)
    {
        const char *id = answer_text(order, "id");
        if (CHECK_NOT_NULL(id) && last)
            CHECK_TRUE(strcmp(id, last) <= 0, "%s comes after %s", id, last);
        CHECK_NULL(answer_text(order, "message"), "a message in the list");
        last = id;
    }
    cJSON_Delete(json);
}

static void test_list_in_pages(void)
{
    client_get(client, "/orders", &answer);
    cJSON *all = answer_json(&answer);
    char path[256] = "/orders?limit=2";
    int at = 0, total = cJSON_GetArraySize(all);
    while (path[0] && at <= total) {
        CHECK_TRUE(client_get(client, path, &answer), "%s", path);
        CHECK_INT(answer.status, 200, "%s", path);
        cJSON *page = answer_json(&answer);
        const cJSON *order;
        cJSON_ArrayForEach(order, page)
            CHECK_TRUE(cJSON_Compare(order, cJSON_GetArrayItem(all, at++), 1), "entry %d", at);
        const char *link = client_header(&answer, "Link");
        path[0] = '\0';
        if (link && *link == '<')
            snprintf(path, sizeof path, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
        cJSON_Delete(page);
    }
    CHECK_COMPARE(total, >, 2);
    CHECK_INT(at, total);
    cJSON_Delete(all);
}

/* Follows the pages of one order each from the path on; returns how many have the reference. */
static int count_pages(const char *first, const char *reference)
{
    char path[1024];
    int count = 0;
    snprintf(path, sizeof path, "%s", first);
    while (path[0] && count < 10) {
        CHECK_TRUE(client_get(client, path, &answer), "%s", path);
        CHECK_INT(answer.status, 200, "%s", path);
        cJSON *page = answer_json(&answer);
        CHECK_COMPARE(cJSON_GetArraySize(page), <=, 1);
        if (cJSON_GetArraySize(page) == 1) {
            CHECK_TEXT(answer_text(cJSON_GetArrayItem(page, 0), "reference"), reference);
            count++;
        }
        const char *link = client_header(&answer, "Link");
        path[0] = '\0';
        if (link && *link == '<')
            snprintf(path, sizeof path, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
        cJSON_Delete(page);
    }
    return count;
}

static void test_list_of_a_reference(void)
{
    static const char *const references[] = {"A + B/&=%>", "A", "A + B/&=%>", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
        char body[200];
        snprintf(body, sizeof body,
                 "{\"items\":[{\"product_id\":1,\"quantity\":1}],\"reference\":\"%s\"}",
                 references[i]);
        client_post(client, "/orders", body, &answer);
        CHECK_INT(answer.status, 201);
    }
    CHECK_INT(count_pages("/orders?reference=A+%2B+B%2F%26%3D%25%3E&limit=1", references[0]), 2);
    CHECK_INT(count_pages("/orders?limit=1&reference=A%20%2B%20B/%26%3D%25%3E", references[0]), 2);
    CHECK_INT(count_pages("/orders?limit=1&reference=A", "A"), 1);
    CHECK_INT(count_pages("/orders?limit=1&reference=%C3%A9", "\xc3\xa9"), 1);
    CHECK_INT(count_pages("/orders?limit=1&reference=a", "a"), 0);
    client_get(client, "/orders?reference=", &answer);
    CHECK_TRUE(answer_is_problem(&answer, 422, "invalid-request", ANSWER_POSTERN));
    CHECK_TRUE(answer_has_error(&answer, "reference"));
}

static void test_unknown(void)
{
    static const struct {
        int line;
        const char *path;
    } rows[] = {
        {__LINE__, "/orders/1"},
        {__LINE__, "/orders/01890a5d-ac96-774b-bcce-b302099a8057"},
        {__LINE__, "/orders/01890A5D-AC96-774B-BCCE-B302099A8057"},
        {__LINE__, "/orders/01890a5d-ac96-774b-bcce-b302099a8057x"},
        {__LINE__, "/orders/"},
        {__LINE__, "/orders/x/y"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(client_get(client, rows[i].path, &answer));
        CHECK_TRUE(answer_is_problem(&answer, 404, NULL, ANSWER_POSTERN));
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"placed", test_placed},
        {"read back", test_read_back},
        {"amounts", test_amounts},
        {"same product is summed", test_same_product_is_summed},
        {"out of stock changes nothing", test_out_of_stock_changes_nothing},
        {"last ones", test_last_ones},
        {"list newest first", test_list_newest_first},
        {"list in pages", test_list_in_pages},
        {"list of a reference", test_list_of_a_reference},
        {"unknown", test_unknown},
        CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/orders", setup, fixture_end, tests);
}
