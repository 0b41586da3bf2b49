/* list: rows of the store as a JSON array, all of them or one page. */
#ifndef API_LIST_H
#define API_LIST_H

#include "api/api.h"
#include "json/json_write.h"

/* An array under construction. */
struct list {
    struct api_response *response;
    struct json_writer writer;
    int64_t limit; /* rows to show, or 0 for all */
    int64_t count; /* rows seen, at most one more than are shown */
};

void list_start(struct list *list, const struct api_request *request,
                struct api_response *response);

/* The limit for the store. It is one row more than the page shows, to learn whether another page
 * follows; 0 for all. */
int64_t list_store_limit(const struct list *list);

/* Counts a row. False if it is the one beyond the page: it is not to be shown. */
bool list_takes(struct list *list);

/* Tells whether everything fit into the buffer. A visitor returns this after it wrote a row. */
bool list_fits(const struct list *list);

/* Closes the array and gives the status for the store's result. The visitor puts the id of each
 * row into response->next. If no page follows, this clears it. */
enum api_status list_end(struct list *list, enum store_result result);

#endif
