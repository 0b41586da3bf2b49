/* product_csv: products from and to CSV. */
#ifndef PRODUCT_CSV_H
#define PRODUCT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "csv/csv.h"
#include "domain/product.h"

enum {
    PRODUCT_CSV_ERROR_SIZE = 256,
    /* Bytes of the longest record: a name and a description of nothing but quotes, each doubled. */
    PRODUCT_CSV_RECORD_MAX = 16 * 1024
};

/* A reader of products. */
struct product_csv {
    struct csv csv;
    size_t count;                      /* columns the header names */
    size_t columns[PRODUCT_FIELD_MAX]; /* where each field stands; CSV_FIELDS_MAX if nowhere */
    bool ended;                        /* nothing can be read after a fault of form */
};

/* Starts reading text[0..len), which is changed in place and must outlive the reader; text[len]
 * must be writable. The first record is a header that names the columns, in any order; only
 * description may be missing. False if it does not; error then says what, with line and column. */
bool product_csv_start(struct product_csv *reader, char *text, size_t len,
                       char error[PRODUCT_CSV_ERROR_SIZE]);

/* Gives the next product (texts borrowed from the text): 1, or 0 after the last, or -1 if the
 * record is not a valid product; error then names line, column and what is wrong. Reading may go on
 * after -1, to find what else is wrong. */
int product_csv_next(struct product_csv *reader, struct product *product,
                     char error[PRODUCT_CSV_ERROR_SIZE]);

/* Append one record with its line end: the header that names all columns, or a product under it. */
void product_csv_write_header(struct buffer *out);
void product_csv_write(struct buffer *out, const struct product *product);

#endif
