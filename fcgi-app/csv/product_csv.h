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
    bool ended; /* the text is no CSV from some point on, and is read no further */
};

/* Starts reading text[0..len). The text is changed in place and must outlive the reader; text[len]
 * must be writable. The first record is the header. It names the columns, in any order; all but
 * id may be missing. If the header is wrong, returns false; error then says what, with line and
 * column. */
bool product_csv_start(struct product_csv *reader, char *text, size_t len,
                       char error[PRODUCT_CSV_ERROR_SIZE]);

/* Gives the next product; it borrows from the text, and lacks what has no column. Returns 1, or 0
 * after the last, or -1 if the record is no valid product; error then says what is wrong, with line
 * and column. The caller may go on after -1, to find further mistakes. */
int product_csv_next(struct product_csv *reader, struct product *product,
                     char error[PRODUCT_CSV_ERROR_SIZE]);

/* Where a field of the last record stands; NULL if it has no column. */
const struct csv_field *product_csv_field(const struct product_csv *reader,
                                          enum product_field field);

/* Append one record with its line end: the header that names all columns, or a product under it. */
void product_csv_write_header(struct buffer *out);
void product_csv_write(struct buffer *out, const struct product *product);

#endif
