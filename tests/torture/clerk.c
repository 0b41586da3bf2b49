#include "torture/clerk.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/load.h"
#include "torture/order.h"
#include "torture/wrong.h"

enum {
    CLERK_MAX = 65536,
    CLERK_AMOUNT_MAX = 9,
    CLERK_PATIENCE_MS = 60000,
    CLERK_KILL_MS = 30, /* a command that is to be killed has less */
    CLERK_THINK_MS = 40,
    CLERK_OUT_SIZE = 4096,
    CLERK_TEXT_SIZE = 32
};

static struct adjustment {
    int64_t product, change;
    bool made; /* the command said so */
    int seen;  /* how often the books have it */
} adjustments[CLERK_MAX];

static struct pair pair; /* a copy: its processes come and go */
static struct load load;
static uint64_t random_state;
static atomic_bool finishing;
static bool started;
static _Atomic size_t told;
static int made, killed, audits, audits_absent;

static void clerk_adjust(void)
{
    char id[CLERK_TEXT_SIZE], change[CLERK_TEXT_SIZE], reason[CLERK_TEXT_SIZE], out[CLERK_OUT_SIZE];
    size_t n = atomic_load(&told);
    struct adjustment *a = &adjustments[n];
    a->product = 1 + load_random(&random_state, ORDER_PRODUCTS);
    a->change = 1 + load_random(&random_state, CLERK_AMOUNT_MAX);
    if (load_random(&random_state, 2))
        a->change = -a->change;
    snprintf(id, sizeof id, "%" PRId64, a->product);
    snprintf(change, sizeof change, "%+" PRId64, a->change);
    snprintf(reason, sizeof reason, "c-%zu", n);
    const char *const argv[] = {"stock", id, change, "--reason", reason, NULL};
    bool kills = load_random(&random_state, 4) == 0;
    int status = pair_command_within(&pair, argv, out, sizeof out,
                                     kills ? (int)load_random(&random_state, CLERK_KILL_MS)
                                           : CLERK_PATIENCE_MS);
    a->made = status == 0;
    made += a->made;
    killed += status < 0;
    if (status < 0 && !kills)
        wrong_say("postern stock did not end within %d ms", CLERK_PATIENCE_MS);
    atomic_store(&told, n + 1);
}

/* Whatever the moment, the ledger accounts for every stock, or the store is out of reach, unless
 * it may not be. */
static void clerk_audit(bool away)
{
    static const char *const argv[] = {"audit", NULL};
    static const char right[] = ", wrong: 0\n";
    char out[CLERK_OUT_SIZE];
    int status = pair_command_within(&pair, argv, out, sizeof out, CLERK_PATIENCE_MS);
    audits += status == 0;
    audits_absent += status == 1 && !*out;
    if (status == 0 ? !strstr(out, right) : !away || status != 1 || *out)
        wrong_say("postern audit ended with %d and said: %s; see %s/command.log", status, out,
                  pair.dir);
}

static void clerk_live(void *context, size_t thread)
{
    (void)context;
    (void)thread;
    while (!atomic_load(&finishing) && !wrong_any() && atomic_load(&told) < CLERK_MAX) {
        if (load_random(&random_state, 3) == 0)
            clerk_audit(true);
        else
            clerk_adjust();
        load_sleep_ms((int)load_random(&random_state, CLERK_THINK_MS));
    }
}

bool clerk_start(const struct pair *of, uint64_t seed)
{
    pair = *of;
    random_state = seed ^ 0xc1e4c;
    started = load_start(&load, 1, clerk_live, NULL);
    return started;
}

void clerk_finish(void)
{
    atomic_store(&finishing, true);
    if (started)
        load_join(&load);
}

size_t clerk_told(void)
{
    return atomic_load(&told);
}

void clerk_begin_check(void)
{
    for (size_t i = 0; i < CLERK_MAX; i++)
        adjustments[i].seen = 0;
}

void clerk_check(const char *reason, const char *product, const char *change)
{
    size_t n = strtoul(reason + strlen("c-"), NULL, 10);
    struct adjustment *a = n < CLERK_MAX ? &adjustments[n] : NULL;
    if (!a || a->product != strtoll(product, NULL, 10) || a->change != strtoll(change, NULL, 10))
        wrong_say("nobody adjusted product %s by %s as %s", product, change, reason);
    else if (++a->seen > 1)
        wrong_say("the adjustment %s of product %s by %s is there twice", reason, product, change);
}

void clerk_end_check(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (adjustments[i].made && !adjustments[i].seen)
            wrong_say("the adjustment c-%zu of product %" PRId64 " by %" PRId64
                      " was made, and is not there",
                      i, adjustments[i].product, adjustments[i].change);
    }
}

void clerk_end(bool brief)
{
    if (!brief && audits == 0)
        wrong_say("no audit succeeded while requests went on");
    if (!brief && made == 0)
        wrong_say("no adjustment was made");
    clerk_audit(false);
}

void clerk_report(void)
{
    printf(" %d adjustments made, %d killed, %d audits, %d while the store was away,", made, killed,
           audits, audits_absent);
}
