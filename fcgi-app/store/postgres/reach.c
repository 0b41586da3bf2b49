#include "store/postgres/reach.h"

#include "store/postgres/connect.h"
#include "store/postgres/query.h"
#include "store/postgres/schema.h"

enum store_result postgres_reach(struct postgres *p)
{
    enum store_result result = postgres_connect(p);
    if (result != STORE_OK || p->ready)
        return result;
    result = postgres_schema_check(p);
    if (result != STORE_OK)
        return result;
    result = postgres_query_prepare(p);
    /* Some may be prepared and stay so; to prepare them a second time would be a fault. */
    if (result != STORE_OK)
        postgres_session_close(p);
    p->ready = result == STORE_OK;
    return result;
}
