/* exporter: one process that answers who asks for the metrics, over sockets of its own, so that it
 * waits for no worker and nobody waits for it. It also logs them for CloudWatch, if that is asked
 * for. */
#ifndef SERVER_EXPORTER_H
#define SERVER_EXPORTER_H

#include "server/child.h"

/* Answers until TERM, and then what has begun, for a second at most; returns the exit status. It
 * makes the sockets itself: one beside the pair's, and one of METRICS_ADDRESS and METRICS_PORT. A
 * port that is taken is logged, and tried again each second. See decisions/0033. */
int exporter_run(const struct child *child);

#endif
