/* Orders as a consumer sees them: placing, reading back, running out of stock. The suite's own
 * catalogue leaves enough of each product that the tests do not meet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/answer.h"
#include "e2e/fixture.h"
#include "suite.h"

static const char catalogue[] = "id,name,description,price,quantity\n"
                                "1,Nut,,0.10,1000000\n"
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
    SUITE_CHECK(answer.status == 201, "%d %s", answer.status, answer.body);
    cJSON *json = answer_json(&answer);
    const char *id = answer_text(json, "id"), *at = client_header(&answer, "Location");
    SUITE_CHECK(id && strlen(id) == 36 && id[14] == '7', "id %s", id ? id : "-");
    snprintf(location, sizeof location, "/orders/%s", id ? id : "");
    SUITE_CHECK(at && strcmp(at, location) == 0, "Location %s", at ? at : "-");
    SUITE_CHECK(strstr(answer.body, ",\"email\":\"a@example.com\",\"id\":") != NULL, "%s",
                answer.body);
    SUITE_CHECK(strstr(answer.body,
                       "\"items\":[{\"amount\":59.97,\"name\":\"Bolt\",\"product_id\":2,"
                       "\"quantity\":3,\"unit_price\":19.99},{\"amount\":0.70,\"name\":\"Nut\","
                       "\"product_id\":1,\"quantity\":7,\"unit_price\":0.10}],"
                       "\"message\":\"Order created\",\"reference\":\"R\xc3\xa9"
                       "f 1\","
                       "\"status\":\"confirmed\",\"total\":60.67}") != NULL,
                "%s", answer.body);
    const char *created = answer_text(json, "created_at");
    SUITE_CHECK(created && strlen(created) >= 20 && created[10] == 'T' &&
                    created[strlen(created) - 1] == 'Z',
                "created_at %s", created ? created : "-");
    cJSON_Delete(json);
}

/* The 201's body less its message is what GET gives, byte for byte. */
static void test_read_back(void)
{
    static const char message[] = "\"message\":\"Order created\",";
    char expected[4096], location[128];
    client_post(client, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &answer);
    const char *cut = strstr(answer.body, message), *at = client_header(&answer, "Location");
    SUITE_CHECK(cut && at, "%d %s", answer.status, answer.body);
    if (!cut || !at)
        return;
    snprintf(expected, sizeof expected, "%.*s%s", (int)(cut - answer.body), answer.body,
             cut + strlen(message));
    snprintf(location, sizeof location, "%s", at);
    SUITE_CHECK(client_get(client, location, &answer) && answer.status == 200, "%d", answer.status);
    SUITE_CHECK(strcmp(answer.body, expected) == 0, "%s\nis not\n%s", answer.body, expected);
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
        char body[512], total[64];
        snprintf(body, sizeof body, "{\"items\":[%s]}", rows[i].items);
        snprintf(total, sizeof total, "\"total\":%s}", rows[i].total);
        client_post(client, "/orders", body, &answer);
        SUITE_ROW(&rows[i], answer.status == 201);
        SUITE_ROW(&rows[i], strstr(answer.body, total) != NULL);
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
    SUITE_CHECK(cJSON_GetArraySize(items) == 2, "%s", answer.body);
    SUITE_CHECK(answer_number(cJSON_GetArrayItem(items, 0), "quantity") == 5, "%s", answer.body);
    cJSON_Delete(json);
    SUITE_CHECK(answer_stock(client, 1) == before - 5, "stock %lld",
                (long long)answer_stock(client, 1));
}

static void check_short(int line, const cJSON *entry, int64_t id, int64_t requested,
                        int64_t available)
{
    struct {
        int line;
    } row = {line};
    SUITE_ROW(&row, answer_number(entry, "product_id") == id);
    SUITE_ROW(&row, answer_number(entry, "requested") == requested);
    SUITE_ROW(&row, answer_number(entry, "available") == available);
}

static void test_out_of_stock_changes_nothing(void)
{
    int64_t nuts = answer_stock(client, 1), rare = answer_stock(client, 3);
    client_post(client, "/orders",
                "{\"items\":[{\"product_id\":1,\"quantity\":1},{\"product_id\":3,\"quantity\":3},"
                "{\"product_id\":4,\"quantity\":1}]}",
                &answer);
    SUITE_CHECK(answer_is_problem(&answer, 409, "out-of-stock", ANSWER_POSTERN), "no 409");
    cJSON *json = answer_json(&answer);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "short");
    SUITE_CHECK(cJSON_GetArraySize(list) == 2, "%s", answer.body);
    check_short(__LINE__, cJSON_GetArrayItem(list, 0), 3, 3, 2);
    check_short(__LINE__, cJSON_GetArrayItem(list, 1), 4, 1, 0);
    cJSON_Delete(json);
    SUITE_CHECK(answer_stock(client, 1) == nuts, "nuts were taken");
    SUITE_CHECK(answer_stock(client, 3) == rare, "rare ones were taken");
}

static void test_last_ones(void)
{
    client_post(client, "/orders", "{\"items\":[{\"product_id\":3,\"quantity\":2}]}", &answer);
    SUITE_CHECK(answer.status == 201, "%d %s", answer.status, answer.body);
    SUITE_CHECK(answer_stock(client, 3) == 0, "stock %lld", (long long)answer_stock(client, 3));
    client_post(client, "/orders", "{\"items\":[{\"product_id\":3,\"quantity\":1}]}", &answer);
    SUITE_CHECK(answer_is_problem(&answer, 409, "out-of-stock", ANSWER_POSTERN), "no 409");
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
    SUITE_CHECK(answer.status == 200 && cJSON_GetArraySize(json) >= 2, "%d", answer.status);
    const char *first = answer_text(cJSON_GetArrayItem(json, 0), "id");
    SUITE_CHECK(first && strcmp(first, newest) == 0, "first is %s", first ? first : "-");
    const char *last = first;
    const cJSON *order;
    cJSON_ArrayForEach(order, json)
    {
        const char *id = answer_text(order, "id");
        SUITE_CHECK(id && last && strcmp(id, last) <= 0, "out of order at %s", id ? id : "-");
        SUITE_CHECK(!answer_text(order, "message"), "a message in the list");
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
        SUITE_CHECK(client_get(client, path, &answer) && answer.status == 200, "%s", path);
        cJSON *page = answer_json(&answer);
        const cJSON *order;
        cJSON_ArrayForEach(order, page)
            SUITE_CHECK(cJSON_Compare(order, cJSON_GetArrayItem(all, at++), 1), "entry %d", at);
        const char *link = client_header(&answer, "Link");
        path[0] = '\0';
        if (link && *link == '<')
            snprintf(path, sizeof path, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
        cJSON_Delete(page);
    }
    SUITE_CHECK(total > 2 && at == total, "%d of %d", at, total);
    cJSON_Delete(all);
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
        SUITE_ROW(&rows[i], client_get(client, rows[i].path, &answer));
        SUITE_ROW(&rows[i], answer_is_problem(&answer, 404, NULL, ANSWER_POSTERN));
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
        {"unknown", test_unknown},
        CU_TEST_INFO_NULL};
    return suite_run("e2e/orders", setup, fixture_end, tests);
}
