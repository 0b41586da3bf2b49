/* How much an answer may hold, a page shows, and a worker keeps; how the next page is named. */
#include "ask.h"
#include "check.h"
#include "http/http.h"
#include "suite.h"

/* A body that did not fit must not be sent as a success. */
static void test_body_without_room(void)
{
    size_t max = ask_service.reply.body.max;
    static const char *const paths[] = {"/products/1", "/healthz", ("/orders/" FAKE_STORE_ORDER)};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        buffer_free(&ask_service.reply.body);
        ask_service.reply.body.max = 10;
        ask(&(struct ask){.path = paths[i]});
        CHECK_PROBLEM(500, "internal-error");
    }
    ask(&(struct ask){.path = "/products"});
    CHECK_PROBLEM(422, "list-too-long");
    ask_service.reply.body.max = max;
}

static void test_default_page(void)
{
    static const struct {
        int line;
        const char *path, *query;
        int64_t limit; /* of the store: one more than is shown */
    } rows[] = {
        {__LINE__, "/orders", "", 101},
        {__LINE__, "/orders", "limit=7", 8},
        {__LINE__, "/orders", "limit=1000", 1001},
        {__LINE__, "/products", "", ASK_ANSWER_MAX / 60 + 1},
        {__LINE__, "/products", "limit=7", 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        ask(&(struct ask){.path = rows[i].path, .query = rows[i].query});
        CHECK_INT(ask_response.status, 200);
        CHECK_INT(ask_fake.limit, rows[i].limit);
    }
    fake_store_init(&ask_fake);
    ask_fake.order_count = 101;
    ask_again(&(struct ask){.path = "/orders", .query = "pretty"});
    const char *link = ask_header("Link");
    CHECK_START(link, "</orders?limit=100&after=");
}

/* The next page is of the same reference. */
static void test_link_keeps_reference(void)
{
    char link[128], last[ID_TEXT_SIZE];
    fake_store_order_id(0, last);
    fake_store_init(&ask_fake);
    ask_fake.order_count = 2;
    ask_again(&(struct ask){.path = "/orders", .query = "reference=PO+17%3E&limit=1&pretty"});
    CHECK_TEXT(ask_fake.reference, "PO 17>");
    snprintf(link, sizeof link,
             "</orders?limit=1&after=%s&reference=PO%%2017%%3E&pretty>; rel=\"next\"", last);
    CHECK_TEXT(ask_header("Link"), link);
    ask(&(struct ask){.path = "/orders", .query = "reference="});
    CHECK_INT(ask_response.status, 422);
    ask(&(struct ask){.path = "/products", .query = "reference="});
    CHECK_INT(ask_response.status, 200);
}

/* While nothing is asked, a worker keeps no large buffer. */
static void test_rest(void)
{
    static struct product products[1000];
    for (int i = 0; i < 1000; i++)
        products[i] = (struct product){.id = i + 1, .name = "name", .description = ""};
    fake_store_init(&ask_fake);
    ask_fake.products = products;
    ask_fake.product_count = 1000;
    ask_again(&(struct ask){.path = "/products", .query = "pretty"});
    CHECK_INT(ask_response.status, 200);
    CHECK_COMPARE(ask_service.reply.body.cap, >, API_BODY_KEEP);
    http_service_rest(&ask_service);
    CHECK_COMPARE(ask_service.reply.body.cap, <=, API_BODY_KEEP);
}

int main(void)
{
    CU_TestInfo tests[] = {{"body without room", test_body_without_room},
                           {"default page", test_default_page},
                           {"link keeps reference", test_link_keeps_reference},
                           {"rest", test_rest},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/sizes", ask_setup, ask_teardown, tests);
}
