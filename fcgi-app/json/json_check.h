/* json_check: is this text JSON, strictly (RFC 8259)? It stands before cJSON, which lets through
 * bad UTF-8, \u0000, leading zeros and more. */
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
    JSON_CONTROL,       /* a bare control character in a string */
    JSON_DUPLICATE,     /* an object names a member twice (json_tree only) */
    JSON_OUT_OF_MEMORY, /* the tree could not be built (json_tree only) */
    JSON_FAULT_MAX
};

/* What each fault means, to follow "the body is not valid JSON: " and to be followed by a place. */
extern const char *const json_fault_texts[JSON_FAULT_MAX];

/* Checks the whole text. On a fault *where is the offset of the byte that shows it (len if it is
 * the end); an escape is shown by its backslash. A number longer than cJSON can read is replaced,
 * in place and in the same length, by the number a reader of doubles takes it for; nothing else is
 * changed. text[len] must be a NUL, which stops the reading of such a number. */
enum json_fault json_check(char *text, size_t len, size_t *where);

#endif
