/* When the log of changes is forgotten, and that it does not grow without end, on either store. */
#include "server/purge.h"

#include <stdio.h>

#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

#define SECOND INT64_C(1000000)
#define START  (INT64_C(1000) * SECOND)

enum {
    CHANGES = 1800, /* a second; so many that a purge each PURGE_KEEP_US would not do */
    SECONDS = 75,
    KEEP_SECONDS = PURGE_KEEP_US / 1000000
};

static struct store_cursor cursor_of(int64_t number)
{
    return (struct store_cursor){.connection = number};
}

static int64_t due_at(struct purge *purge, int64_t second)
{
    const struct store_cursor told = cursor_of(second + 1);
    const struct store_cursor *upto = purge_due(purge, &told, START + second * SECOND);
    return upto ? upto->connection - 1 : -1;
}

static void test_schedule(void)
{
    static const struct {
        int line;
        int64_t second, upto; /* -1: nothing is due */
    } rows[] = {
        {__LINE__, 0, -1},  {__LINE__, 1, -1},  {__LINE__, 29, -1},  {__LINE__, 30, 0},
        {__LINE__, 30, -1}, {__LINE__, 31, 0},  {__LINE__, 32, 0},   {__LINE__, 59, 0},
        {__LINE__, 60, 30}, {__LINE__, 61, 30}, {__LINE__, 200, 60}, {__LINE__, 201, 60},
    };
    struct purge purge = {.young_us = 0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(due_at(&purge, rows[i].second), rows[i].upto);
    }
}

static bool hear(void *context, int64_t id)
{
    (void)id;
    ++*(int64_t *)context;
    return true;
}

/* The store refuses a stock below zero. */
static void check_entries(int64_t most)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "UPDATE products SET quantity = -1 WHERE (SELECT count(*) FROM product_changes) > %jd",
             (intmax_t)most);
    CHECK_TRUE(fixture_driver->sql(fixture_url, sql), "there are more than %jd", (intmax_t)most);
}

/* As the publisher does it, a look a second, with a clock that runs faster. */
static void test_bounded(void)
{
    char sql[200];
    struct purge purge = {.young_us = 0};
    struct store_cursor cursor = {.connection = 0};
    int64_t told = 0;
    fixture_begin();
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO product_changes (product_id) SELECT 1 FROM n",
             CHANGES);
    for (int second = 0; second < SECONDS; second++) {
        REQUIRE_TRUE(fixture_driver->sql(fixture_url, sql));
        REQUIRE_INT(store_news(fixture, &cursor, hear, &told), STORE_OK);
        const struct store_cursor *upto = purge_due(&purge, &cursor, START + second * SECOND);
        if (upto)
            CHECK_INT(store_news_purge(fixture, upto), STORE_OK);
    }
    CHECK_COMPARE(told, >=, SECONDS - 1);
    check_entries((int64_t)CHANGES * (2 * KEEP_SECONDS + 2));
    fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"schedule", test_schedule}, {"bounded", test_bounded}, CU_TEST_INFO_NULL};
    return fixture_run("unit/server/purge", tests);
}
