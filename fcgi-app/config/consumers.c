#include "config/consumers.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define CONSUMERS_HEAD "postern-consumers 1\n"

enum {
    CONSUMERS_SHOWN = 72, /* bytes of a wrong word that its message shows */
    CONSUMERS_PLACE = 48
};

/* A piece of the bytes that are read. */
struct consumers_word {
    const char *at;
    size_t len;
};

__attribute__((format(printf, 3, 4))) static bool consumers_fail(struct consumers_fault *fault,
                                                                 int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->line = line;
    vsnprintf(fault->why, sizeof fault->why, format, args);
    va_end(args);
    return false;
}

/* Says that a word is wrong, and shows it. */
static bool consumers_fail_word(struct consumers_fault *fault, int line,
                                const struct consumers_word *word, const char *what)
{
    char shown[CONSUMERS_SHOWN + 1];
    size_t n = 0;
    for (; n < word->len && n < CONSUMERS_SHOWN; n++)
        shown[n] = (char)(word->at[n] >= ' ' && word->at[n] <= '~' ? word->at[n] : '?');
    shown[n] = '\0';
    return consumers_fail(fault, line, "\"%s\"%s %s", shown, word->len > n ? "..." : "", what);
}

static bool consumers_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word off the front of the rest; false if there is none. */
static bool consumers_next_word(struct consumers_word *rest, struct consumers_word *word)
{
    while (rest->len > 0 && consumers_is_space(*rest->at))
        rest->at++, rest->len--;
    word->at = rest->at;
    while (rest->len > 0 && !consumers_is_space(*rest->at))
        rest->at++, rest->len--;
    word->len = (size_t)(rest->at - word->at);
    return word->len > 0;
}

static bool consumers_is(const struct consumers_word *word, const char *text)
{
    return word->len == strlen(text) && memcmp(word->at, text, word->len) == 0;
}

static void consumers_copy(const struct consumers_word *word, char *out)
{
    memcpy(out, word->at, word->len);
    out[word->len] = '\0';
}

bool consumers_is_name(const char *text, size_t len)
{
    if (len == 0 || len > CONSUMERS_NAME_MAX || endpoint_is_id(text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        bool inner = i > 0 && (text[i] == '_' || text[i] == '-');
        if (!inner && !(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= '0' && text[i] <= '9'))
            return false;
    }
    return true;
}

/* Reads "WHAT=NUMBER" into *out, once. Sets *ok to false if it is that, but wrong. */
static bool consumers_is_number(const struct consumers_word *word, const char *what, int max,
                                int *out, bool *ok)
{
    size_t len = strlen(what);
    int64_t number = 0;
    if (word->len < len || memcmp(word->at, what, len) != 0)
        return false;
    *ok = *out == 0 && text_number(word->at + len, word->len - len, 1, max, &number);
    *out = (int)number;
    return true;
}

static bool consumers_read_option(struct consumers_line *line, const struct consumers_word *word,
                                  struct consumers_fault *fault)
{
    char what[64];
    bool ok = true;
    if (consumers_is_number(word, "rate=", CONSUMERS_RATE_MAX, &line->rate, &ok)) {
        snprintf(what, sizeof what, "is not one whole number from 1 to %d", CONSUMERS_RATE_MAX);
        return ok || consumers_fail_word(fault, line->number, word, what);
    }
    if (consumers_is_number(word, "burst=", CONSUMERS_BURST_MAX, &line->burst, &ok)) {
        snprintf(what, sizeof what, "is not one whole number from 1 to %d", CONSUMERS_BURST_MAX);
        return ok || consumers_fail_word(fault, line->number, word, what);
    }
    if (!consumers_is(word, "denied") || line->denied)
        return consumers_fail_word(fault, line->number, word,
                                   "is none of rate=N, burst=N and denied, each once");
    line->denied = true;
    return true;
}

static bool consumers_read_options(struct consumers_line *line, struct consumers_word *rest,
                                   struct consumers_fault *fault)
{
    struct consumers_word word;
    while (consumers_next_word(rest, &word)) {
        if (!consumers_read_option(line, &word, fault))
            return false;
    }
    if (line->burst && !line->rate)
        return consumers_fail(fault, line->number, "burst= needs rate=; give it, or remove burst=");
    if (line->rate && !line->burst)
        line->burst = 2 * line->rate;
    return true;
}

/* Reads the words of a line that is not blank. */
static bool consumers_read_line(struct consumers_line *line, const struct consumers_word *endpoint,
                                struct consumers_word *rest, struct consumers_fault *fault)
{
    struct consumers_word name;
    if (!endpoint_is_id(endpoint->at, endpoint->len) &&
        !consumers_is(endpoint, CONSUMERS_UNLISTED) && !consumers_is(endpoint, CONSUMERS_NOBODY))
        return consumers_fail_word(fault, line->number, endpoint,
                                   "is no VPC endpoint's id, vpce- and lower-case hex digits, and "
                                   "neither * nor -; correct or remove it");
    if (!consumers_next_word(rest, &name))
        return consumers_fail_word(fault, line->number, endpoint,
                                   "has no name; write one behind it, or - for none");
    if (!consumers_is(&name, CONSUMERS_NAMELESS) && !consumers_is_name(name.at, name.len))
        return consumers_fail_word(fault, line->number, &name,
                                   "is no name: at most 63 of a-z, 0-9, _ and -, a letter or digit "
                                   "first, no endpoint's id; or - for none");
    consumers_copy(endpoint, line->endpoint);
    consumers_copy(&name, line->name);
    return consumers_read_options(line, rest, fault);
}

bool consumers_same(const struct consumers_line *a, const struct consumers_line *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->name, CONSUMERS_NAMELESS) != 0;
}

/* Where an earlier line is, told on a later one. A text is read before a file. */
static const char *consumers_place(const struct consumers_line *earlier, bool of_text,
                                   char out[CONSUMERS_PLACE])
{
    snprintf(out, CONSUMERS_PLACE, "line %d%s", earlier->number,
             earlier->of_text && !of_text ? " of POSTERN_CONSUMERS" : "");
    return out;
}

/* Refuses a line that contradicts an earlier one of the same name. */
static bool consumers_check_name(const struct consumers *consumers,
                                 const struct consumers_line *line, struct consumers_fault *fault)
{
    char place[CONSUMERS_PLACE];
    for (size_t i = 0; i < consumers->count; i++) {
        const struct consumers_line *other = &consumers->lines[i];
        if (!consumers_same(line, other))
            continue;
        if (strcmp(line->endpoint, CONSUMERS_UNLISTED) == 0 ||
            strcmp(other->endpoint, CONSUMERS_UNLISTED) == 0)
            return consumers_fail(fault, line->number,
                                  "%s is also the name on %s, and the name of * is for it alone; "
                                  "choose another",
                                  line->name, consumers_place(other, line->of_text, place));
        if (line->rate != other->rate || line->burst != other->burst ||
            line->denied != other->denied)
            return consumers_fail(
                fault, line->number,
                "%s has another rate=, burst= or denied than on %s; make them the "
                "same",
                line->name, consumers_place(other, line->of_text, place));
    }
    return true;
}

/* The place of an endpoint's line; if it has none, that of the first one above it. */
static size_t consumers_search(const struct consumers *consumers, const char *endpoint, bool *found)
{
    size_t low = 0, high = consumers->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(consumers->lines[middle].endpoint, endpoint);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool consumers_add(struct consumers *consumers, const struct consumers_line *line,
                          struct consumers_fault *fault)
{
    char place[CONSUMERS_PLACE];
    bool found;
    size_t at = consumers_search(consumers, line->endpoint, &found);
    if (found)
        return consumers_fail(fault, line->number, "%s is on %s already; remove one of them",
                              line->endpoint,
                              consumers_place(&consumers->lines[at], line->of_text, place));
    if (consumers->count == CONSUMERS_MAX)
        return consumers_fail(fault, line->number,
                              "more than %d endpoints; remove those that are no more",
                              CONSUMERS_MAX);
    if (!consumers_check_name(consumers, line, fault))
        return false;
    memmove(&consumers->lines[at + 1], &consumers->lines[at],
            (consumers->count - at) * sizeof consumers->lines[0]);
    consumers->lines[at] = *line;
    consumers->count++;
    return true;
}

/* Adds the lines of the bytes, the first of them having that number. */
static bool consumers_add_all(struct consumers *consumers, struct consumers_word bytes, int number,
                              bool of_text, struct consumers_fault *fault)
{
    for (; bytes.len > 0; number++) {
        struct consumers_line line = {.of_text = of_text, .number = number};
        struct consumers_word rest = {bytes.at, 0}, endpoint;
        size_t whole = 0;
        while (whole < bytes.len && bytes.at[whole] != '\n' && !(of_text && bytes.at[whole] == ';'))
            whole++;
        const char *comment = memchr(bytes.at, '#', whole);
        rest.len = comment ? (size_t)(comment - bytes.at) : whole;
        whole += whole < bytes.len;
        bytes.at += whole;
        bytes.len -= whole;
        if (consumers_next_word(&rest, &endpoint) &&
            (!consumers_read_line(&line, &endpoint, &rest, fault) ||
             !consumers_add(consumers, &line, fault)))
            return false;
    }
    return true;
}

bool consumers_add_text(struct consumers *consumers, const char *text,
                        struct consumers_fault *fault)
{
    return consumers_add_all(consumers, (struct consumers_word){text, strlen(text)}, 1, true,
                             fault);
}

bool consumers_add_lines(struct consumers *consumers, const char *bytes, size_t len,
                         struct consumers_fault *fault)
{
    return consumers_add_all(consumers, (struct consumers_word){bytes, len}, 1, false, fault);
}

bool consumers_add_published(struct consumers *consumers, const char *bytes, size_t len,
                             struct consumers_fault *fault)
{
    size_t head = strlen(CONSUMERS_HEAD);
    if (len < head || memcmp(bytes, CONSUMERS_HEAD, head) != 0)
        return consumers_fail(fault, 1, "does not start with \"%.*s\"; another version wrote it",
                              (int)head - 1, CONSUMERS_HEAD);
    return consumers_add_all(consumers, (struct consumers_word){bytes + head, len - head}, 2, false,
                             fault);
}

const struct consumers_line *consumers_find(const struct consumers *consumers, const char *endpoint)
{
    bool found;
    size_t at = consumers_search(consumers, endpoint, &found);
    if (!found && strcmp(endpoint, CONSUMERS_NOBODY) != 0)
        at = consumers_search(consumers, CONSUMERS_UNLISTED, &found);
    return found ? &consumers->lines[at] : NULL;
}

const char *consumers_head(void)
{
    return CONSUMERS_HEAD;
}

size_t consumers_format(const struct consumers_line *line, char out[CONSUMERS_LINE_SIZE])
{
    int n = snprintf(out, CONSUMERS_LINE_SIZE, "%s %s", line->endpoint, line->name);
    if (line->rate)
        n += snprintf(out + n, CONSUMERS_LINE_SIZE - (size_t)n, " rate=%d burst=%d", line->rate,
                      line->burst);
    n += snprintf(out + n, CONSUMERS_LINE_SIZE - (size_t)n, "%s\n", line->denied ? " denied" : "");
    return (size_t)n;
}
