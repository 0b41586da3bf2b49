#include "base/trace.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"

/* Where the fields of version 00 are: 00-TRACE-SPAN-FLAGS. */
enum {
    TRACE_AT_ID = 3,
    TRACE_AT_SPAN = 36,
    TRACE_AT_FLAGS = 53,
    TRACE_PARENT_LEN = 55,
    TRACE_FLAG_SAMPLED = 1
};

enum { TRACE_STATE_MEMBERS = 32, TRACE_KEY_MAX = 256, TRACE_VALUE_MAX = 256 };

/* The part of an id that is random in every trace (the considerations for trace-id generation): its
 * last 56 bits. */
enum { TRACE_AT_RANDOM = 18, TRACE_RANDOM_BITS = 56 };

static int trace_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool trace_is_hex(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && trace_hex_value(text[i]) >= 0)
        i++;
    return i == len;
}

static bool trace_is_number(const char *text, size_t len)
{
    return trace_is_hex(text, len) && strspn(text, "0") < len;
}

bool trace_is_id(const char *text)
{
    return strlen(text) == TRACE_ID_SIZE - 1 && trace_is_number(text, TRACE_ID_SIZE - 1);
}

bool trace_is_span(const char *text)
{
    return strlen(text) == TRACE_SPAN_SIZE - 1 && trace_is_number(text, TRACE_SPAN_SIZE - 1);
}

/* Whether it has the fields of version 00, and behind them only what its own version may have. */
static bool trace_has_form(const char *text)
{
    size_t len = strnlen(text, TRACE_PARENT_LEN + 1);
    if (len < TRACE_PARENT_LEN || !trace_is_hex(text, 2) || memcmp(text, "ff", 2) == 0)
        return false;
    if (len > TRACE_PARENT_LEN && (memcmp(text, "00", 2) == 0 || text[TRACE_PARENT_LEN] != '-'))
        return false;
    return text[TRACE_AT_ID - 1] == '-' && text[TRACE_AT_SPAN - 1] == '-' &&
           text[TRACE_AT_FLAGS - 1] == '-' && trace_is_hex(text + TRACE_AT_FLAGS, 2);
}

bool trace_read(const char *traceparent, struct trace *trace)
{
    if (!trace_has_form(traceparent) ||
        !trace_is_number(traceparent + TRACE_AT_ID, TRACE_ID_SIZE - 1) ||
        !trace_is_number(traceparent + TRACE_AT_SPAN, TRACE_SPAN_SIZE - 1))
        return false;
    *trace = (struct trace){.sampled = trace_hex_value(traceparent[TRACE_AT_FLAGS + 1]) &
                                       TRACE_FLAG_SAMPLED};
    memcpy(trace->id, traceparent + TRACE_AT_ID, TRACE_ID_SIZE - 1);
    memcpy(trace->parent, traceparent + TRACE_AT_SPAN, TRACE_SPAN_SIZE - 1);
    return true;
}

static void trace_make(char out[TRACE_SPAN_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[RANDOM_BYTES];
    random_take(bytes);
    bytes[RANDOM_BYTES - 1] |= !memcmp(bytes, (unsigned char[RANDOM_BYTES]){0}, RANDOM_BYTES);
    for (int i = 0; i < RANDOM_BYTES; i++) {
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
    *out = '\0';
}

void trace_start(const char *traceparent, struct trace *trace)
{
    if (!traceparent || !trace_read(traceparent, trace)) {
        *trace = (struct trace){.sampled = false};
        trace_make(trace->id);
        trace_make(trace->id + TRACE_SPAN_SIZE - 1);
    }
    trace_make(trace->span);
}

void trace_within(const struct trace *outer, struct trace *inner)
{
    *inner = *outer;
    memcpy(inner->parent, outer->span, sizeof inner->parent);
    trace_make(inner->span);
}

bool trace_is_wanted(const struct trace *trace, int rate)
{
    uint64_t random = 0;
    if (trace->parent[0])
        return trace->sampled;
    for (const char *at = trace->id + TRACE_AT_RANDOM; *at; at++)
        random = random << 4 | (unsigned)trace_hex_value(*at);
    /* In millionths of the whole, rounded down: always below TRACE_RATE_ALL. */
    return (int)((random >> 20) * TRACE_RATE_ALL >> (TRACE_RANDOM_BITS - 20)) < rate;
}

static bool trace_is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("_-*/@", c));
}

/* One key=value of the list, of len bytes. Level 2's grammar, which takes all that Level 1's does
 * but a key's form with "@". */
static bool trace_is_member(const char *text, size_t len)
{
    size_t key = 0;
    while (key < len && trace_is_key_char(text[key]))
        key++;
    if (key == 0 || key > TRACE_KEY_MAX || key == len || text[key] != '=' ||
        strchr("_-*/@", text[0]))
        return false;
    size_t value = len - key - 1;
    if (value == 0 || value > TRACE_VALUE_MAX)
        return false;
    for (size_t i = key + 1; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '=' || text[i] == ',')
            return false;
    }
    return true;
}

/* Members may be empty, and have spaces and tabs round them. */
bool trace_state_is_valid(const char *tracestate)
{
    int members = 0;
    if (strlen(tracestate) > TRACE_STATE_MAX)
        return false;
    for (const char *at = tracestate;; at++) {
        at += strspn(at, " \t");
        size_t len = strcspn(at, ","), end = len;
        while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
            len--;
        members += len > 0;
        if (len > 0 && !trace_is_member(at, len))
            return false;
        at += end;
        if (!*at)
            return members > 0 && members <= TRACE_STATE_MEMBERS;
    }
}
