#include "http/route.h"

#include <string.h>

#define ROUTE_ID "{id}"

static const struct api_resource *const route_resources[] = {
    &products_resource,
    &orders_resource,
    &health_resource,
    &openapi_resource,
};

enum { ROUTE_RESOURCES = sizeof route_resources / sizeof route_resources[0] };

_Static_assert(1 + ROUTE_RESOURCES * API_ROUTES_MAX <= ROUTE_NAMES, "every template has a number");

static const char *const route_methods[API_VERB_MAX] = {
    [API_READ] = "GET",
    [API_CHANGE] = "POST",
};

/* What the Allow header lists for a verb, and for each path last. */
static const char *const route_allowed[API_VERB_MAX] = {
    [API_READ] = "GET, HEAD, ",
    [API_CHANGE] = "POST, ",
};
#define ROUTE_ALLOWED_LAST "OPTIONS"

/* Compares a path with a template. What stands for {id} is copied, unless it is longer than any id
 * can be. */
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

static void route_allow(struct route_match *match, const char *methods)
{
    size_t used = strlen(match->allow), len = strlen(methods);
    if (used + len < sizeof match->allow)
        memcpy(match->allow + used, methods, len + 1);
}

static void route_try(const struct api_route *route, int number, const char *method,
                      const char *path, struct route_match *match)
{
    char id[ROUTE_ID_SIZE];
    if (!route_fits(route->path, path, id))
        return;
    memcpy(match->id, id, sizeof id);
    /* All that have one template have the number of its first row. */
    if (!match->path)
        match->number = number;
    match->path = route->path;
    match->probe = route->probe;
    if (strcmp(method, route_methods[route->verb]) == 0)
        match->route = route;
    route_allow(match, route_allowed[route->verb]);
}

static int route_number(size_t resource, size_t row)
{
    return (int)(1 + resource * API_ROUTES_MAX + row);
}

const char *const *route_names(void)
{
    static const char *names[ROUTE_NAMES] = {"-"};
    for (size_t i = 0; i < ROUTE_RESOURCES; i++) {
        for (size_t r = 0; r < API_ROUTES_MAX; r++)
            names[route_number(i, r)] = route_resources[i]->routes[r].path;
    }
    return names;
}

void route_find(const char *method, const char *path, struct route_match *match)
{
    *match = (struct route_match){.route = NULL};
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < ROUTE_RESOURCES; i++) {
        const struct api_route *routes = route_resources[i]->routes;
        for (size_t r = 0; r < API_ROUTES_MAX && routes[r].path; r++)
            route_try(&routes[r], route_number(i, r), method, path, match);
    }
    if (match->path)
        route_allow(match, ROUTE_ALLOWED_LAST);
}
