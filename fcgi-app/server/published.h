/* published: the consumers in force as a file beside the socket, for the web server. It has no more
 * than a name to do with the application, and so works in another container. */
#ifndef SERVER_PUBLISHED_H
#define SERVER_PUBLISHED_H

#include "config/consumers.h"
#include "server/listener.h"

/* What follows the socket's path. */
#define PUBLISHED_SUFFIX ".consumers"

/* Writes the file anew, with mode 0640 and the socket's group: first consumers_head(), then a line
 * for each endpoint. A reader finds the old file or the new one, whole. Does nothing for an
 * inherited socket. False on failure, which is logged; then the old file stays. */
bool published_write(struct listener *listener, const struct consumers *consumers);

/* Removes the file that was written, if it is still the one that is there. */
void published_remove(const struct listener *listener);

#endif
