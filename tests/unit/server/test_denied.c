#include "server/denied.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "suite.h"

enum { READERS = 3, ROUNDS = 1000 };

static struct denied *denied;
static struct denylist list;
static atomic_bool stop;

static int setup(void)
{
    denied = calloc(1, sizeof *denied);
    return denied ? 0 : 1;
}

static int teardown(void)
{
    free(denied);
    return 0;
}

static void publish(const char *text)
{
    struct denylist_fault fault;
    CHECK_TRUE(denylist_load(&list, text, "", &fault));
    denied_publish(denied, &list);
}

static void test_exact(void)
{
    static const struct {
        int line;
        const char *consumer;
        bool is;
    } rows[] = {
        {__LINE__, "vpce-0a", true},    {__LINE__, "vpce-0a1", true},
        {__LINE__, "vpce-ff", true},    {__LINE__, "vpce-0123456789abcdef0", true},
        {__LINE__, "vpce-0", false},    {__LINE__, "vpce-0a0", false},
        {__LINE__, "vpce-0a11", false}, {__LINE__, "vpce-0123456789abcdef", false},
        {__LINE__, "vpce-00", false},   {__LINE__, "vpce-0123456789abcdef00", false},
        {__LINE__, "-", false},         {__LINE__, "", false},
        {__LINE__, "vpce-0A", false},   {__LINE__, "vpce-fff", false},
    };
    CHECK_FALSE(denied_has(denied, "vpce-0a"));
    publish("vpce-ff,vpce-0a,vpce-0a1,vpce-0123456789abcdef0");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(denied_has(denied, rows[i].consumer), rows[i].is);
    }
}

static void test_replaced(void)
{
    publish("vpce-1,vpce-2,vpce-3");
    publish("vpce-2");
    CHECK_FALSE(denied_has(denied, "vpce-1"));
    CHECK_TRUE(denied_has(denied, "vpce-2"));
    CHECK_FALSE(denied_has(denied, "vpce-3"));
    publish("");
    CHECK_FALSE(denied_has(denied, "vpce-2"));
}

/* Ids of the longest kind, all with the same end, so that a table half rewritten would show ids
 * that are in no list, or hide one that is in both. */
static void fill(int from)
{
    list.count = DENYLIST_MAX;
    for (int i = 0; i < DENYLIST_MAX; i++)
        snprintf(list.ids[i], sizeof list.ids[i], "vpce-%029x%030x", i, i % 10 == 5 ? 0 : from);
}

static void *read_on(void *argument)
{
    long *wrong = argument;
    char both[DENYLIST_MAX / 10][ENDPOINT_ID_SIZE], none[DENYLIST_MAX / 10][ENDPOINT_ID_SIZE];
    for (int i = 0; i < DENYLIST_MAX / 10; i++) {
        snprintf(both[i], sizeof both[i], "vpce-%029x%030x", i * 10 + 5, 0);
        snprintf(none[i], sizeof none[i], "vpce-%029x%030x", i * 10, 0);
    }
    for (int i = 0; !atomic_load(&stop); i = (i + 7) % (DENYLIST_MAX / 10))
        *wrong += !denied_has(denied, both[i]) || denied_has(denied, none[i]);
    return NULL;
}

static void test_never_torn(void)
{
    pthread_t threads[READERS];
    long wrong[READERS] = {0};
    fill(1);
    denied_publish(denied, &list);
    atomic_store(&stop, false);
    for (int i = 0; i < READERS; i++)
        REQUIRE_INT(pthread_create(&threads[i], NULL, read_on, &wrong[i]), 0);
    for (int i = 0; i < ROUNDS; i++) {
        fill(1 + i % 2);
        /* A short list in between: a reader that mixed the two would miss most. */
        if (i % 3 == 0) {
            list.count = 0;
            for (int k = 5; k < DENYLIST_MAX; k += 10)
                snprintf(list.ids[list.count++], ENDPOINT_ID_SIZE, "vpce-%029x%030x", k, 0);
        }
        denied_publish(denied, &list);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(wrong[i], 0, "reader %d: %ld wrong", i, wrong[i]);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"an id matches whole or not at all", test_exact},
                           {"a list replaces the one before", test_replaced},
                           {"no reader sees a table half-written", test_never_torn},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/server/denied", setup, teardown, tests);
}
