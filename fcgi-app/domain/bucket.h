/* bucket: the token bucket that limits a consumer's rate. It holds at most burst tokens, each
 * request takes one, and rate tokens a second come back. Its whole state is one time, the one when
 * it is full again (the "generic cell rate algorithm"), so that one compare-and-swap changes it:
 * decisions/0023. Times are monotonic, in nanoseconds. No clock is read here. */
#ifndef DOMAIN_BUCKET_H
#define DOMAIN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket_limit {
    int rate;  /* tokens a second, or 0 for no limit */
    int burst; /* tokens of the full bucket, at least 1 if there is a limit */
};

/* How a request fared, and what is told of it. */
struct bucket_state {
    bool limited;  /* there is a limit; if not, the rest does not count */
    bool admitted; /* a token was there */
    int quota;     /* tokens that come back in the window: rate x window_s */
    int window_s;  /* the whole seconds in which an empty bucket gets full */
    int left;      /* whole tokens that are left */
    int reset_s;   /* seconds until it is full; if none is left, until the next token. At least 1 */
};

/* Takes a token from a bucket that is full at full_ns (0: it is full): true, and *next_ns is its
 * new state; or false if there is none. */
bool bucket_take(const struct bucket_limit *limit, int64_t full_ns, int64_t now_ns,
                 int64_t *next_ns);

/* What is told of a bucket in that state, after a request that was admitted or not. Whoever waits
 * reset_s after a refusal finds a token, if nobody else takes it. */
struct bucket_state bucket_tell(const struct bucket_limit *limit, int64_t full_ns, int64_t now_ns,
                                bool admitted);

/* The state with another limit: a full bucket is full, another one has as many tokens as before,
 * and at most the new burst. */
int64_t bucket_refit(const struct bucket_limit *from, const struct bucket_limit *to,
                     int64_t full_ns, int64_t now_ns);

#endif
