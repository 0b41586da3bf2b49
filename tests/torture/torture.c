/* Three complete pairs over one store behind a balancer, many buyers, readers as judges of what
 * is published, and one fault after the other: processes killed or made to stand still, a drained
 * pair; with PostgreSQL a restarted, crashed or unreachable database; with SQLite (STORE=sqlite) a
 * disk that fails or is full. After each fault and at the end the books must be right.
 * SECONDS_TO_RUN bounds it; SEED repeats its decisions. AWAY_US puts PostgreSQL so many
 * microseconds away. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#include "torture/marker.h"
#include "torture/readers.h"
#include "torture/stock.h"
#include "torture/tally.h"
#include "torture/wrong.h"

enum {
    SECONDS_DEFAULT = 60,
    SECONDS_MAX = 24 * 3600,
    SECONDS_ENOUGH = 15, /* for each of the commands to succeed once between the faults */
    SECONDS_SPARE = 240, /* for start, the last fault and the end, however slow the machine */
    WORKERS = 4,
    LINES_SIZE = 256,
    BETWEEN_MS = 400,
    CALM_MS = 200,
    PAUSE_MS = 45000 /* longer than any request may take */
};

static struct site site;
static char url[POSTGRES_SERVER_URL_SIZE]; /* for what looks at the books */
static char pairs_urls[FAULTS_PAIRS][POSTGRES_SERVER_URL_SIZE];
static char folder[] = "/tmp/postern-torture-XXXXXX";
static char preload[FAULTY_DISK_SETTING_SIZE], control[FAULTY_DISK_SETTING_SIZE];
static int ports[FAULTS_PAIRS];
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
    bool ok = away_us == 0 || away_slow_down(&site.server, away_us);
    for (size_t i = 0; i < FAULTS_PAIRS; i++)
        ok = ok && away_start(&site.server, away_us, pairs_urls[i]);
    return ok;
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
    for (size_t i = 0; i < FAULTS_PAIRS; i++)
        memcpy(pairs_urls[i], url, sizeof url);
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

/* lighttpd answers with what is published, as in `make run`, and tells which pair it is. */
static bool start_pair(size_t i, const char *catalogue, const char *const *env)
{
    char lines[LINES_SIZE];
    snprintf(lines, sizeof lines,
             "include env.WEBSERVER_CONF + \"/published.conf\"\n"
             "setenv.add-response-header = (\"" BUYERS_PAIR "\" => \"%zu\")\n",
             i);
    return pair_start(&site.pairs[i], &(struct pair_options){.workers = WORKERS,
                                                             .catalogue = catalogue,
                                                             .database = pairs_urls[i],
                                                             .env = env,
                                                             .lighttpd = lines,
                                                             .module = true});
}

static bool start_pairs(void)
{
    char catalogue[4096], metrics[TALLY_SETTING_SIZE];
    order_catalogue(catalogue, sizeof catalogue);
    const char *const env[] = {"POSTERN_QUIET_MS=1000", metrics, site.disk ? preload : NULL,
                               control, NULL};
    for (size_t i = 0; i < FAULTS_PAIRS; i++) {
        if (!tally_add(metrics) || !start_pair(i, i == 0 ? catalogue : "", env))
            return false;
        ports[i] = site.pairs[i].port;
    }
    return balancer_start(&site.balancer, ports, FAULTS_PAIRS);
}

static bool start_clients(void)
{
    bool ok = clerk_start(&site.pairs[0], site.random) &&
              importer_start(&site.pairs[1], site.random) &&
              readers_start(ports, FAULTS_PAIRS, site.random);
    for (size_t i = 0; i < FAULTS_PAIRS; i++)
        ok = ok && marker_start(i, &site.pairs[i], site.random);
    return ok && buyers_start(site.balancer.port, site.random);
}

static void finish_clients(void)
{
    buyers_finish();
    readers_finish();
    marker_finish();
    clerk_finish();
    importer_finish();
}

static bool check_books(bool settled)
{
    if (!books_check(url, settled))
        return false;
    checks++;
    return true;
}

static void look_at_counters(void)
{
    if (!buyers_pause(PAUSE_MS) || !readers_pause(PAUSE_MS))
        wrong_say("a request is still under way after %d ms", PAUSE_MS);
    else
        tally_check();
}

/* Between every other pair of looks at the counters they must fit all but exactly: nobody leaves.
 */
static void torture(int64_t seconds)
{
    int64_t until = load_now_ms() + seconds * 1000;
    for (unsigned n = 1; load_now_ms() < until && !wrong_any(); n++) {
        load_sleep_ms((int)load_random(&site.random, BETWEEN_MS));
        faults_next(&site);
        load_sleep_ms((int)load_random(&site.random, CALM_MS));
        look_at_counters();
        buyers_be_patient(n % 2);
        buyers_be_slow(n / 2 % 2);
        readers_resume();
        if (!wrong_any() && check_books(false))
            buyers_resume();
    }
    finish_clients();
    if (!wrong_any())
        tally_check();
    if (!wrong_any())
        check_books(true);
    if (!wrong_any())
        tally_end(seconds < SECONDS_ENOUGH);
    if (!wrong_any())
        clerk_end(seconds < SECONDS_ENOUGH);
    if (!wrong_any() && seconds >= SECONDS_ENOUGH) {
        importer_end();
        marker_end();
    }
}

static void report(int64_t seconds)
{
    printf("%" PRId64 " s:", seconds);
    for (int i = 0; i < BUYERS_DEED_MAX; i++)
        printf(" %" PRId64 " %s,", buyers_count((enum buyers_deed)i), buyers_deeds[i]);
    clerk_report();
    importer_report();
    marker_report();
    readers_report();
    stock_report();
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
    stock_start();
    signal(SIGALRM, give_up);
    alarm((unsigned)(seconds + SECONDS_SPARE));
    if (make_store((int)away_us)) {
        if (start_pairs() && start_clients())
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
    remove_store();
    report((load_now_ms() - start) / 1000);
    tally_free();
    buyers_free();
    readers_free();
    return wrong_any() || checks == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
