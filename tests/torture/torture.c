/* Three complete pairs over one store behind a balancer, many buyers, and one fault after the
 * other: killed workers and masters, a drained pair; with PostgreSQL a restarted or crashed
 * database; with SQLite (STORE=sqlite) a disk that fails or is full. After each fault and at the
 * end the books must be right. SECONDS_TO_RUN bounds it; SEED repeats its decisions. AWAY_US puts
 * PostgreSQL so many microseconds away. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "e2e/load.h"
#include "e2e/pair.h"
#include "postgres_server.h"
#include "torture/away.h"
#include "torture/balancer.h"
#include "torture/books.h"
#include "torture/buyers.h"
#include "torture/clerk.h"
#include "torture/faults.h"
#include "torture/importer.h"
#include "torture/tally.h"
#include "torture/wrong.h"

enum {
    SECONDS_DEFAULT = 60,
    SECONDS_MAX = 24 * 3600,
    SECONDS_ENOUGH = 15, /* for each of the commands to succeed once between the faults */
    SECONDS_SPARE = 240, /* for start, the last fault and the end, however slow the machine */
    WORKERS = 4,
    BETWEEN_MS = 400,
    CALM_MS = 200,
    PAUSE_MS = 45000 /* longer than any request may take */
};

static struct site site;
static char url[POSTGRES_SERVER_URL_SIZE];       /* for what looks at the books */
static char pairs_url[POSTGRES_SERVER_URL_SIZE]; /* for the pairs */
static char folder[] = "/tmp/postern-torture-XXXXXX";
static char preload[FAULTY_DISK_SETTING_SIZE], control[FAULTY_DISK_SETTING_SIZE];
static int checks;

/* Whatever hangs, the kernel then ends what was started. */
static void give_up(int signal)
{
    static const char text[] = "torture: WRONG: it hangs; see the seed above\n";
    (void)signal;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    _exit(1);
}

/* A PostgreSQL server of our own; its commits wait for the disk, so that faults meet them there. */
static bool make_server(int away_us)
{
    if (!postgres_server_make(&site.server) ||
        !postgres_server_configure(&site.server, "fsync = on\n") ||
        !postgres_server_sql(&site.server, "postgres", "SELECT pg_reload_conf()", NULL, 0))
        return false;
    postgres_server_url(&site.server, "postgres", url);
    memcpy(pairs_url, url, sizeof url);
    return away_us == 0 || away_start(&site.server, away_us, pairs_url);
}

/* Or a folder for a SQLite file. */
static bool make_store(int away_us)
{
    const char *store = getenv("STORE");
    char file[sizeof folder + 16];
    if (!store || !*store || strcmp(store, "postgres") == 0)
        return make_server(away_us);
    if (away_us > 0) {
        fputs("AWAY_US puts PostgreSQL away; a file has no distance\n", stderr);
        return false;
    }
    if (strcmp(store, "sqlite") != 0 || !mkdtemp(folder))
        return false;
    snprintf(file, sizeof file, "%s/control", folder);
    snprintf(url, sizeof url, "sqlite:%s/torture.db", folder);
    memcpy(pairs_url, url, sizeof url);
    site.disk = faulty_disk_map(file);
    faulty_disk_settings(file, preload, control);
    return site.disk != NULL;
}

static void remove_store(void)
{
    static const char *const names[] = {"control", "torture.db", "torture.db-wal", "torture.db-shm",
                                        "torture.db-lock"};
    char path[sizeof folder + 32];
    away_stop();
    postgres_server_remove(&site.server);
    for (size_t i = 0; site.disk && i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    if (site.disk)
        rmdir(folder);
}

static bool start_pairs(void)
{
    char catalogue[4096], metrics[TALLY_SETTING_SIZE];
    int ports[FAULTS_PAIRS];
    order_catalogue(catalogue, sizeof catalogue);
    const char *const env[] = {"POSTERN_QUIET_MS=1000", metrics, site.disk ? preload : NULL,
                               control, NULL};
    for (size_t i = 0; i < FAULTS_PAIRS; i++) {
        const struct pair_options options = {.workers = WORKERS,
                                             .catalogue = i == 0 ? catalogue : "",
                                             .database = pairs_url,
                                             .env = env};
        if (!tally_add(metrics) || !pair_start(&site.pairs[i], &options))
            return false;
        ports[i] = site.pairs[i].port;
    }
    return balancer_start(&site.balancer, ports, FAULTS_PAIRS);
}

static bool check_books(bool settled)
{
    if (!books_check(url, settled))
        return false;
    checks++;
    return true;
}

/* Between every other pair of looks at the counters they must fit all but exactly: nobody leaves.
 */
static void torture(int64_t seconds)
{
    int64_t until = load_now_ms() + seconds * 1000;
    bool patient = false;
    while (load_now_ms() < until && !wrong_any()) {
        load_sleep_ms((int)load_random(&site.random, BETWEEN_MS));
        faults_next(&site);
        load_sleep_ms((int)load_random(&site.random, CALM_MS));
        if (!buyers_pause(PAUSE_MS))
            wrong_say("a request is still under way after %d ms", PAUSE_MS);
        else
            tally_check();
        buyers_be_patient(patient = !patient);
        if (!wrong_any() && check_books(false))
            buyers_resume();
    }
    buyers_finish();
    clerk_finish();
    importer_finish();
    if (!wrong_any())
        tally_check();
    if (!wrong_any())
        check_books(true);
    if (!wrong_any())
        tally_end(seconds < SECONDS_ENOUGH);
    if (!wrong_any())
        clerk_end(seconds < SECONDS_ENOUGH);
    if (!wrong_any() && seconds >= SECONDS_ENOUGH)
        importer_end();
}

static void report(int64_t seconds)
{
    printf("%" PRId64 " s:", seconds);
    for (int i = 0; i < BUYERS_DEED_MAX; i++)
        printf(" %" PRId64 " %s,", buyers_count((enum buyers_deed)i), buyers_deeds[i]);
    clerk_report();
    importer_report();
    tally_report();
    for (int i = 0; i < FAULTS_KIND_MAX; i++) {
        if (faults_counts[i])
            printf(" %d %s,", faults_counts[i], faults_names[i]);
    }
    printf("\ntorture: %d passed, %d failed, 0 skipped\n", checks, wrong_any() ? 1 : 0);
}

int main(void)
{
    int64_t seconds, away_us, start = load_now_ms();
    if (!load_setting("SECONDS_TO_RUN", SECONDS_DEFAULT, 1, SECONDS_MAX, &seconds) ||
        !load_setting("AWAY_US", 0, 0, AWAY_US_MAX, &away_us))
        return EXIT_FAILURE;
    site.random = load_seed();
    wrong_start(site.random);
    signal(SIGALRM, give_up);
    alarm((unsigned)(seconds + SECONDS_SPARE));
    if (make_store((int)away_us)) {
        if (start_pairs() && clerk_start(&site.pairs[0], site.random) &&
            importer_start(&site.pairs[1], site.random) &&
            buyers_start(site.balancer.port, site.random))
            torture(seconds);
        else
            wrong_say("it cannot start");
        if (site.balancer.port && !balancer_stop(&site.balancer))
            wrong_say("the balancer does not stop");
    } else {
        wrong_say("there is no store; STORE is postgres or sqlite");
    }
    for (size_t i = 0; i < FAULTS_PAIRS; i++)
        pair_end(&site.pairs[i]);
    tally_free();
    remove_store();
    report((load_now_ms() - start) / 1000);
    buyers_free();
    return wrong_any() || checks == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
