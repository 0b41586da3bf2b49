#include "store/relay/rows.h"

#include <stdio.h>

#include "check.h"
#include "suite.h"

/* What shares a row waits: a product, a key of the consumer's, and all orders that are cancelled.
 */
static void test_meet(void)
{
    static const struct {
        int line;
        enum store_use use, other;
        const char *consumer, *key, *id;
        int64_t product;
        bool waits;
    } rows[] = {{__LINE__, STORE_USE_ORDER, STORE_USE_ORDER, "c", "k", "1", 2, true},
                {__LINE__, STORE_USE_ORDER, STORE_USE_ORDER, "c", "l", "1", 2, false},
                {__LINE__, STORE_USE_ORDER, STORE_USE_ORDER, "d", "l", "1", 1, true},
                {__LINE__, STORE_USE_ORDER, STORE_USE_ORDER, "d", "k", "1", 2, false},
                {__LINE__, STORE_USE_ORDER, STORE_USE_CANCEL, "c", "", "k", 0, false},
                {__LINE__, STORE_USE_CANCEL, STORE_USE_ORDER, "c", "k", "1", 2, false},
                {__LINE__, STORE_USE_CANCEL, STORE_USE_CANCEL, "d", "", "2", 0, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct relay_request first, second;
        struct relay_rows held = {0};
        CHECK_ROW(rows[i].line);
        first = (struct relay_request){.use = rows[i].use, .consumer = "c", .key = "k", .id = "1"};
        first.has_key = rows[i].use == STORE_USE_ORDER;
        first.order.count = first.has_key;
        first.order.items[0].product_id = 1;
        second = (struct relay_request){.use = rows[i].other};
        second.has_key = rows[i].other == STORE_USE_ORDER;
        second.order.count = second.has_key;
        second.order.items[0].product_id = rows[i].product;
        snprintf(second.consumer, sizeof second.consumer, "%s", rows[i].consumer);
        snprintf(second.key, sizeof second.key, "%s", rows[i].key);
        snprintf(second.id, sizeof second.id, "%s", rows[i].id);
        relay_rows_add(&held, &first);
        CHECK_INT(relay_rows_meet(&held, &second), rows[i].waits);
        CHECK_TRUE(relay_rows_meet(&held, &first));
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {{"meet", test_meet}, CU_TEST_INFO_NULL};
    return suite_run("unit/store/relay/rows", NULL, NULL, tests);
}
