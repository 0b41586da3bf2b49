#include "torture/faults.h"

#include <errno.h>
#include <signal.h>

#include "e2e/load.h"
#include "e2e/process.h"
#include "torture/away.h"
#include "torture/wrong.h"

enum {
    ORPHANS_MS = 15000,
    OUTAGE_MS = 800,
    PAUSE_MS = 300,
    STILL_MIN_MS = 500, /* for so long published answers count without a look */
    STILL_MAX_MS = 2000,
    WRITER_DEATHS_MAX = 4
};

const char *const faults_names[FAULTS_KIND_MAX] = {
    [FAULTS_WRITER] = "writer kills", [FAULTS_WORKERS] = "kills of workers and others",
    [FAULTS_MASTER] = "master kills", [FAULTS_PUBLISHER] = "publisher faults",
    [FAULTS_STILL] = "standstills",   [FAULTS_WEB] = "lighttpd kills",
    [FAULTS_APART] = "partitions",    [FAULTS_FAST] = "database restarts fast",
    [FAULTS_CRASH] = "immediate",     [FAULTS_EIO] = "writes and syncs failed with EIO",
    [FAULTS_ENOSPC] = "with ENOSPC",  [FAULTS_ALL] = "deaths of all on a failing disk",
    [FAULTS_DRAIN] = "drains",
};

int faults_counts[FAULTS_KIND_MAX];

/* The end of a round is FAULTS_KIND_MAX. */
static const enum faults_kind faults_postgres[] = {
    FAULTS_WRITER, FAULTS_WRITER, FAULTS_WRITER, FAULTS_WORKERS, FAULTS_MASTER,    FAULTS_MASTER,
    FAULTS_FAST,   FAULTS_CRASH,  FAULTS_DRAIN,  FAULTS_WORKERS, FAULTS_PUBLISHER, FAULTS_PUBLISHER,
    FAULTS_STILL,  FAULTS_WEB,    FAULTS_APART,  FAULTS_APART,   FAULTS_KIND_MAX};
static const enum faults_kind faults_sqlite[] = {
    FAULTS_WRITER, FAULTS_WRITER, FAULTS_WRITER,  FAULTS_WORKERS,   FAULTS_MASTER,
    FAULTS_EIO,    FAULTS_EIO,    FAULTS_EIO,     FAULTS_ENOSPC,    FAULTS_ENOSPC,
    FAULTS_ALL,    FAULTS_ALL,    FAULTS_DRAIN,   FAULTS_PUBLISHER, FAULTS_PUBLISHER,
    FAULTS_STILL,  FAULTS_WEB,    FAULTS_KIND_MAX};
enum { ROUND_MAX = 24 };

static void faults_wait(struct site *site, uint32_t ms)
{
    load_sleep_ms((int)load_random(&site->random, ms));
}

static void faults_say_absent(struct site *site, size_t n)
{
    wrong_say("pair %zu does not start again; its log ends:\n%s", n,
              process_log_end(&site->pairs[n], "postern.log"));
}

static int faults_kill(pid_t *pids, size_t count)
{
    int killed = 0;
    for (size_t i = 0; i < count; i++)
        killed += kill(pids[i], SIGKILL) == 0;
    return killed;
}

/* Several times in a row. The last time it stands still for a moment first, with what it holds. */
static void faults_writer(struct site *site, size_t n)
{
    pid_t writer;
    uint32_t deaths = 1 + load_random(&site->random, WRITER_DEATHS_MAX);
    for (uint32_t i = 1; i <= deaths; i++) {
        faults_wait(site, PAUSE_MS);
        if (pair_children(&site->pairs[n], "postern-writer", &writer, 1) != 1)
            continue;
        if (i == deaths && kill(writer, SIGSTOP) == 0)
            faults_wait(site, PAUSE_MS);
        faults_counts[FAULTS_WRITER] += kill(writer, SIGKILL) == 0;
    }
}

static void faults_workers(struct site *site, size_t n)
{
    pid_t pids[PROCESS_WORKERS_MAX];
    size_t count = pair_workers(&site->pairs[n], pids, PROCESS_WORKERS_MAX);
    if (count > 0)
        faults_counts[FAULTS_WORKERS] +=
            faults_kill(pids, 1 + load_random(&site->random, (uint32_t)count));
}

/* Longer than what is published counts without it. */
static void faults_stand_still(struct site *site)
{
    load_sleep_ms(STILL_MIN_MS + (int)load_random(&site->random, STILL_MAX_MS - STILL_MIN_MS));
}

/* The pair's publisher, which is made to stand still; 0 if there is none. */
static pid_t faults_hold_publisher(const struct pair *pair)
{
    pid_t publisher;
    bool held =
        pair_children(pair, "postern-publish", &publisher, 1) == 1 && kill(publisher, SIGSTOP) == 0;
    faults_counts[FAULTS_PUBLISHER] += held;
    return held ? publisher : 0;
}

/* Half of the time it is killed, whether it stands still or not. */
static void faults_publisher(struct site *site, size_t n)
{
    pid_t publisher = faults_hold_publisher(&site->pairs[n]);
    if (!publisher)
        return;
    if (load_random(&site->random, 4) > 0)
        faults_stand_still(site);
    kill(publisher, load_random(&site->random, 2) ? SIGCONT : SIGKILL);
}

/* They go on in any order. */
static void faults_still(struct site *site, size_t n)
{
    const struct pair *pair = &site->pairs[n];
    pid_t pids[PROCESS_WORKERS_MAX];
    kill(pair->app, SIGSTOP);
    size_t count = pair_children(pair, NULL, pids, PROCESS_WORKERS_MAX - 1);
    pids[count++] = pair->app;
    for (size_t i = 0; i < count; i++)
        kill(pids[i], SIGSTOP);
    faults_stand_still(site);
    for (; count > 0; count--) {
        size_t i = load_random(&site->random, (uint32_t)count);
        kill(pids[i], SIGCONT);
        pids[i] = pids[count - 1];
    }
    faults_counts[FAULTS_STILL]++;
}

static void faults_web(struct site *site, size_t n)
{
    pair_stop_web(&site->pairs[n], SIGKILL);
    faults_counts[FAULTS_WEB]++;
    faults_wait(site, PAUSE_MS);
    if (!pair_start_web(&site->pairs[n]))
        faults_say_absent(site, n);
}

static void faults_apart(struct site *site, size_t n)
{
    away_cut(n);
    faults_stand_still(site);
    away_mend(n);
    faults_counts[FAULTS_APART]++;
}

/* Half of the time its children die with it, and nothing of it is left to finish anything. */
static void faults_master(struct site *site, size_t n)
{
    struct pair *pair = &site->pairs[n];
    pid_t pids[PROCESS_WORKERS_MAX];
    size_t count = pair_children(pair, NULL, pids, PROCESS_WORKERS_MAX);
    if (load_random(&site->random, 2)) {
        kill(pair->app, SIGSTOP);
        faults_counts[FAULTS_WORKERS] += faults_kill(pids, count);
    }
    pair_stop_app(pair, SIGKILL);
    faults_counts[FAULTS_MASTER]++;
    faults_wait(site, PAUSE_MS);
    if (!pair_start_app(pair))
        faults_say_absent(site, n);
    for (size_t i = 0; i < count; i++) {
        if (!process_wait_end(pids[i], ORPHANS_MS))
            wrong_say("process %d of pair %zu outlives its master", (int)pids[i], n);
    }
}

static void faults_restart(struct site *site, enum faults_kind kind, int signal)
{
    postgres_server_stop(&site->server, signal);
    faults_counts[kind]++;
    faults_wait(site, OUTAGE_MS);
    if (!postgres_server_start(&site->server))
        wrong_say("the database does not start again");
}

static void faults_fast(struct site *site, size_t n)
{
    (void)n;
    faults_restart(site, FAULTS_FAST, SIGINT);
}

static void faults_crash(struct site *site, size_t n)
{
    (void)n;
    faults_restart(site, FAULTS_CRASH, SIGQUIT);
}

/* Half of the time the balancer is told first, half of the time it finds out. */
static void faults_drain(struct site *site, size_t n)
{
    struct pair *pair = &site->pairs[n];
    balancer_take(&site->balancer, n, load_random(&site->random, 2) == 0);
    int web = pair_stop_web(pair, SIGINT), app = pair_stop_app(pair, SIGTERM);
    if (web != 0 || app != 0)
        wrong_say("the drain of pair %zu ended with %x (lighttpd) and %x (postern)", n,
                  (unsigned)web, (unsigned)app);
    faults_counts[FAULTS_DRAIN]++;
    faults_wait(site, PAUSE_MS);
    if (!pair_start_app(pair) || !pair_start_web(pair) || !pair_wait_ready(pair))
        faults_say_absent(site, n);
    balancer_take(&site->balancer, n, true);
}

/* Any files, any calls; each of them, or one in some. */
static void faults_break_disk(struct site *site, int error)
{
    static const unsigned each[] = {1, 1, 2, 7, 30};
    faulty_disk_break(site->disk, 1 + load_random(&site->random, FAULTY_DISK_ALL),
                      1 + load_random(&site->random, FAULTY_DISK_ANY), error,
                      each[load_random(&site->random, sizeof each / sizeof each[0])], 0);
}

static void faults_disk(struct site *site, enum faults_kind kind, int error)
{
    unsigned before = atomic_load(&site->disk->faults);
    faults_break_disk(site, error);
    faults_wait(site, OUTAGE_MS);
    faulty_disk_mend(site->disk);
    faults_counts[kind] += (int)(atomic_load(&site->disk->faults) - before);
}

static void faults_eio(struct site *site, size_t n)
{
    (void)n;
    faults_disk(site, FAULTS_EIO, EIO);
}

static void faults_enospc(struct site *site, size_t n)
{
    (void)n;
    faults_disk(site, FAULTS_ENOSPC, ENOSPC);
}

/* Nobody is left who knows of a change that was not made durable. */
static void faults_all(struct site *site, size_t n)
{
    (void)n;
    pid_t pids[FAULTS_PAIRS][PROCESS_WORKERS_MAX];
    size_t counts[FAULTS_PAIRS];
    /* Half of the time the log is whole and was not synced: what a restart finds, nobody was told.
     */
    if (load_random(&site->random, 2))
        faulty_disk_break(site->disk, FAULTY_DISK_WAL, FAULTY_DISK_SYNC, EIO, 1, 0);
    else
        faults_break_disk(site, load_random(&site->random, 2) ? EIO : ENOSPC);
    faults_wait(site, PAUSE_MS);
    for (size_t i = 0; i < FAULTS_PAIRS; i++) {
        kill(site->pairs[i].app, SIGSTOP);
        counts[i] = pair_children(&site->pairs[i], NULL, pids[i], PROCESS_WORKERS_MAX);
    }
    for (size_t i = 0; i < FAULTS_PAIRS; i++)
        faults_kill(pids[i], counts[i]);
    for (size_t i = 0; i < FAULTS_PAIRS; i++)
        pair_stop_app(&site->pairs[i], SIGKILL);
    faulty_disk_mend(site->disk);
    faults_counts[FAULTS_ALL]++;
    for (size_t i = 0; i < FAULTS_PAIRS; i++) {
        if (!pair_start_app(&site->pairs[i]))
            faults_say_absent(site, i);
    }
}

static void (*const faults_deeds[FAULTS_KIND_MAX])(struct site *, size_t) = {
    [FAULTS_WRITER] = faults_writer, [FAULTS_WORKERS] = faults_workers,
    [FAULTS_MASTER] = faults_master, [FAULTS_PUBLISHER] = faults_publisher,
    [FAULTS_STILL] = faults_still,   [FAULTS_WEB] = faults_web,
    [FAULTS_APART] = faults_apart,   [FAULTS_FAST] = faults_fast,
    [FAULTS_CRASH] = faults_crash,   [FAULTS_EIO] = faults_eio,
    [FAULTS_ENOSPC] = faults_enospc, [FAULTS_ALL] = faults_all,
    [FAULTS_DRAIN] = faults_drain,
};

static enum faults_kind faults_draw(struct site *site)
{
    static enum faults_kind left[ROUND_MAX];
    static size_t count;
    const enum faults_kind *round = site->disk ? faults_sqlite : faults_postgres;
    if (count == 0) {
        for (; round[count] != FAULTS_KIND_MAX; count++)
            left[count] = round[count];
    }
    size_t i = load_random(&site->random, (uint32_t)count);
    enum faults_kind kind = left[i];
    left[i] = left[--count];
    return kind;
}

void faults_next(struct site *site)
{
    enum faults_kind kind = faults_draw(site);
    size_t n = load_random(&site->random, FAULTS_PAIRS);
    /* Half of the time another pair publishes what it knew before. */
    pid_t held = load_random(&site->random, 2)
                     ? faults_hold_publisher(&site->pairs[(n + 1) % FAULTS_PAIRS])
                     : 0;
    faults_deeds[kind](site, n);
    if (held)
        kill(held, SIGCONT);
    for (size_t i = 0; i < FAULTS_PAIRS; i++) {
        if (!pair_wait_ready(&site->pairs[i]))
            wrong_say("pair %zu is not ready again after one of the %s", i, faults_names[kind]);
    }
}
