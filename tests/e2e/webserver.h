/* webserver: nginx or Apache in front of a pair's application, as a process of the test, with a
 * configuration of its own in the pair's folder. The distribution's service is not touched. */
#ifndef TESTS_E2E_WEBSERVER_H
#define TESTS_E2E_WEBSERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "e2e/pair.h"

enum webserver_kind { WEBSERVER_NGINX, WEBSERVER_APACHE, WEBSERVER_KINDS };

extern const char *const webserver_names[WEBSERVER_KINDS];

struct webserver {
    const struct pair *pair;
    enum webserver_kind kind;
    int port, port_fd; /* port_fd keeps it */
    pid_t pid;         /* 0: it does not run */
};

/* The group of the application's socket, POSTERN_SOCKET_GROUP, so that they may connect: as root
 * they run as the distribution's user for web servers. "" else. */
const char *webserver_group(void);

/* Starts it and waits until it answers; keep says whether it keeps its connections to the
 * application. Call it from the main thread. On failure says why, and returns false. */
bool webserver_start(struct webserver *server, const struct pair *pair, enum webserver_kind kind,
                     bool keep);

/* Stops it gently, gives its port back, and returns what process_exit says. */
int webserver_stop(struct webserver *server);

#endif
