#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/list.h"
#include "base/text.h"
#include "json/product_json.h"

static bool products_visit_row(void *context, const struct product *product)
{
    struct list *list = context;
    char id[ID_TEXT_SIZE];
    if (!list_takes(list))
        return true;
    product_json_write(&list->writer, product);
    snprintf(id, sizeof id, "%" PRId64, product->id);
    return list_keeps(list, id);
}

static enum api_status products_list(const struct api_request *request,
                                     struct api_response *response)
{
    struct list list;
    int64_t after = 0;
    if (request->after &&
        !text_number(request->after, strlen(request->after), 0, PRODUCT_ID_MAX, &after)) {
        violation_add(&response->violations, VIOLATION_QUERY, "after",
                      "must be a product id, as in the next link of the page before");
        return API_INVALID;
    }
    list_start(&list, request, response);
    return list_end(&list, store_product_list(request->store, after, list_store_limit(&list),
                                              products_visit_row, &list));
}

static bool products_visit_one(void *context, const struct product *product)
{
    product_json_write(context, product);
    return true;
}

static enum api_status products_get(const struct api_request *request,
                                    struct api_response *response)
{
    struct json_writer writer;
    int64_t id;
    /* "01" and "1.0" name no product: each product has one path only. */
    if (!text_number(request->id, strlen(request->id), 1, PRODUCT_ID_MAX, &id))
        return API_NO_PRODUCT;
    json_write_start(&writer, &response->body, request->pretty);
    enum store_result result = store_product_get(request->store, id, products_visit_one, &writer);
    json_write_end(&writer);
    return result == STORE_NOT_FOUND ? API_NO_PRODUCT : api_status_of(result);
}

const struct api_resource products_resource = {{
    {API_READ, "/products", products_list, .paged = true, .shared = true},
    {API_READ, "/products/{id}", products_get, .shared = true},
}};
