/* json_check: tells whether a text is JSON, strictly (RFC 8259). Every text is checked before
 * cJSON reads it: cJSON accepts bad UTF-8, \u0000, leading zeros and more: decisions/0020. */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stddef.h>

enum { JSON_DEPTH_MAX = 16 };

enum json_fault {
    JSON_OK,            /* no fault */
    JSON_EMPTY,         /* nothing but white space */
    JSON_TRUNCATED,     /* ends before the value does */
    JSON_SYNTAX,        /* a character that cannot stand here */
    JSON_TRAILING,      /* something follows the value */
    JSON_TOO_DEEP,      /* arrays and objects nested deeper than JSON_DEPTH_MAX */
    JSON_BAD_UTF8,      /* bytes that are not UTF-8 */
    JSON_BAD_ESCAPE,    /* an unknown escape or half a surrogate pair */
    JSON_NUL,           /* \u0000 in a string */
    JSON_CONTROL,       /* a control character in a string that is not escaped */
    JSON_DUPLICATE,     /* an object names a member twice (json_tree only) */
    JSON_OUT_OF_MEMORY, /* the tree could not be built (json_tree only) */
    JSON_FAULT_MAX
};

/* What each fault means. It follows "the body is not valid JSON: ", and a place follows it. */
extern const char *const json_fault_texts[JSON_FAULT_MAX];

/* Checks the whole text; text[len] must be a NUL. On a fault *where is the offset of the wrong
 * byte: len at the end of the text, the backslash of an escape.
 *
 * Numbers are made fit for cJSON, which turns each into a double, in place and with spaces up to
 * the old length. One that is too long for it is replaced by its double. One that is neither whole
 * nor of two decimals and fifteen digits at most, and so might share its double with one that is,
 * is replaced by infinity. Nothing else is changed. */
enum json_fault json_check(char *text, size_t len, size_t *where);

#endif
