/* api: the resources, and what their handlers are given and give back. Nothing here knows HTTP:
 * http/ reads the request before a handler and makes the answer after it. */
#ifndef API_H
#define API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "domain/violation.h"
#include "store/store.h"

enum {
    API_BODY_KEEP = 64 * 1024, /* a worker that waits for a request keeps no larger buffer */
    API_LOCATION_SIZE = 64,
    API_DETAIL_SIZE = 256,
    API_ROUTES_MAX = 8 /* of one resource */
};

enum api_status {
    API_OK,       /* done; the body is what was asked for, or what was changed */
    API_CREATED,  /* an order was placed; location is set */
    API_REPLAYED, /* as API_CREATED, but it was placed by an earlier request with this key */
    API_SUCCESS_LAST = API_REPLAYED,
    API_NO_PRODUCT,    /* no product with that id */
    API_NO_ORDER,      /* this consumer has no order with that id */
    API_MALFORMED,     /* the body is not JSON; detail is set */
    API_INVALID,       /* violations are set */
    API_OUT_OF_STOCK,  /* the member "short" lists every line that lacks stock */
    API_KEY_REUSED,    /* the idempotency key came with another order before */
    API_KEY_IN_FLIGHT, /* the first request with this idempotency key has not ended */
    API_LIST_TOO_LONG, /* the list exceeds the answer's bound; it has to be paged */
    API_DRAINING,      /* this process is about to leave */
    API_STORE_BUSY,    /* the store did not answer within the deadline */
    API_STORE_DOWN,    /* the store is out of reach */
    API_UNKNOWN,       /* the store did not say whether it placed the order */
    API_FAULT,         /* a defect; the place that found it has logged it */
    API_STATUS_MAX
};

/* A request as a handler sees it; all borrowed for the call. */
struct api_request {
    struct store *store;
    const char *consumer;        /* who calls: its name, else its endpoint's id, or "-" */
    const char *id;              /* of the item that is asked for, or NULL */
    const char *after;           /* the page starts after this row; NULL: at the first */
    const char *reference;       /* only rows that have this one; NULL: all */
    int64_t limit;               /* rows of the page, or 0 for all */
    const char *idempotency_key; /* or NULL */
    char *body;                  /* may be changed in place; NULL if the route takes none */
    size_t body_len;
    int64_t now_us;
    bool pretty;                   /* indent the body */
    bool draining;                 /* this process was told to stop */
    enum store_result store_state; /* what the last look at the store said */
};

/* A handler's answer. It is large, so each worker has one and resets it for each request. */
struct api_response {
    struct buffer body; /* what was asked for; with a refusal, the value of the member below */
    const char *member; /* the name of a member that a refusal adds to its problem, or NULL */
    char location[API_LOCATION_SIZE]; /* path of what was created, or "" */
    char next[ID_TEXT_SIZE];          /* the next page starts after this row; "" if there is none */
    char detail[API_DETAIL_SIZE];
    struct violations violations;
};

/* A change that a request asks for, as it is handed to the store. It points into itself and borrows
 * from the request. Large, so whoever has several keeps them apart from the stack. */
struct api_change {
    struct store_change store;
    struct store_placement placement;
    char id[ID_TEXT_SIZE];
    struct order_request order; /* last: only what there is of its items is ever touched */
};

/* Answers a request that changes nothing. */
typedef enum api_status (*api_handler)(const struct api_request *request,
                                       struct api_response *response);

/* Reads a request that asks for a change, and fills the change in but for the store's outcome.
 * API_OK: it is to be made, and concluded. All else is a refusal, and the answer. */
typedef enum api_status (*api_prepare)(const struct api_request *request, struct api_change *change,
                                       struct api_response *response);

/* Answers a request whose change has its result and outcome. The request's body is gone. */
typedef enum api_status (*api_conclude)(const struct api_request *request,
                                        const struct api_change *change,
                                        struct api_response *response);

enum api_verb {
    API_READ,   /* changes nothing */
    API_CHANGE, /* changes something; with the same key again, nothing more */
    API_VERB_MAX
};

/* A route: what can be done with a resource, or with one of its items. */
struct api_route {
    enum api_verb verb;
    const char *path;    /* a template: "{id}" stands for one segment */
    api_handler handler; /* of a route that reads; */
    api_prepare prepare; /* of one that changes, these two */
    api_conclude conclude;
    bool takes_body;    /* a JSON body */
    bool body_optional; /* no body at all will do, too */
    bool keyed;         /* takes an idempotency key */
    bool paged;         /* takes a limit, and after what to start */
    bool referenced;    /* takes a reference, which its rows are to have */
    int page;           /* the rows of a page if no limit is given; 0: all there are */
    bool shared;        /* the same for every caller, who may keep it and ask whether it changed */
    bool probe;         /* asked by load balancers and other watchers, not by callers */
};

/* A resource is the list of its routes. The first without a path ends it. */
struct api_resource {
    struct api_route routes[API_ROUTES_MAX];
};

/* Called once by each worker. No body is ever over max bytes. api_response_free gives back what the
 * response holds. */
void api_response_init(struct api_response *response, size_t max);
void api_response_free(struct api_response *response);

/* Called before each request, and after it: a worker that waits keeps no large buffer. */
void api_response_reset(struct api_response *response);

/* The status for a result of the store that the handler does not treat itself. */
enum api_status api_status_of(enum store_result result);

/* The resources, a file each. */
extern const struct api_resource products_resource;
extern const struct api_resource orders_resource;
extern const struct api_resource health_resource;
extern const struct api_resource openapi_resource;

#endif
