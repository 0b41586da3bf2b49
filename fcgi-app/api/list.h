/* list: a bare JSON array of rows from the store, whole or a page of it. */
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

/* The limit to give to the store: one row more than a page shows, to learn whether another page
 * follows; 0 for all. */
int64_t list_store_limit(const struct list *list);

/* Counts a row; false if it is the one beyond the page, which is not to be shown. */
bool list_takes(struct list *list);

/* Whether the buffer still holds everything; what a visitor returns after it wrote a row. */
bool list_fits(const struct list *list);

/* Closes the array and gives the status for the store's result. Unless a page follows the last row
 * shown, clears the cursor that the visitor left in response->next. */
enum api_status list_end(struct list *list, enum store_result result);

#endif
