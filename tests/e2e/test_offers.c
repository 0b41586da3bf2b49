/* lighttpd's module for published answers, with this process in the place of the application's
 * publisher: what it serves, what it leaves to the application, and that no offer harms it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/trace.h"
#include "check.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/offerer.h"
#include "e2e/process.h"
#include "metrics/exposition.h"
#include "metrics/metrics.h"
#include "publish/target.h"

/* No product of the store looks like these. */
#define ONE     "{\"published\":1}"
#define ONE_TAG "\"one\""

enum { WAIT_MS = 15000, TICK_MS = 20 };

static struct offerer offerer;

static void publish_all(void)
{
    offerer_publish(&offerer, 1, ONE_TAG, ONE, strlen(ONE));
}

static int setup(void)
{
    static const struct pair_options options = {
        .module = true, .lighttpd = "server.modules += (\"mod_postern_trace\")\n" OFFERER_LIGHTTPD};
    if (fixture_start(&options) != 0 || !offerer_open(&offerer, &pair))
        return 1;
    publish_all();
    return 0;
}

static int teardown(void)
{
    offerer_close(&offerer);
    return fixture_end();
}

static bool ask(const char *method, const char *path, const char *const *headers, const char *body)
{
    const struct client_request request = {
        .method = method, .path = path, .headers = headers, .body = body};
    return offerer_ask(&offerer, client, &request, &answer);
}

static bool is_published(void)
{
    return answer.status == 200 && strcmp(answer.body, ONE) == 0;
}

static bool wait_taken(void)
{
    return offerer_wait_taken(&offerer, client, ONE, &answer);
}

static const struct {
    int line;
    const char *method, *path, *header, *body;
    bool published;
} asked[] = {
    {__LINE__, "GET", "/products/1", NULL, NULL, true},
    {__LINE__, "GET", "/products/%31", NULL, NULL, true},
    {__LINE__, "GET", "/products/1", "Cache-Control: max-age=60", NULL, true},
    {__LINE__, "GET", "/products/1", "Cache-Control: max-age=0", NULL, false},
    {__LINE__, "GET", "/products/1", "Cache-Control: No-Cache", NULL, false},
    {__LINE__, "GET", "/products/1", "cache-control: foo, no-store", NULL, false},
    {__LINE__, "GET", "/products/1", "Pragma: no-cache", NULL, false},
    {__LINE__, "GET", "/products/1", "X_Request_Id: a", NULL, false},
    {__LINE__, "GET", "/products/1", "X.Request.Id: a", NULL, false},
    {__LINE__, "GET", "/products/1", "X-Request~Id: a", NULL, false},
    {__LINE__, "GET", "/products/1", "If!None'Match: *", NULL, false},
    {__LINE__, "GET", "/products/1?", NULL, NULL, false},
    {__LINE__, "GET", "/products/1?pretty", NULL, NULL, false},
    {__LINE__, "GET", "/products/1", NULL, "{}", false},
    {__LINE__, "POST", "/products/1", NULL, NULL, false},
    {__LINE__, "OPTIONS", "/products/1", NULL, NULL, false},
    {__LINE__, "GET", "/products/01", NULL, NULL, false},
    {__LINE__, "GET", "/products/2", NULL, NULL, false},
    {__LINE__, "GET", "/products/1/", NULL, NULL, false},
    {__LINE__, "GET", "/products/", NULL, NULL, false},
    {__LINE__, "GET", "/orders", NULL, NULL, false},
};

static void test_asked(void)
{
    REQUIRE_TRUE(wait_taken());
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const char *headers[] = {asked[i].header, NULL};
        CHECK_ROW(asked[i].line);
        CHECK_TRUE(ask(asked[i].method, asked[i].path, headers, asked[i].body));
        CHECK_INT(is_published(), asked[i].published);
    }
}

#define TRACE "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"

/* Spans are the application's to write. */
static void test_traced(void)
{
    static const struct {
        int line;
        int rate;
        const char *header;
        bool published;
    } traced[] = {
        {__LINE__, -1, TRACE "1", true},
        {__LINE__, 0, TRACE "1", false},
        {__LINE__, 0, TRACE "0", true},
        {__LINE__, TRACE_RATE_ALL, TRACE "0", true},
        {__LINE__, TRACE_RATE_ALL, NULL, false},
        {__LINE__, TRACE_RATE_ALL, "traceparent: 00-1", false},
        {__LINE__, 0, NULL, true},
    };
    REQUIRE_TRUE(wait_taken());
    for (size_t i = 0; i < sizeof traced / sizeof traced[0]; i++) {
        const char *headers[] = {traced[i].header, NULL};
        CHECK_ROW(traced[i].line);
        offerer.answers.layout->trace_rate = traced[i].rate;
        ask("GET", "/products/1", headers, NULL);
        CHECK_INT(is_published(), traced[i].published);
    }
}

static void check_headers(const char *const *names, size_t count)
{
    CHECK_INT(answer.headers_count, count);
    for (size_t i = 0; i < count && i < answer.headers_count; i++)
        CHECK_TEXT(answer.headers[i].name, names[i]);
}

static void test_answers(void)
{
    static const char *const names[] = {"X-Request-Id",   "Cache-Control", "ETag", "Content-Type",
                                        "Content-Length", "Keep-Alive",    "Date", "Server"};
    static const char *const bare[] = {"X-Request-Id", "Cache-Control", "ETag",
                                       "Keep-Alive",   "Date",          "Server"};
    REQUIRE_TRUE(wait_taken());
    for (int i = 0; i < 2; i++) {
        CHECK_TRUE(ask(i ? "HEAD" : "GET", "/products/1", NULL, NULL));
        CHECK_INT(answer.status, 200);
        check_headers(names, sizeof names / sizeof names[0]);
        CHECK_TEXT(client_header(&answer, "Content-Length"), "15");
        CHECK_TEXT(client_header(&answer, "ETag"), ONE_TAG);
        CHECK_INT(answer.body_len, i ? 0 : strlen(ONE));
    }
    CHECK_TRUE(
        ask("GET", "/products/1",
            (const char *const[]){"If-None-Match: \"x\", W/" ONE_TAG, "X-Request-Id: mine", NULL},
            NULL));
    CHECK_INT(answer.status, 304);
    check_headers(bare, sizeof bare / sizeof bare[0]);
    CHECK_TEXT(client_header(&answer, "X-Request-Id"), "mine");
}

static void test_lease(void)
{
    static const struct {
        int line;
        int64_t from_now_us;
        bool published;
    } leases[] = {
        {__LINE__, LAYOUT_LEASE_US / 2, true}, {__LINE__, 0, false},
        {__LINE__, -1000000, false},           {__LINE__, 60000000, false}, /* longer than any is */
        {__LINE__, LAYOUT_LEASE_US, true},
    };
    REQUIRE_TRUE(wait_taken());
    for (size_t i = 0; i < sizeof leases / sizeof leases[0]; i++) {
        CHECK_ROW(leases[i].line);
        answers_lease(&offerer.answers, clock_monotonic_us() + leases[i].from_now_us);
        client_get(client, "/products/1", &answer);
        CHECK_INT(answer.status, 200);
        /* On a busy machine the lease may be over by now. */
        if (!leases[i].published ||
            clock_monotonic_us() < atomic_load(&offerer.answers.layout->lease_us))
            CHECK_INT(is_published(), leases[i].published);
    }
}

static void test_withdrawn(void)
{
    REQUIRE_TRUE(wait_taken());
    answers_withdraw(&offerer.answers, 1);
    ask("GET", "/products/1", NULL, NULL);
    CHECK_CONTAINS(answer.body, "Product 1");
    publish_all();
    ask("GET", "/products/1", NULL, NULL);
    CHECK_TRUE(is_published());
}

static void set_consumers(const char *text)
{
    static struct consumers consumers;
    struct consumers_fault fault;
    consumers = (struct consumers){.count = 0};
    CHECK_TRUE(consumers_add_text(&consumers, text, &fault), "%s", fault.why);
    roster_publish(offerer.roster, &consumers, clock_monotonic_ns());
}

/* Another consumer, with a full bucket, each time. */
static void begin_consumer(const char *rest)
{
    static int number;
    char line[64];
    snprintf(line, sizeof line, "- local%d %s", number++, rest);
    set_consumers(line);
    offerer.repeats = 0;
}

static void test_denied(void)
{
    REQUIRE_TRUE(wait_taken());
    begin_consumer("denied");
    ask("GET", "/products/1", NULL, NULL);
    CHECK_CONTAINS(answer.body, "Product 1", "the application says so, which knows no denial here");
    set_consumers("");
}

static void test_limited(void)
{
    bool published[3], told[3];
    REQUIRE_TRUE(wait_taken());
    do {
        begin_consumer("rate=1 burst=2");
        for (int i = 0; i < 3; i++) {
            ask("GET", "/products/1", NULL, NULL);
            const char *policy = client_header(&answer, "RateLimit-Policy");
            published[i] = is_published();
            told[i] = policy && strcmp(policy, "\"consumer\";q=2;w=2") == 0;
        }
    } while (offerer.repeats);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(published[i], i < 2);
        CHECK_INT(told[i], i < 2);
    }
    set_consumers("");
}

static void test_counted(void)
{
    static const char *const texts[] = {"-", "list", "product"};
    char row[64];
    struct exposition_cursor cursor = {0};
    struct buffer text;
    int number = 0;
    REQUIRE_TRUE(wait_taken());
    do {
        snprintf(row, sizeof row, "- counted%d", number++);
        set_consumers(row);
        offerer.repeats = 0;
        ask("HEAD", "/products/1", NULL, NULL);
        ask("HEAD", "/products/1", NULL, NULL);
    } while (offerer.repeats);
    set_consumers("");
    metrics_label_texts(LABEL_ROUTE, texts, 3);
    buffer_init(&text, 1 << 20);
    exposition_write(&cursor, &text, 1 << 20);
    snprintf(row, sizeof row, "code=\"200\",consumer=\"counted%d\"} 2\n", number - 1);
    CHECK_CONTAINS(text.data, row);
    CHECK_CONTAINS(text.data, "_count{route=\"product\",method=\"HEAD\",code=\"200\"");
    buffer_free(&text);
}

/* Memory that is not the application's, of that size and with those seals. */
static int other_memory(size_t size, int seals)
{
    int fd = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK_INT(ftruncate(fd, (off_t)size), 0);
    CHECK_INT(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

enum { FIXED = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, SAME = -1 };

static const struct offer_row {
    int line;
    size_t message_len; /* of a good message; 0: the connection is closed */
    size_t fds;
    int part;        /* that is another; SAME: none */
    size_t size;     /* its */
    int seals;       /* its */
    bool other_kind; /* another first byte of the message */
} offers[] = {
    {__LINE__, 0, 0, SAME, 0, 0, false},
    {__LINE__, 16, 3, SAME, 0, 0, true},
    {__LINE__, 16, 0, SAME, 0, 0, false},
    {__LINE__, 16, 2, SAME, 0, 0, false},
    {__LINE__, 16, 5, SAME, 0, 0, false},
    {__LINE__, 8, 3, SAME, 0, 0, false},
    {__LINE__, 1, 3, SAME, 0, 0, false},
    {__LINE__, 16, 3, HANDOVER_ANSWERS, sizeof(struct layout), 0, false},
    {__LINE__, 16, 3, HANDOVER_ANSWERS, sizeof(struct layout), F_SEAL_GROW | F_SEAL_SEAL, false},
    {__LINE__, 16, 3, HANDOVER_ANSWERS, sizeof(struct layout), FIXED, false}, /* zeroes */
    {__LINE__, 16, 3, HANDOVER_ANSWERS, 4096, FIXED, false},
    {__LINE__, 16, 3, HANDOVER_ANSWERS, 0, FIXED, false},
    {__LINE__, 16, 3, HANDOVER_ROSTER, 4096, FIXED, false},
    {__LINE__, 16, 3, HANDOVER_METRICS, 4096, FIXED, false},
    {__LINE__, 16, 3, HANDOVER_METRICS, sizeof(struct memory), 0, false},
};

static void offer_wrong(int connection, const struct offer_row *row)
{
    struct {
        uint64_t magic, shape;
    } message = {LAYOUT_MAGIC ^ row->other_kind, layout_shape()};
    int fds[] = {offerer.fds[0], offerer.fds[1], offerer.fds[2], offerer.fds[0], offerer.fds[1]};
    int other = row->part == SAME ? -1 : other_memory(row->size, row->seals);
    if (other >= 0)
        fds[row->part] = other;
    /* On a busy machine the module may have given the connection up. */
    if (row->message_len)
        offerer_send(connection, &message, row->message_len, fds, row->fds);
    if (other >= 0)
        close(other);
    close(connection);
}

/* The next connection of the module, which has no memory that counts. */
static int next_connection(void)
{
    int connection = -1;
    for (int64_t until = load_now_ms() + WAIT_MS; connection < 0 && load_now_ms() < until;) {
        client_get(client, "/products/1", &answer);
        CHECK_CONTAINS(answer.body, "Product 1");
        connection = offerer_accept(&offerer, TICK_MS);
    }
    return connection;
}

/* New memory in the place of the one that the module has, as of an application that was started
 * anew. */
static void begin_anew(void)
{
    struct answers before = offerer.answers;
    answers_end(&before);
    REQUIRE_TRUE(answers_make(&offerer.answers, OFFERER_LIST_ROUTE, OFFERER_PRODUCT_ROUTE));
    offerer.fds[HANDOVER_ANSWERS] = offerer.answers.fd;
    publish_all();
    answers_close(&before);
}

static void test_wrong_offers(void)
{
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        CHECK_ROW(offers[i].line);
        begin_anew();
        int connection = next_connection();
        REQUIRE_COMPARE(connection, >=, 0);
        offer_wrong(connection, &offers[i]);
        /* The first request takes the offer. */
        for (int asks = 0; asks < 2; asks++) {
            CHECK_TRUE(ask("GET", "/products/1", NULL, NULL));
            CHECK_CONTAINS(answer.body, "Product 1");
        }
    }
    CHECK_TRUE(wait_taken());
    CHECK_LOG(&pair, "lighttpd.log", "no published answers from", WAIT_MS);
}

/* The message is as it should be, and what it brings is of another program. */
static void test_other_shape(void)
{
    begin_anew();
    offerer.answers.layout->shape++;
    int connection = next_connection();
    REQUIRE_COMPARE(connection, >=, 0);
    handover_send(connection, offerer.fds);
    close(connection);
    for (int asks = 0; asks < 2; asks++) {
        ask("GET", "/products/1", NULL, NULL);
        CHECK_CONTAINS(answer.body, "Product 1");
    }
    offerer.answers.layout->shape--;
    CHECK_TRUE(wait_taken());
}

/* One that takes the connection and says nothing holds nobody up, and is given up. */
static void test_silence(void)
{
    answers_lease(&offerer.answers, 0);
    int silent = next_connection();
    REQUIRE_COMPARE(silent, >=, 0);
    int next = next_connection();
    CHECK_COMPARE(next, >=, 0);
    close(silent);
    close(next);
    CHECK_TRUE(wait_taken());
}

static void test_newer(void)
{
    REQUIRE_TRUE(wait_taken());
    begin_anew();
    ask("GET", "/products/1", NULL, NULL);
    CHECK_CONTAINS(answer.body, "Product 1");
    CHECK_TRUE(wait_taken());
}

int main(void)
{
    CU_TestInfo tests[] = {{"what is asked", test_asked},
                           {"traced", test_traced},
                           {"answers", test_answers},
                           {"lease", test_lease},
                           {"withdrawn", test_withdrawn},
                           {"denied", test_denied},
                           {"limited", test_limited},
                           {"counted", test_counted},
                           {"wrong offers", test_wrong_offers},
                           {"other shape", test_other_shape},
                           {"silence", test_silence},
                           {"newer memory", test_newer},
                           CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/offers", setup, teardown, tests);
}
