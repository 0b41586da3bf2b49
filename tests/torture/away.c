#include "torture/away.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e/load.h"
#include "port.h"

enum { AWAY_START_MS = 20000, AWAY_STEP_MS = 20, AWAY_TEXT_SIZE = 128 };

static struct way {
    pid_t pid; /* of the program distance */
    int port_fd;
} ways[AWAY_WAYS_MAX];

static size_t ways_count;

/* In the child. What it says of connections that the server refused is of no use. */
static void run_distance(const char *program, int port, const char *socket, int us)
{
    char port_text[16], us_text[16];
    snprintf(port_text, sizeof port_text, "%d", port);
    snprintf(us_text, sizeof us_text, "%d", us);
    int none = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (none >= 0 && dup2(none, STDERR_FILENO) >= 0) {
        closefrom(3);
        execl(program, program, port_text, socket, us_text, (char *)NULL);
    }
    _exit(127);
}

bool away_slow_down(const struct postgres_server *server, int us)
{
    char lines[AWAY_TEXT_SIZE];
    /* commit_siblings: also if no other transaction is under way. */
    snprintf(lines, sizeof lines, "commit_delay = %d\ncommit_siblings = 0\n",
             us * AWAY_COMMIT_FACTOR);
    return postgres_server_configure(server, lines) &&
           postgres_server_sql(server, "postgres", "SELECT pg_reload_conf()", NULL, 0);
}

static bool answers(const char *url)
{
    PGconn *conn = PQconnectdb(url);
    bool ok = PQstatus(conn) == CONNECTION_OK;
    PQfinish(conn);
    return ok;
}

bool away_start(const struct postgres_server *server, int us, char url[POSTGRES_SERVER_URL_SIZE])
{
    const char *program = getenv("DISTANCE");
    char socket[AWAY_TEXT_SIZE];
    struct postgres_server there = *server;
    struct way *way = &ways[ways_count];
    if (ways_count == AWAY_WAYS_MAX || (way->port_fd = port_take(&there.port)) < 0)
        return false;
    ways_count++;
    snprintf(socket, sizeof socket, "%s/.s.PGSQL.%d", server->folder, server->port);
    way->pid = fork();
    if (way->pid == 0)
        run_distance(program && *program ? program : "build/release/tests/bench/distance",
                     there.port, socket, us);
    postgres_server_url(&there, "postgres", url);
    for (int waited = 0; way->pid > 0 && waited < AWAY_START_MS; waited += AWAY_STEP_MS) {
        if (answers(url))
            return true;
        load_sleep_ms(AWAY_STEP_MS);
    }
    fputs("torture: the program distance does not answer; DISTANCE names it\n", stderr);
    return false;
}

void away_cut(size_t n)
{
    kill(ways[n].pid, SIGSTOP);
}

void away_mend(size_t n)
{
    kill(ways[n].pid, SIGCONT);
}

void away_stop(void)
{
    for (; ways_count > 0; ways_count--) {
        const struct way *way = &ways[ways_count - 1];
        if (way->pid > 0) {
            kill(way->pid, SIGKILL);
            waitpid(way->pid, NULL, 0);
        }
        close(way->port_fd);
    }
}
