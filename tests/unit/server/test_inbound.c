#include "server/inbound.h"

#include <fastcgi.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "server/record.h"
#include "suite.h"

enum { REQUEST_MAX = 512 * 1024, INBOUND_MAX = 256 * 1024, BODY_MAX = 5, ID = 7 };

#define BEGIN        "\0\1\0\0\0\0\0\0" /* a responder, and no kept connection */
#define BYTES(bytes) (bytes), sizeof(bytes) - 1

static struct buffer request;

static int setup(void)
{
    buffer_init(&request, REQUEST_MAX);
    return 0;
}

static int teardown(void)
{
    buffer_free(&request);
    return 0;
}

struct part {
    int type;
    unsigned id;
    const char *content;
    size_t len;
};

static const struct part begin = {FCGI_BEGIN_REQUEST, ID, BYTES(BEGIN)};
static const struct part params_end = {FCGI_PARAMS, ID, "", 0};
static const struct part stdin_end = {FCGI_STDIN, ID, "", 0};

#define PARAMS(bytes)                                                                              \
    {                                                                                              \
        FCGI_PARAMS, ID, BYTES(bytes)                                                              \
    }

static void put(const struct part *part)
{
    record_put(&request, part->type, part->id, part->content, part->len);
}

/* Feeds the request in pieces of that size. */
static enum inbound_state feed(struct inbound *in, size_t piece)
{
    inbound_init(in, INBOUND_MAX, BODY_MAX);
    for (size_t at = 0; at < request.len; at += piece) {
        size_t n = request.len - at < piece ? request.len - at : piece;
        inbound_feed(in, request.data + at, n);
    }
    return in->state;
}

/* What stands between the begin and the end of a request. */
static const struct part_row {
    int line;
    struct part first, second; /* type 0: none */
    enum inbound_state state;
    const char *value; /* of the variable A */
} part_rows[] = {
    {__LINE__, {0}, {0}, INBOUND_WHOLE, NULL},
    {__LINE__, PARAMS("\1\1Ab"), {0}, INBOUND_WHOLE, "b"},
    {__LINE__, PARAMS("\1\0A"), {0}, INBOUND_WHOLE, ""},
    {__LINE__, PARAMS("\2\1ABc\1\3Adef"), {0}, INBOUND_WHOLE, "def"},
    {__LINE__, PARAMS("\1\1Ab\1\1Ac"), {0}, INBOUND_WHOLE, "b"},
    {__LINE__, PARAMS("\1"), PARAMS("\1Ab"), INBOUND_WHOLE, "b"},
    {__LINE__, PARAMS("\x80\0\0\1\x80\0\0\1Ab"), {0}, INBOUND_WHOLE, "b"},
    {__LINE__, PARAMS("\1\2Ab"), {0}, INBOUND_BROKEN, NULL},
    {__LINE__, PARAMS("\1"), {0}, INBOUND_BROKEN, NULL},
    {__LINE__, PARAMS("\x80\0\0"), {0}, INBOUND_BROKEN, NULL},
    {__LINE__,
     PARAMS("\1\xff\xff\xff\xff"
            "Ab"),
     {0},
     INBOUND_BROKEN,
     NULL},
    {__LINE__, PARAMS("\xff\xff\xff\xfe\xff\xff\xff\xfe"), {0}, INBOUND_BROKEN, NULL},
    {__LINE__, PARAMS("\1\2Ab\0"), {0}, INBOUND_BROKEN, NULL},
    /* Records of no request, and of another one, are passed over. */
    {__LINE__, {FCGI_GET_VALUES, 0, BYTES("\1\1Ab")}, {0}, INBOUND_WHOLE, NULL},
    {__LINE__, {FCGI_PARAMS, ID + 1, BYTES("\1\1Ab")}, {0}, INBOUND_WHOLE, NULL},
    {__LINE__, {FCGI_PARAMS, ID + 1, "", 0}, PARAMS("\1\1Ab"), INBOUND_WHOLE, "b"},
    {__LINE__, {99, ID, BYTES("what")}, {0}, INBOUND_WHOLE, NULL},
    {__LINE__, {FCGI_DATA, ID, BYTES("what")}, {0}, INBOUND_WHOLE, NULL},
    /* Out of order. */
    {__LINE__, {FCGI_ABORT_REQUEST, ID, "", 0}, {0}, INBOUND_BROKEN, NULL},
    {__LINE__, {FCGI_STDIN, ID, BYTES("body")}, {0}, INBOUND_BROKEN, NULL},
    {__LINE__, {FCGI_BEGIN_REQUEST, ID, BYTES(BEGIN)}, {0}, INBOUND_BROKEN, NULL},
    {__LINE__, {FCGI_PARAMS, ID, "", 0}, PARAMS("\1\1Ab"), INBOUND_BROKEN, NULL},
    {__LINE__, {FCGI_PARAMS, ID, "", 0}, {FCGI_STDIN, ID, BYTES("body")}, INBOUND_BROKEN, NULL},
};

/* The request of the row, its bytes in pieces of that size. */
static void check_pieces(const struct part_row *row, size_t piece)
{
    struct inbound in;
    CHECK_INT(feed(&in, piece), row->state, "pieces of %zu", piece);
    bool split = in.state == INBOUND_WHOLE && inbound_split(&in);
    const char *value = split ? inbound_variable(&in, "A") : NULL;
    if (row->value)
        CHECK_TEXT(value, row->value);
    else
        CHECK_NULL(value);
    inbound_free(&in);
}

static void test_parts(void)
{
    for (size_t i = 0; i < sizeof part_rows / sizeof part_rows[0]; i++) {
        CHECK_ROW(part_rows[i].line);
        buffer_reset(&request, REQUEST_MAX);
        put(&begin);
        if (part_rows[i].first.type)
            put(&part_rows[i].first);
        if (part_rows[i].second.type)
            put(&part_rows[i].second);
        put(&params_end);
        put(&stdin_end);
        for (size_t piece = 1; piece <= request.len; piece++)
            check_pieces(&part_rows[i], piece);
    }
}

static void test_begins(void)
{
    static const struct {
        int line;
        struct part begin;
        enum inbound_state state;
    } rows[] = {
        {__LINE__, {FCGI_BEGIN_REQUEST, ID, BYTES("\0\1\1\0\0\0\0\0")}, INBOUND_WHOLE},
        {__LINE__, {FCGI_BEGIN_REQUEST, ID, BYTES("\0\2\0\0\0\0\0\0")}, INBOUND_BROKEN},
        {__LINE__, {FCGI_BEGIN_REQUEST, ID, BYTES("\1\1\0\0\0\0\0\0")}, INBOUND_BROKEN},
        {__LINE__, {FCGI_BEGIN_REQUEST, ID, BYTES("\0\1\0\0\0\0\0")}, INBOUND_BROKEN},
        {__LINE__, {FCGI_BEGIN_REQUEST, ID, "", 0}, INBOUND_BROKEN},
        {__LINE__, {FCGI_BEGIN_REQUEST, 0, BYTES(BEGIN)}, INBOUND_BROKEN},
        {__LINE__, {FCGI_GET_VALUES, 0, BYTES("")}, INBOUND_MORE},
        {__LINE__, {FCGI_ABORT_REQUEST, 0, "", 0}, INBOUND_MORE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct inbound in;
        buffer_reset(&request, REQUEST_MAX);
        put(&rows[i].begin);
        put(&params_end);
        put(&stdin_end);
        CHECK_INT(feed(&in, 3), rows[i].state);
        inbound_free(&in);
    }
    struct inbound in;
    inbound_init(&in, INBOUND_MAX, BODY_MAX);
    CHECK_INT(inbound_feed(&in, "GET / HTTP/1.1", 14), INBOUND_BROKEN);
    inbound_free(&in);
}

/* Whatever number a request has, its own records are its own. */
static void test_ids(void)
{
    static const struct {
        int line;
        unsigned id;
    } rows[] = {
        {__LINE__, 1}, {__LINE__, 2}, {__LINE__, 255}, {__LINE__, 256}, {__LINE__, 65535},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct inbound in;
        buffer_reset(&request, REQUEST_MAX);
        put(&(struct part){FCGI_BEGIN_REQUEST, rows[i].id, BYTES(BEGIN)});
        put(&(struct part){FCGI_ABORT_REQUEST, rows[i].id, "", 0});
        CHECK_INT(feed(&in, 3), INBOUND_BROKEN);
        inbound_free(&in);
    }
}

/* What is told of the connection, and what of the body is held. */
static void test_body(void)
{
    static const struct {
        int line;
        const char *begin, *first, *second, *behind;
        bool keeps, followed, overflown;
        const char *held;
    } rows[] = {
        {__LINE__, BEGIN, "", "", "", false, false, false, ""},
        {__LINE__, "\0\1\1\0\0\0\0", "abc", "", "", true, false, false, "abc"},
        {__LINE__, "\0\1\xfe\0\0\0\0", "abc", "de", "", false, false, false, "abcde"},
        {__LINE__, BEGIN, "abc", "def", "", false, false, true, ""},
        {__LINE__, BEGIN, "abcdef", "g", "", false, false, true, ""},
        {__LINE__, "\0\1\1\0\0\0\0", "abc", "", "\1", true, true, false, "abc"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct inbound in;
        buffer_reset(&request, REQUEST_MAX);
        record_put(&request, FCGI_BEGIN_REQUEST, ID, rows[i].begin, 8);
        put(&params_end);
        record_put_stream(&request, FCGI_STDIN, ID, rows[i].first, strlen(rows[i].first));
        record_put_stream(&request, FCGI_STDIN, ID, rows[i].second, strlen(rows[i].second));
        put(&stdin_end);
        buffer_text(&request, rows[i].behind);
        CHECK_INT(feed(&in, REQUEST_MAX), INBOUND_WHOLE);
        CHECK_INT(in.keeps, rows[i].keeps);
        CHECK_INT(in.followed, rows[i].followed);
        CHECK_INT(in.body.overflown, rows[i].overflown);
        CHECK_BYTES(in.body.data ? in.body.data : "", in.body.len, rows[i].held,
                    strlen(rows[i].held));
        inbound_free(&in);
    }
}

/* The end of a request may have padding, which is a part of it. */
static void test_padded_end(void)
{
    static const char end[] = {FCGI_VERSION_1, FCGI_STDIN, 0, ID, 0, 0, 3, 0, 'p', 'a', 'd'};
    for (size_t piece = 1; piece <= 40; piece++) {
        struct inbound in;
        buffer_reset(&request, REQUEST_MAX);
        put(&begin);
        put(&params_end);
        buffer_append(&request, end, sizeof end);
        CHECK_INT(feed(&in, piece), INBOUND_WHOLE, "pieces of %zu", piece);
        CHECK_FALSE(in.followed);
        CHECK_INT(in.total, request.len);
        inbound_free(&in);
    }
}

static bool asks_b(const char *name, size_t len)
{
    return len == 1 && *name == 'B';
}

/* What is handed on says the same, and nothing that was passed over. */
static void test_put(void)
{
    static const struct part noise = {FCGI_GET_VALUES, 0, BYTES("\1\1Ab")};
    static const struct part other = {FCGI_STDIN, ID + 1, BYTES("other")};
    static const struct part variables = PARAMS("\1\1Ab\1\0B");
    static const struct part body = {FCGI_STDIN, ID, BYTES("{}")};
    struct inbound in, again;
    struct buffer out, plain;
    buffer_init(&out, REQUEST_MAX);
    buffer_init(&plain, REQUEST_MAX);
    buffer_reset(&request, REQUEST_MAX);
    put(&noise);
    put(&begin);
    put(&variables);
    put(&other);
    put(&params_end);
    put(&noise);
    put(&body);
    put(&stdin_end);
    REQUIRE_INT(feed(&in, 3), INBOUND_WHOLE);
    inbound_put(&in, NULL, &out);

    record_put(&plain, FCGI_BEGIN_REQUEST, ID, "\0\1\1\0\0\0\0", 8);
    record_put(&plain, FCGI_PARAMS, ID, BYTES("\1\1Ab"));
    record_put(&plain, FCGI_PARAMS, ID, BYTES("\1\0B"));
    record_put(&plain, FCGI_PARAMS, ID, "", 0);
    record_put(&plain, FCGI_STDIN, ID, body.content, body.len);
    record_put(&plain, FCGI_STDIN, ID, "", 0);
    CHECK_BYTES(out.data, out.len, plain.data, plain.len);

    inbound_init(&again, INBOUND_MAX, BODY_MAX);
    CHECK_INT(inbound_feed(&again, out.data, out.len), INBOUND_WHOLE);
    CHECK_TRUE(inbound_split(&again));
    CHECK_TEXT(inbound_variable(&again, "A"), "b");
    inbound_free(&again);

    buffer_reset(&out, REQUEST_MAX);
    inbound_put(&in, asks_b, &out);
    inbound_init(&again, INBOUND_MAX, BODY_MAX);
    CHECK_INT(inbound_feed(&again, out.data, out.len), INBOUND_WHOLE);
    CHECK_TRUE(inbound_split(&again));
    CHECK_NULL(inbound_variable(&again, "A"));
    CHECK_TEXT(inbound_variable(&again, "B"), "");
    inbound_free(&again);
    inbound_free(&in);
    buffer_free(&plain);
    buffer_free(&out);
}

/* Neither variables nor a body without an end take more than their bound. */
static void test_bounds(void)
{
    static const struct {
        int line;
        bool named;
        int type;
        size_t bytes;
        enum inbound_state state;
    } rows[] = {
        {__LINE__, false, FCGI_PARAMS, INBOUND_VARIABLES_MAX - 4096, INBOUND_MORE},
        {__LINE__, false, FCGI_PARAMS, INBOUND_VARIABLES_MAX + 4096, INBOUND_BROKEN},
        {__LINE__, true, FCGI_STDIN, INBOUND_MAX - 8192, INBOUND_MORE},
        {__LINE__, true, FCGI_STDIN, INBOUND_MAX + 8192, INBOUND_BROKEN},
        {__LINE__, false, FCGI_GET_VALUES, INBOUND_MAX + 8192, INBOUND_BROKEN},
    };
    char *content = calloc(2, INBOUND_MAX);
    REQUIRE_NOT_NULL(content);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct inbound in;
        buffer_reset(&request, REQUEST_MAX);
        put(&begin);
        if (rows[i].named)
            put(&params_end);
        record_put_stream(&request, rows[i].type, ID, content, rows[i].bytes);
        REQUIRE_TRUE(!request.overflown);
        CHECK_INT(feed(&in, 4096), rows[i].state);
        CHECK_COMPARE(in.pairs.cap, <=, INBOUND_VARIABLES_MAX + 1);
        inbound_free(&in);
    }
    free(content);
}

int main(void)
{
    CU_TestInfo tests[] = {{"parts", test_parts},
                           {"begins", test_begins},
                           {"ids", test_ids},
                           {"body", test_body},
                           {"a padded end", test_padded_end},
                           {"put", test_put},
                           {"bounds", test_bounds},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/server/inbound", setup, teardown, tests);
}
