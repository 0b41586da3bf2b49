/* pair: postern and lighttpd as real processes, for one test program. The binary is the one that
 * the environment's POSTERN names (else build/release/postern), lighttpd's configuration that in
 * WEBSERVER_CONF (else webserver-conf/), both looked for from the repository's root. LIGHTTPD names
 * another lighttpd, such as a script that runs it under valgrind.
 *
 *     struct pair pair;
 *     if (!pair_start(&pair, &(struct pair_options){.workers = 4}))
 *         return 1;
 *     struct client *client = client_open(pair.port);
 *     ...
 *     client_close(client);
 *     pair_end(&pair);
 *
 * Start processes from the main thread: the kernel ends them when the thread that started them
 * ends, so that nothing outlives a test program that dies. */
#ifndef TESTS_E2E_PAIR_H
#define TESTS_E2E_PAIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    PAIR_PATH_SIZE = 64,
    PAIR_MODULES_SIZE = 4096,
    PAIR_SETTINGS_MAX = 26,
    PAIR_SETTING_SIZE = 256,
    PAIR_STOP_MS = 40000 /* how long a stop may take before it counts as failed */
};

/* All may be zero. */
struct pair_options {
    int workers;            /* POSTERN_WORKERS; 0: 2 */
    const char *catalogue;  /* CSV imported first; NULL: the demo catalogue; "": none */
    const char *database;   /* DATABASE_URL; NULL: sqlite:DIR/postern.db */
    const char *const *env; /* "NAME=value" for both processes, ended by NULL; wins over defaults.
                               POSTERN_QUIET_MS is 50, for a stop that nobody sends requests in; a
                               test that stops under traffic sets as much as its callers need */
    const char *lighttpd;   /* lines after lighttpd-local.conf; a setting made there already takes
                               `:=`, as in "server.max-read-idle := 1\n" */
    bool module;            /* lighttpd finds modules in the folder that WEBSERVER_MODULES names
                               (else build/release/webserver-conf/modules), where ours is */
};

struct pair {
    char dir[PAIR_PATH_SIZE];         /* holds postern.sock, postern.db, *.log, uploads/ */
    char socket[PAIR_PATH_SIZE + 24]; /* with room for ".probe" */
    char modules[PAIR_MODULES_SIZE];  /* "": the stock folder */
    int port, port_fd;                /* port_fd keeps it */
    pid_t app;                        /* postern's master, or 0 if it does not run */
    pid_t web;                        /* lighttpd, or 0 */
    bool refused;                     /* lighttpd may have met no application at the socket */
    char settings[PAIR_SETTINGS_MAX][PAIR_SETTING_SIZE];
    size_t settings_count;
};

/* Makes a fresh folder, takes a port, imports the catalogue, starts both and waits until /readyz
 * answers 200 and all processes of the application are there. On failure says why, with the logs'
 * ends, leaves nothing behind, returns false. */
bool pair_start(struct pair *pair, const struct pair_options *options);

/* Stops what still runs and removes the folder: lighttpd at once, for what that should do in time
 * is over, and the application by its drain. Harmless on a pair that did not start. */
void pair_end(struct pair *pair);

/* One of the two alone, on the same folder and port; pair_start does both. pair_start_app does not
 * wait; pair_wait_ready waits until GET /readyz through lighttpd answers 200, and where the
 * application was started behind a running lighttpd, until that asks the workers, too: probes have
 * a socket of their own, and a socket that refused is not tried again for a second or two. */
bool pair_start_app(struct pair *pair);
bool pair_start_web(struct pair *pair);
bool pair_wait_ready(const struct pair *pair);

/* Sends the signal to one of the two and waits for its end, at most PAIR_STOP_MS, then kills it.
 * Returns its wait status, or -1 if it did not run or had to be killed. Graceful: SIGTERM for the
 * application, SIGINT for lighttpd. */
int pair_stop_app(struct pair *pair, int signal);
int pair_stop_web(struct pair *pair, int signal);

/* The pids of those of the master's children that are called so, ascending; how many there are, at
 * most max. Workers are called postern-worker; NULL: all. */
size_t pair_children(const struct pair *pair, const char *task, pid_t *pids, size_t max);
size_t pair_workers(const struct pair *pair, pid_t *pids, size_t max);

/* The whole path of a program of webserver-conf/programs, which is built beside the application;
 * says so and returns false if it is not there. */
bool pair_program(const char *name, char path[PATH_MAX]);

/* Sets "NAME=value" for what is started from now on; false if it does not fit. */
bool pair_set(struct pair *pair, const char *setting);

/* Runs `postern ARGV...` (argv ends with NULL, without the program's name) in the pair's
 * environment. Standard output goes to out (cut to size, always ended by NUL; may be NULL),
 * standard error to DIR/command.log. Returns its exit status, or -1 if a signal ended it. */
int pair_command(const struct pair *pair, const char *const *argv, char *out, size_t size);

/* The same, but the command is killed if it has not ended, or printed, within so many milliseconds.
 */
int pair_command_within(const struct pair *pair, const char *const *argv, char *out, size_t size,
                        int ms);

/* The whole of DIR/name (a log, say) as text for free(), or NULL. */
char *pair_read(const struct pair *pair, const char *name);

/* Writes DIR/name; false if it cannot. */
bool pair_write(const struct pair *pair, const char *name, const char *text);

#endif
