/* The Idempotency-Key: one key, one order, however often it is sent, and to each consumer its own.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/ledger.h"
#include "e2e/load.h"

enum { RACERS = 20, RACES = 5, STOCK = 1000000 };

#define ONE_NUT   "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"
#define TWO_NUTS  "{\"items\":[{\"product_id\":1,\"quantity\":2}]}"
#define ONE_RARE  "{\"items\":[{\"product_id\":2,\"quantity\":1000000}]}"
#define ALL_RARE  "{\"items\":[{\"product_id\":2,\"quantity\":999999}]}"
#define NO_NUT    "{\"items\":[{\"product_id\":99,\"quantity\":1}]}"
#define CONSUMER1 "vpce-0123456789abcdef0"
#define CONSUMER2 "vpce-0fedcba9876543210"

static const char catalogue[] = CATALOGUE_HEADER "1,Nut,,0.10,1000000\n"
                                                 "2,Rare,,1.00,999999\n";

/* What the first answer to a key said. */
struct first {
    char location[128];
    char body[1024];
};

static int setup(void)
{
    return fixture_start(&(struct pair_options){.catalogue = catalogue, .workers = 4});
}

static int64_t orders_stored(void)
{
    return ledger_number(&pair, "SELECT count(*) FROM orders");
}

static int post_with(struct client *by, const char *key, const char *body,
                     struct client_answer *out)
{
    char line[600];
    snprintf(line, sizeof line, "Idempotency-Key: %s", key);
    const char *const headers[] = {"Content-Type: application/json", line, NULL};
    client_call(by,
                &(struct client_request){
                    .method = "POST", .path = "/orders", .headers = headers, .body = body},
                out);
    return out->status;
}

static int post(const char *key, const char *body)
{
    return post_with(client, key, body, &answer);
}

static void keep(struct first *first)
{
    const char *location = client_header(&answer, "Location");
    snprintf(first->location, sizeof first->location, "%s", location ? location : "-");
    snprintf(first->body, sizeof first->body, "%s", answer.body);
}

static bool is_replay(const struct client_answer *given, const struct first *first)
{
    const char *location = client_header(given, "Location");
    const char *replayed = client_header(given, "Idempotent-Replayed");
    return given->status == 201 && location && strcmp(location, first->location) == 0 &&
           strcmp(given->body, first->body) == 0 && replayed && strcmp(replayed, "true") == 0;
}

static void test_replay(void)
{
    struct first first = {.body = ""};
    int64_t before = orders_stored(), stock = answer_stock(client, 1);
    CHECK_INT(post("\"replay\"", ONE_NUT), 201);
    CHECK_NULL(client_header(&answer, "Idempotent-Replayed"), "a first answer is no replay");
    keep(&first);
    for (int i = 0; i < 3; i++) {
        post("\"replay\"", ONE_NUT);
        CHECK_TRUE(is_replay(&answer, &first));
    }
    /* Another way to write the same order. */
    post("\"replay\"", " { \"items\" : [ {\"quantity\":1, \"product_id\":1} ] } ");
    CHECK_TRUE(is_replay(&answer, &first));
    CHECK_INT(orders_stored(), before + 1);
    CHECK_INT(answer_stock(client, 1), stock - 1);
}

static void test_quoted_and_bare(void)
{
    struct first first = {.body = ""};
    CHECK_INT(post("bare-1_x:y", ONE_NUT), 201);
    keep(&first);
    post("\"bare-1_x:y\"", ONE_NUT);
    CHECK_TRUE(is_replay(&answer, &first));
    post("\"BARE-1_x:y\"", ONE_NUT);
    CHECK_NULL(client_header(&answer, "Idempotent-Replayed"), "keys are one in any case");
}

static void test_reused(void)
{
    int64_t before;
    struct first first = {.body = ""};
    post("reused", ONE_NUT);
    keep(&first);
    before = orders_stored();
    post("reused", TWO_NUTS);
    CHECK_TRUE(answer_is_problem(&answer, 422, "idempotency-key-reused", ANSWER_POSTERN));
    post("reused", "{\"items\":[{\"product_id\":1,\"quantity\":1}],\"reference\":\"x\"}");
    CHECK_TRUE(answer_is_problem(&answer, 422, "idempotency-key-reused", ANSWER_POSTERN));
    post("reused", ONE_NUT);
    CHECK_TRUE(is_replay(&answer, &first));
    CHECK_INT(orders_stored(), before);
}

static void test_refusals_are_not_remembered(void)
{
    post("refused", ONE_RARE);
    CHECK_TRUE(answer_is_problem(&answer, 409, "out-of-stock", ANSWER_POSTERN));
    post("refused", NO_NUT);
    CHECK_TRUE(answer_is_problem(&answer, 422, "invalid-request", ANSWER_POSTERN));
    post("refused", "{");
    CHECK_TRUE(answer_is_problem(&answer, 400, "malformed-json", ANSWER_POSTERN));
    post("refused", ONE_NUT);
    CHECK_INT(answer.status, 201);
    CHECK_NULL(client_header(&answer, "Idempotent-Replayed"));
}

/* The last of the stock was sold under the key: the replay must still say so, not "out of stock".
 */
static void test_replay_when_sold_out(void)
{
    struct first first = {.body = ""};
    CHECK_INT(post("all", ALL_RARE), 201);
    keep(&first);
    CHECK_INT(answer_stock(client, 2), 0);
    post("all", ALL_RARE);
    CHECK_TRUE(is_replay(&answer, &first));
}

static void test_bad_keys(void)
{
    static const struct {
        int line;
        const char *key;
    } rows[] = {
        {__LINE__, "\"\""},         {__LINE__, "\"open"},    {__LINE__, "\"a\"b"},
        {__LINE__, "\"a\", \"b\""}, {__LINE__, "two words"}, {__LINE__, "a,b"},
        {__LINE__, "\"a\";p=1"},    {__LINE__, "\"\\n\""},   {__LINE__, "\"a\\\""},
        {__LINE__, "\"\xc3\xa9\""}, {__LINE__, "\xc3\xa9"},  {__LINE__, "a\"b"},
        {__LINE__, "(a)"},          {__LINE__, "a b\""},
    };
    int64_t before = orders_stored();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        post(rows[i].key, ONE_NUT);
        CHECK_TRUE(answer_is_problem(&answer, 400, "bad-idempotency-key", ANSWER_POSTERN));
    }
    CHECK_INT(orders_stored(), before);
}

static void test_lengths(void)
{
    static const struct {
        int line;
        size_t len;
        bool quoted;
        int status;
    } rows[] = {
        {__LINE__, 1, false, 201},  {__LINE__, 1, true, 201},    {__LINE__, 255, false, 201},
        {__LINE__, 254, true, 201}, {__LINE__, 256, false, 400}, {__LINE__, 256, true, 400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char key[300] = "", text[300];
        memset(key, 'k', rows[i].len);
        snprintf(text, sizeof text, rows[i].quoted ? "\"%s\"" : "%s", key);
        post(text, rows[i].len == 1 ? ONE_NUT : TWO_NUTS);
        CHECK_INT(answer.status, rows[i].status);
    }
    /* Two keys that differ in their last byte alone are two. */
    char key[256] = "";
    memset(key, 'l', 255);
    post(key, ONE_NUT);
    key[254] = 'm';
    post(key, ONE_NUT);
    CHECK_INT(answer.status, 201);
    CHECK_NULL(client_header(&answer, "Idempotent-Replayed"));
}

struct race {
    char key[32];
    pthread_barrier_t start;
    int status[RACERS];
    bool replayed[RACERS];
    bool retry_after[RACERS];
    char location[RACERS][128];
};

static void race_one(void *context, size_t thread)
{
    struct race *race = context;
    struct client *own = client_open(pair.port);
    struct client_answer got = {.status = 0};
    pthread_barrier_wait(&race->start);
    if (own)
        race->status[thread] = post_with(own, race->key, ONE_NUT, &got);
    const char *location = own ? client_header(&got, "Location") : NULL;
    snprintf(race->location[thread], sizeof race->location[thread], "%s", location ? location : "");
    race->replayed[thread] = own && client_header(&got, "Idempotent-Replayed");
    race->retry_after[thread] = own && client_header(&got, "Retry-After");
    client_close(own);
}

static void test_race(void)
{
    for (int r = 0; r < RACES; r++) {
        CHECK_OF("race %d", r);
        static struct race race;
        int64_t before = orders_stored();
        size_t firsts = 0, first = 0;
        race = (struct race){.key = ""};
        snprintf(race.key, sizeof race.key, "race-%d", r);
        pthread_barrier_init(&race.start, NULL, RACERS);
        CHECK_TRUE(load_run(RACERS, race_one, &race));
        pthread_barrier_destroy(&race.start);
        for (size_t i = 0; i < RACERS; i++) {
            bool placed = race.status[i] == 201 && !race.replayed[i];
            firsts += placed;
            first = placed ? i : first;
        }
        CHECK_INT(firsts, 1);
        for (size_t i = 0; i < RACERS; i++)
            CHECK_TRUE(race.status[i] == 201 ? !strcmp(race.location[i], race.location[first])
                                             : race.status[i] == 409 && race.retry_after[i],
                       "racer %zu got %d %s", i, race.status[i], race.location[i]);
        CHECK_INT(orders_stored(), before + 1);
    }
}

/* Straight to the socket, as the web server behind PrivateLink would put it. */
static int ask_as(const char *consumer, const char *method, const char *path, const char *key,
                  const char *body, struct fastcgi_answer *out)
{
    char c[128], m[64], p[160], k[128];
    snprintf(c, sizeof c, "PP2_AWS_VPCE_ID=%s", consumer);
    snprintf(m, sizeof m, "REQUEST_METHOD=%s", method);
    snprintf(p, sizeof p, "PATH_INFO=%s", path);
    snprintf(k, sizeof k, "HTTP_IDEMPOTENCY_KEY=%s", key ? key : "");
    const char *const variables[] = {m,   p, "CONTENT_TYPE=application/json", c, key ? k : NULL,
                                     NULL};
    fastcgi_call(&pair, variables, body, out);
    return out->status;
}

static void place_as(const char *consumer, const char *key, char location[128])
{
    struct fastcgi_answer out;
    ask_as(consumer, "POST", "/orders", key, ONE_NUT, &out);
    CHECK_INT(out.status, 201, "%s: %d %s", consumer, out.status, out.body);
    CHECK_TRUE(fastcgi_header(&out, "Location", location, 128));
    fastcgi_free(&out);
}

static int get_as(const char *consumer, const char *path)
{
    struct fastcgi_answer out;
    int status = ask_as(consumer, "GET", path, NULL, NULL, &out);
    fastcgi_free(&out);
    return status;
}

static bool lists_as(const char *consumer, const char *location)
{
    struct fastcgi_answer out;
    ask_as(consumer, "GET", "/orders", NULL, NULL, &out);
    bool found = out.status == 200 && strstr(out.body, location + strlen("/orders/"));
    CHECK_INT(out.status, 200, "%d %s", out.status, out.body);
    fastcgi_free(&out);
    return found;
}

/* lighttpd drops a header without a value; a web server that passes it on gets no order for it. */
static void test_empty_keys(void)
{
    static const char *const keys[] = {"", " ", "\t", "\"\""};
    int64_t before = orders_stored();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct fastcgi_answer out;
        CHECK_OF("key %zu", i);
        CHECK_INT(ask_as("-", "POST", "/orders", keys[i], ONE_NUT, &out), 400);
        CHECK_CONTAINS(out.body, "bad-idempotency-key");
        fastcgi_free(&out);
    }
    CHECK_INT(orders_stored(), before);
}

static void test_consumers(void)
{
    char one[128], two[128], again[128];
    place_as(CONSUMER1, "shared", one);
    place_as(CONSUMER2, "shared", two);
    place_as(CONSUMER1, "shared", again);
    CHECK_OTHER_TEXT(one, two);
    CHECK_TEXT(one, again);
    CHECK_INT(get_as(CONSUMER1, one), 200);
    CHECK_INT(get_as(CONSUMER2, one), 404);
    CHECK_INT(get_as(CONSUMER1, two), 404);
    CHECK_INT(get_as(CONSUMER2, two), 200);
    CHECK_INT(get_as("", one), 404);
    CHECK_TRUE(lists_as(CONSUMER1, one));
    CHECK_FALSE(lists_as(CONSUMER1, two));
    CHECK_TRUE(lists_as(CONSUMER2, two));
    CHECK_FALSE(lists_as("", one));
}

/* Callers without an endpoint are one consumer: that of the local clients. */
static void test_nobody(void)
{
    static const struct {
        int line;
        const char *consumer;
    } rows[] = {
        {__LINE__, ""},
        {__LINE__, "-"},
    };
    char location[128], key[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        snprintf(key, sizeof key, "nobody-%zu", i);
        place_as(rows[i].consumer, key, location);
        client_get(client, location, &answer);
        CHECK_INT(answer.status, 200);
        CHECK_INT(get_as(CONSUMER1, location), 404);
    }
}

/* What is no endpoint's id is refused, and neither places an order nor takes a key. */
static void test_invalid_consumers(void)
{
    static const struct {
        int line;
        const char *consumer;
    } rows[] = {
        {__LINE__, "vpce-"},
        {__LINE__, "vpce-0123456789ABCDEF0"},
        {__LINE__, "vpce-01234 6789abcdef0"},
        {__LINE__, "xvpce-0123456789abcdef"},
        {__LINE__, "VPCE-0123456789abcdef0"},
        {__LINE__, "vpce-0123456789abcdeg0"},
        {__LINE__, "vpce-00000000000000000000000000000000000000000000000000000000000000000000"},
    };
    int64_t before = orders_stored();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct fastcgi_answer out;
        CHECK_INT(ask_as(rows[i].consumer, "POST", "/orders", "invalid", ONE_NUT, &out), 403);
        CHECK_CONTAINS(out.body, "consumer-unidentified");
        fastcgi_free(&out);
    }
    CHECK_INT(orders_stored(), before);
    CHECK_INT(post("invalid", ONE_NUT), 201);
    CHECK_NULL(client_header(&answer, "Idempotent-Replayed"));
}

static void test_client_cannot_pose(void)
{
    static const char *const names[] = {"PP2-AWS-VPCE-ID", "PP2_AWS_VPCE_ID", "Pp2-Aws-Vpce-Id",
                                        "HTTP_PP2_AWS_VPCE_ID"};
    char location[128], line[128];
    place_as(CONSUMER1, "posed", location);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(line, sizeof line, "%s: " CONSUMER1, names[i]);
        const char *const headers[] = {line, NULL};
        struct client_request request = {.method = "GET", .path = location, .headers = headers};
        client_call(client, &request, &answer);
        if (answer.status != 404)
            CHECK_INT(answer.status, 400, "%s: %d", line, answer.status);
        request.path = "/orders";
        client_call(client, &request, &answer);
        CHECK_LACKS(answer.body, location + strlen("/orders/"), "%s", line);
    }
}

static void test_books(void)
{
    CHECK_COMPARE(ledger_number(&pair, "SELECT count(*) FROM orders"), >, 0);
    CHECK_INT(ledger_number(&pair, "SELECT p.quantity + (SELECT sum(l.quantity) FROM"
                                   " order_lines AS l WHERE l.product_id = 1)"
                                   " FROM products AS p WHERE p.id = 1"),
              STOCK);
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"replay", test_replay},
        {"a quoted and a bare key are one", test_quoted_and_bare},
        {"a key with another order", test_reused},
        {"refusals are not remembered", test_refusals_are_not_remembered},
        {"replay when sold out", test_replay_when_sold_out},
        {"bad keys", test_bad_keys},
        {"empty keys past the web server", test_empty_keys},
        {"lengths", test_lengths},
        {"race", test_race},
        {"consumers", test_consumers},
        {"callers without an endpoint", test_nobody},
        {"invalid consumers", test_invalid_consumers},
        {"a client cannot pose as another", test_client_cannot_pose},
        {"books", test_books},
        CU_TEST_INFO_NULL,
    };
    return e2e_suite_run("e2e/idempotency", setup, fixture_end, tests);
}
