/* route: finds the resource's route for a method and a path. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>

#include "api/api.h"

enum { ROUTE_ID_SIZE = 64, ROUTE_ALLOW_SIZE = 64 };

struct route_match {
    const struct api_route *route; /* NULL unless both path and method fit */
    const char *path;              /* the template that fits the path, or NULL if none does */
    int number;                    /* of that template, for route_names; 0 if there is none */
    bool probe;                    /* the path is one that watchers ask, and no caller */
    char id[ROUTE_ID_SIZE];        /* what stood for {id}; "" if nothing, or longer than any id */
    char allow[ROUTE_ALLOW_SIZE];  /* the methods this path takes, as the Allow header lists them */
};

enum { ROUTE_NAMES = 1 + 8 * API_ROUTES_MAX };

/* The templates by their numbers, for the metrics' label: "-" is no route; NULL: no such number. */
const char *const *route_names(void);

/* Finds the route for a method and a decoded path. HEAD finds GET's route. */
void route_find(const char *method, const char *path, struct route_match *match);

#endif
