/* list: rows of the store as a JSON array, all of them or one page. */
#ifndef API_LIST_H
#define API_LIST_H

#include "api/api.h"
#include "json/json_write.h"

enum {
    /* No row's JSON is shorter, with the comma before it. A longer list than the answer's bound
     * divided by this cannot fit. */
    LIST_ROW_LEAST = 60
};

/* An array under construction. */
struct list {
    struct api_response *response;
    struct json_writer writer;
    int64_t limit; /* rows to show, or 0 for all */
    int64_t count; /* rows seen, at most one more than are shown */
    size_t whole;  /* the body's length after the last row that is kept */
    bool cut;      /* the page ended early: one more row would exceed the answer's bound */
};

void list_start(struct list *list, const struct api_request *request,
                struct api_response *response);

/* The limit for the store. It is one row more than the page shows, to learn whether another page
 * follows; for a list of all, one row more than could fit, so that the store never reads on for
 * nothing. */
int64_t list_store_limit(const struct list *list);

/* Counts a row. False if it is the one beyond the page: it is not to be shown. */
bool list_takes(struct list *list);

/* Keeps the row just written, and its id as what the next page starts after. If it does not fit, a
 * page ends before it; a list of all has failed. A visitor returns what this returns. */
bool list_keeps(struct list *list, const char *id);

/* Closes the array and gives the status for the store's result. If no page follows, clears
 * response->next. */
enum api_status list_end(struct list *list, enum store_result result);

#endif
