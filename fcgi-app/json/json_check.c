#include "json/json_check.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"

/* cJSON 1.7 reads that many characters of a number (parse_number) and ignores the rest. */
enum { JSON_NUMBER_MAX = 63 };

/* JSON has no infinity. This reads as one. */
#define JSON_INFINITE "1e999"

const char *const json_fault_texts[JSON_FAULT_MAX] = {
    [JSON_OK] = "",
    [JSON_EMPTY] = "nothing but white space",
    [JSON_TRUNCATED] = "an early end",
    [JSON_SYNTAX] = "an unexpected character",
    [JSON_TRAILING] = "something after the value",
    [JSON_TOO_DEEP] = "nesting deeper than 16",
    [JSON_BAD_UTF8] = "bytes that are not UTF-8",
    [JSON_BAD_ESCAPE] = "an unknown escape or half a surrogate pair",
    [JSON_NUL] = "\\u0000 in a string",
    [JSON_CONTROL] = "a bare control character in a string",
    [JSON_DUPLICATE] = "a member named twice",
    [JSON_OUT_OF_MEMORY] = "memory ran out",
};

struct json_cursor {
    char *at, *end;
    int depth;
};

static enum json_fault json_check_value(struct json_cursor *c);

static void json_skip_space(struct json_cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

/* The fault if the wanted byte is not at the cursor. */
static enum json_fault json_misfit(const struct json_cursor *c)
{
    return c->at == c->end ? JSON_TRUNCATED : JSON_SYNTAX;
}

static bool json_take(struct json_cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static enum json_fault json_check_word(struct json_cursor *c, const char *word)
{
    for (; *word; word++) {
        if (!json_take(c, *word))
            return json_misfit(c);
    }
    return JSON_OK;
}

static bool json_is_digit(const struct json_cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static enum json_fault json_check_digits(struct json_cursor *c)
{
    if (!json_is_digit(c))
        return json_misfit(c);
    while (json_is_digit(c))
        c->at++;
    return JSON_OK;
}

static enum json_fault json_check_number_grammar(struct json_cursor *c)
{
    enum json_fault fault = JSON_OK;
    json_take(c, '-');
    if (json_take(c, '0'))
        fault = json_is_digit(c) ? JSON_SYNTAX : JSON_OK;
    else
        fault = json_check_digits(c);
    if (!fault && json_take(c, '.'))
        fault = json_check_digits(c);
    if (!fault && (json_take(c, 'e') || json_take(c, 'E'))) {
        if (!json_take(c, '+'))
            json_take(c, '-');
        fault = json_check_digits(c);
    }
    return fault;
}

/* Writes over a number what fits there, and blanks behind it. */
static void json_replace(char *start, size_t len, const char *with)
{
    size_t n = strlen(with);
    memset(start, ' ', len);
    for (size_t i = 0; i < n; i++)
        start[i] = with[i];
}

/* The double nearest to a number is that of another number too, if the one has more digits than a
 * double keeps, or is next to zero. So the double alone cannot tell 0.99999999999999999999 from 1.
 * Such numbers are made infinite here, where the digits are still seen: no member takes that.
 * A shorter text than the replacement has too few digits, and too few in its exponent, for it. */
static enum json_fault json_check_number(struct json_cursor *c)
{
    char *start = c->at;
    enum json_fault fault = json_check_number_grammar(c);
    size_t len = (size_t)(c->at - start);
    if (fault)
        return fault;
    char shorter[JSON_NUMBER_MAX + 1];
    double value = strtod(start, NULL);
    if (len >= strlen(JSON_INFINITE) && !decimal_is_told_by_double(start, len)) {
        json_replace(start, len, JSON_INFINITE);
    } else if (len > JSON_NUMBER_MAX) {
        snprintf(shorter, sizeof shorter, "%.*g", floor(value) < value ? DBL_DIG : DBL_DECIMAL_DIG,
                 value);
        json_replace(start, len, isinf(value) ? JSON_INFINITE : shorter);
    }
    return JSON_OK;
}

/* Reads "\uXXXX"; the cursor stays at the backslash unless it is read whole. */
static enum json_fault json_check_unit(struct json_cursor *c, unsigned *unit)
{
    const char *p = c->at + 2;
    *unit = 0;
    for (int i = 0; i < 4; i++, p++) {
        static const char hex[] = "0123456789abcdef";
        if (p >= c->end) {
            c->at = c->end;
            return JSON_TRUNCATED;
        }
        const char *digit = *p ? strchr(hex, *p >= 'A' && *p <= 'F' ? *p | 0x20 : *p) : NULL;
        if (!digit)
            return JSON_BAD_ESCAPE;
        *unit = *unit << 4 | (unsigned)(digit - hex);
    }
    c->at += 6;
    return JSON_OK;
}

/* Reads the second half of a surrogate pair. */
static enum json_fault json_check_low(struct json_cursor *c)
{
    unsigned unit;
    if (c->at == c->end)
        return JSON_TRUNCATED;
    if (*c->at != '\\')
        return JSON_BAD_ESCAPE;
    if (c->at + 1 == c->end) {
        c->at = c->end;
        return JSON_TRUNCATED;
    }
    if (c->at[1] != 'u')
        return JSON_BAD_ESCAPE;
    enum json_fault fault = json_check_unit(c, &unit);
    if (!fault && (unit < 0xdc00 || unit > 0xdfff))
        return JSON_BAD_ESCAPE;
    return fault;
}

/* The cursor stands at a backslash. */
static enum json_fault json_check_escape(struct json_cursor *c)
{
    char *start = c->at;
    unsigned unit;
    if (start + 1 == c->end) {
        c->at = c->end;
        return JSON_TRUNCATED;
    }
    if (start[1] != 'u') {
        if (!start[1] || !strchr("\"\\/bfnrt", start[1]))
            return JSON_BAD_ESCAPE;
        c->at += 2;
        return JSON_OK;
    }
    enum json_fault fault = json_check_unit(c, &unit);
    if (!fault && unit == 0)
        fault = JSON_NUL;
    else if (!fault && unit >= 0xdc00 && unit <= 0xdfff)
        fault = JSON_BAD_ESCAPE;
    else if (!fault && unit >= 0xd800 && unit <= 0xdbff)
        fault = json_check_low(c);
    if (fault && fault != JSON_TRUNCATED)
        c->at = start;
    return fault;
}

static enum json_fault json_check_string(struct json_cursor *c)
{
    if (!json_take(c, '"'))
        return json_misfit(c);
    while (c->at < c->end && *c->at != '"') {
        if (*c->at == '\\') {
            enum json_fault fault = json_check_escape(c);
            if (fault)
                return fault;
            continue;
        }
        if ((unsigned char)*c->at < 0x20)
            return JSON_CONTROL;
        size_t n = text_utf8_length((const unsigned char *)c->at, (size_t)(c->end - c->at));
        if (n == 0)
            return JSON_BAD_UTF8;
        c->at += n;
    }
    return json_take(c, '"') ? JSON_OK : JSON_TRUNCATED;
}

static enum json_fault json_check_member(struct json_cursor *c)
{
    json_skip_space(c);
    enum json_fault fault = json_check_string(c);
    if (fault)
        return fault;
    json_skip_space(c);
    return json_take(c, ':') ? json_check_value(c) : json_misfit(c);
}

/* Checks an array or object. The cursor stands at its opening bracket. */
static enum json_fault json_check_nest(struct json_cursor *c, char close,
                                       enum json_fault (*check_part)(struct json_cursor *c))
{
    if (c->depth == JSON_DEPTH_MAX)
        return JSON_TOO_DEEP;
    c->depth++;
    c->at++;
    json_skip_space(c);
    if (!json_take(c, close)) {
        do {
            enum json_fault fault = check_part(c);
            if (fault)
                return fault;
            json_skip_space(c);
        } while (json_take(c, ','));
        if (!json_take(c, close))
            return json_misfit(c);
    }
    c->depth--;
    return JSON_OK;
}

static enum json_fault json_check_value(struct json_cursor *c)
{
    json_skip_space(c);
    switch (c->at < c->end ? *c->at : '\0') {
    case '{':
        return json_check_nest(c, '}', json_check_member);
    case '[':
        return json_check_nest(c, ']', json_check_value);
    case '"':
        return json_check_string(c);
    case 't':
        return json_check_word(c, "true");
    case 'f':
        return json_check_word(c, "false");
    case 'n':
        return json_check_word(c, "null");
    default:
        return json_check_number(c);
    }
}

enum json_fault json_check(char *text, size_t len, size_t *where)
{
    struct json_cursor c = {.at = text, .end = text + len};
    enum json_fault fault;

    json_skip_space(&c);
    if (c.at == c.end) {
        fault = JSON_EMPTY;
    } else {
        fault = json_check_value(&c);
        if (!fault) {
            json_skip_space(&c);
            if (c.at < c.end)
                fault = *c.at ? JSON_TRAILING : JSON_SYNTAX;
        }
    }
    *where = (size_t)(c.at - text);
    return fault;
}
