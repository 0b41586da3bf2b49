#include "json/product_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/money.h"
#include "json/json_tree.h"

struct product_json_reader {
    cJSON *tree;       /* owned */
    const cJSON *next; /* the item to be read next, or NULL */
    size_t item;       /* items read so far */
    const char *at;    /* borrowed: where the next item, or white space before it, starts */
    size_t line;       /* of the last item read; before that, of at */
};

void product_json_write(struct json_writer *w, const struct product *product)
{
    json_write_open(w, '{');
    json_write_member_text(w, "description", product->description);
    json_write_member_number(w, "id", product->id);
    json_write_member_text(w, "name", product->name);
    json_write_member_money(w, "price", product->price_cents);
    json_write_member_number(w, "quantity", product->quantity);
    json_write_close(w, '}');
}

/* Says what is wrong and at which line and column, both counted from 1, columns in bytes. */
static void product_error_at(char error[PRODUCT_JSON_ERROR_SIZE], const char *text, size_t where,
                             const char *what)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < where; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    snprintf(error, PRODUCT_JSON_ERROR_SIZE, "line %zu, column %zu: %s", line, column, what);
}

/* Builds the tree. If the text is not an array, sets error and returns NULL. That comes first:
 * objects one after another, each on a line, are no JSON as a whole, but that is not the point. */
static cJSON *product_read_tree(char *text, size_t len, char error[PRODUCT_JSON_ERROR_SIZE])
{
    char name[JSON_TREE_NAME_SIZE];
    cJSON *tree;
    size_t where = strspn(text, " \t\r\n");
    if (text[where] && text[where] != '[') {
        product_error_at(error, text, where,
                         "must be a JSON array of products, as in [{...}, {...}]");
        return NULL;
    }
    enum json_fault fault = json_tree_parse(text, len, &tree, &where, name);
    if (fault == JSON_DUPLICATE) {
        snprintf(error, PRODUCT_JSON_ERROR_SIZE, "an object names the member \"%s\" twice", name);
    } else if (fault) {
        product_error_at(error, text, where, json_fault_texts[fault]);
    }
    return tree;
}

/* Passes over white space. */
static void product_to_item(struct product_json_reader *reader)
{
    for (; strchr(" \t\r\n", *reader->at) && *reader->at; reader->at++)
        reader->line += *reader->at == '\n';
}

/* Goes on to the next item. The text is known to be JSON; cJSON keeps no places. */
static void product_next_item(struct product_json_reader *reader)
{
    const char *at = reader->at;
    bool quoted = false;
    int depth = 0;
    if (reader->item++ > 0) {
        for (; depth > 0 || quoted || *at != ','; at++) {
            if (quoted && *at == '\\') {
                at++;
                continue;
            }
            quoted = quoted != (*at == '"');
            reader->line += *at == '\n';
            depth += quoted ? 0 : (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        }
        reader->at = at + 1;
    }
    product_to_item(reader);
}

struct product_json_reader *product_json_open(char *text, size_t len,
                                              char error[PRODUCT_JSON_ERROR_SIZE])
{
    cJSON *tree = product_read_tree(text, len, error);
    if (!tree)
        return NULL;
    struct product_json_reader *reader = malloc(sizeof *reader);
    if (!reader) {
        snprintf(error, PRODUCT_JSON_ERROR_SIZE, "%s", json_fault_texts[JSON_OUT_OF_MEMORY]);
        cJSON_Delete(tree);
        return NULL;
    }
    *reader =
        (struct product_json_reader){.tree = tree, .next = tree->child, .at = text, .line = 1};
    product_to_item(reader);
    reader->at++;
    return reader;
}

void product_json_place(const struct product_json_reader *reader, size_t *line, size_t *item)
{
    *line = reader->line;
    *item = reader->item;
}

/* Says what is wrong with the last item, and where that is. Returns -1. */
__attribute__((format(printf, 3, 4))) static int
product_item_error(const struct product_json_reader *reader, char error[PRODUCT_JSON_ERROR_SIZE],
                   const char *format, ...)
{
    va_list args;
    int n = snprintf(error, PRODUCT_JSON_ERROR_SIZE, "line %zu, item %zu: ", reader->line,
                     reader->item);
    va_start(args, format);
    vsnprintf(error + n, PRODUCT_JSON_ERROR_SIZE - (size_t)n, format, args);
    va_end(args);
    return -1;
}

/* Finds the item's member for each field. If a member is unknown, sets error and returns false. */
static bool product_sort(const struct product_json_reader *reader, const cJSON *item,
                         const cJSON *nodes[PRODUCT_FIELD_MAX], char error[PRODUCT_JSON_ERROR_SIZE])
{
    for (const cJSON *m = item->child; m; m = m->next) {
        enum product_field field = 0;
        while (field < PRODUCT_FIELD_MAX && strcmp(m->string, product_field_names[field]) != 0)
            field++;
        if (field == PRODUCT_FIELD_MAX) {
            char name[JSON_TREE_NAME_SIZE];
            text_show(m->string, name, sizeof name);
            product_item_error(reader, error, "unknown member \"%s\"", name);
            return false;
        }
        nodes[field] = m;
    }
    return true;
}

/* Reads one field's value. False if the node is wrong, or missing though it is the id. */
static bool product_take(struct product *product, enum product_field field, const cJSON *node)
{
    if (!node)
        return field != PRODUCT_ID;
    switch (field) {
    case PRODUCT_ID:
        return json_tree_whole(node, 1, PRODUCT_ID_MAX, &product->id);
    case PRODUCT_QUANTITY:
        return json_tree_whole(node, 0, PRODUCT_STOCK_MAX, &product->quantity);
    case PRODUCT_PRICE:
        return cJSON_IsNumber(node) && money_from_double(node->valuedouble, &product->price_cents);
    case PRODUCT_NAME:
        product->name = cJSON_GetStringValue(node);
        return product->name;
    case PRODUCT_DESCRIPTION:
        product->description = cJSON_GetStringValue(node);
        return product->description;
    case PRODUCT_FIELD_MAX:
        break;
    }
    return false;
}

int product_json_next(struct product_json_reader *reader, struct product *product,
                      char error[PRODUCT_JSON_ERROR_SIZE])
{
    const cJSON *nodes[PRODUCT_FIELD_MAX] = {NULL}, *item = reader->next;
    enum product_field field = 0;
    if (!item)
        return 0;
    reader->next = item->next;
    product_next_item(reader);
    if (!cJSON_IsObject(item))
        return product_item_error(reader, error, "must be an object");
    if (!product_sort(reader, item, nodes, error))
        return -1;
    *product = (struct product){.price_cents = PRODUCT_NOT_GIVEN, .quantity = PRODUCT_NOT_GIVEN};
    while (field < PRODUCT_FIELD_MAX && product_take(product, field, nodes[field]))
        field++;
    if (field == PRODUCT_FIELD_MAX)
        field = product_check(product);
    if (field == PRODUCT_FIELD_MAX)
        return 1;
    return product_item_error(reader, error, "%s %smust be %s", product_field_names[field],
                              nodes[field] ? "" : "is missing; it ", product_field_rules[field]);
}

void product_json_close(struct product_json_reader *reader)
{
    if (!reader)
        return;
    cJSON_Delete(reader->tree);
    free(reader);
}
