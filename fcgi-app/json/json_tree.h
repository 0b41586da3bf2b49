/* json_tree: makes a cJSON tree of a checked text. Only files of json/ may include this: no other
 * folder sees cJSON. */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/json_check.h"

enum { JSON_TREE_NAME_SIZE = 65 };

/* Checks the text (json_check), builds the tree and refuses an object that names a member twice.
 * Names are compared with their escapes decoded. text[len] must be a NUL. On JSON_OK the caller
 * owns *tree and frees it with cJSON_Delete. On a fault *tree is NULL and *where the offset of the
 * fault. For JSON_DUPLICATE *where is 0, and name is the member's name (text_show). */
enum json_fault json_tree_parse(char *text, size_t len, cJSON **tree, size_t *where,
                                char name[JSON_TREE_NAME_SIZE]);

/* Reads a whole number within min..max, both within 2^53, where doubles are exact. 2, 2.0 and 2e0
 * are the same. False, and *out untouched, for any other node or NULL. */
bool json_tree_whole(const cJSON *node, int64_t min, int64_t max, int64_t *out);

#endif
