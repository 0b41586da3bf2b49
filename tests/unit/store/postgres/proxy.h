/* proxy: stands between the store and its server, in a process of its own, and fails on demand:
 * what the store sends next after proxy_fail meets that fate. There is one at a time. */
#ifndef TESTS_PROXY_H
#define TESTS_PROXY_H

enum proxy_mode {
    PROXY_PASS,
    PROXY_REFUSE,     /* hangs up on every new connection */
    PROXY_NO_UNDOING, /* passes, and cuts both sides when a ROLLBACK comes */
    PROXY_CUT_BEFORE, /* cuts both sides, and what was sent is lost */
    PROXY_CUT_AFTER,  /* lets it reach the server and cuts both sides when the answer comes */
    PROXY_CUT_LATE,   /* cuts the client off, and lets it reach the server a while later */
    PROXY_SWALLOW,    /* lets it reach the server, but never the answer the client */
    PROXY_HOLD        /* never forwards it, and leaves both sides connected */
};

/* How late PROXY_CUT_LATE is. */
enum { PROXY_LATE_US = 300000 };

/* Starts it in front of a server's port, and returns its own. */
int proxy_start(int server_port);

/* What the store sends next meets this fate; afterwards the proxy is of the other mode. */
void proxy_fail(enum proxy_mode now, enum proxy_mode then);

void proxy_stop(void);

/* Listens on a port of the system's choice, where nobody answers. Returns the socket, which the
 * caller closes. */
int proxy_listen(int *port);

#endif
