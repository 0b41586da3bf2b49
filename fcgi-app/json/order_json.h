/* order_json: orders from and to JSON. */
#ifndef ORDER_JSON_H
#define ORDER_JSON_H

#include <stddef.h>

#include "domain/order.h"
#include "domain/violation.h"
#include "json/json_check.h"
#include "json/json_write.h"

enum { ORDER_JSON_DETAIL_SIZE = 200 };

/* Reads the request for an order from a body. The body may be changed in place; body[len] must be
 * a NUL. Violations and request are overwritten. JSON_OK: the request is valid if
 * violations->count is 0; otherwise they name everything that is wrong with it. JSON_OUT_OF_MEMORY
 * says nothing about the body. Any other fault: the body is not JSON; detail says why, and at
 * which byte, counted from 0. */
enum json_fault order_json_read(char *body, size_t len, struct order_request *request,
                                struct violations *violations, char detail[ORDER_JSON_DETAIL_SIZE]);

/* The same for a body that must be an object without members. */
enum json_fault order_json_read_none(char *body, size_t len, struct violations *violations,
                                     char detail[ORDER_JSON_DETAIL_SIZE]);

/* Writes an order as one object, members in alphabetical order; message is left out if NULL. */
void order_json_write(struct json_writer *w, const struct order *order, const char *message);

#endif
