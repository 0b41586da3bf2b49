/* One pair with two workers, one hostile caller after the other, and a consumer and a load balancer
 * who must not be harmed. Each row of the table is one attack. SECONDS_TO_RUN bounds it; SEED
 * repeats its decisions; ATTACK runs the rows whose names hold that text. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "e2e/load.h"
#include "siege/attack.h"
#include "siege/site.h"
#include "siege/swarm.h"
#include "siege/watch.h"

enum {
    SECONDS_DEFAULT = 60,
    SECONDS_LEAST = 25,
    SECONDS_MAX = 3600,
    SECONDS_SPARE = 600, /* to fill the store, and to restart what an attack broke */
    ALONE_MS = 3000,
    RATE_MS = 10000, /* at least, where the admitted rate is counted */
    BEFORE_MS = 200, /* of each row, before the attack */
    AFTER_MS = 5000,
    LOOK_MS = 50,
    TIMES_ALONE = 3,
    FLOOR_US = 10000, /* less than this is noise */
    CEILING_US = 250000,
    PROBE_US = 100000,
    RATE_PERCENT = 5
};

static struct site site;
static struct site_state calm;
static struct {
    int64_t caller_us; /* the 99th of a hundred */
    int64_t probe_us;  /* the slowest */
} alone;
static uint64_t seed, randomness;
static int passed, failed, skipped;

/* Whatever hangs, the kernel then ends what was started. */
static void give_up(int signal)
{
    static const char text[] = "siege: WRONG: it hangs; see the seed above\n";
    (void)signal;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    _exit(1);
}

static bool seconds_to_run(int *seconds)
{
    const char *text = getenv("SECONDS_TO_RUN");
    char *end = NULL;
    int64_t number = text && *text ? strtoll(text, &end, 10) : SECONDS_DEFAULT;
    if ((end && *end) || number < SECONDS_LEAST || number > SECONDS_MAX) {
        fprintf(stderr, "SECONDS_TO_RUN is a number from %d to %d\n", SECONDS_LEAST, SECONDS_MAX);
        return false;
    }
    *seconds = (int)number;
    return true;
}

/* Prints what is wrong with a row, below it; counts. */
static void wrong(int *count, const char *what, int64_t got, int64_t limit, const char *more)
{
    printf("    WRONG: %s: %" PRId64 ", at most %" PRId64 "%s%s\n", what, got, limit,
           *more ? ": " : "", more);
    (*count)++;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int check_harm(void)
{
    int count = 0;
    int64_t caller = figures_percentile(&watch_caller, 99);
    int64_t probe = figures_percentile(&watch_probes, 100);
    int64_t most = smaller(larger(TIMES_ALONE * alone.caller_us, FLOOR_US), CEILING_US);
    int64_t most_probe = larger(TIMES_ALONE * alone.probe_us, PROBE_US);
    if (watch_caller.failed)
        wrong(&count, "failed requests", (int64_t)watch_caller.failed, 0, watch_caller.why);
    if (caller > most)
        wrong(&count, "99th of a hundred requests, in us", caller, most, "");
    if (watch_probes.failed)
        wrong(&count, "failed probes", (int64_t)watch_probes.failed, 0, watch_probes.why);
    if (probe > most_probe)
        wrong(&count, "the slowest probe, in us", probe, most_probe, "");
    return count;
}

static int check_rate(const struct attack *attack, const struct swarm_result *result)
{
    int count = 0;
    int64_t wanted = attack->admitted * result->admitted_ms / 1000;
    int64_t off = result->admitted - wanted;
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 " and not %" PRId64 " requests admitted",
             result->admitted, wanted);
    if (attack->admitted && larger(off, -off) * 100 > wanted * RATE_PERCENT)
        wrong(&count, "the admitted rate is off, in percent", larger(off, -off) * 100 / wanted,
              RATE_PERCENT, text);
    return count;
}

/* Waits until all is as before; the milliseconds, or -1, and then *differs says what is not. */
static int64_t settle(const char **differs)
{
    int64_t start = load_now_ms();
    for (;;) {
        const struct site_state now = site_look(&site);
        *differs = site_differs(&calm, &now);
        if (!**differs)
            return load_now_ms() - start;
        if (load_now_ms() - start > AFTER_MS)
            return -1;
        load_sleep_ms(LOOK_MS);
    }
}

static void print_row(const char *name, const struct swarm_result *cost, const char *after)
{
    printf("%-25s %6" PRId64 " %8" PRId64 " %7" PRId64 " | %4zu %4zu %7.1f %7.1f | %4zu %4zu %7.1f"
           " | %s\n",
           name, cost->connections, cost->requests, cost->bytes / 1000, watch_caller.count,
           watch_caller.failed, (double)figures_percentile(&watch_caller, 50) / 1000,
           (double)figures_percentile(&watch_caller, 99) / 1000, watch_probes.count,
           watch_probes.failed, (double)figures_percentile(&watch_probes, 100) / 1000, after);
}

static void print_head(void)
{
    printf("%-25s %23s | %25s | %17s | %s\n", "", "attacker", "consumer", "probes", "as before");
    printf("%-25s %6s %8s %7s | %4s %4s %7s %7s | %4s %4s %7s | %s\n", "attack", "conns",
           "requests", "kB sent", "", "fail", "p50 ms", "p99 ms", "", "fail", "max ms", "after ms");
}

static void measure_alone(void)
{
    const struct swarm_result none = {.bytes = 0};
    watch_open();
    load_sleep_ms(ALONE_MS);
    watch_close();
    alone.caller_us = figures_percentile(&watch_caller, 99);
    alone.probe_us = figures_percentile(&watch_probes, 100);
    load_sleep_ms(LOOK_MS);
    calm = site_look(&site);
    print_row("none", &none, "-");
    if (watch_caller.failed || watch_probes.failed || watch_caller.count == 0) {
        printf("    WRONG: %s%s\n", watch_caller.why, watch_probes.why);
        failed++;
    }
}

/* One row. A site that was broken is started anew, so that each row stands for itself. */
static bool besiege(const struct attack *attack, int ms)
{
    struct swarm_result cost;
    const char *differs = "";
    char after[24];
    if (attack->fills && !site.small) {
        printf("%-25s skipped: the folder of uploads cannot be made small\n", attack->name);
        skipped++;
        return true;
    }
    site_read_log(!attack->log_stands);
    watch_open();
    load_sleep_ms(BEFORE_MS);
    bool ran = swarm_run(attack, site.pair.port, ms, &randomness, &cost);
    watch_close();
    int64_t settled = settle(&differs);
    site_read_log(true);
    snprintf(after, sizeof after, "%" PRId64, settled);
    print_row(attack->name, &cost, settled < 0 ? "no" : after);
    int faults = check_harm() + check_rate(attack, &cost) + (ran ? 0 : 1);
    if (settled < 0) {
        printf("    WRONG: %d ms later: %s\n", AFTER_MS, differs);
        faults++;
    }
    fflush(stdout);
    passed += faults == 0;
    failed += faults > 0;
    return faults == 0 || site_restart(&site);
}

static void siege(int seconds)
{
    const char *only = getenv("ATTACK");
    int ms = (seconds * 1000 - ALONE_MS - RATE_MS) / (int)attacks_count - BEFORE_MS;
    print_head();
    measure_alone();
    for (size_t i = 0; i < attacks_count; i++) {
        if (only && *only && !strstr(attacks[i].name, only))
            continue;
        if (!besiege(&attacks[i], attacks[i].admitted ? RATE_MS + SWARM_SETTLE_MS : ms)) {
            printf("    WRONG: the pair cannot be started anew\n");
            return;
        }
    }
}

int main(void)
{
    int seconds;
    struct rlimit files;
    if (!seconds_to_run(&seconds))
        return EXIT_FAILURE;
    seed = load_seed();
    randomness = seed;
    signal(SIGALRM, give_up);
    alarm((unsigned)(seconds + SECONDS_SPARE));
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (site_start(&site)) {
        if (watch_start(&site.pair, seed))
            siege(seconds);
        watch_stop();
    } else {
        fprintf(stderr, "siege: it cannot start\n");
        failed++;
    }
    site_end(&site);
    printf("siege: %d passed, %d failed, %d skipped\n", passed, failed, skipped);
    const char *ci = getenv("CI");
    bool strict = ci && strcmp(ci, "true") == 0;
    return failed || passed == 0 || (strict && skipped) ? EXIT_FAILURE : EXIT_SUCCESS;
}
