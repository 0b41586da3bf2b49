#include "json_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define JSON_LINE_REPLACEMENT "\xef\xbf\xbd"
#define JSON_LINE_CUT         "\xe2\x80\xa6"

/* lighttpd has no levels in its error log. These are no trouble; the rest is LEVEL_OTHER. */
static const char *const json_line_infos[] = {
    "server started",
    "server stopped",
    "[note] graceful shutdown started",
    "logfiles cycled",
};
#define JSON_LINE_INFO  "info"
#define JSON_LINE_OTHER "warn"

/* What is left of a line. */
struct json_line {
    const char *at, *end;
};

static bool json_line_skip(struct json_line *line, char c)
{
    if (line->at == line->end || *line->at != c)
        return false;
    line->at++;
    return true;
}

static bool json_line_skip_escape(struct json_line *line)
{
    static const char escapes[] = "\"\\/bfnrtu", hex[] = "0123456789abcdefABCDEF";
    if (line->at == line->end || !memchr(escapes, *line->at, sizeof escapes - 1))
        return false;
    if (*line->at++ != 'u')
        return true;
    for (int i = 0; i < 4; i++, line->at++)
        if (line->at == line->end || !memchr(hex, *line->at, sizeof hex - 1))
            return false;
    return true;
}

static bool json_line_skip_text(struct json_line *line)
{
    if (!json_line_skip(line, '"'))
        return false;
    while (line->at < line->end && *line->at != '"') {
        unsigned char c = (unsigned char)*line->at++;
        if (c < 0x20 || (c == '\\' && !json_line_skip_escape(line)))
            return false;
    }
    return json_line_skip(line, '"');
}

static bool json_line_skip_number(struct json_line *line)
{
    json_line_skip(line, '-');
    if (json_line_skip(line, '0'))
        return true;
    const char *start = line->at;
    while (line->at < line->end && *line->at >= '0' && *line->at <= '9')
        line->at++;
    return line->at > start;
}

static bool json_line_is_object(struct json_line line)
{
    if (!json_line_skip(&line, '{'))
        return false;
    do {
        if (!json_line_skip_text(&line) || !json_line_skip(&line, ':'))
            return false;
        bool text = line.at < line.end && *line.at == '"';
        if (!(text ? json_line_skip_text(&line) : json_line_skip_number(&line)))
            return false;
    } while (json_line_skip(&line, ','));
    return json_line_skip(&line, '}') && line.at == line.end;
}

/* The length of the character at the start, and the character itself or what stands for it. */
static size_t json_line_char(const struct json_line *line, const char **shown, size_t *shown_len)
{
    size_t left = (size_t)(line->end - line->at);
    size_t n = text_utf8_length((const unsigned char *)line->at, left);
    *shown = n ? line->at : JSON_LINE_REPLACEMENT;
    *shown_len = n ? n : sizeof JSON_LINE_REPLACEMENT - 1;
    return n ? n : 1;
}

static size_t json_line_copy(struct json_line line, char *out)
{
    size_t used = 0, shown_len;
    const char *shown;
    while (line.at < line.end) {
        line.at += json_line_char(&line, &shown, &shown_len);
        memcpy(out + used, shown, shown_len);
        used += shown_len;
    }
    return used;
}

/* Nobody's control character reaches the terminal of who reads on. */
static size_t json_line_message(struct json_line line, char *out)
{
    size_t used = 0, shown_len;
    const char *shown;
    char escaped[8];
    while (line.at < line.end) {
        line.at += json_line_char(&line, &shown, &shown_len);
        bool quoted = *shown == '"' || *shown == '\\';
        if (quoted || text_is_control(shown, shown_len)) {
            /* U+0080 to U+009F have their own number as their second byte. */
            int n = snprintf(escaped, sizeof escaped, quoted ? "\\%c" : "\\u%04x",
                             (unsigned char)shown[shown_len - 1]);
            shown = escaped;
            shown_len = (size_t)n;
        }
        if (shown_len > JSON_LINE_MESSAGE_MAX - (sizeof JSON_LINE_CUT - 1) - used) {
            memcpy(out + used, JSON_LINE_CUT, sizeof JSON_LINE_CUT - 1);
            return used + sizeof JSON_LINE_CUT - 1;
        }
        memcpy(out + used, shown, shown_len);
        used += shown_len;
    }
    return used;
}

/* Takes the time that lighttpd starts a line with, "2026-01-01 00:00:00: ", into RFC 3339's form.
 * Its zone is that of TZ, as in the access log. */
static bool json_line_take_time(struct json_line *line, char time[CLOCK_TEXT_SIZE])
{
    static const char form[] = "0000-00-00 00:00:00: ";
    const size_t len = sizeof form - 1;
    if ((size_t)(line->end - line->at) < len)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool digit = line->at[i] >= '0' && line->at[i] <= '9';
        if (form[i] == '0' ? !digit : line->at[i] != form[i])
            return false;
    }
    snprintf(time, CLOCK_TEXT_SIZE, "%.10sT%.8sZ", line->at, line->at + 11);
    line->at += len;
    return true;
}

/* By what stands after the place in lighttpd's source, "(server.c.1704) ". */
static const char *json_line_level(struct json_line line)
{
    const char *place = memchr(line.at, ' ', (size_t)(line.end - line.at));
    line.at = place && *line.at == '(' ? place + 1 : line.at;
    for (size_t i = 0; i < sizeof json_line_infos / sizeof json_line_infos[0]; i++) {
        size_t n = strlen(json_line_infos[i]);
        if ((size_t)(line.end - line.at) >= n && memcmp(line.at, json_line_infos[i], n) == 0)
            return JSON_LINE_INFO;
    }
    return JSON_LINE_OTHER;
}

/* Starts the object up to its message, which is what is left of the line then. */
static size_t json_line_start(struct json_line *line, const char *now, char out[JSON_LINE_ROOM])
{
    char time[CLOCK_TEXT_SIZE];
    if (!json_line_take_time(line, time))
        snprintf(time, sizeof time, "%s", now);
    int n = snprintf(out, JSON_LINE_ROOM, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"", time,
                     json_line_level(*line));
    return (size_t)n;
}

size_t json_line_write(const char *line, size_t len, const char *now, char *out)
{
    static const char end[] = "\"}";
    struct json_line left = {line, line + len};
    size_t used;
    if (json_line_is_object(left)) {
        used = json_line_copy(left, out);
    } else {
        used = json_line_start(&left, now, out);
        used += json_line_message(left, out + used);
        memcpy(out + used, end, sizeof end - 1);
        used += sizeof end - 1;
    }
    out[used] = '\n';
    return used + 1;
}
