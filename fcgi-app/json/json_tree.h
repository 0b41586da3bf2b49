/* json_tree: text to a cJSON tree that holds no surprises. For the files of json/ only: no other
 * folder sees cJSON. */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "json/json_check.h"

/* Checks the text (json_check), builds the tree and refuses duplicate members. On JSON_OK the
 * caller owns *tree and frees it with cJSON_Delete; on a fault *tree is NULL and *where the offset
 * of the fault, or 0 for JSON_DUPLICATE, whose member's name is copied to name (cut to its size).
 */
enum json_fault json_tree_parse(char *text, size_t len, cJSON **tree, size_t *where, char *name,
                                size_t name_size);

#endif
