#include "siege/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "e2e/client.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/proxy.h"
#include "e2e/scrape.h"
#include "port.h"
#include "siege/store.h"

/* All through, paths are from the repository's root, where the pair runs too. */
#define SITE_FOLDER  "build/siege"
#define SITE_UPLOADS SITE_FOLDER "/uploads"
#define SITE_MEMORY  SITE_FOLDER "/memory" /* where the store is while it is besieged */

/* The hostile one has no name, so that its orders are filed under its endpoint, and no rate: it is
 * stopped by nothing but its share. */
#define SITE_CONSUMERS                                                                             \
    "POSTERN_CONSUMERS=" SITE_HOSTILE " -;" SITE_STEADY " " SITE_STEADY_NAME                       \
    " rate=1000;" SITE_LIMITED " " SITE_LIMITED_NAME " rate=50 burst=50;" SITE_DENIED              \
    " refused denied"

enum { SITE_MEMORY_MB = 1024, SITE_COPY_SIZE = 16 * 1024 * 1024 };
enum {
    SITE_WORKERS = 2,
    SITE_READ_MS = 20,
    SITE_STRAY_KB = 32 * 1024,
    /* what the allocators may keep */ SITE_START_MS = 15000
};

static char site_store[64];
static atomic_bool site_reads, site_runs;
static int site_log = -1; /* what lighttpd's standard error is read from */
static pthread_t site_reader;

static bool site_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Enters a namespace where this process may mount, for itself and its children alone. */
static bool site_enter(void)
{
    char users[32], groups[32];
    snprintf(users, sizeof users, "0 %u 1", (unsigned)getuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getgid());
    if (unshare(CLONE_NEWNS) == 0)
        return true;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           site_write("/proc/self/setgroups", "deny") && site_write("/proc/self/gid_map", groups) &&
           site_write("/proc/self/uid_map", users);
}

static bool site_mount(const char *folder, int mb)
{
    char options[64];
    snprintf(options, sizeof options, "size=%dm,mode=0700", mb);
    return mount("siege", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
}

/* Makes the folder of uploads a small file system, if this process may, and one in memory for the
 * store: what else writes to the disk must not slow orders. */
static bool site_shrink(void)
{
    if (site_enter() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        site_mount(SITE_UPLOADS, SITE_UPLOADS_MB) && site_mount(SITE_MEMORY, SITE_MEMORY_MB))
        return true;
    perror("siege: no small file system can be mounted");
    return false;
}

static bool site_prepare(void)
{
    snprintf(site_store, sizeof site_store, SITE_FOLDER "/store-%d-%d.db", STORE_PRODUCTS,
             STORE_ORDERS);
    if ((mkdir(SITE_FOLDER, 0700) == 0 || errno == EEXIST) &&
        (mkdir(SITE_UPLOADS, 0700) == 0 || errno == EEXIST) &&
        (mkdir(SITE_MEMORY, 0700) == 0 || errno == EEXIST))
        return true;
    perror("siege: " SITE_UPLOADS);
    return false;
}

/* An empty pair makes the schema. */
static bool site_make_store(void)
{
    char path[96], setting[128];
    const char *env[] = {setting, NULL};
    struct pair pair;
    if (access(site_store, R_OK | W_OK) == 0)
        return true;
    printf("siege: fills %s once\n", site_store);
    fflush(stdout);
    snprintf(path, sizeof path, "%s.new", site_store);
    snprintf(setting, sizeof setting, "DATABASE_URL=sqlite:%s", path);
    unlink(path);
    bool ok = pair_start(&pair, &(struct pair_options){.catalogue = "", .env = env});
    pair_end(&pair);
    return ok && store_fill(path, SITE_HOSTILE) && rename(path, site_store) == 0;
}

/* Writes to setting which store it is: a copy in memory, or the file itself. */
static bool site_place_store(bool in_memory, char *setting, size_t size)
{
    static const char copy[] = SITE_MEMORY "/postern.db";
    snprintf(setting, size, "DATABASE_URL=sqlite:%s", in_memory ? copy : site_store);
    if (!in_memory)
        return true;
    int from = open(site_store, O_RDONLY | O_CLOEXEC);
    int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t n = -1;
    while (from >= 0 && to >= 0 && (n = sendfile(to, from, NULL, SITE_COPY_SIZE)) > 0)
        continue;
    if (n < 0)
        perror(copy);
    if (from >= 0)
        close(from);
    return (to < 0 || close(to) == 0) && n == 0;
}

/* Reads what lighttpd says, unless it is told not to. */
static void *site_read(void *argument)
{
    char scrap[4096];
    (void)argument;
    while (atomic_load(&site_runs)) {
        while (atomic_load(&site_reads) && read(site_log, scrap, sizeof scrap) > 0)
            continue;
        load_sleep_ms(SITE_READ_MS);
    }
    return NULL;
}

/* A pipe in the place of the file that lighttpd's standard error goes to, as in a container. */
static bool site_pipe_log(struct site *site)
{
    char path[PAIR_PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/lighttpd.log", site->pair.dir);
    pair_stop_web(&site->pair, SIGINT);
    if (unlink(path) != 0 || mkfifo(path, 0600) != 0)
        return false;
    site_log = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    atomic_store(&site_reads, true);
    atomic_store(&site_runs, true);
    if (site_log < 0 || pthread_create(&site_reader, NULL, site_read, NULL) != 0) {
        atomic_store(&site_runs, false);
        return false;
    }
    return pair_start_web(&site->pair);
}

static bool site_wait(const struct site *site)
{
    return pair_wait_ready(&site->pair) &&
           process_wait_workers(&site->pair, SITE_WORKERS, NULL, 0, SITE_START_MS);
}

/* As in production: lighttpd's modules, and its logs by way of web-log, which was built beside the
 * application. False if that is not there. */
static bool site_configure(char *out, size_t size)
{
    char program[PATH_MAX];
    if (!pair_program("web-log", program))
        return false;
    snprintf(out, size,
             "server.modules += (\"mod_postern_errors\")\n" PROXY_LIGHTTPD
             "postern-published.socket = env.POSTERN_SOCKET + \".publish\"\n"
             "accesslog.filename := \"|exec %s\"\nserver.errorlog = \"|exec %s\"\n",
             program, program);
    return true;
}

bool site_start(struct site *site)
{
    static char lighttpd[2 * PATH_MAX + 512];
    char store[128], metrics[64];
    const char *env[] = {
        PROXY_ENVIRONMENT,       "UPLOADS=" SITE_UPLOADS, store,   "POSTERN_DRAIN_SECONDS=2",
        "POSTERN_QUIET_MS=1000", SITE_CONSUMERS,          metrics, NULL};
    const struct pair_options options = {
        .workers = SITE_WORKERS, .catalogue = "", .env = env, .module = true, .lighttpd = lighttpd};
    *site = (struct site){.small = false};
    site->metrics_fd = port_take(&site->metrics_port);
    if (site->metrics_fd < 0 || !site_prepare() || !site_configure(lighttpd, sizeof lighttpd))
        return false;
    snprintf(metrics, sizeof metrics, "METRICS_PORT=%d", site->metrics_port);
    site->small = site_shrink();
    return site_make_store() && site_place_store(site->small, store, sizeof store) &&
           pair_start(&site->pair, &options) && site_pipe_log(site) && site_wait(site);
}

bool site_restart(struct site *site)
{
    site_read_log(true);
    pair_stop_web(&site->pair, SIGTERM);
    pair_stop_app(&site->pair, SIGTERM);
    return pair_start_app(&site->pair) && pair_start_web(&site->pair) && site_wait(site);
}

void site_end(struct site *site)
{
    pair_end(&site->pair);
    if (atomic_exchange(&site_runs, false))
        pthread_join(site_reader, NULL);
    if (site_log >= 0)
        close(site_log);
    if (site->metrics_fd >= 0)
        close(site->metrics_fd);
}

void site_read_log(bool reads)
{
    atomic_store(&site_reads, reads);
}

static int64_t site_descriptors(pid_t pid)
{
    char path[64];
    int64_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

struct site_state site_look(const struct site *site)
{
    pid_t pids[PROCESS_WORKERS_MAX];
    struct statvfs uploads;
    struct site_state state = {.descriptors = site_descriptors(site->pair.web),
                               .web_kb = process_memory_kb(site->pair.web),
                               .app_kb = process_workers_memory_kb(&site->pair),
                               .workers =
                                   (int64_t)pair_workers(&site->pair, pids, PROCESS_WORKERS_MAX)};
    if (site->small && statvfs(SITE_UPLOADS, &uploads) == 0)
        state.uploads_kb =
            (int64_t)((uploads.f_blocks - uploads.f_bfree) * (uploads.f_frsize / 1024));
    return state;
}

bool site_count(const struct site *site, struct site_counts *counts)
{
    struct client *client = client_open(site->metrics_port);
    struct client_answer scraped;
    bool came = client && scrape_get(client, &scraped, SITE_START_MS);
    if (came)
        *counts = (struct site_counts){
            .steady = (int64_t)scrape_sum(scraped.body, SCRAPE_REQUESTS "{",
                                          "consumer=\"" SITE_STEADY_NAME "\""),
            .limited = (int64_t)scrape_sum(scraped.body, SCRAPE_REQUESTS "{",
                                           "consumer=\"" SITE_LIMITED_NAME "\""),
            .closed = (int64_t)scrape_sum(scraped.body, "postern_connections_closed_total{", ""),
        };
    client_close(client);
    return came;
}

const char *site_differs(const struct site_state *was, const struct site_state *is)
{
    static char text[160];
    size_t n = 0;
    const struct {
        const char *name;
        int64_t was, is, stray;
    } members[] = {
        {"descriptors", was->descriptors, is->descriptors, 0},
        {"KiB of lighttpd", was->web_kb, is->web_kb, SITE_STRAY_KB},
        {"KiB of workers", was->app_kb, is->app_kb, SITE_STRAY_KB},
        {"KiB of uploads", was->uploads_kb, is->uploads_kb, 0},
    };
    text[0] = '\0';
    if (is->workers != was->workers)
        n = (size_t)snprintf(text, sizeof text, "%" PRId64 " workers ", is->workers);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && n < sizeof text; i++) {
        if (members[i].is > members[i].was + members[i].stray)
            n += (size_t)snprintf(text + n, sizeof text - n, "+%" PRId64 " %s ",
                                  members[i].is - members[i].was, members[i].name);
    }
    return text;
}
