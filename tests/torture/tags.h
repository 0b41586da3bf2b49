/* tags: that equal answers have equal entity tags, and different ones different tags, whichever
 * pair gives them, and whether the application does or its web server. */
#ifndef TESTS_TORTURE_TAGS_H
#define TESTS_TORTURE_TAGS_H

#include <stdbool.h>
#include <stdint.h>

enum { TAGS_SIZE = 64 };

/* Takes the ETag out of an answer's header; false if there is none. */
bool tags_take(const char *answer, char out[TAGS_SIZE]);

/* Remembers the tag of an answer to a target. False if an earlier one says otherwise; not every
 * earlier one is remembered. */
bool tags_see(int64_t target, const char *tag, const char *body);

#endif
