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
    AUDIT_SIZE = 256,
    SECONDS_SPARE = 600, /* to fill the store, and to restart what an attack broke */
    WARM_MS = 1000,      /* from a start until caches are filled */
    FIRST_MS = 2000,     /* alone, before all */
    ALONE_MS = 400,      /* before each attack */
    RATE_MS = 10000,     /* at least, where the admitted rate is counted */
    AFTER_MS = 20000,
    LOOK_MS = 50,
    TOLD_MS = 5 * SITE_TELLS_MS,
    TIMES_ALONE = 3,
    FLOOR_US = 10000, /* less than this is noise */
    CEILING_US = 250000,
    PROBE_US = 100000,
    RATE_PERCENT = 5,
    TRIES = 5 /* what else runs on the machine does not harm the same row each time */
};

/* What is wrong with one attack. */
struct row {
    const char *name;
    int faults; /* that no other try can mend */
    int late;   /* what came too late, or at another rate, as on a machine that stood still */
};

static struct site site;
static struct site_state calm;
static struct watch_seen alone, besieged; /* alone: before each attack, so all through the run */
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

/* Prints what is wrong; counts. */
static void wrong(const struct row *row, int *count, const char *what, int64_t got, int64_t limit,
                  const char *more)
{
    printf("    WRONG: %s: %s: %" PRId64 ", at most %" PRId64 "%s%s\n", row->name, what, got, limit,
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

static void check_failures(struct row *row, const struct watch_seen *seen)
{
    if (seen->caller.failed)
        wrong(row, &row->faults, "failed requests", (int64_t)seen->caller.failed, 0,
              seen->caller.why);
    if (seen->probes.failed)
        wrong(row, &row->faults, "failed probes", (int64_t)seen->probes.failed, 0,
              seen->probes.why);
}

/* Against all that was measured alone in this run. */
static void check_times(struct row *row)
{
    int64_t caller = larger(TIMES_ALONE * figures_percentile(&alone.caller, 99), FLOOR_US);
    int64_t probe = larger(TIMES_ALONE * figures_percentile(&alone.probes, 100), PROBE_US);
    int64_t caller_got = figures_percentile(&besieged.caller, 99);
    int64_t probe_got = figures_percentile(&besieged.probes, 100);
    caller = smaller(caller, CEILING_US);
    if (caller_got > caller)
        wrong(row, &row->late, "99th of a hundred requests, in us", caller_got, caller,
              besieged.caller.slowest);
    if (probe_got > probe)
        wrong(row, &row->late, "slowest probe, in us", probe_got, probe, besieged.probes.slowest);
}

static void check_rate(struct row *row, const struct attack *attack,
                       const struct swarm_result *result)
{
    int64_t wanted = attack->admitted * result->admitted_ms / 1000;
    int64_t off = larger(result->admitted - wanted, wanted - result->admitted);
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 " and not %" PRId64 " requests admitted",
             result->admitted, wanted);
    if (attack->admitted && off * 100 > wanted * RATE_PERCENT)
        wrong(row, &row->late, "the admitted rate is off, in percent",
              off * 100 / larger(wanted, 1), RATE_PERCENT, text);
}

/* Between two looks at the metrics. */
static void check_counted(struct row *row, const char *what, int64_t counted, int64_t least,
                          int64_t most)
{
    char text[96];
    snprintf(text, sizeof text, "%" PRId64 " %s were counted, and not %" PRId64 " to %" PRId64,
             counted, what, least, most);
    if (counted < least)
        wrong(row, &row->faults, "not counted", least - counted, 0, text);
    if (counted > most)
        wrong(row, &row->faults, "counted though there were none", counted - most, 0, text);
}

/* Looks at the metrics until they tell as many closed connections, or are late with them. */
static bool count_closed(struct site_counts *counts, int64_t closed)
{
    int64_t until = load_now_ms() + TOLD_MS;
    bool came = site_count(&site, counts);
    while (came && counts->closed < closed && load_now_ms() < until) {
        load_sleep_ms(LOOK_MS);
        came = site_count(&site, counts);
    }
    return came;
}

/* The pair is not restarted between the looks, and the consumer waited for each of its answers. */
static void check_counters(struct row *row, const struct attack *attack,
                           const struct swarm_result *cost, const struct site_counts *before)
{
    int64_t answered = (int64_t)besieged.caller.count;
    struct site_counts now;
    if (!count_closed(&now, attack->told ? before->closed + cost->ended : 0)) {
        wrong(row, &row->faults, "scrapes that failed", 1, 0, "");
        return;
    }
    check_counted(row, "requests of " SITE_STEADY_NAME, now.steady - before->steady, answered,
                  answered + (int64_t)besieged.caller.failed);
    if (attack->admitted)
        check_counted(row, "requests of " SITE_LIMITED_NAME, now.limited - before->limited,
                      cost->answers, cost->requests);
    if (attack->told)
        check_counted(row, "closed connections", now.closed - before->closed, cost->ended,
                      cost->ended + cost->unseen);
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

static void print_row(const char *name, const struct swarm_result *cost, struct watch_seen *seen,
                      const char *after)
{
    printf("%-25s %6" PRId64 " %8" PRId64 " %7" PRId64 " | %4zu %4zu %7.1f %7.1f | %4zu %4zu %7.1f"
           " | %s\n",
           name, cost->connections, cost->requests, cost->bytes / 1000, seen->caller.count,
           seen->caller.failed, (double)figures_percentile(&seen->caller, 50) / 1000,
           (double)figures_percentile(&seen->caller, 99) / 1000, seen->probes.count,
           seen->probes.failed, (double)figures_percentile(&seen->probes, 100) / 1000, after);
}

static void print_head(void)
{
    printf("%-25s %23s | %25s | %17s | %s\n", "", "attacker", "consumer", "probes", "as before");
    printf("%-25s %6s %8s %7s | %4s %4s %7s %7s | %4s %4s %7s | %s\n", "attack", "conns",
           "requests", "kB sent", "", "fail", "p50 ms", "p99 ms", "", "fail", "max ms", "after ms");
}

/* Has them ask for so long while nobody attacks. */
static void measure_alone(struct watch_seen *seen, int ms)
{
    watch_open(seen);
    load_sleep_ms(ms);
    watch_close();
}

/* Has them ask without being measured. */
static void warm(void)
{
    measure_alone(&besieged, WARM_MS);
}

static void attack_once(const struct attack *attack, int ms, struct row *row)
{
    struct swarm_result cost;
    const char *differs = "";
    char after[24];
    figures_reset(&besieged.caller);
    figures_reset(&besieged.probes);
    if (attack->told)
        load_sleep_ms(SITE_TELLS_MS +
                      LOOK_MS); /* else closed connections of before are told later */
    struct site_counts counts;
    *row = (struct row){.name = attack->name};
    if (!site_count(&site, &counts)) {
        wrong(row, &row->faults, "scrapes that failed", 1, 0, "");
        return;
    }
    site_read_log(!attack->log_stands);
    watch_open(&besieged);
    bool ran = swarm_run(attack, site.pair.port, ms, &randomness, &cost);
    watch_close();
    int64_t settled = settle(&differs);
    site_read_log(true);
    snprintf(after, sizeof after, "%" PRId64, settled);
    print_row(attack->name, &cost, &besieged, settled < 0 ? "no" : after);
    row->faults += !ran;
    check_failures(row, &besieged);
    check_counters(row, attack, &cost, &counts);
    check_rate(row, attack, &cost);
    check_times(row);
    if (settled < 0)
        wrong(row, &row->faults, "as before, in ms", AFTER_MS, AFTER_MS, differs);
    fflush(stdout);
}

/* One row; tried again if something was late. A site that was broken is started anew, so that each
 * row stands for itself. */
static bool besiege(const struct attack *attack, int ms)
{
    struct row row = {.late = 1};
    if (attack->fills && !site.small) {
        printf("%-25s skipped: the folder of uploads cannot be made small\n", attack->name);
        skipped++;
        return true;
    }
    for (int i = 0; i < TRIES && row.faults == 0 && row.late > 0; i++) {
        measure_alone(&alone, ALONE_MS);
        attack_once(attack, ms, &row);
    }
    passed += row.faults == 0 && row.late == 0;
    failed += row.faults > 0 || row.late > 0;
    if (row.faults == 0 && row.late == 0)
        return true;
    if (!site_restart(&site))
        return false;
    warm();
    return true;
}

/* Whatever was attacked, each product's ledger accounts for its stock. */
static void audit(void)
{
    static const char *const argv[] = {"audit", NULL};
    char out[AUDIT_SIZE];
    bool right = pair_command(&site.pair, argv, out, sizeof out) == 0;
    printf("audit: %s", *out ? out : "it did not end\n");
    if (!right)
        printf("    WRONG: the ledger; see %s/command.log\n", site.pair.dir);
    passed += right;
    failed += !right;
}

static void siege(int seconds)
{
    const char *only = getenv("ATTACK");
    const struct swarm_result none = {.bytes = 0};
    struct row nobody = {.name = "none"};
    int ms = (seconds * 1000 - WARM_MS - FIRST_MS - RATE_MS) / (int)attacks_count - ALONE_MS;
    print_head();
    warm();
    measure_alone(&alone, FIRST_MS);
    load_sleep_ms(LOOK_MS);
    calm = site_look(&site);
    for (size_t i = 0; i < attacks_count; i++) {
        if (only && *only && !strstr(attacks[i].name, only))
            continue;
        if (!besiege(&attacks[i], attacks[i].admitted ? RATE_MS + SWARM_SETTLE_MS : ms)) {
            printf("    WRONG: the pair cannot be started anew\n");
            failed++;
            break;
        }
    }
    audit();
    print_row("none", &none, &alone, "-");
    check_failures(&nobody, &alone);
    failed += nobody.faults > 0;
}

int main(void)
{
    int64_t seconds;
    struct rlimit files;
    if (!load_setting("SECONDS_TO_RUN", SECONDS_DEFAULT, SECONDS_LEAST, SECONDS_MAX, &seconds))
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
            siege((int)seconds);
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
