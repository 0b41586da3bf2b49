/* order_json: orders from and to JSON. */
#ifndef ORDER_JSON_H
#define ORDER_JSON_H

#include <stddef.h>

#include "domain/order.h"
#include "domain/violation.h"
#include "json/json_check.h"
#include "json/json_write.h"

enum { ORDER_JSON_DETAIL_SIZE = 200 };

/* Reads an order's request from a body, which may be changed in place; body[len] must be a NUL.
 * JSON_OK: violations and request are set from the start, and either violations->count is 0 and the
 * request is valid, or the violations name everything that is wrong with it at once. Any other
 * fault but JSON_OUT_OF_MEMORY: the body is not JSON, and detail says why, and at which byte,
 * counted from 0. */
enum json_fault order_json_read(char *body, size_t len, struct order_request *request,
                                struct violations *violations, char detail[ORDER_JSON_DETAIL_SIZE]);

/* Writes an order as one object, members in alphabetical order; message is left out if NULL. */
void order_json_write(struct json_writer *w, const struct order *order, const char *message);

#endif
