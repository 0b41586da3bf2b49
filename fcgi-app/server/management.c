#include "server/management.h"

#include <fastcgi.h>
#include <stdio.h>
#include <string.h>

#include "server/pairs.h"
#include "server/record.h"

enum { MANAGEMENT_NUMBER_SIZE = 12 };

static const struct {
    const char *name;
    int value;
} management_values[] = {
    {FCGI_MAX_CONNS, MANAGEMENT_PLACES},
    {FCGI_MAX_REQS, MANAGEMENT_PLACES},
    {FCGI_MPXS_CONNS, 0},
};

static void management_put(struct buffer *out, const char *name, int value)
{
    char number[MANAGEMENT_NUMBER_SIZE];
    snprintf(number, sizeof number, "%d", value);
    pairs_put(out, name, number);
}

/* A name that is not known is left out of the answer (section 4.1). */
static bool management_values_of(const struct buffer *names, struct buffer *out)
{
    struct pairs_one asked;
    for (size_t at = 0; at < names->len;) {
        if (!pairs_read(names->data, names->len, &at, &asked))
            return false;
        for (size_t i = 0; i < sizeof management_values / sizeof management_values[0]; i++) {
            const char *name = management_values[i].name;
            if (strlen(name) == asked.name_len && memcmp(name, asked.name, asked.name_len) == 0)
                management_put(out, name, management_values[i].value);
        }
    }
    return !out->overflown;
}

bool management_answer(int type, const struct buffer *content, struct buffer *out)
{
    const FCGI_UnknownTypeBody unknown = {.type = (unsigned char)type};
    struct buffer values;
    if (type != FCGI_GET_VALUES) {
        record_put(out, FCGI_UNKNOWN_TYPE, FCGI_NULL_REQUEST_ID, (const char *)&unknown,
                   sizeof unknown);
        return !out->overflown;
    }
    buffer_init(&values, MANAGEMENT_ANSWER_MAX);
    bool ok = management_values_of(content, &values);
    if (ok)
        record_put(out, FCGI_GET_VALUES_RESULT, FCGI_NULL_REQUEST_ID, values.data, values.len);
    buffer_free(&values);
    return ok && !out->overflown;
}
