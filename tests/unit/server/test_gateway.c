#include "server/gateway.h"

#include <errno.h>
#include <fastcgi.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "server/cgi.h"
#include "server/record.h"
#include "suite.h"

enum { VARIABLE_SIZE = 96, SENT_MAX = HTTP_BODY_MAX + 1, ANSWER_SIZE = 1024 };

/* The two ends of a FastCGI request in memory. */
struct ends {
    FCGX_Stream in, out;
    unsigned char sent[SENT_MAX], answer[ANSWER_SIZE];
    bool broken; /* the client takes nothing */
};

static struct ends ends;

static void no_more(FCGX_Stream *stream)
{
    stream->isClosed = 1;
}

static void take(FCGX_Stream *stream, int close_it)
{
    (void)close_it;
    if (ends.broken || stream->wrNext == stream->stop) {
        stream->FCGI_errno = EPIPE;
        stream->isClosed = 1;
    }
}

/* A request as the library hands it over once it has read the variables. */
static void open_request(FCGX_Request *fcgi, char **variables, const char *body, size_t len)
{
    memset(&ends, 0, sizeof ends);
    memcpy(ends.sent, body, len);
    ends.in = (FCGX_Stream){.rdNext = ends.sent,
                            .stop = ends.sent + len,
                            .stopUnget = ends.sent,
                            .isReader = 1,
                            .fillBuffProc = no_more};
    ends.out = (FCGX_Stream){
        .wrNext = ends.answer, .stop = ends.answer + sizeof ends.answer, .emptyBuffProc = take};
    *fcgi = (FCGX_Request){.envp = variables, .in = &ends.in, .out = &ends.out};
}

static void test_body(void)
{
    static char large[HTTP_BODY_MAX];
    static const struct {
        int line;
        const char *length; /* CONTENT_LENGTH, or NULL */
        const char *body;
        size_t sent, taken;
        bool too_large, cut;
    } rows[] = {
        {__LINE__, "5", "hello", 5, 5, false, false},
        {__LINE__, "0", "", 0, 0, false, false},
        {__LINE__, "", "", 0, 0, false, false},
        {__LINE__, NULL, "", 0, 0, false, false},
        {__LINE__, "6", "hello", 5, 5, false, true},
        {__LINE__, "5", "", 0, 0, false, true},
        {__LINE__, "4", "hello", 5, 4, false, false},
        {__LINE__, "65536", large, HTTP_BODY_MAX, HTTP_BODY_MAX, false, false},
        {__LINE__, "65537", "", 0, 0, true, false},
        {__LINE__, "4294967301", "hello", 5, 0, true, false},
        {__LINE__, "-5", "hello", 5, 0, false, true},
        {__LINE__, "5x", "hello", 5, 0, false, true},
        {__LINE__, "05", "hello", 5, 0, false, true},
        {__LINE__, "99999999999999999999", "hello", 5, 0, false, true},
    };
    struct gateway gateway;
    REQUIRE_TRUE(gateway_init(&gateway));
    memset(large, 'x', sizeof large);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char length[VARIABLE_SIZE];
        char *variables[] = {rows[i].length ? length : NULL, NULL};
        struct http_request request;
        FCGX_Request fcgi;
        snprintf(length, sizeof length, "CONTENT_LENGTH=%s", rows[i].length ? rows[i].length : "");
        open_request(&fcgi, variables, rows[i].body, rows[i].sent);
        gateway_read(&gateway, &fcgi, &request);
        CHECK_INT(request.body_len, rows[i].taken);
        CHECK_BYTES(request.body, rows[i].taken, rows[i].body, rows[i].taken);
        CHECK_INT(request.body[request.body_len], '\0');
        CHECK_INT(request.body_too_large, rows[i].too_large);
        CHECK_INT(request.body_cut, rows[i].cut);
    }
    gateway_free(&gateway);
}

static void test_variables(void)
{
    char method[] = "REQUEST_METHOD=POST", path[] = "PATH_INFO=/orders",
         query[] = "QUERY_STRING=a=b";
    char type[] = "CONTENT_TYPE=application/json", key[] = "HTTP_IDEMPOTENCY_KEY=k";
    char match[] = "HTTP_IF_NONE_MATCH=*", id[] = "HTTP_X_REQUEST_ID=r";
    char consumer[] = "PP2_AWS_VPCE_ID=vpce-0a", forged[] = "HTTP_PP2_AWS_VPCE_ID=vpce-0b";
    char *all[] = {method, path, query, type, key, match, id, forged, consumer, NULL};
    char *few[] = {method, forged, NULL};
    struct gateway gateway;
    struct http_request request;
    FCGX_Request fcgi;
    REQUIRE_TRUE(gateway_init(&gateway));

    open_request(&fcgi, all, "", 0);
    gateway_read(&gateway, &fcgi, &request);
    CHECK_TEXT(request.method, "POST");
    CHECK_TEXT(request.path, "/orders");
    CHECK_TEXT(request.query, "a=b");
    CHECK_TEXT(request.consumer, "vpce-0a");
    CHECK_TEXT(request.headers[HTTP_CONTENT_TYPE], "application/json");
    CHECK_TEXT(request.headers[HTTP_IDEMPOTENCY_KEY], "k");
    CHECK_TEXT(request.headers[HTTP_IF_NONE_MATCH], "*");
    CHECK_TEXT(request.headers[HTTP_REQUEST_ID], "r");

    open_request(&fcgi, few, "", 0);
    gateway_read(&gateway, &fcgi, &request);
    CHECK_TEXT(request.path, "");
    CHECK_TEXT(request.query, "");
    CHECK_TEXT(request.consumer, "-");
    for (enum http_header i = 0; i < HTTP_HEADER_MAX; i++)
        CHECK_NULL(request.headers[i], "header %d", (int)i);
    gateway_free(&gateway);
}

static void test_endpoint(void)
{
    static const struct {
        int line;
        const char *value; /* NULL: there is no such variable */
        const char *consumer;
        bool unidentified;
    } rows[] = {
        {__LINE__, "vpce-0a", "vpce-0a", false},
        {__LINE__, NULL, "-", false},
        {__LINE__, "", "-", false},
        {__LINE__, "-", "-", false},
        {__LINE__, "vpce-0A", "-", true},
        {__LINE__, "vpce-", "-", true},
        {__LINE__, "*", "-", true},
        {__LINE__, "acme", "-", true},
        {__LINE__, "vpce-0a ", "-", true},
        {__LINE__, "vpce-0a,vpce-0b", "-", true},
    };
    struct gateway gateway;
    REQUIRE_TRUE(gateway_init(&gateway));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char variable[VARIABLE_SIZE];
        char *variables[] = {rows[i].value ? variable : NULL, NULL};
        struct http_request request;
        FCGX_Request fcgi;
        CHECK_ROW(rows[i].line);
        snprintf(variable, sizeof variable, "PP2_AWS_VPCE_ID=%s",
                 rows[i].value ? rows[i].value : "");
        open_request(&fcgi, variables, "", 0);
        gateway_read(&gateway, &fcgi, &request);
        CHECK_TEXT(request.consumer, rows[i].consumer);
        CHECK_INT(request.unidentified, rows[i].unidentified);
    }
    gateway_free(&gateway);
}

static void test_refusal(void)
{
    static const struct {
        int line;
        const char *status;
        int refused;
        const char *method; /* that is told */
    } rows[] = {
        {__LINE__, "400", 400, "POST"}, {__LINE__, "505", 505, "POST"},
        {__LINE__, "599", 599, "POST"}, {__LINE__, "200", 0, "GET"},
        {__LINE__, "399", 0, "GET"},    {__LINE__, "600", 0, "GET"},
        {__LINE__, "", 0, "GET"},       {__LINE__, "4xx", 0, "GET"},
    };
    struct gateway gateway;
    REQUIRE_TRUE(gateway_init(&gateway));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char status[VARIABLE_SIZE], forged[] = "HTTP_REDIRECT_STATUS=404";
        char method[] = "REQUEST_METHOD=GET", refused[] = "POSTERN_REFUSED_METHOD=POST";
        char *variables[] = {forged, status, method, refused, NULL};
        struct http_request request;
        FCGX_Request fcgi;
        snprintf(status, sizeof status, "REDIRECT_STATUS=%s", rows[i].status);
        open_request(&fcgi, variables, "", 0);
        gateway_read(&gateway, &fcgi, &request);
        CHECK_INT(request.refused, rows[i].refused);
        CHECK_TEXT(request.method, "GET");
        CHECK_TEXT(request.told_method, rows[i].method);
    }
    gateway_free(&gateway);
}

static void test_write(void)
{
    static char body[] = "{}";
    static const struct {
        int line;
        int status;
        const char *reason;
        bool send_body;
        const char *text;
    } rows[] = {
        {__LINE__, 200, "OK", true, "Status: 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\n{}"},
        {__LINE__, 200, "OK", false, "Status: 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\n"},
        {__LINE__, 304, "Not Modified", false, "Status: 304 Not Modified\r\nA: b\r\n\r\n"},
        {__LINE__, 204, "No Content", false, "Status: 204 No Content\r\nA: b\r\n\r\n"},
    };
    struct gateway gateway;
    REQUIRE_TRUE(gateway_init(&gateway));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char *variables[] = {NULL};
        struct http_response response;
        FCGX_Request fcgi;
        http_response_init(&response);
        buffer_text(&response.headers, "A: b\r\n");
        response.status = rows[i].status;
        response.reason = rows[i].reason;
        response.body = body;
        response.body_len = strlen(body);
        response.send_body = rows[i].send_body;
        open_request(&fcgi, variables, "", 0);
        CHECK_TRUE(gateway_write(&gateway, &fcgi, &response));
        size_t len = (size_t)(ends.out.wrNext - ends.answer);
        CHECK_INT(len, strlen(rows[i].text));
        CHECK_BYTES(ends.answer, strlen(rows[i].text), rows[i].text, strlen(rows[i].text));

        open_request(&fcgi, variables, "", 0);
        ends.broken = true;
        CHECK_FALSE(gateway_write(&gateway, &fcgi, &response));
        http_response_free(&response);
    }
    gateway_free(&gateway);
}

#define BYTES(bytes) (bytes), sizeof(bytes) - 1

enum { ID = 258, REQUEST_MAX = 256 * 1024 };

/* A whole request, as a web server's bytes make it. */
static void make_request(struct inbound *in, const char *variables, size_t len, const char *body,
                         size_t body_len)
{
    struct buffer bytes;
    buffer_init(&bytes, REQUEST_MAX);
    record_put(&bytes, FCGI_BEGIN_REQUEST, ID, "\0\1\0\0\0\0\0", 8);
    record_put_stream(&bytes, FCGI_PARAMS, ID, variables, len);
    record_put(&bytes, FCGI_PARAMS, ID, "", 0);
    record_put_stream(&bytes, FCGI_STDIN, ID, body, body_len);
    record_put(&bytes, FCGI_STDIN, ID, "", 0);
    inbound_init(in, REQUEST_MAX, HTTP_BODY_MAX);
    CHECK_INT(inbound_feed(in, bytes.data, bytes.len), INBOUND_WHOLE);
    buffer_free(&bytes);
}

/* Answers to the connection, of which the other end is read: a record of that request. */
static void check_answered(struct gateway *gateway, FCGX_Request *fcgi)
{
    struct http_response response;
    FCGI_Header header;
    char text[ANSWER_SIZE];
    int ends_of[2];
    REQUIRE_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_of), 0);
    http_response_init(&response);
    response.status = 204;
    response.reason = "No Content";
    gateway_answer_to(fcgi, ends_of[0]);
    CHECK_TRUE(gateway_write(gateway, fcgi, &response));
    gateway_finish(fcgi);
    REQUIRE_INT(recv(ends_of[1], &header, sizeof header, 0), sizeof header);
    CHECK_INT(header.type, FCGI_STDOUT);
    CHECK_INT(header.requestIdB1 << 8 | header.requestIdB0, ID);
    CHECK_COMPARE(recv(ends_of[1], text, sizeof text - 1, 0), >, 0);
    CHECK_START(text, "Status: 204 No Content");
    /* The connection is the caller's to close. */
    CHECK_INT(close(ends_of[0]), 0);
    close(ends_of[1]);
    http_response_free(&response);
}

/* Request after request through libfcgi, the largest too, and what is told to be shorter than it
 * is: nothing of one is left for the next. */
static void test_accept(void)
{
    static char large[HTTP_BODY_MAX];
    static const struct {
        int line;
        const char *variables;
        size_t len;
        size_t sent, taken;
    } rows[] = {
        {__LINE__, BYTES(""), 0, 0},
        {__LINE__, BYTES("\16\1CONTENT_LENGTH5"), 5, 5},
        {__LINE__, BYTES("\16\5CONTENT_LENGTH65536"), HTTP_BODY_MAX, HTTP_BODY_MAX},
        {__LINE__, BYTES("\16\1CONTENT_LENGTH5"), HTTP_BODY_MAX, 5},
        {__LINE__, BYTES("\16\5CONTENT_LENGTH99999"), HTTP_BODY_MAX, 0},
        {__LINE__, BYTES("\16\1CONTENT_LENGTH5"), 5, 5},
    };
    struct gateway gateway;
    FCGX_Request fcgi;
    REQUIRE_TRUE(gateway_init(&gateway));
    REQUIRE_INT(FCGX_Init(), 0);
    REQUIRE_INT(FCGX_InitRequest(&fcgi, -1, 0), 0);
    memset(large, 'x', sizeof large);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct inbound in;
        struct http_request request;
        make_request(&in, rows[i].variables, rows[i].len, large, rows[i].sent);
        REQUIRE_TRUE(gateway_accept(&gateway, &fcgi, &in));
        gateway_read(&gateway, &fcgi, &request);
        CHECK_INT(request.body_len, rows[i].taken);
        CHECK_BYTES(request.body, request.body_len, large, rows[i].taken);
        check_answered(&gateway, &fcgi);
        inbound_free(&in);
    }
    gateway_free(&gateway);
}

static const char *is_asked(const void *source, const char *name)
{
    (void)source;
    CHECK_TRUE(cgi_asks(name, strlen(name)), "%s", name);
    return NULL;
}

/* Whatever a request is made of is handed on. */
static void test_asks(void)
{
    struct http_request request;
    static const struct {
        int line;
        const char *name;
        bool asked;
    } rows[] = {
        {__LINE__, "REQUEST_METHOD", true},
        {__LINE__, "HTTP_IDEMPOTENCY_KEY", true},
        {__LINE__, "CONTENT_LENGTH", true},
        {__LINE__, "PP2_AWS_VPCE_ID", true},
        {__LINE__, "POSTERN_LEFT_IS_HALF_CLOSED", true},
        {__LINE__, "", false},
        {__LINE__, "HTTP_HOS", false},
        {__LINE__, "HTTP_HOSTS", false},
        {__LINE__, "HTTP_PP2_AWS_VPCE_ID", false},
        {__LINE__, "SERVER_SOFTWARE", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(cgi_asks(rows[i].name, strlen(rows[i].name)), rows[i].asked);
    }
    cgi_request(is_asked, NULL, &request);
}

/* The most variables there may be, of the most names. */
static void test_accept_variables(void)
{
    static const char pair[] = "\11\1HTTP_HOSTb";
    static char pairs[INBOUND_VARIABLES_MAX / (sizeof pair - 1) * (sizeof pair - 1)];
    struct gateway gateway;
    FCGX_Request fcgi;
    struct inbound in;
    struct http_request request;
    REQUIRE_TRUE(gateway_init(&gateway));
    REQUIRE_INT(FCGX_InitRequest(&fcgi, -1, 0), 0);
    for (size_t at = 0; at < sizeof pairs; at++)
        pairs[at] = pair[at % (sizeof pair - 1)];
    make_request(&in, pairs, sizeof pairs, "", 0);
    REQUIRE_TRUE(gateway_accept(&gateway, &fcgi, &in));
    gateway_read(&gateway, &fcgi, &request);
    CHECK_TEXT(request.headers[HTTP_HOST], "b");
    check_answered(&gateway, &fcgi);
    inbound_free(&in);
    gateway_free(&gateway);
}

/* One that is not begun leaves nothing behind, either. */
static void test_finish_unanswered(void)
{
    struct gateway gateway;
    FCGX_Request fcgi;
    REQUIRE_TRUE(gateway_init(&gateway));
    REQUIRE_INT(FCGX_InitRequest(&fcgi, -1, 0), 0);
    for (int i = 0; i < 3; i++) {
        struct inbound in;
        struct http_request request;
        make_request(&in, BYTES("\16\1CONTENT_LENGTH2"), "{}", 2);
        REQUIRE_TRUE(gateway_accept(&gateway, &fcgi, &in));
        gateway_read(&gateway, &fcgi, &request);
        gateway_finish(&fcgi);
        inbound_free(&in);
    }
    gateway_free(&gateway);
}

int main(void)
{
    CU_TestInfo tests[] = {{"body", test_body},
                           {"variables", test_variables},
                           {"the caller's endpoint", test_endpoint},
                           {"refusal", test_refusal},
                           {"write", test_write},
                           {"accept", test_accept},
                           {"what is asked for", test_asks},
                           {"accept variables", test_accept_variables},
                           {"finish unanswered", test_finish_unanswered},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/server/gateway", NULL, NULL, tests);
}
