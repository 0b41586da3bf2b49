/* driver: what one kind of database implements to be a store. store.c lists the drivers. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/store.h"

/* The type of each call's function: store_changes_make_call and so on. */
#define STORE_CALL(name, parameters, arguments)                                                    \
    typedef enum store_result store_##name##_call parameters;
#include "store/calls.def"

struct store_driver {
    const char *scheme; /* what a URL starts with, without the colon */
    const char *alias;  /* another such word, or NULL */
    const char *form;   /* how its URLs are written, for messages */
    struct store_traits traits;

    /* Whether a URL of the scheme is of that form; if not, why may tell more, but no secret. */
    bool (*takes)(const char *url, char *why, size_t size);

    /* As store_show, store_open and store_close, for a URL that it takes and a store that it
     * opened. */
    void (*show)(const char *url, char *out, size_t size);
    struct store *(*open)(const struct store_options *options);
    void (*close)(struct store *store);

    /* The version of the schema that this program needs. */
    int (*schema_version)(void);

    /* As store_backup and store_restore; NULL if the traits name other tools. */
    bool (*backup)(struct store *store, const char *file, char *error, size_t size);
    bool (*restore)(struct store *store, const char *file, char *said, size_t size);

    /* As store_upkeep; NULL if there is nothing to do. */
    enum store_result (*upkeep)(struct store *store);

    /* As store_changes_send and store_changes_wait; NULL if a group is made in one go. */
    bool (*changes_send)(struct store *store, struct store_change *changes, size_t count,
                         struct store_wait *wait);
    bool (*changes_wait)(struct store *store, struct store_change *changes, size_t count,
                         struct store_wait *wait);

    /* The calls; see calls.def. */
#define STORE_CALL(name, parameters, arguments) store_##name##_call *name;
#include "store/calls.def"
};

/* Every store starts with this; the driver's own members follow. */
struct store {
    const struct store_driver *driver;
    const struct trace *trace; /* that calls are made in; NULL: in none */
    struct trace call;         /* with a trace: the span of the call that is being made */
    int64_t sent_us; /* monotonic: when the group was sent that is under way; 0: none is */
};

#endif
