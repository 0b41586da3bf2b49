/* The shares of connections and of requests, and that every one is given back. */
#include "module/shares.h"

#include "check.h"
#include "suite.h"

#define A "vpce-0a"
#define B "vpce-0b"

enum { MAX = 64, CONNECTIONS = 16, PENDING = 8, ALL = 63, KEPT = 4, REQUESTS = 2, LEFT = 7 };

static struct shares shares;

static int setup(void)
{
    shares.limits = shares_limits_of(MAX, 0, REQUESTS);
    return 0;
}

/* Joins until it is refused; how often it was not. */
static unsigned fill(const char *name, unsigned limit, struct share **last)
{
    unsigned n = 0;
    for (struct share *share; n <= MAX && (share = shares_join(&shares, name, limit)); n++)
        *last = share;
    return n;
}

static void leave(struct share *share, unsigned n)
{
    while (n-- > 0)
        shares_leave(&shares, share);
}

static void check_empty(void)
{
    CHECK_NULL(shares.groups);
    CHECK_INT(shares.connections, 0);
    CHECK_INT(shares.nobody, 0);
}

static void test_limits(void)
{
    CHECK_INT(shares.limits.connections, CONNECTIONS);
    CHECK_INT(shares.limits.pending, PENDING);
    CHECK_INT(shares.limits.all, ALL);
    CHECK_INT(shares.limits.kept, KEPT);
    struct shares_limits set = shares_limits_of(1024, 100, 8);
    CHECK_INT(set.connections, 100);
    CHECK_INT(set.requests, 8);
    CHECK_INT(set.contested, 8);
    CHECK_INT(set.all, 1008);
    CHECK_INT(set.kept, 64);
    struct shares_limits least = shares_limits_of(2, 0, 1);
    CHECK_INT(least.connections, 1);
    CHECK_INT(least.all, 1);
}

static void test_connections(void)
{
    struct share *a = NULL, *b = NULL, *pending = NULL;
    CHECK_INT(fill(A, 0, &a), CONNECTIONS);
    CHECK_INT(fill(B, 3, &b), 3); /* a limit of its own */
    CHECK_INT(fill(SHARES_PENDING, 0, &pending), PENDING);
    shares_leave(&shares, a);
    CHECK_INT(fill(A, 0, &a), 1);
    CHECK_NULL(shares_join(&shares,
                           "a name that is longer than any endpoint's id can ever be, as long "
                           "as that",
                           0));
    leave(a, CONNECTIONS);
    leave(b, 3);
    leave(pending, PENDING);
    check_empty();
}

/* However many endpoints there are, callers without one find a place. */
static void test_all(void)
{
    struct share *full[MAX] = {NULL}, *nobody = NULL, *left = NULL;
    char name[] = "vpce-0";
    unsigned groups = (ALL - KEPT) / CONNECTIONS, rest = (ALL - KEPT) % CONNECTIONS;
    for (unsigned i = 0; i < groups; i++) {
        name[5] = (char)('0' + i);
        CHECK_INT(fill(name, 0, &full[i]), CONNECTIONS);
    }
    CHECK_INT(fill(A, 0, &left), rest);
    CHECK_NULL(shares_join(&shares, SHARES_PENDING, 0));
    CHECK_INT(fill(SHARES_NOBODY, 0, &nobody), KEPT);
    CHECK_INT(shares.connections, ALL);
    for (unsigned i = 0; i < groups; i++)
        leave(full[i], CONNECTIONS);
    CHECK_INT(fill(SHARES_NOBODY, 0, &nobody), CONNECTIONS - KEPT); /* its share, like any other */
    leave(nobody, CONNECTIONS);
    leave(left, rest);
    check_empty();
}

/* Who gives a place up for whom. */
static void test_crowder(void)
{
    struct share *a = NULL, *b = NULL, *nobody = NULL, *pending = NULL;
    CHECK_INT(fill(A, 0, &a), CONNECTIONS);
    CHECK_INT(fill(SHARES_NOBODY, 0, &nobody), CONNECTIONS);
    CHECK_TRUE(shares_crowder(&shares, B, 0) == a);
    CHECK_TRUE(shares_crowder(&shares, SHARES_PENDING, 0) == a);
    CHECK_NULL(shares_crowder(&shares, A, 0)); /* it has its share */
    b = shares_join(&shares, B, 0);
    CHECK_TRUE(shares_crowder(&shares, B, 0) == a);
    CHECK_NULL(shares_crowder(&shares, B, 1));
    while (b->connections < CONNECTIONS - 1)
        shares_join(&shares, B, 0);
    CHECK_NULL(shares_crowder(&shares, B, 0)); /* they would only change places */
    CHECK_INT(fill(SHARES_PENDING, 0, &pending), PENDING);
    CHECK_TRUE(shares_crowder(&shares, "vpce-0", 0) == a);
    leave(a, CONNECTIONS);
    leave(b, CONNECTIONS - 1);
    CHECK_NULL(shares_crowder(&shares, "vpce-0", 0)); /* neither of the two is an endpoint's */
    leave(nobody, CONNECTIONS);
    leave(pending, PENDING);
    check_empty();
}

static void test_requests(void)
{
    struct shares_turn turns[LEFT] = {{.state = SHARES_IDLE}}, other = {.state = SHARES_IDLE};
    struct share *a = shares_join(&shares, A, 0), *b = shares_join(&shares, B, 0);
    for (size_t i = 0; i < LEFT; i++) {
        shares_ask(&shares, a, &turns[i]);
        CHECK_INT(turns[i].state, i < REQUESTS ? SHARES_BEGUN : SHARES_WAITING, "%zu", i);
    }
    shares_ask(&shares, b, &other);
    CHECK_INT(other.state, SHARES_BEGUN);
    CHECK_NULL(shares_end(&shares, &other));
    CHECK_NULL(shares_end(&shares, &other)); /* again: nothing */
    /* Those that leave the queue, at its end, in the middle and at its head, wake nobody. */
    CHECK_NULL(shares_end(&shares, &turns[6]));
    CHECK_NULL(shares_end(&shares, &turns[4]));
    CHECK_NULL(shares_end(&shares, &turns[2]));
    /* First come, first served. */
    CHECK_TRUE(shares_end(&shares, &turns[0]) == &turns[3]);
    CHECK_INT(turns[3].state, SHARES_BEGUN);
    CHECK_TRUE(shares_end(&shares, &turns[3]) == &turns[5]);
    CHECK_NULL(shares_end(&shares, &turns[1]));
    CHECK_INT(a->requests, 1);
    shares_ask(&shares, a, &turns[0]);
    CHECK_INT(turns[0].state, SHARES_BEGUN);
    CHECK_NULL(shares_end(&shares, &turns[0]));
    CHECK_NULL(shares_end(&shares, &turns[5]));
    shares_leave(&shares, a);
    shares_leave(&shares, b);
    check_empty();
}

/* While another group asks, a group has fewer; it has all again when the other is silent. */
static void test_contested(void)
{
    struct shares_turn turns[LEFT] = {{.state = SHARES_IDLE}}, other = {.state = SHARES_IDLE};
    struct share *a = shares_join(&shares, A, 0), *b = shares_join(&shares, B, 0);
    shares = (struct shares){.limits = shares.limits,
                             .groups = shares.groups,
                             .connections = shares.connections,
                             .now = 100};
    shares.limits.contested = 1;
    for (size_t i = 0; i < 4; i++)
        shares_ask(&shares, a, &turns[i]);
    CHECK_INT(a->requests, REQUESTS);
    shares_ask(&shares, b, &other);
    CHECK_INT(other.state, SHARES_BEGUN);
    CHECK_NULL(shares_end(&shares, &turns[0]));
    CHECK_INT(a->requests, 1);
    CHECK_TRUE(shares_end(&shares, &turns[1]) == &turns[2]);
    CHECK_INT(a->requests, 1);
    shares_ask(&shares, a, &turns[4]);
    CHECK_INT(turns[4].state, SHARES_WAITING);
    shares.now += SHARES_ASKING_SECONDS + 1;
    shares_ask(&shares, a, &turns[5]);
    CHECK_INT(turns[5].state, SHARES_BEGUN);
    CHECK_TRUE(shares_end(&shares, &turns[5]) == &turns[3]);
    CHECK_INT(a->requests, REQUESTS);
    CHECK_TRUE(shares_end(&shares, &turns[3]) == &turns[4]);
    CHECK_NULL(shares_end(&shares, &turns[2]));
    CHECK_NULL(shares_end(&shares, &turns[4]));
    CHECK_NULL(shares_end(&shares, &other));
    shares.limits.contested = REQUESTS;
    shares_leave(&shares, a);
    shares_leave(&shares, b);
    check_empty();
}

/* A turn outlives the connection it came by, and its group with it. */
static void test_pass(void)
{
    struct shares_turn first = {.state = SHARES_IDLE}, kept = first, second = first, third = first;
    struct share *a = shares_join(&shares, A, 0);
    shares_ask(&shares, a, &first);
    shares_ask(&shares, a, &second);
    shares_pass(&first, &kept);
    CHECK_INT(first.state, SHARES_IDLE);
    CHECK_NULL(shares_end(&shares, &first));
    CHECK_NULL(shares_end(&shares, &second));
    shares_leave(&shares, a);
    CHECK_TRUE(shares_join(&shares, A, 0) == a, "the group was forgotten");
    shares_ask(&shares, a, &second);
    shares_ask(&shares, a, &third);
    CHECK_INT(third.state, SHARES_WAITING);
    CHECK_TRUE(shares_end(&shares, &kept) == &third);
    CHECK_NULL(shares_end(&shares, &second));
    CHECK_NULL(shares_end(&shares, &third));
    shares_leave(&shares, a);
    check_empty();
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"limits", test_limits},         {"connections", test_connections},
        {"all places", test_all},        {"who gives a place up", test_crowder},
        {"requests", test_requests},     {"requests while others ask", test_contested},
        {"a turn passed on", test_pass}, CU_TEST_INFO_NULL};
    return suite_run("module/shares", setup, NULL, tests);
}
