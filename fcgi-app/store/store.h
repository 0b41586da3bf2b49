/* store: products and orders, whatever database they are in. calls.def lists the calls. A call is
 * one use case, and one transaction of its own. It returns within the deadline that the store was
 * opened with. What it returns is one of the values below. A store belongs to the process that
 * opened it: never carry it across a fork. */
#ifndef STORE_H
#define STORE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/trace.h"
#include "domain/order.h"
#include "domain/product.h"

enum store_result {
    STORE_OK,              /* done, and durable if it was a change */
    STORE_REPLAYED,        /* this key placed this very order before; the order given is that one */
    STORE_NOT_FOUND,       /* no such product or order */
    STORE_UNKNOWN_PRODUCT, /* an order names products that do not exist; nothing changed */
    STORE_SHORT,           /* not enough stock; nothing changed */
    STORE_BEYOND,          /* a stock would leave 0..PRODUCT_QUANTITY_MAX; nothing changed */
    STORE_KEY_REUSED,      /* the key placed another order before; nothing changed */
    STORE_KEY_IN_FLIGHT,   /* another call with the key has not ended yet; nothing changed */
    STORE_TAKEN,           /* the new name has orders or keys already; nothing changed */
    STORE_NOT_EMPTY,       /* the store has products; nothing changed */
    STORE_REFUSED,     /* an import gives what it must not, as its tell was told; nothing changed */
    STORE_STOPPED,     /* a callback asked to stop; nothing changed */
    STORE_BUSY,        /* not done within the deadline; nothing changed; try again */
    STORE_UNREACHABLE, /* the store cannot be opened, read or written now; nothing changed */
    STORE_UNKNOWN,     /* lost before it said whether it made the change; ask again later */
    STORE_OLD_SCHEMA,  /* the schema is older than this program: postern migrate */
    STORE_NEW_SCHEMA,  /* the schema serves newer programs only: install a newer postern */
    STORE_UNSUITABLE,  /* the server lacks what this program needs; logged with what to do */
    STORE_FAULT,       /* a defect of this program or of the data; logged where it was found */
    STORE_RESULT_MAX
};

/* Each value's name, for logs. */
extern const char *const store_result_names[STORE_RESULT_MAX];

/* What an order is filed under that is placed or cancelled. All borrowed for the call. */
struct store_placement {
    const char *consumer;    /* 1..ORDER_CONSUMER_MAX bytes */
    const char *key;         /* a new order's idempotency key, or NULL */
    const char *id;          /* the order's id; see base/id.h */
    int64_t now_us;          /* the time, for a store that has no clock of its own */
    int64_t key_lifetime_us; /* how long a new order's key is kept */
    bool again; /* an earlier call may have placed it: an order with this id is then this very one,
                   and the result STORE_OK */
};

/* What came of placing or cancelling an order; about 30 kB. Which part is set depends on the
 * result: STORE_OK, STORE_REPLAYED: order. STORE_UNKNOWN_PRODUCT: unknown. STORE_SHORT: shorts. */
struct store_outcome {
    struct order order;
    int64_t unknown[ORDER_LINES_MAX]; /* product ids, in the order of the request */
    size_t unknown_count;
    struct order_shortage shorts[ORDER_LINES_MAX]; /* every short line, in the request's order */
    size_t short_count;
};

/* What a change is. */
enum store_use {
    /* Takes every line from stock and stores the order and its key, or changes nothing. An order
     * that was placed before comes back as it was then, but tells in cancelled_us of a
     * cancellation. */
    STORE_USE_ORDER,
    /* Puts every line of the consumer's own order back into stock and notes when, once. STORE_OK:
     * it is cancelled, now or before, and the outcome's order tells so. Or STORE_NOT_FOUND. Of the
     * placement the key is not looked at. */
    STORE_USE_CANCEL,
    STORE_USES
};

enum { STORE_GROUP_MAX = 64 }; /* changes of one group at most */

/* One change of a group; what it points to is borrowed for the call. */
struct store_change {
    enum store_use use;
    const struct order_request *request; /* of a new order; else not looked at */
    const struct store_placement *placement;
    struct store_outcome *outcome;
    enum store_result result; /* set by the call */
    void *owner;              /* its owner's; not looked at */
};

/* What is to be waited for until a group that was sent can be ended. */
struct store_wait {
    struct pollfd poll; /* readiness of a descriptor that is the store's */
    int64_t until_us;   /* monotonic: if nothing comes, until then */
};

/* How a consumer gets another name. All borrowed for the call. */
struct store_rename {
    const char *from, *to; /* 1..ORDER_CONSUMER_MAX bytes each */
    bool merge;            /* also if the new name has orders or keys already */
    int64_t now_us;        /* the time, for a store that has no clock of its own */
};

/* What was filed anew, and what was not. */
struct store_renamed {
    int64_t orders, keys;
    int64_t dropped; /* keys of the old name that the new one had too; the new one's stay */
};

enum { STORE_REASON_MAX = 255, STORE_RUN_AS_MAX = 255 }; /* bytes */

/* A stated change of a product's stock, which is no order. All borrowed for the call. */
struct store_adjustment {
    const char *id; /* of this adjustment; see base/id.h */
    int64_t product_id;
    bool set;           /* the stock becomes the amount; else it changes by it */
    int64_t amount;     /* within PRODUCT_QUANTITY_MAX, above or below zero */
    const char *reason; /* 0..STORE_REASON_MAX bytes of UTF-8, no control characters */
    const char *run_as; /* who makes it: 1..STORE_RUN_AS_MAX such bytes */
    int64_t now_us;     /* the time, for a store that has no clock of its own */
};

/* What came of it. */
struct store_adjusted {
    int64_t change;
    int64_t quantity; /* the stock now; of STORE_BEYOND, as it is */
};

/* A product's stock, and what accounts for it. */
struct store_stock {
    int64_t product_id;
    int64_t quantity;
    int64_t adjusted;  /* the sum of its adjustments, the first of which is its opening stock */
    int64_t sold;      /* all that orders took, cancelled ones too */
    int64_t cancelled; /* what cancelled orders gave back */
};

/* What the quantity must be. */
int64_t store_stock_sum(const struct store_stock *stock);

enum store_entry_kind { STORE_ENTRY_ADJUSTMENT, STORE_ENTRY_SALE, STORE_ENTRY_CANCELLATION };

/* An entry of a product's ledger; the texts are borrowed until the visitor returns. */
struct store_entry {
    int64_t at_us;
    enum store_entry_kind kind;
    int64_t change;
    const char *id;     /* of the adjustment or the order */
    const char *who;    /* as whom the adjustment was made, or the order's consumer */
    const char *reason; /* "" if there is none */
    int64_t quantity;   /* the product's stock now, the same in each */
};

/* Which orders are listed. All borrowed for the call; NULL is any. */
struct store_order_filter {
    const char *consumer;  /* whose, never NULL */
    const char *reference; /* those with this very one */
    const char *before;    /* those with a lower id */
    int64_t limit;         /* at most so many, or 0 for all */
};

enum {
    STORE_NEWS_MAX = 4096,     /* changed products that news names one by one */
    STORE_NEWS_FORGET = 20000, /* entries that news_purge takes at once */
    STORE_CURSOR_SIZE = 4096
};

/* How far somebody was told what has changed; see news. All zeros is an empty one. Its members are
 * the driver's. */
struct store_cursor {
    int64_t connection; /* of which one; 0: of none */
    char at[STORE_CURSOR_SIZE];
};

/* Called for each row, which is borrowed until it returns; false stops the call. */
typedef bool (*store_product_visit)(void *context, const struct product *product);
typedef bool (*store_id_visit)(void *context, int64_t id);
typedef bool (*store_order_visit)(void *context, const struct order *order);
typedef bool (*store_stock_visit)(void *context, const struct store_stock *stock);
typedef bool (*store_entry_visit)(void *context, const struct store_entry *entry);

/* What an import makes of the quantity that it is given for a product that exists. */
enum store_quantity {
    STORE_QUANTITY_REFUSE, /* refuses it: it would undo what was sold since the quantity was read */
    STORE_QUANTITY_SET,    /* sets the stock to it */
    STORE_QUANTITY_KEEP    /* passes over it */
};

/* What an import makes of a product that it is given. The last three refuse it, and with it all. */
enum store_verdict {
    STORE_ADDED,   /* it is new */
    STORE_CHANGED, /* it exists, and differs */
    STORE_LEFT,    /* it exists, and is the same */
    STORE_LACKING, /* it is new, and has no name or no price */
    STORE_STOCKED, /* it exists, and has a quantity */
    STORE_RETIRED, /* it is retired */
    STORE_VERDICTS
};

enum { STORE_TOLD_MAX = 20 }; /* products of one verdict that an import tells of */

/* An import. */
struct store_import {
    /* Gives the next product in *product (borrowed until the next call), each once: 1, or 0 after
     * the last, or -1 to give up. */
    int (*next)(void *context, struct product *product);
    /* Is told of the first products that were refused, and in a dry run of the first that would be
     * changed: as it is, and as it would be. What is refused has its id alone. All is borrowed. */
    void (*tell)(void *context, enum store_verdict verdict, const struct product *was,
                 const struct product *would_be);
    void *context; /* of both */
    enum store_quantity quantity;
    bool if_empty; /* only into a store without products */
    bool dry_run;  /* changes nothing */
};

/* How many products had which verdict. */
struct store_imported {
    int64_t counts[STORE_VERDICTS];
};

/* What came of retiring products, or of bringing them back. */
struct store_retired {
    int64_t changed; /* those that were not so before */
    int64_t missing; /* STORE_NOT_FOUND: the lowest id that no product has */
};

enum { STORE_RETIRE_MAX = 1000 }; /* products of one such call at most */

/* How to open a store. All borrowed for the call. */
struct store_options {
    const char *url;
    int timeout_ms;            /* the deadline of every later call */
    const char *password_file; /* holds the password, and is read for each new connection; NULL or
                                  "" if there is none. For drivers that have a password. */
    const char *schema; /* which of the database's schemas holds the store, a plain name; NULL
                           or "" is "public". For drivers that have schemas. */
    /* Those who open a store with the same number do so one after the other, each once the one
     * before has died. So what that one was about to change is over before this one reads or
     * changes anything. 0: it follows nobody. */
    int64_t succession;
    /* An event descriptor (eventfd(2)) that the store writes to when store_upkeep is due; another
     * process waits for it. 0: none does, and the store does what is due in its calls. */
    int upkeep_fd;
};

struct store;

/* What callers do differently for one kind of store than for another. */
struct store_traits {
    bool migrates_itself;  /* serve may migrate it without being told */
    bool remote;           /* a server answers its reads, and the caller waits meanwhile */
    bool comes_back;       /* out of reach at its start, serve waits for it and goes on */
    const char *copied_by; /* the tools that back it up and restore it; NULL: the calls below do */
};

/* The traits of a store, which outlive it. */
const struct store_traits *store_traits(const struct store *store);

/* Tells whether there is a driver for the URL's scheme and the URL is of that driver's form. If
 * not, error says what is wrong and what forms there are. */
bool store_takes(const char *url, char *error, size_t error_size);

/* Writes what may be shown of a URL: where the store is, and never a password. */
void store_show(const char *url, char *out, size_t size);

/* Makes a handle. The first call reaches for the store itself, and a later call does again if it
 * was lost. So a store that is away now is no error here. NULL if out of memory, or if there is no
 * driver for the URL. */
struct store *store_open(const struct store_options *options);

/* Closes the handle; NULL is let pass. */
void store_close(struct store *store);

/* Copies the store as it is at one moment to a file that is not there yet: whole, checked and
 * durable, or not at all. Takes as long as the store is large. False, and error says why. */
bool store_backup(struct store *store, const char *file, char *error, size_t size);

/* Puts such a copy, once it is checked, in the place of a store that nobody has open. said is where
 * the former store is kept, "" if there was none. False, and said says why. The handle must not
 * have been used. */
bool store_restore(struct store *store, const char *file, char *said, size_t size);

/* Names the store, its calls and their results for the metrics, before the fork: see
 * metrics/metrics.h. The store itself is not asked. */
void store_label_metrics(const struct store *store);

/* From now on each call makes a span within that one of the trace, which is sampled; NULL: none
 * does. Borrowed until it is set anew. */
void store_trace(struct store *store, const struct trace *trace);

/* Whether a call that ends so has failed; else the store did as it was asked, or said truly why
 * not. */
bool store_has_failed(enum store_result result);

/* Does what keeps the store quick, and would make changes wait if they had to do it. STORE_OK, or
 * how the store failed. */
enum store_result store_upkeep(struct store *store);

/* Sends a group of changes to a server, and does not wait for what it says. True: it is to be
 * waited for, as *wait tells. In either case store_changes_make with the same changes must follow,
 * before any other call of the store; it ends what was begun, or does all of it. */
bool store_changes_send(struct store *store, struct store_change *changes, size_t count,
                        struct store_wait *wait);

/* Once that descriptor is ready: takes in what has come. True: there is more to be waited for; else
 * store_changes_make finds all there is, or must deal with a failure. */
bool store_changes_wait(struct store *store, struct store_change *changes, size_t count,
                        struct store_wait *wait);

/* Notes in the metrics how long a caller waited for a change that another process has made, as a
 * call order_place or order_cancel, and makes it a span of the trace, if that is sampled. */
void store_change_observe(const struct store_change *change, const struct trace *trace,
                          int64_t took_us);

/* store_ping, store_changes_make and so on. */
#define STORE_CALL(name, parameters, arguments) enum store_result store_##name parameters;
#include "store/calls.def"

#endif
