#include "publish/target.h"

#include <string.h>

#include "base/text.h"
#include "domain/product.h"

#define TARGET_PATH "/products"

int64_t target_of(const char *path, size_t len)
{
    const size_t list = sizeof TARGET_PATH - 1;
    int64_t id;
    if (len < list || memcmp(path, TARGET_PATH, list) != 0)
        return TARGET_NONE;
    if (len == list)
        return TARGET_LIST;
    return path[list] == '/' && text_number(path + list + 1, len - list - 1, 1, PRODUCT_ID_MAX, &id)
               ? id
               : TARGET_NONE;
}
