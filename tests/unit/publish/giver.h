/* giver: the application's end of the handover, without the rest of an application. */
#ifndef TESTS_UNIT_PUBLISH_GIVER_H
#define TESTS_UNIT_PUBLISH_GIVER_H

#include <stdbool.h>

#include "publish/answers.h"
#include "publish/handover.h"

enum { GIVER_PATH_SIZE = 96 };

struct giver {
    char folder[GIVER_PATH_SIZE], path[GIVER_PATH_SIZE]; /* path: its socket, in the folder */
    int listen_fd, roster_fd;
    struct answers answers;
    struct roster *roster;
    int fds[HANDOVER_PARTS]; /* what handover_send gives */
};

/* Makes the memory, the metrics' too, and listens; flags are socket's. giver_close in either case.
 */
bool giver_open(struct giver *giver, int flags);
void giver_close(struct giver *giver);

#endif
