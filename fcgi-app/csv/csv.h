/* csv: reads records (RFC 4180) from memory, with their line and column, and writes fields. */
#ifndef CSV_H
#define CSV_H

#include <stddef.h>

#include "base/buffer.h"

enum { CSV_FIELDS_MAX = 32 };

enum csv_result {
    CSV_RECORD,          /* a record was read */
    CSV_END,             /* there is no further record */
    CSV_BAD_QUOTE,       /* a quote within an unquoted field, or text after a closing quote */
    CSV_UNCLOSED,        /* the text ends inside a quoted field */
    CSV_TOO_MANY_FIELDS, /* more than CSV_FIELDS_MAX */
    CSV_NUL,             /* a NUL byte */
    CSV_RESULT_MAX
};

/* What each fault means to whoever wrote the file. */
extern const char *const csv_result_texts[CSV_RESULT_MAX];

struct csv_field {
    char *text; /* borrowed from the text, unquoted in place, ends with NUL */
    size_t len;
    size_t line, column; /* where it starts, both counted from 1, columns in bytes */
};

/* A reader; it changes the text in place. */
struct csv {
    char *at, *end;
    char *line_start;
    size_t line;
    size_t count; /* fields of the present record */
    struct csv_field fields[CSV_FIELDS_MAX];
    size_t fault_line, fault_column; /* of the last fault; CSV_UNCLOSED: of the opening quote */
};

/* Starts reading text[0..len); text[len] must be writable. A byte order mark is skipped. */
void csv_start(struct csv *csv, char *text, size_t len);

/* Reads the next record into count and fields. Lines end with LF or CRLF; empty lines are skipped.
 * After a fault there are no more records (CSV_END). */
enum csv_result csv_next(struct csv *csv);

/* Appends one field, in quotes if it needs them. An empty field gets none, so a record must not be
 * a single empty field: it would read as an empty line. */
void csv_write_field(struct buffer *out, const char *text);

#endif
