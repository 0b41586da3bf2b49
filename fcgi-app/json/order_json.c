#include "json/order_json.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "json/json_tree.h"

enum { ORDER_NAME_SHOWN = 64 };

/* The members of one item. */
enum order_part { ORDER_PART_PRODUCT, ORDER_PART_QUANTITY, ORDER_PART_MAX };

static const struct {
    const char *name;
    int64_t max;
    enum order_fault fault;
} order_parts[ORDER_PART_MAX] = {
    [ORDER_PART_PRODUCT] = {"product_id", PRODUCT_ID_MAX, ORDER_BAD_PRODUCT},
    [ORDER_PART_QUANTITY] = {"quantity", ORDER_QUANTITY_MAX, ORDER_BAD_QUANTITY},
};

/* What the reading functions share. */
struct order_reading {
    struct order_request *request;
    struct violations *violations;
};

static void order_violation(struct order_reading *r, const char *pointer, const char *detail)
{
    violation_add(r->violations, VIOLATION_BODY, pointer, "%s", detail);
}

/* Refuses an unknown member. Its name is in the pointer, unless it is long or has control
 * characters. */
static void order_refuse_member(struct order_reading *r, const char *parent, const char *name)
{
    char pointer[VIOLATION_WHERE_SIZE];
    size_t len = strlen(name), used = strlen(parent);
    if (len > ORDER_NAME_SHOWN || text_has_control(name, len)) {
        violation_add(r->violations, VIOLATION_BODY, parent,
                      "has an unknown member, with a name of %zu bytes%s", len,
                      text_has_control(name, len) ? " and control characters in it" : "");
        return;
    }
    memcpy(pointer, parent, used);
    pointer[used++] = '/';
    for (; *name; name++) {
        if (*name == '~' || *name == '/') {
            memcpy(pointer + used, *name == '~' ? "~0" : "~1", 2);
            used += 2;
        } else {
            pointer[used++] = *name;
        }
    }
    pointer[used] = '\0';
    order_violation(r, pointer, "is not a known member");
}

/* Reads one member of an item into *out. If it is missing or wrong, adds a violation and returns
 * false. */
static bool order_read_part(struct order_reading *r, const cJSON *item, size_t index,
                            enum order_part part, int64_t *out)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(item, order_parts[part].name);
    char pointer[VIOLATION_WHERE_SIZE];
    if (json_tree_whole(node, 1, order_parts[part].max, out))
        return true;
    snprintf(pointer, sizeof pointer, "/items/%zu/%s", index, order_parts[part].name);
    violation_add(r->violations, VIOLATION_BODY, pointer, "%s%s", node ? "" : "is required and ",
                  order_fault_texts[order_parts[part].fault]);
    return false;
}

static void order_read_item(struct order_reading *r, const cJSON *item, size_t index)
{
    char pointer[VIOLATION_WHERE_SIZE];
    int64_t parts[ORDER_PART_MAX];
    bool good = true;

    snprintf(pointer, sizeof pointer, "/items/%zu", index);
    if (!cJSON_IsObject(item)) {
        order_violation(r, pointer, "must be an object with product_id and quantity");
        return;
    }
    for (enum order_part i = 0; i < ORDER_PART_MAX; i++)
        good = order_read_part(r, item, index, i, &parts[i]) && good;
    for (const cJSON *m = item->child; m; m = m->next) {
        enum order_part i = 0;
        while (i < ORDER_PART_MAX && strcmp(m->string, order_parts[i].name) != 0)
            i++;
        if (i == ORDER_PART_MAX)
            order_refuse_member(r, pointer, m->string);
    }
    if (!good)
        return;
    enum order_fault fault =
        order_request_add(r->request, parts[ORDER_PART_PRODUCT], parts[ORDER_PART_QUANTITY], index);
    if (fault) {
        snprintf(pointer, sizeof pointer, "/items/%zu/quantity", index);
        order_violation(r, pointer, order_fault_texts[fault]);
    }
}

static void order_read_items(struct order_reading *r, const cJSON *items)
{
    size_t index = 0;
    if (!cJSON_IsArray(items)) {
        order_violation(r, "/items", "must be an array of 1 to 100 items");
        return;
    }
    if (!items->child) {
        order_violation(r, "/items", "must have at least 1 item");
        return;
    }
    /* The items are not read: too many violations would hide the one that matters. */
    if (cJSON_GetArraySize(items) > ORDER_LINES_MAX) {
        order_violation(r, "/items", order_fault_texts[ORDER_TOO_MANY_ITEMS]);
        return;
    }
    for (const cJSON *item = items->child; item; item = item->next)
        order_read_item(r, item, index++);
}

static void order_read_text(struct order_reading *r, const cJSON *node, const char *pointer,
                            enum order_fault (*set)(struct order_request *, const char *))
{
    if (!cJSON_IsString(node)) {
        order_violation(r, pointer, "must be a string; leave it out if there is none");
        return;
    }
    enum order_fault fault = set(r->request, node->valuestring);
    if (fault)
        order_violation(r, pointer, order_fault_texts[fault]);
}

static void order_read_email(struct order_reading *r, const cJSON *node)
{
    order_read_text(r, node, "/email", order_request_set_email);
}

static void order_read_reference(struct order_reading *r, const cJSON *node)
{
    order_read_text(r, node, "/reference", order_request_set_reference);
}

static const struct {
    const char *name;
    void (*read)(struct order_reading *r, const cJSON *node);
} order_members[] = {
    {"email", order_read_email},
    {"items", order_read_items},
    {"reference", order_read_reference},
};

static void order_read_tree(struct order_reading *r, const cJSON *tree)
{
    enum { MEMBERS = sizeof order_members / sizeof order_members[0] };
    if (!cJSON_IsObject(tree)) {
        order_violation(r, "", "must be an object with items");
        return;
    }
    if (!cJSON_GetObjectItemCaseSensitive(tree, "items"))
        order_violation(r, "/items", "is required and must be an array of 1 to 100 items");
    for (const cJSON *m = tree->child; m; m = m->next) {
        size_t i = 0;
        while (i < MEMBERS && strcmp(m->string, order_members[i].name) != 0)
            i++;
        if (i < MEMBERS)
            order_members[i].read(r, m);
        else
            order_refuse_member(r, "", m->string);
    }
}

/* Parses a body; the caller deletes the tree. If it is no JSON detail says why. */
static enum json_fault order_parse(char *body, size_t len, cJSON **tree,
                                   char detail[ORDER_JSON_DETAIL_SIZE])
{
    char name[JSON_TREE_NAME_SIZE];
    size_t where;
    detail[0] = '\0';
    enum json_fault fault = json_tree_parse(body, len, tree, &where, name);
    if (fault == JSON_DUPLICATE)
        snprintf(detail, ORDER_JSON_DETAIL_SIZE,
                 "the body is not valid JSON: an object names the member \"%s\" twice", name);
    else if (fault)
        snprintf(detail, ORDER_JSON_DETAIL_SIZE, "the body is not valid JSON: %s at byte %zu",
                 json_fault_texts[fault], where);
    return fault;
}

/* Parses a body and has it read. */
static enum json_fault order_read_body(char *body, size_t len, struct order_reading *r,
                                       void (*read)(struct order_reading *r, const cJSON *tree),
                                       char detail[ORDER_JSON_DETAIL_SIZE])
{
    cJSON *tree;
    r->violations->count = 0;
    enum json_fault fault = order_parse(body, len, &tree, detail);
    if (fault)
        return fault;
    read(r, tree);
    cJSON_Delete(tree);
    return JSON_OK;
}

enum json_fault order_json_read(char *body, size_t len, struct order_request *request,
                                struct violations *violations, char detail[ORDER_JSON_DETAIL_SIZE])
{
    struct order_reading r = {request, violations};
    *request = (struct order_request){0};
    return order_read_body(body, len, &r, order_read_tree, detail);
}

static void order_read_no_member(struct order_reading *r, const cJSON *tree)
{
    if (!cJSON_IsObject(tree)) {
        order_violation(r, "", "must be an object without members; or send no body");
        return;
    }
    for (const cJSON *m = tree->child; m; m = m->next)
        order_refuse_member(r, "", m->string);
}

enum json_fault order_json_read_none(char *body, size_t len, struct violations *violations,
                                     char detail[ORDER_JSON_DETAIL_SIZE])
{
    struct order_reading r = {NULL, violations};
    return order_read_body(body, len, &r, order_read_no_member, detail);
}

static void order_write_line(struct json_writer *w, const struct order_line *line)
{
    json_write_open(w, '{');
    json_write_member_money(w, "amount", line->amount_cents);
    json_write_member_text(w, "name", line->name);
    json_write_member_number(w, "product_id", line->product_id);
    json_write_member_number(w, "quantity", line->quantity);
    json_write_member_money(w, "unit_price", line->unit_price_cents);
    json_write_close(w, '}');
}

void order_json_write(struct json_writer *w, const struct order *order, const char *message)
{
    char at[CLOCK_TEXT_SIZE];
    json_write_open(w, '{');
    if (order->cancelled_us) {
        clock_format(order->cancelled_us, at);
        json_write_member_text(w, "cancelled_at", at);
    }
    clock_format(order->created_us, at);
    json_write_member_text(w, "created_at", at);
    if (order->email[0])
        json_write_member_text(w, "email", order->email);
    json_write_member_text(w, "id", order->id);
    json_write_key(w, "items");
    json_write_open(w, '[');
    for (size_t i = 0; i < order->count; i++)
        order_write_line(w, &order->lines[i]);
    json_write_close(w, ']');
    if (message)
        json_write_member_text(w, "message", message);
    if (order->reference[0])
        json_write_member_text(w, "reference", order->reference);
    json_write_member_text(w, "status", order->cancelled_us ? "cancelled" : "confirmed");
    json_write_member_money(w, "total", order->total_cents);
    json_write_close(w, '}');
}
