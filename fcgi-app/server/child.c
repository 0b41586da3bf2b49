#include "server/child.h"

#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t child_told;

static void child_on_term(int signal)
{
    (void)signal;
    child_told = 1;
}

void child_take_signals(const struct child *child, sigset_t *waiting)
{
    struct sigaction term = {.sa_handler = child_on_term};
    sigset_t all;

    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    sigprocmask(SIG_SETMASK, &all, NULL);
    *waiting = all;
    sigdelset(waiting, SIGTERM);
    sigaction(SIGTERM, &term, NULL);
    signal(SIGALRM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* The master may have gone before the line above. */
    if (child_is_orphan(child))
        child_told = 1;
}

struct store *child_open_store(const struct child *child, int64_t succession)
{
    return store_open(&(struct store_options){
        .url = child->config->database_url,
        .timeout_ms = child->config->store_timeout_ms,
        .password_file = child->config->database_password_file,
        .schema = child->config->database_schema,
        .succession = succession,
        .upkeep_fd = child->upkeep_fd,
    });
}

bool child_is_told(void)
{
    sigset_t pending;
    return child_told || (sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1);
}

bool child_is_orphan(const struct child *child)
{
    return getppid() != child->master;
}
