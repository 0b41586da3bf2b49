/* A catalogue that is kept while it sells, on each store: what an import says is changed, and
 * nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/pair.h"
#include "e2e/process.h"

enum { OUT_SIZE = 16 * 1024, ERRORS_MAX = 3 };

static char out[OUT_SIZE];

static int setup_sqlite(void)
{
    return fixture_start(&(struct pair_options){.catalogue = NULL});
}

static int setup_postgres(void)
{
    return fixture_start_postgres(&(struct pair_options){.catalogue = NULL});
}

/* Runs a command with at most three arguments; what it says goes to out and, new, command.log. */
static int run(const char *command, const char *first, const char *second, const char *third)
{
    const char *const argv[] = {command, first, second, third, NULL};
    CHECK_TRUE(pair_write(&pair, "command.log", ""));
    return pair_command(&pair, argv, out, sizeof out);
}

/* Imports a text, with at most two options before the file. */
static int import(const char *first, const char *second, const char *text)
{
    char path[PAIR_PATH_SIZE + 32];
    CHECK_TRUE(pair_write(&pair, "import.txt", text));
    snprintf(path, sizeof path, "%s/import.txt", pair.dir);
    if (!first)
        return run("import", path, NULL, NULL);
    return run("import", first, second ? second : path, second ? path : NULL);
}

/* The catalogue as it is exported. */
static const char *exported(void)
{
    static char text[OUT_SIZE];
    CHECK_INT(run("export", NULL, NULL, NULL), 0);
    snprintf(text, sizeof text, "%s", out);
    return text;
}

static int order(int product, int quantity)
{
    char body[100];
    snprintf(body, sizeof body, "{\"items\":[{\"product_id\":%d,\"quantity\":%d}]}", product,
             quantity);
    CHECK_TRUE(client_post(client, "/orders", body, &answer));
    return answer.status;
}

/* Puts another text in the place of one that is there. */
static void replace(char text[OUT_SIZE], const char *was, const char *becomes)
{
    static char rest[OUT_SIZE];
    char *at = strstr(text, was);
    REQUIRE_NOT_NULL(at);
    snprintf(rest, sizeof rest, "%s", at + strlen(was));
    snprintf(at, OUT_SIZE - (size_t)(at - text), "%s%s", becomes, rest);
}

/* The catalogue is exported, all five of a product are sold, and the file with one price corrected
 * is imported: the five are not sold again. */
static void test_sold_and_corrected(void)
{
    static char file[OUT_SIZE];
    snprintf(file, sizeof file, "%s", exported());
    CHECK_CONTAINS(file, "2,Product 2,Description for product 2,19.99,5\n");
    CHECK_INT(order(2, 5), 201);
    replace(file, "29.99", "24.99");
    CHECK_INT(import(NULL, NULL, file), 1);
    CHECK_LOG(&pair, "command.log",
              "import.txt: line 3, column 45: product 2 exists, so its quantity is refused", 0);
    CHECK_LOG(&pair, "command.log", "3 refused, nothing was imported", 0);
    CHECK_LOG(&pair, "command.log", "--keep-stock", 0);
    CHECK_LOG(&pair, "command.log", "--set-stock", 0);
    CHECK_CONTAINS(exported(), "29.99");
    CHECK_INT(import("--keep-stock", NULL, file), 0);
    CHECK_TEXT(out, "imported 3 products: 0 added, 1 changed, 2 left as they are\n");
    CHECK_TEXT(exported(), CATALOGUE_HEADER "1,Product 1,Description for product 1,9.99,10\n"
                                            "2,Product 2,Description for product 2,19.99,0\n"
                                            "3,Product 3,Description for product 3,24.99,2\n");
    CHECK_INT(order(2, 1), 409);
    CHECK_TRUE(answer_is_problem(&answer, 409, "out-of-stock", ANSWER_POSTERN));
    /* Five more came in. */
    CHECK_INT(import("--set-stock", NULL, "id,quantity\n2,5\n"), 0);
    CHECK_INT(order(2, 5), 201);
}

static void test_columns(void)
{
    CHECK_INT(import("--set-stock", NULL, CATALOGUE_HEADER "1,A,B,1.00,7\n2,C,D,2.00,8\n"), 0);
    CHECK_INT(import(NULL, NULL, "price,id\n1.50,1\n"), 0);
    CHECK_CONTAINS(exported(), "\n1,A,B,1.50,7\n2,C,D,2.00,8\n");
    CHECK_INT(import(NULL, NULL, "id,name\n2,E\n"), 0);
    CHECK_CONTAINS(exported(), "\n1,A,B,1.50,7\n2,E,D,2.00,8\n");
    CHECK_INT(import(NULL, NULL, "id,description\n2,\n"), 0);
    CHECK_CONTAINS(exported(), "\n2,E,,2.00,8\n");
    CHECK_INT(import(NULL, NULL,
                     "[{\"id\":1,\"description\":\"F\"},{\"price\":0.1,\"id\":2},"
                     "{\"id\":4,\"name\":\"G\",\"price\":4},"
                     "{\"id\":5,\"name\":\"H\",\"price\":5,\"quantity\":6,\"description\":\"I\"}]"),
              0);
    CHECK_TEXT(out, "imported 4 products: 2 added, 2 changed, 0 left as they are\n");
    CHECK_CONTAINS(exported(), "\n1,A,F,1.50,7\n2,E,,0.10,8\n");
    CHECK_CONTAINS(exported(), "\n4,G,,4.00,0\n5,H,I,5.00,6\n");
}

static void test_dry_run(void)
{
    static char many[OUT_SIZE];
    CHECK_INT(import("--set-stock", NULL, CATALOGUE_HEADER "1,A,B,1.00,7\n2,C,D,2.00,8\n"), 0);
    char before[OUT_SIZE];
    snprintf(before, sizeof before, "%s", exported());
    CHECK_INT(import("--dry-run", "--set-stock",
                     CATALOGUE_HEADER "1,\"A \"\"1\",\"B\n2\",1.01,7\n2,C,D,2.00,9\n90,X,,1,1\n"
                                      "3,Product 3,Description for product 3,24.99,2\n"),
              0);
    CHECK_TEXT(out, "product 1: name \"A\" -> \"A \"1\"\n"
                    "product 1: description \"B\" -> \"B?2\"\n"
                    "product 1: price 1.00 -> 1.01\n"
                    "product 2: quantity 8 -> 9\n"
                    "would import 4 products: 1 added, 2 changed, 1 left as they are\n");
    CHECK_INT(import("--dry-run", NULL, "id,quantity\n1,1\n"), 1);
    CHECK_LOG(&pair, "command.log", "line 2, column 3: product 1 exists", 0);
    size_t used = (size_t)snprintf(many, sizeof many, CATALOGUE_HEADER);
    for (int id = 100; id < 130; id++)
        used += catalogue_line(many + used, sizeof many - used, id, 1);
    CHECK_TEXT(exported(), before);
    CHECK_INT(import(NULL, NULL, many), 0);
    for (char *at = many; (at = strstr(at, ".37,")); at++)
        at[1] = '4';
    CHECK_INT(import("--dry-run", "--keep-stock", many), 0);
    CHECK_START(out, "product 100: price 100.37 -> 100.47\nproduct 101: ");
    CHECK_CONTAINS(out, "product 119: price 119.37 -> 119.47\nwould import 30 products: 0 added, "
                        "30 changed, 0 left as they are\n");
}

static const struct {
    int line;
    const char *text;
    const char *errors[ERRORS_MAX];
} refused_rows[] = {
    {__LINE__,
     "id,price\n1,9.99\n70,1.00\n",
     {"line 3, column 1: product 70 is new, so it needs a name and a price",
      "1 refused, nothing was imported; give a new product all but"}},
    {__LINE__, "name,id\nA,1\nB,70\n", {"line 3, column 3: product 70 is new"}},
    {__LINE__, "[{\"id\":1,\"price\":5},\n{\"id\":70}]", {"line 2, item 2: product 70 is new"}},
    {__LINE__,
     "[{\"id\":70,\"name\":\"N\",\"price\":5},\n{\"id\":1,\"quantity\":10}]",
     {"line 2, item 2: product 1 exists, so its quantity is refused", "--keep-stock"}},
    {__LINE__,
     "id,description,quantity\n2,x,1\n1,\"a\nb\",10\n",
     {"line 2, column 5: product 2 exists", "line 4, column 4: product 1 exists", "2 refused"}},
    {__LINE__, "id,price\n1,1.005\n", {"line 2, column 3: price must be"}},
    {__LINE__, "id,price\n1,-1\n", {"line 2, column 3: price must be"}},
    {__LINE__, "id,price\n1,\n", {"line 2, column 3: price must be"}},
    {__LINE__, "id,price\n1,100000000\n", {"line 2, column 3: price must be"}},
    {__LINE__, "id,quantity\n1,-1\n", {"line 2, column 3: quantity must be"}},
    {__LINE__, "id,quantity\n1,9007199254740992\n", {"line 2, column 3: quantity must be"}},
    {__LINE__, "id,name\n1,\n", {"line 2, column 3: name must be"}},
    {__LINE__, "id,stock\n1,1\n", {"line 1, column 4: unknown column \"stock\""}},
    {__LINE__, "id,price,price\n1,1,1\n", {"line 1, column 10: repeated column \"price\""}},
    {__LINE__, "price\n1\n", {"line 1, column 1: there is no column \"id\""}},
    {__LINE__,
     "id,price\n1,5\n2,5\n1,5\n",
     {"line 4, column 1: the id 1 is that of line 2, column 1 already"}},
};

static void test_refused(void)
{
    char before[OUT_SIZE];
    snprintf(before, sizeof before, "%s", exported());
    for (size_t i = 0; i < sizeof refused_rows / sizeof refused_rows[0]; i++) {
        CHECK_ROW(refused_rows[i].line);
        CHECK_INT(import(NULL, NULL, refused_rows[i].text), 1);
        for (size_t e = 0; e < ERRORS_MAX && refused_rows[i].errors[e]; e++)
            CHECK_LOG(&pair, "command.log", refused_rows[i].errors[e], 0);
        CHECK_TEXT(exported(), before);
    }
}

/* Whether GET /products has the product, and GET /products/{id} it, too. */
static bool is_for_sale(int id)
{
    char text[32];
    CHECK_TRUE(client_get(client, "/products", &answer));
    snprintf(text, sizeof text, "\"id\":%d,", id);
    bool listed = strstr(answer.body, text) != NULL;
    snprintf(text, sizeof text, "/products/%d", id);
    CHECK_TRUE(client_get(client, text, &answer));
    CHECK_INT(answer.status, listed ? 200 : 404);
    return listed;
}

static void test_retire(void)
{
    char location[128];
    CHECK_INT(import("--set-stock", NULL, CATALOGUE_HEADER "1,A,B,1.00,7\n2,C,D,2.00,8\n"), 0);
    CHECK_INT(order(2, 1), 201);
    snprintf(location, sizeof location, "%s", client_header(&answer, "Location"));
    CHECK_INT(run("retire", "2", "3", "999"), 1);
    CHECK_LOG(&pair, "command.log", "there is no product 999; nothing was changed", 0);
    CHECK_TRUE(is_for_sale(2));
    CHECK_INT(run("retire", "2", "3", NULL), 0);
    CHECK_TEXT(out, "retired: 2 of 2 products\n");
    CHECK_FALSE(is_for_sale(2));
    CHECK_FALSE(is_for_sale(3));
    CHECK_TRUE(is_for_sale(1));
    CHECK_LACKS(exported(), "\n2,C");
    CHECK_INT(order(2, 1), 422);
    CHECK_TRUE(answer_has_error(&answer, "/items/0/product_id"));
    client_get(client, location, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_CONTAINS(answer.body, "\"name\":\"C\"");
    CHECK_INT(import(NULL, NULL, "id,price\n1,9\n2,9\n"), 1);
    CHECK_LOG(&pair, "command.log", "line 3, column 1: product 2 is retired", 0);
    CHECK_LOG(&pair, "command.log", "postern retire --back ID", 0);
    CHECK_CONTAINS(exported(), "\n1,A,B,1.00,7\n");
    CHECK_INT(run("retire", "--back", "2", NULL), 0);
    CHECK_TEXT(out, "brought back: 1 of 1 products\n");
    CHECK_TRUE(is_for_sale(2));
    CHECK_CONTAINS(exported(), "\n2,C,D,2.00,7\n");
    CHECK_INT(run("retire", "--back", "2", "3"), 0);
    CHECK_TEXT(out, "brought back: 1 of 2 products\n");
}

static void test_retire_usage(void)
{
    static const char *const wrong[][2] = {{NULL, NULL}, {"--back", NULL}, {"--all", "1"},
                                           {"1", "x"},   {"0", NULL},      {"1,2", NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_OF("arguments %zu", i);
        CHECK_INT(run("retire", wrong[i][0], wrong[i][1], NULL), 2);
    }
    CHECK_LOG(&pair, "command.log", "\"1,2\" is no product's id", 0);
}

static void test_usage(void)
{
    static const char *const wrong[][3] = {
        {"--set-stock", NULL, NULL}, {"--keep-stock", "--set-stock", "FILE"},
        {"FILE", "--dry-run", NULL}, {"--stock", "FILE", NULL},
        {NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_OF("arguments %zu", i);
        CHECK_INT(run("import", wrong[i][0], wrong[i][1], wrong[i][2]), 2);
        CHECK_LOG(&pair, "command.log", "usage: postern import", 0);
    }
}

static CU_TestInfo tests[] = {
    {"sold, and a price corrected", test_sold_and_corrected},
    {"columns that are absent", test_columns},
    {"dry run", test_dry_run},
    {"refused with the place", test_refused},
    {"retire", test_retire},
    {"usage of retire", test_retire_usage},
    {"usage", test_usage},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    int sqlite = e2e_suite_run("e2e/keeping-sqlite", setup_sqlite, fixture_end, tests);
    int postgres = e2e_suite_run("e2e/keeping-postgres", setup_postgres, fixture_end, tests);
    return sqlite == EXIT_SUCCESS ? postgres : sqlite;
}
