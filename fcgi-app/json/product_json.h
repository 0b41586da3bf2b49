/* product_json: products from and to JSON. */
#ifndef PRODUCT_JSON_H
#define PRODUCT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/product.h"
#include "json/json_write.h"

/* Writes a product as one object, members in alphabetical order. */
void product_json_write(struct json_writer *w, const struct product *product);

enum { PRODUCT_JSON_ERROR_SIZE = 256 };

/* A reader of a JSON array of products. */
struct product_json_reader;

/* Starts reading an array of products. The text may be changed in place, and is borrowed until the
 * reader is closed; text[len] must be a NUL. NULL if it is not a JSON array, or out of memory;
 * error then says what and at which line and column. */
struct product_json_reader *product_json_open(char *text, size_t len,
                                              char error[PRODUCT_JSON_ERROR_SIZE]);

/* Gives the next product; its texts are borrowed until the reader is closed. Returns 1, or 0 after
 * the last, or -1 if the item is no valid product; error then names the item's line, its number,
 * counted from 1, and the member. The next call goes on after it. Unknown members are errors;
 * the product lacks what has no member, and only the id must have one. */
int product_json_next(struct product_json_reader *reader, struct product *product,
                      char error[PRODUCT_JSON_ERROR_SIZE]);

/* Tells the line and the number, both counted from 1, of the item that was read last. */
void product_json_place(const struct product_json_reader *reader, size_t *line, size_t *item);

/* Closes the reader; NULL is allowed. */
void product_json_close(struct product_json_reader *reader);

#endif
