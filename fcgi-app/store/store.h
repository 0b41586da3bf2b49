/* store: the contract every keeper of products and orders meets. One call is one use case and one
 * transaction of its own; it returns within the deadline the store was opened with, and what it
 * returns is one of the values below. A store belongs to the process that opened it: never carry it
 * across a fork. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/order.h"
#include "domain/product.h"

enum store_result {
    STORE_OK,              /* done, and durable if it was a change */
    STORE_REPLAYED,        /* this key placed this very order before; the order given is that one */
    STORE_NOT_FOUND,       /* no such product or order */
    STORE_UNKNOWN_PRODUCT, /* an order names products that do not exist; nothing changed */
    STORE_SHORT,           /* not enough stock; nothing changed */
    STORE_KEY_REUSED,      /* the key placed another order before; nothing changed */
    STORE_KEY_IN_FLIGHT,   /* another call with the key has not ended yet; nothing changed */
    STORE_STOPPED,         /* a callback asked to stop; nothing changed */
    STORE_BUSY,            /* not done within the deadline; nothing changed; try again */
    STORE_UNREACHABLE,     /* the store cannot be opened, read or written now; nothing changed */
    STORE_UNKNOWN,         /* lost before it said whether it made the change; ask again later */
    STORE_OLD_SCHEMA,      /* the schema is older than this program: postern migrate */
    STORE_NEW_SCHEMA,      /* the schema serves newer programs only: install a newer postern */
    STORE_FAULT,           /* a defect of this program or of the data; logged where it was found */
    STORE_RESULT_MAX
};

/* Each value's name, for logs. */
extern const char *const store_result_names[STORE_RESULT_MAX];

/* The time an idempotency key is kept, in microseconds: 24 hours. */
#define STORE_KEY_LIFETIME_US (INT64_C(24) * 3600 * 1000000)

/* What a placed order is filed under. All borrowed for the call. */
struct store_placement {
    const char *consumer; /* 1..ORDER_CONSUMER_MAX bytes */
    const char *key;      /* the idempotency key, or NULL */
    const char *id;       /* the new order's id; see base/id.h */
    int64_t now_us;       /* the time of the order, and the one keys expire by */
};

/* What came of placing an order; about 30 kB. Which part is set depends on the result:
 * STORE_OK, STORE_REPLAYED: order. STORE_UNKNOWN_PRODUCT: unknown. STORE_SHORT: shorts. */
struct store_outcome {
    struct order order;
    int64_t unknown[ORDER_LINES_MAX]; /* product ids, in the order of the request */
    size_t unknown_count;
    struct order_shortage shorts[ORDER_LINES_MAX]; /* every short line, in the request's order */
    size_t short_count;
};

/* Called for each row, which is borrowed until it returns; false stops the call. */
typedef bool (*store_product_visit)(void *context, const struct product *product);
typedef bool (*store_order_visit)(void *context, const struct order *order);

/* Gives the next product to import in *product (borrowed until the next call): 1, or 0 after the
 * last, or -1 to give up. */
typedef int (*store_product_next)(void *context, struct product *product);

/* How to open a store. All borrowed for the call. */
struct store_options {
    const char *url;
    int timeout_ms;            /* the deadline of every later call */
    const char *password_file; /* holds the password, and is read for each new connection; NULL or
                                  "" if there is none. For keepers that have a password. */
};

struct store;

/* A keeper's table; each function as the store_ function of the same name below. */
struct store_keeper {
    const char *scheme; /* what a URL starts with, without the colon */
    const char *alias;  /* another such word, or NULL */
    const char *form;   /* how its URLs are written, for messages */
    /* Whether a URL of the scheme is of that form; if not, why may tell more, but no secret. */
    bool (*takes)(const char *url, char *why, size_t size);
    bool migrates_itself; /* serve may migrate it without being told */
    bool comes_back;      /* out of reach at its start, serve waits for it and goes on */
    int workers_per_cpu;  /* more than one where a worker mostly waits for a server */
    void (*show)(const char *url, char *out, size_t size);
    struct store *(*open)(const struct store_options *options);
    void (*close)(struct store *store);
    enum store_result (*ping)(struct store *store);
    enum store_result (*migrate)(struct store *store, int *from, int *to);
    enum store_result (*product_get)(struct store *store, int64_t id, store_product_visit visit,
                                     void *context);
    enum store_result (*product_list)(struct store *store, int64_t after, int64_t limit,
                                      store_product_visit visit, void *context);
    enum store_result (*product_import)(struct store *store, store_product_next next,
                                        void *context);
    enum store_result (*order_place)(struct store *store, const struct order_request *request,
                                     const struct store_placement *placement,
                                     struct store_outcome *outcome);
    enum store_result (*order_get)(struct store *store, const char *consumer, const char *id,
                                   struct order *order);
    enum store_result (*order_list)(struct store *store, const char *consumer, const char *before,
                                    int64_t limit, store_order_visit visit, void *context);
};

/* Every store starts with this; the keeper's own members follow. */
struct store {
    const struct store_keeper *keeper;
};

/* The keeper for a URL, or NULL if there is none for its scheme or the URL is not of the keeper's
 * form; error then says what is wrong and what is known. */
const struct store_keeper *store_keeper_of(const char *url, char *error, size_t error_size);

/* Writes what may be shown of a URL: where the store is, and never a password. */
void store_show(const char *url, char *out, size_t size);

/* Makes a handle. The store itself is reached for on the first call, and again on later ones
 * whenever it was lost, so a store that is away now is no error here. NULL if out of memory or
 * there is no keeper for the URL. */
struct store *store_open(const struct store_options *options);

/* Closes the handle; NULL is let pass. */
void store_close(struct store *store);

/* Asks whether the store can be reached and has the schema this program needs: STORE_OK,
 * STORE_BUSY, STORE_UNREACHABLE, STORE_OLD_SCHEMA, STORE_NEW_SCHEMA. */
enum store_result store_ping(struct store *store);

/* Creates the store if there is none and brings its schema up to this program's, under a lock, all
 * or nothing. *from and *to are the schema versions before and after. */
enum store_result store_migrate(struct store *store, int *from, int *to);

/* Visits the product with that id, or returns STORE_NOT_FOUND. */
enum store_result store_product_get(struct store *store, int64_t id, store_product_visit visit,
                                    void *context);

/* Visits the products with an id above after (0 for all), in id order, from one snapshot; at most
 * limit of them, or all if limit is 0. */
enum store_result store_product_list(struct store *store, int64_t after, int64_t limit,
                                     store_product_visit visit, void *context);

/* Inserts or replaces, by id, every product that next gives: all, or none if next gives up
 * (STORE_STOPPED) or the store fails. Its deadline bounds the wait for the lock, not the import. */
enum store_result store_product_import(struct store *store, store_product_next next, void *context);

/* Takes every line from stock and stores the order and its key, or changes nothing. */
enum store_result store_order_place(struct store *store, const struct order_request *request,
                                    const struct store_placement *placement,
                                    struct store_outcome *outcome);

/* Reads the consumer's own order with that id. */
enum store_result store_order_get(struct store *store, const char *consumer, const char *id,
                                  struct order *order);

/* Visits the consumer's orders, newest (highest id) first, from one snapshot: those with an id
 * below before ("" for all), at most limit of them, or all if limit is 0. */
enum store_result store_order_list(struct store *store, const char *consumer, const char *before,
                                   int64_t limit, store_order_visit visit, void *context);

#endif
