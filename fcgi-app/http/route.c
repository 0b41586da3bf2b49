#include "http/route.h"

#include <stdio.h>
#include <string.h>

#define ROUTE_ID "{id}"

/* Products may be kept by a client that asks again each time; orders are nobody else's business. */
#define ROUTE_REVALIDATE "no-cache"
#define ROUTE_PRIVATE    "no-store"

static const struct route routes[] = {
    {.method = "GET",
     .path = "/products",
     .handler = products_list,
     .cache = ROUTE_REVALIDATE,
     .paged = true,
     .tagged = true},
    {.method = "GET",
     .path = "/products/{id}",
     .handler = products_get,
     .cache = ROUTE_REVALIDATE,
     .tagged = true},
    {.method = "GET",
     .path = "/orders",
     .handler = orders_list,
     .cache = ROUTE_PRIVATE,
     .paged = true},
    {.method = "POST",
     .path = "/orders",
     .handler = orders_place,
     .cache = ROUTE_PRIVATE,
     .takes_body = true},
    {.method = "GET", .path = "/orders/{id}", .handler = orders_get, .cache = ROUTE_PRIVATE},
    {.method = "GET",
     .path = "/healthz",
     .handler = health_live,
     .cache = ROUTE_PRIVATE,
     .probe = true},
    {.method = "GET",
     .path = "/readyz",
     .handler = health_ready,
     .cache = ROUTE_PRIVATE,
     .probe = true},
};

enum { ROUTES = sizeof routes / sizeof routes[0] };

/* Walks both texts; what stands for {id} is copied unless it is longer than any id can be. */
static bool route_fits(const char *template, const char *path, char id[ROUTE_ID_SIZE])
{
    id[0] = '\0';
    while (*template) {
        if (strncmp(template, ROUTE_ID, strlen(ROUTE_ID)) == 0) {
            size_t len = strcspn(path, "/");
            if (len == 0)
                return false;
            if (len < ROUTE_ID_SIZE) {
                memcpy(id, path, len);
                id[len] = '\0';
            }
            template += strlen(ROUTE_ID);
            path += len;
        } else if (*template ++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static void route_allow(struct route_match *match, const char *method)
{
    size_t used = strlen(match->allow);
    const char *implied = strcmp(method, "GET") == 0 ? ", HEAD" : "";
    snprintf(match->allow + used, sizeof match->allow - used, "%s%s%s", used ? ", " : "", method,
             implied);
}

void route_find(const char *method, const char *path, struct route_match *match)
{
    *match = (struct route_match){.route = NULL};
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < ROUTES; i++) {
        char id[ROUTE_ID_SIZE];
        if (!route_fits(routes[i].path, path, id))
            continue;
        memcpy(match->id, id, sizeof id);
        match->path = routes[i].path;
        if (strcmp(method, routes[i].method) == 0)
            match->route = &routes[i];
        route_allow(match, routes[i].method);
    }
    if (match->path)
        route_allow(match, "OPTIONS");
}
