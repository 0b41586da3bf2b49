#include "json/json_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int json_name_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Looks for two members of one name. The names are sorted first: to compare each with each would
 * take too long for a body of many members. */
static enum json_fault json_object_check(const cJSON *object, char name[JSON_TREE_NAME_SIZE])
{
    size_t count = 0, i = 0;
    for (const cJSON *m = object->child; m; m = m->next)
        count++;
    if (count < 2)
        return JSON_OK;
    const char **names = malloc(count * sizeof *names);
    if (!names)
        return JSON_OUT_OF_MEMORY;
    for (const cJSON *m = object->child; m; m = m->next)
        names[i++] = m->string;
    qsort(names, count, sizeof *names, json_name_compare);
    i = 1;
    while (i < count && strcmp(names[i - 1], names[i]) != 0)
        i++;
    if (i < count)
        text_show(names[i], name, JSON_TREE_NAME_SIZE);
    free(names);
    return i < count ? JSON_DUPLICATE : JSON_OK;
}

/* json_check has refused what is nested too deeply for this recursion. */
static enum json_fault json_node_check(const cJSON *node, char name[JSON_TREE_NAME_SIZE])
{
    enum json_fault fault = cJSON_IsObject(node) ? json_object_check(node, name) : JSON_OK;
    for (const cJSON *child = node->child; child && !fault; child = child->next)
        fault = json_node_check(child, name);
    return fault;
}

enum json_fault json_tree_parse(char *text, size_t len, cJSON **tree, size_t *where,
                                char name[JSON_TREE_NAME_SIZE])
{
    *tree = NULL;
    name[0] = '\0';
    enum json_fault fault = json_check(text, len, where);
    if (fault)
        return fault;
    *where = 0;
    /* cJSON counts the NUL as part of the text. */
    *tree = cJSON_ParseWithLengthOpts(text, len + 1, NULL, true);
    /* After json_check, cJSON can fail only for lack of memory. */
    fault = *tree ? json_node_check(*tree, name) : JSON_OUT_OF_MEMORY;
    if (fault) {
        cJSON_Delete(*tree);
        *tree = NULL;
    }
    return fault;
}

bool json_tree_whole(const cJSON *node, int64_t min, int64_t max, int64_t *out)
{
    if (!cJSON_IsNumber(node))
        return false;
    double value = node->valuedouble;
    /* The range is checked first: C does not define the cast of a double beyond 63 bits. */
    if (!(value >= (double)min && value <= (double)max) || (double)(int64_t)value != value)
        return false;
    *out = (int64_t)value;
    return true;
}
