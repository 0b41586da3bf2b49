#include "http/query.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

/* Sets one parameter from its decoded value. Returns what is wrong with the value, or NULL. */
typedef const char *(*query_setter)(struct query *query, const char *value);

static const char *query_set_pretty(struct query *query, const char *value)
{
    query->pretty = strcmp(value, "false") != 0 && strcmp(value, "0") != 0;
    return NULL;
}

static const char *query_set_limit(struct query *query, const char *value)
{
    if (query->limit)
        return "must be given once";
    if (!text_number(value, strlen(value), 1, QUERY_LIMIT_MAX, &query->limit))
        return "must be a whole number from 1 to 1000";
    return NULL;
}

static const char *query_set_after(struct query *query, const char *value)
{
    if (query->has_after)
        return "must be given once";
    query->has_after = true;
    memcpy(query->after, value, strlen(value) + 1);
    return NULL;
}

enum query_parameter { QUERY_PRETTY, QUERY_LIMIT, QUERY_AFTER, QUERY_PARAMETER_MAX };

static const struct {
    const char *name;
    bool paged_only;
    query_setter set;
} query_rows[QUERY_PARAMETER_MAX] = {
    [QUERY_PRETTY] = {"pretty", false, query_set_pretty},
    [QUERY_LIMIT] = {"limit", true, query_set_limit},
    [QUERY_AFTER] = {"after", true, query_set_after},
};

static int query_hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Decodes %XX. A value that is too long, or has a NUL or half an escape in it, becomes "?": no
 * parameter takes that for valid. */
static void query_decode(const char *from, size_t len, char out[QUERY_VALUE_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)from[i];
        if (c == '%') {
            int high = len - i > 2 ? query_hex(from[i + 1]) : -1;
            int low = high >= 0 ? query_hex(from[i + 2]) : -1;
            c = low < 0 ? '\0' : high * 16 + low;
            i += 2;
        }
        if (c == '\0' || used == QUERY_VALUE_SIZE - 1) {
            memcpy(out, "?", 2);
            return;
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
}

static void query_read_one(const char *text, size_t len, bool paged, struct query *query,
                           struct violations *violations)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    char value[QUERY_VALUE_SIZE] = "";

    for (enum query_parameter i = 0; i < QUERY_PARAMETER_MAX; i++) {
        if (strlen(query_rows[i].name) != name_len ||
            strncmp(query_rows[i].name, text, name_len) != 0 ||
            (query_rows[i].paged_only && !paged))
            continue;
        if (equals)
            query_decode(equals + 1, len - name_len - 1, value);
        const char *wrong = query_rows[i].set(query, value);
        if (wrong)
            violation_add(violations, VIOLATION_QUERY, query_rows[i].name, "%s", wrong);
    }
}

void query_read(const char *text, bool paged, struct query *query, struct violations *violations)
{
    *query = (struct query){.pretty = false};
    for (;;) {
        size_t len = strcspn(text, "&");
        query_read_one(text, len, paged, query, violations);
        if (!text[len])
            return;
        text += len + 1;
    }
}
