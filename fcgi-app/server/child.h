/* child: what each process that the master forks is given, and how it hears that it is to end. */
#ifndef SERVER_CHILD_H
#define SERVER_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "config/config.h"
#include "publish/answers.h"
#include "server/acceptors.h"
#include "server/listener.h"
#include "server/scoreboard.h"
#include "store/relay/door.h"

/* All borrowed for the process's life. */
struct child {
    const struct config *config;
    struct listener *listener;
    struct scoreboard *board;
    struct acceptors *acceptors;
    struct relay_door *door;
    struct answers *answers;      /* that are published; NULL: none are */
    struct scoreboard_slot *slot; /* its own */
    pid_t master;
    int upkeep_fd; /* what the watcher waits for; see struct store_options */
};

/* For a child that is told to end by TERM alone: blocks TERM, and ignores what a terminal sends to
 * the whole group, for then the master decides. The kernel sends TERM too when the master dies.
 * *waiting is the mask with TERM open, for the one call that waits. */
void child_take_signals(const struct child *child, sigset_t *waiting);

/* Opens the configured store, as store_open does. succession: see struct store_options. */
struct store *child_open_store(const struct child *child, int64_t succession);

/* Whether a TERM has come. */
bool child_is_told(void);

/* Whether the master has gone. */
bool child_is_orphan(const struct child *child);

#endif
