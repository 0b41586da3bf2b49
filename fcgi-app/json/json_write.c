#include "json/json_write.h"

#include <string.h>

#include "base/text.h"
#include "domain/money.h"

enum { JSON_INDENT = 2 };

void json_write_start(struct json_writer *w, struct buffer *out, bool pretty)
{
    *w = (struct json_writer){.out = out, .pretty = pretty, .first = true};
}

void json_write_start_member(struct json_writer *w, struct buffer *out, bool pretty)
{
    *w = (struct json_writer){.out = out, .pretty = pretty, .after_key = true, .depth = 1};
}

void json_write_end(struct json_writer *w)
{
    if (w->pretty)
        buffer_char(w->out, '\n');
}

static void json_write_line(struct json_writer *w)
{
    size_t n = 1 + (size_t)w->depth * JSON_INDENT;
    char *to = buffer_reserve(w->out, n);
    if (!to)
        return;
    to[0] = '\n';
    memset(to + 1, ' ', n - 1);
    to[n] = '\0';
    w->out->len += n;
}

/* Writes what stands between the last value and the next value or name. */
static void json_write_between(struct json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (!w->first)
        buffer_char(w->out, ',');
    if (w->pretty && w->depth > 0)
        json_write_line(w);
    w->first = false;
}

void json_write_open(struct json_writer *w, char bracket)
{
    json_write_between(w);
    buffer_char(w->out, bracket);
    w->depth++;
    w->first = true;
}

void json_write_close(struct json_writer *w, char bracket)
{
    w->depth--;
    if (w->pretty && !w->first)
        json_write_line(w);
    buffer_char(w->out, bracket);
    w->first = false;
}

/* Counts the bytes that can be copied as they are. Control characters, quotes and backslashes need
 * an escape; bytes over 0x7f may be no valid UTF-8. */
static size_t json_plain_run(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return (size_t)(p - (const unsigned char *)text);
}

static void json_write_escape(struct buffer *out, char c)
{
    static const char shorts[] = "\"\\\n\t\r\b\f", letters[] = "\"\\ntrbf";
    static const char hex[] = "0123456789abcdef";
    const char *found = memchr(shorts, c, sizeof shorts - 1);
    if (found) {
        char escape[2] = {'\\', letters[found - shorts]};
        buffer_append(out, escape, sizeof escape);
    } else {
        char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4 & 15], hex[c & 15]};
        buffer_append(out, escape, sizeof escape);
    }
}

/* Writes the rest of a text from its first byte that is not plain. */
static void json_write_mixed(struct buffer *out, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t n = json_plain_run(text);
        bool ascii = (unsigned char)*text < 0x80;
        if (!ascii)
            n = text_utf8_length((const unsigned char *)text, left);
        if (n > 0)
            buffer_append(out, text, n);
        else if (ascii)
            json_write_escape(out, *text);
        else
            buffer_text(out, "\xEF\xBF\xBD");
        n = n ? n : 1;
        text += n;
        left -= n;
    }
}

/* Writes the quoted text and then the tail. */
static void json_write_quoted(struct buffer *out, const char *text, const char *tail)
{
    size_t plain = json_plain_run(text), tail_len = strlen(tail);
    char *to = buffer_reserve(out, plain + 2 + tail_len);
    if (!to)
        return;
    to[0] = '"';
    memcpy(to + 1, text, plain);
    out->len += plain + 1;
    to += plain + 1;
    *to = '\0';
    if (text[plain]) {
        json_write_mixed(out, text + plain);
        buffer_char(out, '"');
        buffer_append(out, tail, tail_len);
        return;
    }
    *to++ = '"';
    memcpy(to, tail, tail_len + 1);
    out->len += 1 + tail_len;
}

void json_write_key(struct json_writer *w, const char *name)
{
    json_write_between(w);
    json_write_quoted(w->out, name, w->pretty ? ": " : ":");
    w->after_key = true;
}

void json_write_text(struct json_writer *w, const char *text)
{
    json_write_between(w);
    json_write_quoted(w->out, text, "");
}

void json_write_number(struct json_writer *w, int64_t number)
{
    json_write_between(w);
    buffer_number(w->out, number);
}

void json_write_rendered(struct json_writer *w, const struct buffer *value)
{
    json_write_between(w);
    buffer_append(w->out, value->data, value->len);
}

/* The end of a string, a number, or another value without brackets. */
static const char *json_token_end(const char *at)
{
    if (*at != '"')
        return at + strcspn(at, ",:]} \t\r\n");
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

void json_write_copy(struct json_writer *w, const char *json)
{
    for (const char *end; *json; json = end) {
        end = json + 1;
        if (*json == '{' || *json == '[') {
            json_write_open(w, *json);
        } else if (*json == '}' || *json == ']') {
            json_write_close(w, *json);
        } else if (!strchr(",: \t\r\n", *json)) {
            end = json_token_end(json);
            json_write_between(w);
            buffer_append(w->out, json, (size_t)(end - json));
            w->after_key = *end == ':';
            if (w->after_key)
                buffer_text(w->out, w->pretty ? ": " : ":");
        }
    }
}

void json_write_money(struct json_writer *w, int64_t cents)
{
    char text[MONEY_TEXT_SIZE];
    money_format(cents, text);
    json_write_between(w);
    buffer_text(w->out, text);
}

void json_write_member_text(struct json_writer *w, const char *name, const char *text)
{
    json_write_key(w, name);
    json_write_text(w, text);
}

void json_write_member_number(struct json_writer *w, const char *name, int64_t number)
{
    json_write_key(w, name);
    json_write_number(w, number);
}

void json_write_member_money(struct json_writer *w, const char *name, int64_t cents)
{
    json_write_key(w, name);
    json_write_money(w, cents);
}
