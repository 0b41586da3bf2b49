/* consumers: the consumers file. Each line names an endpoint and says who calls from there and how
 * much of it is let in. Pure: it reads and writes bytes, no files; see consumers_file.h. lighttpd's
 * module reads with it what the application publishes.
 *
 *     # endpoint               name     what holds for it
 *     vpce-0123456789abcdef0   acme     rate=50 burst=100
 *     vpce-0bbbbbbbbbbbbbbbb   globex   denied
 *     *                        other    rate=20
 *     -                        -
 */
#ifndef CONFIG_CONSUMERS_H
#define CONFIG_CONSUMERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/endpoint.h"

enum {
    CONSUMERS_MAX = 1000,        /* lines */
    CONSUMERS_NAME_MAX = 63,     /* characters of a name */
    CONSUMERS_RATE_MAX = 100000, /* requests a second */
    CONSUMERS_BURST_MAX = 1000000,
    CONSUMERS_NAME_SIZE = CONSUMERS_NAME_MAX + 1,
    CONSUMERS_LINE_SIZE = ENDPOINT_ID_MAX + CONSUMERS_NAME_MAX + 48, /* a written line, its NUL */
    CONSUMERS_WHY_SIZE = 320
};

/* The two words that may stand where an endpoint's id does. */
#define CONSUMERS_UNLISTED "*" /* each endpoint that has no line */
#define CONSUMERS_NOBODY   "-" /* callers that come through no endpoint */

/* The name of a line without one: then the endpoint's id is the consumer. */
#define CONSUMERS_NAMELESS "-"

/* What an endpoint's line says. */
struct consumers_line {
    char endpoint[ENDPOINT_ID_SIZE]; /* an id, CONSUMERS_UNLISTED or CONSUMERS_NOBODY */
    char name[CONSUMERS_NAME_SIZE];  /* or CONSUMERS_NAMELESS */
    int rate;                        /* requests a second; 0: no limit */
    int burst;                       /* requests at once; 0 if there is no limit */
    bool denied;
    bool of_text; /* where it stands, for messages: in a setting's text, or in a file */
    int number;   /* its line there, from 1 */
};

/* In the order of strcmp of the endpoints, none of them twice. Lines of one name agree in rate,
 * burst and denied. The name of CONSUMERS_UNLISTED stands on no other line. Valid when zeroed.
 * Large: keep it off the stack. */
struct consumers {
    size_t count;
    struct consumers_line lines[CONSUMERS_MAX];
};

/* What is wrong, and what to do. */
struct consumers_fault {
    int line; /* from 1; 0: it is about no single line */
    char why[CONSUMERS_WHY_SIZE];
};

/* Adds the lines of a setting's text, where a semicolon ends a line too. False at the first
 * mistake, here and below: *fault says what it is, and the table is of no use any more. */
bool consumers_add_text(struct consumers *consumers, const char *text,
                        struct consumers_fault *fault);

/* Adds the lines of a file's contents. Blank lines and whatever follows a # do not count. Words
 * have blanks between; a carriage return counts as one. */
bool consumers_add_lines(struct consumers *consumers, const char *bytes, size_t len,
                         struct consumers_fault *fault);

/* Adds what consumers_head and consumers_format wrote; a first line of another kind is a fault. */
bool consumers_add_published(struct consumers *consumers, const char *bytes, size_t len,
                             struct consumers_fault *fault);

/* The line that holds for an endpoint's id: its own, else that of CONSUMERS_UNLISTED. For
 * CONSUMERS_NOBODY: that one's. NULL if there is none, so there is no name and no limit. */
const struct consumers_line *consumers_find(const struct consumers *consumers,
                                            const char *endpoint);

/* Tells whether two lines are the same consumer's: they have the same name. */
bool consumers_same(const struct consumers_line *a, const struct consumers_line *b);

/* Tells whether the text may be a consumer's name: 1 to CONSUMERS_NAME_MAX of a-z, 0-9, _ and -,
 * the first a letter or digit, and no endpoint's id. */
bool consumers_is_name(const char *text, size_t len);

/* The first line of a published table. */
const char *consumers_head(void);

/* Writes one line as the published table has it, with its newline; returns its length. */
size_t consumers_format(const struct consumers_line *line, char out[CONSUMERS_LINE_SIZE]);

#endif
