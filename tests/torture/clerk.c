#include "torture/clerk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "torture/commands.h"
#include "torture/order.h"
#include "torture/wrong.h"

enum {
    CLERK_AMOUNT_MAX = 9,
    CLERK_KILL_MS = 30, /* a command that is to be killed has less */
    CLERK_TEXT_SIZE = 32
};

static struct adjustment {
    int64_t product, change;
    bool made; /* the command said so */
    int seen;  /* how often the books have it */
} adjustments[COMMANDS_MAX];

static struct commands commands;
static int made, audits, audits_absent;

static void clerk_adjust(void)
{
    char id[CLERK_TEXT_SIZE], change[CLERK_TEXT_SIZE], reason[CLERK_TEXT_SIZE];
    char out[COMMANDS_OUT_SIZE];
    size_t n = atomic_load(&commands.told);
    struct adjustment *a = &adjustments[n];
    a->product = 1 + load_random(&commands.random, ORDER_SHARED);
    a->change = 1 + load_random(&commands.random, CLERK_AMOUNT_MAX);
    if (load_random(&commands.random, 2))
        a->change = -a->change;
    snprintf(id, sizeof id, "%" PRId64, a->product);
    snprintf(change, sizeof change, "%+" PRId64, a->change);
    snprintf(reason, sizeof reason, "c-%zu", n);
    const char *const argv[] = {"stock", id, change, "--reason", reason, NULL};
    a->made = commands_run(&commands, argv, out, CLERK_KILL_MS) == 0;
    made += a->made;
    atomic_store(&commands.told, n + 1);
}

/* Whatever the moment, the ledger accounts for every stock, or the store is out of reach, unless
 * it may not be. */
static void clerk_audit(bool away)
{
    static const char *const argv[] = {"audit", NULL};
    static const char right[] = ", wrong: 0\n";
    char out[COMMANDS_OUT_SIZE];
    int status = commands_run(&commands, argv, out, 0);
    audits += status == 0;
    audits_absent += status == 1 && !*out;
    if (status == 0 ? !strstr(out, right) : !away || status != 1 || *out)
        wrong_say("postern audit ended with %d and said: %s; see %s/command.log", status, out,
                  commands.pair.dir);
}

static void clerk_work(struct commands *own)
{
    (void)own;
    if (load_random(&commands.random, 3) == 0)
        clerk_audit(true);
    else
        clerk_adjust();
}

bool clerk_start(const struct pair *pair, uint64_t seed)
{
    return commands_start(&commands, pair, seed ^ 0xc1e4c, clerk_work);
}

void clerk_finish(void)
{
    commands_finish(&commands);
}

size_t clerk_told(void)
{
    return atomic_load(&commands.told);
}

void clerk_begin_check(void)
{
    for (size_t i = 0; i < COMMANDS_MAX; i++)
        adjustments[i].seen = 0;
}

void clerk_check(const char *reason, const char *product, const char *change)
{
    size_t n = strtoul(reason + strlen("c-"), NULL, 10);
    struct adjustment *a = n < COMMANDS_MAX ? &adjustments[n] : NULL;
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
    printf(" %d adjustments made, %d killed, %d audits, %d while the store was away,", made,
           commands.killed, audits, audits_absent);
}
