#include "torture/books.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "torture/buyers.h"
#include "torture/wrong.h"

#define BOOKS_BEGIN "SET statement_timeout = 30000; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

/* Each counts what is wrong. */
static const struct {
    const char *what;
    const char *sql;
} books_faults[] = {
    {"orders without lines", "SELECT count(*) FROM orders AS o WHERE NOT EXISTS"
                             " (SELECT FROM order_lines AS l WHERE l.order_id = o.id)"},
    {"lines without an order", "SELECT count(*) FROM order_lines AS l WHERE NOT EXISTS"
                               " (SELECT FROM orders AS o WHERE o.id = l.order_id)"},
    {"lines whose amount is not quantity times price",
     "SELECT count(*) FROM order_lines WHERE amount_cents <> quantity * unit_price_cents"},
    {"orders whose total is not that of their lines",
     "SELECT count(*) FROM orders AS o JOIN"
     " (SELECT order_id, sum(amount_cents) AS sum FROM order_lines GROUP BY order_id) AS l"
     " ON l.order_id = o.id WHERE o.total_cents <> l.sum"},
    {"keys without an order", "SELECT count(*) FROM idempotency_keys AS k WHERE NOT EXISTS"
                              " (SELECT FROM orders AS o WHERE o.id = k.order_id)"},
    {"orders with several keys",
     "SELECT count(*) - count(DISTINCT order_id) FROM idempotency_keys"},
    {"products sold beyond their stock", "SELECT count(*) FROM products WHERE quantity < 0"},
};

#define BOOKS_STOCK                                                                                \
    "SELECT p.id, p.quantity, coalesce(s.sold, 0), p.quantity + coalesce(s.sold, 0)"               \
    " FROM products AS p LEFT JOIN"                                                                \
    " (SELECT product_id, sum(quantity) AS sold FROM order_lines GROUP BY product_id) AS s"        \
    " ON s.product_id = p.id"

#define BOOKS_ORDERS                                                                               \
    "SELECT o.reference, o.id, coalesce(k.key, ''), o.total_cents || l.lines FROM orders AS o"     \
    " LEFT JOIN idempotency_keys AS k ON k.order_id = o.id LEFT JOIN"                              \
    " (SELECT order_id, string_agg(' ' || product_id || ':' || quantity || ':'"                    \
    " || unit_price_cents || ':' || amount_cents, '' ORDER BY line) AS lines"                      \
    " FROM order_lines GROUP BY order_id) AS l ON l.order_id = o.id"

/* NULL after saying why. */
static PGresult *books_ask(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    wrong_say("the books cannot be read: %s", PQerrorMessage(conn));
    PQclear(result);
    return NULL;
}

static void books_check_counts(PGconn *conn)
{
    for (size_t i = 0; i < sizeof books_faults / sizeof books_faults[0]; i++) {
        PGresult *result = books_ask(conn, books_faults[i].sql);
        if (result && strcmp(PQgetvalue(result, 0, 0), "0") != 0)
            wrong_say("%s: %s", PQgetvalue(result, 0, 0), books_faults[i].what);
        PQclear(result);
    }
}

static void books_check_stock(PGconn *conn)
{
    PGresult *result = books_ask(conn, BOOKS_STOCK);
    int rows = result ? PQntuples(result) : 0;
    for (int i = 0; i < rows; i++) {
        int64_t stock = order_stock(strtoll(PQgetvalue(result, i, 0), NULL, 10));
        if (strtoll(PQgetvalue(result, i, 3), NULL, 10) != stock)
            wrong_say("product %s: %s left and %s sold do not make %" PRId64,
                      PQgetvalue(result, i, 0), PQgetvalue(result, i, 1), PQgetvalue(result, i, 2),
                      stock);
    }
    if (result && rows != ORDER_PRODUCTS)
        wrong_say("%d products instead of %d", rows, ORDER_PRODUCTS);
    PQclear(result);
}

static void books_check_order(struct order *order, const char *reference, const char *id,
                              const char *key, const char *booked)
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

static void books_check_orders(PGconn *conn, bool settled)
{
    PGresult *result = books_ask(conn, BOOKS_ORDERS);
    if (!result)
        return;
    for (size_t buyer = 0; buyer < BUYERS; buyer++) {
        size_t count = 0;
        struct order *orders = buyers_orders(buyer, &count);
        for (size_t n = 0; n < count; n++)
            orders[n].seen = 0;
    }
    for (int i = 0; i < PQntuples(result); i++)
        books_check_order(buyers_order(PQgetvalue(result, i, 0)), PQgetvalue(result, i, 0),
                          PQgetvalue(result, i, 1), PQgetvalue(result, i, 2),
                          PQgetvalue(result, i, 3));
    books_check_missing(settled);
    PQclear(result);
}

bool books_check(const char *url, bool settled)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *begun = PQexec(conn, BOOKS_BEGIN);
    if (PQresultStatus(begun) == PGRES_COMMAND_OK) {
        books_check_counts(conn);
        books_check_stock(conn);
        books_check_orders(conn, settled);
    } else {
        wrong_say("the books cannot be opened: %s", PQerrorMessage(conn));
    }
    PQclear(begun);
    PQfinish(conn);
    return !wrong_any();
}
