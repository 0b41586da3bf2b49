/* json_write: writes JSON into a buffer, compact or indented by two spaces. The caller closes what
 * it opens. If the text does not fit, the buffer is marked overflown. */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct json_writer {
    struct buffer *out; /* borrowed */
    bool pretty;
    bool first;     /* nothing written yet at this depth */
    bool after_key; /* a member's name was written, its value comes next */
    int depth;
};

/* Starts one JSON text at the end of out. */
void json_write_start(struct json_writer *w, struct buffer *out, bool pretty);

/* Starts a value that json_write_rendered will write as a member of an outermost object. It is
 * indented for that place, and not ended. */
void json_write_start_member(struct json_writer *w, struct buffer *out, bool pretty);

/* Ends the text: in pretty form, with a line end. */
void json_write_end(struct json_writer *w);

void json_write_open(struct json_writer *w, char bracket);  /* '{' or '[' */
void json_write_close(struct json_writer *w, char bracket); /* '}' or ']' */
void json_write_key(struct json_writer *w, const char *name);

/* A string; bytes that are not UTF-8 are written as U+FFFD. */
void json_write_text(struct json_writer *w, const char *text);
void json_write_number(struct json_writer *w, int64_t number);

/* A value that is JSON already; it must not be empty. */
void json_write_rendered(struct json_writer *w, const struct buffer *value);

/* A value that is well-formed JSON, in the writer's own form: white space between its tokens is
 * left out. There must be none between a name and its colon. */
void json_write_copy(struct json_writer *w, const char *json);

/* Cents as a number with two decimals. */
void json_write_money(struct json_writer *w, int64_t cents);

/* A text, a number and an amount of money, each with its member's name. */
void json_write_member_text(struct json_writer *w, const char *name, const char *text);
void json_write_member_number(struct json_writer *w, const char *name, int64_t number);
void json_write_member_money(struct json_writer *w, const char *name, int64_t cents);

#endif
