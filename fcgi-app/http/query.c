#include "http/query.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { QUERY_VALUE_SIZE = QUERY_REFERENCE_SIZE };

/* Sets one parameter from its decoded value; NULL is a value that is too long or no text. Returns
 * what is wrong with it, or NULL. */
typedef const char *(*query_setter)(struct query *query, const char *value);

static const char *query_set_pretty(struct query *query, const char *value)
{
    query->pretty = !value || (strcmp(value, "false") != 0 && strcmp(value, "0") != 0);
    return NULL;
}

static const char *query_set_limit(struct query *query, const char *value)
{
    if (query->limit)
        return "must be given once";
    if (!value || !text_number(value, strlen(value), 1, QUERY_LIMIT_MAX, &query->limit))
        return "must be a whole number from 1 to 1000";
    return NULL;
}

/* Keeps a text that is given once; one that cannot be is kept as "", or as "?" where that would be
 * one. */
static const char *query_set_text(bool *has, char *text, size_t size, const char *value,
                                  const char *instead)
{
    if (*has)
        return "must be given once";
    *has = true;
    bool fits = value && strlen(value) < size;
    snprintf(text, size, "%s", fits ? value : instead);
    return NULL;
}

static const char *query_set_after(struct query *query, const char *value)
{
    return query_set_text(&query->has_after, query->after, sizeof query->after, value, "?");
}

static const char *query_set_reference(struct query *query, const char *value)
{
    return query_set_text(&query->has_reference, query->reference, sizeof query->reference, value,
                          "");
}

enum query_parameter {
    QUERY_PRETTY,
    QUERY_LIMIT,
    QUERY_AFTER,
    QUERY_REFERENCE,
    QUERY_PARAMETER_MAX
};

/* of: routes that take none of these pass the parameter over; none: all routes take it. */
static const struct {
    const char *name;
    struct query_takes of;
    query_setter set;
} query_rows[QUERY_PARAMETER_MAX] = {
    [QUERY_PRETTY] = {"pretty", {false, false}, query_set_pretty},
    [QUERY_LIMIT] = {"limit", {.page = true}, query_set_limit},
    [QUERY_AFTER] = {"after", {.page = true}, query_set_after},
    [QUERY_REFERENCE] = {"reference", {.reference = true}, query_set_reference},
};

static bool query_is_taken(enum query_parameter i, struct query_takes takes)
{
    const struct query_takes of = query_rows[i].of;
    return (!of.page || takes.page) && (!of.reference || takes.reference);
}

static int query_hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Decodes %XX, and + as the space that forms make of it. False for a value that is too long, or has
 * a NUL or half an escape in it. */
static bool query_decode(const char *from, size_t len, char out[QUERY_VALUE_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        int c = from[i] == '+' ? ' ' : (unsigned char)from[i];
        if (c == '%') {
            int high = len - i > 2 ? query_hex(from[i + 1]) : -1;
            int low = high >= 0 ? query_hex(from[i + 2]) : -1;
            c = low < 0 ? '\0' : high * 16 + low;
            i += 2;
        }
        if (c == '\0' || used == QUERY_VALUE_SIZE - 1)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

static void query_read_one(const char *text, size_t len, struct query_takes takes,
                           struct query *query, struct violations *violations)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    char value[QUERY_VALUE_SIZE] = "";

    for (enum query_parameter i = 0; i < QUERY_PARAMETER_MAX; i++) {
        if (strlen(query_rows[i].name) != name_len ||
            strncmp(query_rows[i].name, text, name_len) != 0 || !query_is_taken(i, takes))
            continue;
        bool is = !equals || query_decode(equals + 1, len - name_len - 1, value);
        const char *wrong = query_rows[i].set(query, is ? value : NULL);
        if (wrong)
            violation_add(violations, VIOLATION_QUERY, query_rows[i].name, "%s", wrong);
    }
}

void query_read(const char *text, struct query_takes takes, struct query *query,
                struct violations *violations)
{
    *query = (struct query){.pretty = false};
    for (;;) {
        size_t len = strcspn(text, "&");
        query_read_one(text, len, takes, query, violations);
        if (!text[len])
            return;
        text += len + 1;
    }
}

void query_write_value(struct buffer *out, const char *value)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *value; value++) {
        if (strchr(unreserved, *value))
            buffer_char(out, *value);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*value);
    }
}
