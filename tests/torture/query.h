/* query: reads a store, of either kind, beside the application. */
#ifndef TESTS_TORTURE_QUERY_H
#define TESTS_TORTURE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/* A connection that sees one moment. */
struct query;

/* What came of SQL: texts, row by row. */
struct query_table {
    size_t rows, columns;
    size_t cells, room; /* of texts: in use, and allocated */
    char **texts;       /* row by row; "" for NULL */
};

/* The store of that URL, at this moment; NULL after saying what is wrong (wrong_say). */
struct query *query_open(const char *url);

/* Whether the store is SQLite's, whose SQL differs here and there. */
bool query_is_sqlite(const struct query *query);

/* False after saying what is wrong; query_free the table in any case. */
bool query_run(struct query *query, const char *sql, struct query_table *table);

const char *query_text(const struct query_table *table, size_t row, size_t column);

void query_free(struct query_table *table);
void query_close(struct query *query); /* NULL is fine */

#endif
