/* port: a TCP port of 127.0.0.1 for a server that a test starts, now or later, once or again. */
#ifndef TESTS_PORT_H
#define TESTS_PORT_H

/* Takes a port that nobody has, and keeps it: the system gives it to nobody else until the
 * descriptor that is returned is closed. A server that sets SO_REUSEADDR, as all of them do, may
 * listen on it meanwhile. -1 if there is none. */
int port_take(int *port);

#endif
