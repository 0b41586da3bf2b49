/* json_line: one line of lighttpd's logs as one JSON object. A line of the access log is one by its
 * format; a line of the error log is a text. */
#ifndef PROGRAMS_JSON_LINE_H
#define PROGRAMS_JSON_LINE_H

#include <stddef.h>

enum {
    JSON_LINE_MESSAGE_MAX = 8 * 1024,            /* bytes of a message as it is written */
    JSON_LINE_ROOM = JSON_LINE_MESSAGE_MAX + 128 /* bytes that out needs beyond three times len */
};

/* Writes the object and a newline to out, and returns their length; the line is given without its
 * newline, len bytes of any kind. A JSON object of texts and whole numbers stays as it is. Anything
 * else becomes the message of one, as the application logs it: time, level, message. The time is
 * the line's own if it starts with one, else now, as clock_format writes it. A message that is too
 * long is cut and ends with U+2026. U+FFFD stands for each byte that is not UTF-8. */
size_t json_line_write(const char *line, size_t len, const char *now, char *out);

#endif
