/* published: what the files of mod_postern_published share. */
#ifndef MODULE_PUBLISHED_H
#define MODULE_PUBLISHED_H

#include <config.h> /* lighttpd's, as its other headers are: see lighttpd-headers */

#include <base.h>
#include <plugin.h>
#include <stdbool.h>
#include <stdint.h>

#include "offer.h"
#include "publish/layout.h"
#include "publish/reader.h"

/* A list as it was last published, in memory of lighttpd's own, so that answers that are being sent
 * need no copies each. It lasts as long as one of them, or the plugin, refers to it. */
struct published_list;

struct published_plugin {
    plugin_data_base base;
    const plugin *setenv; /* mod_setenv */
    struct offer offer;
    bool told;                                        /* that what is offered is wrong */
    struct published_list *list;                      /* NULL: none yet */
    char body[LAYOUT_LARGE_WORDS * sizeof(uint64_t)]; /* that is being answered with */
};

/* What a request is answered with. */
struct published_answer {
    struct reader_answer found;
    const char *body;            /* unless list is not NULL */
    struct published_list *list; /* one that does not fit there */
};

/* published_request.c: what may be answered here, by all that the request itself says: the target,
 * or TARGET_NONE. In doubt the application answers. */
int64_t published_request_target(const request_st *r);

/* The endpoint that the request came through, or CONSUMERS_NOBODY. NULL if it is none. */
const char *published_request_endpoint(const request_st *r);

/* Whether its trace is sampled, where layout's trace_rate is that. */
bool published_request_is_traced(const request_st *r, int rate);

/* published_list.c: finds the list in the memory that was offered, and a copy of it. False if none
 * counts, or there is no room for a copy. */
bool published_list_find(struct published_plugin *p, int64_t now_us,
                         struct published_answer *answer);

/* Sends it: the copy stays while that takes. */
void published_list_send(struct published_list *list, chunkqueue *to);

/* Gives the plugin's reference up; NULL is let pass. */
void published_list_free(struct published_list *list);

/* published_response.c: makes the response, as the application would. bucket is that of the
 * consumer. */
void published_response(request_st *r, const struct published_answer *answer,
                        const struct bucket_state *bucket);

#endif
