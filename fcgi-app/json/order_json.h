/* order_json: orders from and to JSON. */
#ifndef ORDER_JSON_H
#define ORDER_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/order.h"
#include "domain/violation.h"
#include "json/json_write.h"

enum { ORDER_JSON_DETAIL_SIZE = 200 };

/* Reads an order's request from a body, which may be changed in place; body[len] must be a NUL.
 * False if the body is not JSON; detail then says why, and at which byte, counted from 0. Otherwise
 * violations and request are set from the start, true is returned, and either violations->count is
 * 0 and the request is valid, or the violations name everything that is wrong with it at once. */
bool order_json_read(char *body, size_t len, struct order_request *request,
                     struct violations *violations, char detail[ORDER_JSON_DETAIL_SIZE]);

/* Writes an order as one object, members in alphabetical order; message is left out if NULL. */
void order_json_write(struct json_writer *w, const struct order *order, const char *message);

#endif
