/* attack: what a hostile caller does, a row each. */
#ifndef TESTS_SIEGE_ATTACK_H
#define TESTS_SIEGE_ATTACK_H

#include <stdbool.h>
#include <stddef.h>

enum { ATTACK_NEVER = -1, ATTACK_OPENINGS_MAX = 3 };

/* What each of its connections does. */
struct attack {
    const char *name;
    const char *endpoint; /* that they come through */
    size_t connections;
    /* What a connection sends first; the next one sends the next of these. Ended by NULL. */
    const char *openings[ATTACK_OPENINGS_MAX + 1];
    size_t filling;   /* bytes of nothing in particular after the opening */
    size_t pipelined; /* how often all this is sent before the first answer is waited for; 0: 1 */
    int trickle_ms;   /* then a byte more each so many milliseconds; 0: none */
    bool reads;       /* it takes the answers, and starts over after each; else it takes nothing */
    int reset_ms;     /* it resets the connection at random within so long, or ATTACK_NEVER */
    int again_ms;     /* so long after its end a connection is opened anew */
    int rate;         /* requests a second of all together; 0: as fast as they are answered */
    bool log_stands;  /* meanwhile nobody reads lighttpd's standard error */
    bool fills;       /* needs the small folder of uploads */
    bool told;    /* what of it the server ends without an answer, all of it, its metrics tell */
    int admitted; /* requests a second that may get through; 0: it does not matter */
};

extern const struct attack attacks[];
extern const size_t attacks_count;

#endif
