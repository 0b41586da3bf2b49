/* What an import makes of what it is given, put to every driver. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

enum { TEXT_SIZE = 1024, GIVEN_MAX = 3 };

#define NONE PRODUCT_NOT_GIVEN

/* Appends one product. */
static void show(char text[TEXT_SIZE], const struct product *p)
{
    size_t used = strlen(text);
    snprintf(text + used, TEXT_SIZE - used, "%" PRId64 ":%" PRId64 ":%" PRId64 ":%s:%s ", p->id,
             p->price_cents, p->quantity, p->name, p->description);
}

static bool show_product(void *context, const struct product *product)
{
    show(context, product);
    return true;
}

static bool count_product(void *context, const struct product *product)
{
    (void)product;
    ++*(int *)context;
    return true;
}

/* The store's products, as show writes them. */
static const char *stored(void)
{
    static char text[TEXT_SIZE];
    text[0] = '\0';
    CHECK_INT(store_product_list(fixture, 0, 0, show_product, text), STORE_OK);
    return text;
}

/* What an import gives, and what it was told. */
struct script {
    struct fixture_products products;
    char told[TEXT_SIZE];
    int count;
};

static int script_next(void *context, struct product *product)
{
    return fixture_next(&((struct script *)context)->products, product);
}

/* Notes "verdict id", or of a change both products. */
static void script_tell(void *context, enum store_verdict verdict, const struct product *was,
                        const struct product *would_be)
{
    struct script *script = context;
    size_t used = strlen(script->told);
    script->count++;
    snprintf(script->told + used, TEXT_SIZE - used, "%d/%" PRId64 " ", (int)verdict, would_be->id);
    if (verdict == STORE_CHANGED) {
        show(script->told, was);
        show(script->told, would_be);
    }
}

static enum store_result import(struct script *script, enum store_quantity quantity, bool dry_run,
                                struct store_imported *imported)
{
    const struct store_import request = {.next = script_next,
                                         .tell = script_tell,
                                         .context = script,
                                         .quantity = quantity,
                                         .dry_run = dry_run};
    return store_product_import(fixture, &request, imported);
}

#define ONE   "1:999:10:Product 1:Description for product 1 "
#define TWO   "2:1999:5:Product 2:Description for product 2 "
#define THREE "3:2999:2:Product 3:Description for product 3 "

/* The store has the demo catalogue. */
static const struct {
    int line;
    enum store_quantity quantity;
    struct product given[GIVEN_MAX]; /* an id of 0 ends them */
    enum store_result result;
    int64_t counts[STORE_VERDICTS];
    const char *told; /* in a dry run */
    const char *stored;
} rows[] = {
    {__LINE__, STORE_QUANTITY_REFUSE, {{0}}, STORE_OK, {0}, "", ONE TWO THREE},
    /* What is not given stays. */
    {__LINE__,
     STORE_QUANTITY_REFUSE,
     {{2, 1899, NONE, NULL, NULL}},
     STORE_OK,
     {0, 1},
     "1/2 " TWO "2:1899:5:Product 2:Description for product 2 ",
     ONE "2:1899:5:Product 2:Description for product 2 " THREE},
    {__LINE__,
     STORE_QUANTITY_REFUSE,
     {{2, NONE, NONE, "Two", NULL}, {1, NONE, NONE, NULL, ""}, {3, NONE, NONE, NULL, NULL}},
     STORE_OK,
     {0, 2, 1},
     "1/2 " TWO "2:1999:5:Two:Description for product 2 1/1 " ONE "1:999:10:Product 1: ",
     "1:999:10:Product 1: 2:1999:5:Two:Description for product 2 " THREE},
    /* The same as it is. */
    {__LINE__,
     STORE_QUANTITY_SET,
     {{1, 999, 10, "Product 1", "Description for product 1"}},
     STORE_OK,
     {0, 0, 1},
     "",
     ONE TWO THREE},
    /* New ones. */
    {__LINE__,
     STORE_QUANTITY_REFUSE,
     {{7, 5, NONE, "Seven", NULL}, {4, 0, 9, "Four", "d"}},
     STORE_OK,
     {2},
     "",
     ONE TWO THREE "4:0:9:Four:d 7:5:0:Seven: "},
    {__LINE__,
     STORE_QUANTITY_REFUSE,
     {{4, 1, 1, NULL, NULL}, {5, NONE, 1, "Five", NULL}, {1, 1, NONE, NULL, NULL}},
     STORE_REFUSED,
     {0, 1, 0, 2},
     "3/4 3/5 ",
     ONE TWO THREE},
    /* The quantity of one that exists, though it be the same. */
    {__LINE__,
     STORE_QUANTITY_REFUSE,
     {{1, 1, NONE, NULL, NULL}, {3, 1, 2, NULL, NULL}, {4, 1, 1, "Four", ""}},
     STORE_REFUSED,
     {1, 1, 0, 0, 1},
     "4/3 ",
     ONE TWO THREE},
    {__LINE__,
     STORE_QUANTITY_SET,
     {{1, NONE, 0, NULL, NULL}, {3, 1, 7, NULL, NULL}, {4, 1, 1, "Four", ""}},
     STORE_OK,
     {1, 2},
     "1/1 " ONE "1:999:0:Product 1:Description for product 1 1/3 " THREE
     "3:1:7:Product 3:Description for product 3 ",
     "1:999:0:Product 1:Description for product 1 " TWO
     "3:1:7:Product 3:Description for product 3 4:1:1:Four: "},
    {__LINE__,
     STORE_QUANTITY_KEEP,
     {{1, NONE, 0, NULL, NULL}, {3, 1, 7, NULL, NULL}, {4, 1, 6, "Four", ""}},
     STORE_OK,
     {1, 1, 1},
     "1/3 " THREE "3:1:2:Product 3:Description for product 3 ",
     ONE TWO "3:1:2:Product 3:Description for product 3 4:1:6:Four: "},
};

/* What was told of products that were refused, or in a dry run would have been changed: drivers may
 * tell of changes before they know of a refusal. */
static void check_told(const struct script *script, size_t i)
{
    if (rows[i].result == STORE_OK)
        CHECK_TEXT(script->told, rows[i].told);
    else
        CHECK_CONTAINS(script->told, rows[i].told);
}

static void check_counts(const struct store_imported *imported, size_t i)
{
    for (int v = 0; v < STORE_VERDICTS; v++)
        CHECK_INT(imported->counts[v], rows[i].counts[v], "verdict %d", v);
}

/* A dry run tells the same and changes nothing. */
static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct store_imported imported;
        size_t count = 0;
        while (count < GIVEN_MAX && rows[i].given[count].id)
            count++;
        struct script dry = {.products = {rows[i].given, count, 0, 0}}, real = dry;
        fixture_begin();
        CHECK_INT(import(&dry, rows[i].quantity, true, &imported), rows[i].result);
        check_counts(&imported, i);
        check_told(&dry, i);
        CHECK_TEXT(stored(), ONE TWO THREE);
        CHECK_INT(import(&real, rows[i].quantity, false, &imported), rows[i].result);
        check_counts(&imported, i);
        CHECK_TEXT(real.told, rows[i].result == STORE_OK ? "" : rows[i].told);
        CHECK_TEXT(stored(), rows[i].stored);
        fixture_end();
    }
}

enum { MANY = 3 * STORE_TOLD_MAX };

/* So many are told of, in the order in which they were given. */
static void test_told_are_few(void)
{
    static struct product many[MANY];
    struct store_imported imported;
    struct script refused = {.products = {many, MANY, 0, 0}}, changed = refused;
    for (int i = 0; i < MANY; i++)
        many[i] = (struct product){MANY - i, 5, 1, "P", ""};
    fixture_begin();
    CHECK_INT(fixture_import(many, MANY), STORE_OK);
    CHECK_INT(import(&refused, STORE_QUANTITY_REFUSE, false, &imported), STORE_REFUSED);
    CHECK_INT(imported.counts[STORE_STOCKED], MANY);
    CHECK_INT(refused.count, STORE_TOLD_MAX);
    CHECK_START(refused.told, "4/60 4/59 4/58 ");
    for (int i = 0; i < MANY; i++)
        many[i].price_cents = 6;
    CHECK_INT(import(&changed, STORE_QUANTITY_KEEP, true, &imported), STORE_OK);
    CHECK_INT(imported.counts[STORE_CHANGED], MANY);
    CHECK_INT(changed.count, STORE_TOLD_MAX);
    CHECK_START(changed.told, "1/60 60:5:1:P: 60:6:1:P: 1/59 ");
    fixture_end();
}

/* All or nothing, whoever gives up; and what was ordered keeps its price and name. */
static void test_all_or_nothing(void)
{
    static const struct product changed[] = {{1, 500, 3, "New", "text"}, {4, 1, 1, "Four", ""}};
    static const struct product wrong[] = {{2, 1, 50, "Two", ""}, {3, 1, -1, "Three", ""}};
    static struct store_outcome outcome;
    static struct order order;
    struct fixture_products gives_up = {changed, 2, 0, -1};
    fixture_begin();
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 2), &outcome),
              STORE_OK);
    CHECK_INT(fixture_import_into(fixture, false, fixture_next, &gives_up), STORE_STOPPED);
    CHECK_INT(fixture_stock(1), 8);
    CHECK_INT(fixture_stock(4), -1);
    CHECK_INT(fixture_import(wrong, 2), STORE_FAULT);
    CHECK_INT(fixture_stock(2), 5);
    CHECK_INT(fixture_import(changed, 2), STORE_OK);
    CHECK_START(stored(), "1:500:3:New:text ");
    CHECK_INT(fixture_stock(4), 1);
    CHECK_INT(store_order_get(fixture, "c", outcome.order.id, &order), STORE_OK);
    CHECK_INT(order.lines[0].unit_price_cents, 999);
    CHECK_TEXT(order.lines[0].name, "Product 1");
    fixture_end();
}

enum { RACE_PROCESSES = 6, RACE_IMPORTS = 20 };

/* Adds the same products as others do at the same time, or finds them added. */
static int import_same(struct store *store, int number)
{
    struct product products[4];
    for (int n = 0; n < RACE_IMPORTS; n++) {
        struct fixture_products given = {products, 4, 0, 0};
        for (int i = 0; i < 4; i++)
            products[i] =
                (struct product){100 + n * 4 + (i + number) % 4, 1 + number, 1, "Same", ""};
        if (fixture_import_into(store, false, fixture_next, &given) != STORE_OK)
            return 255;
    }
    return 1;
}

static void test_race(void)
{
    int seen = 0;
    fixture_begin();
    CHECK_INT(fixture_race(RACE_PROCESSES, import_same), RACE_PROCESSES);
    CHECK_INT(store_product_list(fixture, 99, 0, count_product, &seen), STORE_OK);
    CHECK_INT(seen, 4 * RACE_IMPORTS);
    fixture_end();
}

enum { BUYERS = 4, BOUGHT = 30 };

/* One corrects a price again and again, the others buy: what is sold stays sold. */
static int buy_or_correct(struct store *store, int number)
{
    static struct store_outcome outcome;
    for (int n = 0; n < BOUGHT; n++) {
        struct product cheaper = {1, 100 + n, NONE, NULL, NULL};
        struct fixture_products given = {&cheaper, 1, 0, 0};
        enum store_result result =
            number == 0
                ? fixture_import_into(store, false, fixture_next, &given)
                : fixture_place(store, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 1), &outcome);
        if (result != STORE_OK)
            return 255;
    }
    return 1;
}

static void test_sold_stays_sold(void)
{
    static const struct product many = {1, 1, 1000, "P", ""};
    int64_t sold = 0;
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    CHECK_INT(fixture_race(BUYERS, buy_or_correct), BUYERS);
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               fixture_add_sold, &sold),
              STORE_OK);
    CHECK_INT(sold, (BUYERS - 1) * BOUGHT);
    CHECK_INT(fixture_stock(1), 1000 - sold);
    fixture_end();
}

static int import_if_empty(struct store *store, int number)
{
    /* Each has a product of its own, so that those that are stored tell who imported. */
    const struct product mine = {10 + number, 1, 1, "Mine", ""};
    struct fixture_products given = {&mine, 1, 0, 0};
    enum store_result result = fixture_import_into(store, true, fixture_next, &given);
    if (result != STORE_OK && result != STORE_NOT_EMPTY)
        return 255;
    return result == STORE_OK;
}

/* Of several at once one imports, and none into a store that has products. */
static void test_import_if_empty(void)
{
    int from, to;
    int seen = 0;
    fixture_begin_empty();
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(fixture_race(8, import_if_empty), 1);
    CHECK_INT(store_product_list(fixture, 0, 0, count_product, &seen), STORE_OK);
    CHECK_INT(seen, 1);
    CHECK_INT(import_if_empty(fixture, 20), 0);
    CHECK_INT(fixture_import(fixture_demo, 3), STORE_OK);
    fixture_end();
}

enum { MIXED_PROCESSES = 8, MIXED_ROUNDS = 3 };

/* Every other one imports into an empty store only; nobody is told that the store is busy. */
static int import_or_if_empty(struct store *store, int number)
{
    static struct product products[MANY];
    struct fixture_products given = {products, MANY, 0, 0};
    for (int i = 0; i < MANY; i++)
        products[i] = (struct product){1 + i, 1 + number, 1, "Mixed", ""};
    enum store_result result = fixture_import_into(store, number % 2, fixture_next, &given);
    return result == STORE_OK || (number % 2 && result == STORE_NOT_EMPTY) ? 1 : 255;
}

static void test_mixed(void)
{
    int from, to;
    for (int round = 0; round < MIXED_ROUNDS; round++) {
        int seen = 0;
        CHECK_OF("round %d", round);
        fixture_begin_empty();
        CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
        CHECK_INT(fixture_race(MIXED_PROCESSES, import_or_if_empty), MIXED_PROCESSES);
        CHECK_INT(store_product_list(fixture, 0, 0, count_product, &seen), STORE_OK);
        CHECK_INT(seen, MANY);
        fixture_end();
    }
}

static CU_TestInfo tests[] = {
    {"what is given is changed, and nothing else", test_rows},
    {"so many are told of", test_told_are_few},
    {"all or nothing", test_all_or_nothing},
    {"several add the same", test_race},
    {"what is sold stays sold", test_sold_stays_sold},
    {"import if empty", test_import_if_empty},
    {"some if empty, others in any case", test_mixed},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/import", tests);
}
