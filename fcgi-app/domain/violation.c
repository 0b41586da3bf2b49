#include "domain/violation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Ends the text before the first character that is not whole. */
static void violation_trim(char *text)
{
    size_t left = strlen(text), n;
    while ((n = text_utf8_length((const unsigned char *)text, left)) > 0) {
        text += n;
        left -= n;
    }
    *text = '\0';
}

void violation_add(struct violations *v, enum violation_place place, const char *where,
                   const char *detail, ...)
{
    if (v->count++ >= VIOLATIONS_MAX)
        return;
    struct violation *item = &v->items[v->count - 1];
    va_list args;
    item->place = place;
    snprintf(item->where, sizeof item->where, "%s", where);
    va_start(args, detail);
    vsnprintf(item->detail, sizeof item->detail, detail, args);
    va_end(args);
    violation_trim(item->where);
    violation_trim(item->detail);
}

size_t violation_kept(const struct violations *v)
{
    return v->count < VIOLATIONS_MAX ? v->count : VIOLATIONS_MAX;
}
