/* demand: whether a request asks that nothing stored before it is answered with. Knows no web
 * server. */
#ifndef MODULE_DEMAND_H
#define MODULE_DEMAND_H

#include <stdbool.h>

/* Tells whether the value of a Cache-Control field of a request, or of a Pragma, has a directive
 * that asks for it: no-cache, no-store or max-age=0 (RFC 9111, sections 5.2.1 and 5.4). In doubt it
 * does. The value is NULL if absent. */
bool demand_is_fresh(const char *value);

#endif
