/* admission: who sent a request, and whether it may be served. */
#ifndef SERVER_ADMISSION_H
#define SERVER_ADMISSION_H

#include "http/http.h"
#include "server/scoreboard.h"

/* Looks up the endpoint that a request came from, and sets its consumer (borrowed from *caller),
 * denied and bucket. Takes a token of the consumer's bucket, unless it is denied or the request is
 * a probe. Counts an unidentified request, and logs that at most once a second. */
void admission_check(struct scoreboard *board, struct http_request *request,
                     struct roster_entry *caller);

#endif
