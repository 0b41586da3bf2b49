#include "torture/books.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "torture/buyers.h"
#include "torture/clerk.h"
#include "torture/importer.h"
#include "torture/query.h"
#include "torture/wrong.h"

/* Each counts what is wrong. */
static const struct {
    const char *what;
    const char *sql;
} books_faults[] = {
    {"orders without lines", "SELECT count(*) FROM orders AS o WHERE NOT EXISTS"
                             " (SELECT 1 FROM order_lines AS l WHERE l.order_id = o.id)"},
    {"lines without an order", "SELECT count(*) FROM order_lines AS l WHERE NOT EXISTS"
                               " (SELECT 1 FROM orders AS o WHERE o.id = l.order_id)"},
    {"lines whose amount is not quantity times price",
     "SELECT count(*) FROM order_lines WHERE amount_cents <> quantity * unit_price_cents"},
    {"orders whose total is not that of their lines",
     "SELECT count(*) FROM orders AS o JOIN"
     " (SELECT order_id, sum(amount_cents) AS sum FROM order_lines GROUP BY order_id) AS l"
     " ON l.order_id = o.id WHERE o.total_cents <> l.sum"},
    {"keys without an order", "SELECT count(*) FROM idempotency_keys AS k WHERE NOT EXISTS"
                              " (SELECT 1 FROM orders AS o WHERE o.id = k.order_id)"},
    {"orders with several keys",
     "SELECT count(*) - count(DISTINCT order_id) FROM idempotency_keys"},
    {"products sold beyond their stock", "SELECT count(*) FROM products WHERE quantity < 0"},
};

/* Of each product: what is left, what orders hold, what it opened with and what was adjusted since,
 * and the difference. */
#define BOOKS_STOCK                                                                                \
    "SELECT p.id, p.quantity, coalesce(s.sold, 0), a.opening, a.since,"                            \
    " a.opening + a.since - coalesce(s.sold, 0) - p.quantity"                                      \
    " FROM products AS p LEFT JOIN"                                                                \
    " (SELECT product_id, sum(quantity) AS sold FROM order_lines AS l JOIN orders AS o"            \
    " ON o.id = l.order_id WHERE o.cancelled_us IS NULL GROUP BY product_id) AS s"                 \
    " ON s.product_id = p.id LEFT JOIN"                                                            \
    " (SELECT product_id, sum(CASE reason WHEN 'opening' THEN change ELSE 0 END) AS opening,"      \
    " sum(CASE reason WHEN 'opening' THEN 0 ELSE change END) AS since"                             \
    " FROM adjustments GROUP BY product_id) AS a ON a.product_id = p.id"

#define BOOKS_LINE                                                                                 \
    "' ' || product_id || ':' || quantity || ':' || unit_price_cents || ':' || amount_cents"

/* The lines of each order, as order.c books them. SQLite's older releases take no order within. */
static const char books_lines[] = "SELECT order_id, string_agg(" BOOKS_LINE
                                  ", '' ORDER BY line) AS lines FROM order_lines GROUP BY order_id";
static const char books_lines_sqlite[] =
    "SELECT order_id, group_concat(line, '') AS lines FROM (SELECT order_id, " BOOKS_LINE
    " AS line FROM order_lines AS l ORDER BY l.order_id, l.line) GROUP BY order_id";

#define BOOKS_ORDERS                                                                               \
    "SELECT o.reference, o.id, coalesce(k.key, ''), o.total_cents || l.lines,"                     \
    " CASE WHEN o.cancelled_us IS NULL THEN '' ELSE 'cancelled' END FROM orders AS o"              \
    " LEFT JOIN idempotency_keys AS k ON k.order_id = o.id LEFT JOIN (%s) AS l"                    \
    " ON l.order_id = o.id"

enum { BOOKS_SQL_SIZE = 1024 };

static void books_check_counts(struct query *query)
{
    for (size_t i = 0; i < sizeof books_faults / sizeof books_faults[0]; i++) {
        struct query_table table;
        if (query_run(query, books_faults[i].sql, &table) &&
            strcmp(query_text(&table, 0, 0), "0") != 0)
            wrong_say("%s: %s", query_text(&table, 0, 0), books_faults[i].what);
        query_free(&table);
    }
}

static void books_check_stock(struct query *query)
{
    struct query_table table;
    bool ok = query_run(query, BOOKS_STOCK, &table);
    for (size_t i = 0; i < table.rows; i++) {
        int64_t stock = order_stock(strtoll(query_text(&table, i, 0), NULL, 10));
        if (strtoll(query_text(&table, i, 3), NULL, 10) != stock ||
            strcmp(query_text(&table, i, 5), "0") != 0)
            wrong_say("product %s: it opened with %s, and %" PRId64
                      " were imported; adjusted by %s and less %s it is not %s",
                      query_text(&table, i, 0), query_text(&table, i, 3), stock,
                      query_text(&table, i, 4), query_text(&table, i, 2), query_text(&table, i, 1));
    }
    if (ok && table.rows != ORDER_PRODUCTS)
        wrong_say("%zu products instead of %d", table.rows, ORDER_PRODUCTS);
    query_free(&table);
}

static void books_check_order(struct order *order, const char *reference, const char *id,
                              const char *key, const char *booked, bool cancelled)
{
    if (!order) {
        wrong_say("nobody ordered %s, order %s", reference, id);
        return;
    }
    if (order->seen++ > 0)
        wrong_say("%s is there twice, also as order %s", reference, id);
    if (order->state == ORDER_REFUSED)
        wrong_say("%s was refused and is there as order %s", reference, id);
    if (strcmp(key, order->keyed ? reference : "") != 0)
        wrong_say("%s, order %s, has the key \"%s\"", reference, id, key);
    if (cancelled ? !order->cancel_sent : order->cancelled != 0)
        wrong_say("%s, order %s, is %scancelled", reference, id, cancelled ? "" : "not ");
    if (order->state == ORDER_PLACED &&
        (strcmp(id, order->id) != 0 || strcmp(booked, order->booked) != 0))
        wrong_say("%s was acknowledged as %s (%s) and is %s (%s)", reference, order->id,
                  order->booked, id, booked);
}

static void books_check_missing(bool settled)
{
    for (size_t buyer = 0; buyer < BUYERS; buyer++) {
        size_t count = 0;
        const struct order *orders = buyers_orders(buyer, &count);
        for (size_t n = 0; n < count; n++) {
            char reference[ORDER_REFERENCE_SIZE];
            buyers_reference(buyer, n, reference);
            if (orders[n].state == ORDER_PLACED && orders[n].seen == 0)
                wrong_say("%s, acknowledged as %s (%s), is not there", reference, orders[n].id,
                          orders[n].booked);
            if (settled && orders[n].keyed && orders[n].state == ORDER_OPEN)
                wrong_say("%s never had an outcome", reference);
        }
    }
}

static void books_check_orders(struct query *query, bool settled)
{
    char sql[BOOKS_SQL_SIZE];
    struct query_table table;
    snprintf(sql, sizeof sql, BOOKS_ORDERS,
             query_is_sqlite(query) ? books_lines_sqlite : books_lines);
    if (!query_run(query, sql, &table)) {
        query_free(&table);
        return;
    }
    for (size_t buyer = 0; buyer < BUYERS; buyer++) {
        size_t count = 0;
        struct order *orders = buyers_orders(buyer, &count);
        for (size_t n = 0; n < count; n++)
            orders[n].seen = 0;
    }
    for (size_t i = 0; i < table.rows; i++)
        books_check_order(buyers_order(query_text(&table, i, 0)), query_text(&table, i, 0),
                          query_text(&table, i, 1), query_text(&table, i, 2),
                          query_text(&table, i, 3), *query_text(&table, i, 4));
    books_check_missing(settled);
    query_free(&table);
}

/* What the clerk was told by told, an earlier time, and what the books have. */
static void books_check_adjustments(struct query *query, size_t told)
{
    struct query_table table;
    bool ok = query_run(
        query, "SELECT reason, product_id, change FROM adjustments WHERE reason LIKE 'c-%'",
        &table);
    clerk_begin_check();
    for (size_t i = 0; i < table.rows; i++)
        clerk_check(query_text(&table, i, 0), query_text(&table, i, 1), query_text(&table, i, 2));
    if (ok)
        clerk_end_check(told);
    query_free(&table);
}

/* What the importer was told by told, an earlier time, and what the products say. */
static void books_check_imports(struct query *query, size_t told)
{
    struct query_table table;
    bool ok = query_run(query, "SELECT id, description FROM products", &table);
    for (size_t i = 0; i < table.rows; i++)
        importer_see(query_text(&table, i, 0), query_text(&table, i, 1));
    if (ok)
        importer_check(told);
    query_free(&table);
}

bool books_check(const char *url, bool settled)
{
    size_t told = clerk_told(), imported = importer_told();
    struct query *query = query_open(url);
    if (query) {
        books_check_adjustments(query, told);
        books_check_imports(query, imported);
        books_check_counts(query);
        books_check_stock(query);
        books_check_orders(query, settled);
    }
    query_close(query);
    return !wrong_any();
}
