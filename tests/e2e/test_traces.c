/* Both logs tell a request's trace, whoever began it, and the file of spans has what was sampled:
 * of the request, its store call and its commit. Nobody waits for that file, and neither it nor a
 * log holds what is the caller's alone. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "port.h"

enum {
    SOON_MS = 20000,
    PATH_SIZE = 128,
    HEADER_SIZE = 256,
    IDS = 4,
    MANY = 3000,
    EXPECTED_MAX = 32
};

#define TRACE  "0af7651916cd43dd8448eb211c8031"
#define PARENT "b7ad6b7169203331"
#define ORDER                                                                                      \
    "{\"items\":[{\"product_id\":1,\"quantity\":1}],\"email\":\"secret@example.com\","             \
    "\"reference\":\"ref-xray\"}"

static char folder[] = "/tmp/test_traces.XXXXXX", file[PATH_SIZE];
static int port, port_fd;

static int setup(void)
{
    static char trace_file[HEADER_SIZE], metrics_port[64];
    static const char *const env[] = {trace_file, metrics_port, "POSTERN_TRACE_RATE=0",
                                      "POSTERN_QUIET_MS=10", NULL};
    port_fd = port_take(&port);
    if (port_fd < 0 || !mkdtemp(folder))
        return 1;
    snprintf(file, sizeof file, "%s/spans.jsonl", folder);
    snprintf(trace_file, sizeof trace_file, "POSTERN_TRACE_FILE=%s", file);
    snprintf(metrics_port, sizeof metrics_port, "METRICS_PORT=%d", port);
    return fixture_start(&(struct pair_options){
        .env = env, .module = true, .lighttpd = "server.modules += (\"mod_postern_trace\")\n"});
}

static int teardown(void)
{
    char moved[PATH_SIZE + 8];
    int status = fixture_end();
    snprintf(moved, sizeof moved, "%s.1", file);
    unlink(moved);
    unlink(file);
    close(port_fd);
    return rmdir(folder) || status;
}

/* The whole file, for free(); "" if it is not there. */
static char *read_file(const char *path)
{
    char *text = calloc(1, CLIENT_BODY_MAX);
    FILE *from = fopen(path, "re");
    if (text && from)
        text[fread(text, 1, CLIENT_BODY_MAX - 1, from)] = '\0';
    if (from)
        fclose(from);
    return text;
}

/* The first line that holds both texts, parsed, for cJSON_Delete; NULL if there is none. */
static cJSON *find_line(char *text, const char *one, const char *other)
{
    cJSON *found = NULL;
    for (char *line = text, *end; line && !found && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (strstr(line, one) && strstr(line, other))
            found = cJSON_Parse(line);
        *end = '\n';
    }
    return found;
}

/* Waits for that line. */
static cJSON *await_line(const char *path, const char *one, const char *other)
{
    cJSON *found = NULL;
    for (int64_t until = load_now_ms() + SOON_MS; !found && load_now_ms() < until;) {
        char *text = read_file(path);
        found = find_line(text, one, other);
        free(text);
        if (!found)
            load_sleep_ms(20);
    }
    CHECK_NOT_NULL(found, "no line of %s holds %s and %s", path, one, other);
    return found;
}

static cJSON *await_log(const char *name, const char *one, const char *other)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", pair.dir, name);
    return await_line(path, one, other);
}

/* Waits for the span of that trace and name; its line is *line, for cJSON_Delete. */
static const cJSON *await_span(const char *trace, const char *name, cJSON **line)
{
    char id[HEADER_SIZE], called[HEADER_SIZE];
    snprintf(id, sizeof id, "\"traceId\":\"%s\"", trace);
    snprintf(called, sizeof called, "\"name\":\"%s\"", name);
    *line = await_line(file, id, called);
    const cJSON *at = cJSON_GetArrayItem(cJSON_GetObjectItem(*line, "resourceSpans"), 0);
    at = cJSON_GetArrayItem(cJSON_GetObjectItem(at, "scopeSpans"), 0);
    return cJSON_GetArrayItem(cJSON_GetObjectItem(at, "spans"), 0);
}

/* What tells one request from all others. */
static const char *new_id(void)
{
    static char ids[IDS][HEADER_SIZE];
    static int number;
    char *id = ids[++number % IDS];
    snprintf(id, HEADER_SIZE, "traced-%d", number);
    return id;
}

/* Sends a request with such a traceparent, or none; returns its id. */
static const char *ask(const char *method, const char *path, const char *traceparent,
                       const char *body)
{
    const char *id = new_id();
    char own[HEADER_SIZE], parent[HEADER_SIZE];
    snprintf(own, sizeof own, "X-Request-Id: %s", id);
    snprintf(parent, sizeof parent, "traceparent: %s", traceparent ? traceparent : "");
    const char *headers[] = {own,
                             "Content-Type: application/json",
                             "Idempotency-Key: key-zulu",
                             "tracestate: rojo=00f067aa0ba902b7, congo=t61rcWkgMzE",
                             traceparent ? parent : NULL,
                             NULL};
    client_call(
        client,
        &(struct client_request){.method = method, .path = path, .headers = headers, .body = body},
        &answer);
    return id;
}

/* What lighttpd's log must tell in the end: it is complete only when lighttpd has stopped. */
static struct {
    char id[HEADER_SIZE], trace[HEADER_SIZE], span[HEADER_SIZE];
} expected[EXPECTED_MAX];
static size_t expected_count;

/* What the application's log tells of the request, and lighttpd's must; both have room for it. */
static void told(const char *request, char trace[HEADER_SIZE], char span[HEADER_SIZE])
{
    char id[HEADER_SIZE];
    snprintf(id, sizeof id, "\"request_id\":\"%s\"", request);
    cJSON *log = await_log("postern.log", id, "\"message\":\"request\"");
    const char *own_trace = answer_text(log, "trace_id"), *own_span = answer_text(log, "span_id");
    CHECK_INT(strlen(own_trace ? own_trace : ""), 32);
    CHECK_INT(strlen(own_span ? own_span : ""), 16);
    snprintf(trace, HEADER_SIZE, "%s", own_trace ? own_trace : "");
    snprintf(span, HEADER_SIZE, "%s", own_span ? own_span : "");
    cJSON_Delete(log);
    REQUIRE_COMPARE(expected_count, <, EXPECTED_MAX);
    memcpy(expected[expected_count].id, id, HEADER_SIZE);
    memcpy(expected[expected_count].trace, trace, HEADER_SIZE);
    memcpy(expected[expected_count++].span, span, HEADER_SIZE);
}

static void check_expected(char *log)
{
    CHECK_COMPARE(expected_count, >, 10);
    for (size_t i = 0; i < expected_count; i++) {
        cJSON *line = find_line(log, expected[i].id, "\"status\":");
        CHECK_TEXT(answer_text(line, "trace_id"), expected[i].trace);
        CHECK_TEXT(answer_text(line, "span_id"), expected[i].span);
        cJSON_Delete(line);
    }
}

static void test_joined(void)
{
    char trace[HEADER_SIZE], span[HEADER_SIZE];
    cJSON *line, *call_line;
    told(ask("GET", "/products/2", "00-" TRACE "01-" PARENT "-01", NULL), trace, span);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(trace, TRACE "01");
    const cJSON *request = await_span(TRACE "01", "GET /products/{id}", &line);
    CHECK_TEXT(answer_text(request, "spanId"), span);
    CHECK_TEXT(answer_text(request, "parentSpanId"), PARENT);
    CHECK_TEXT(answer_text(request, "traceState"), "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE");
    const cJSON *call = await_span(TRACE "01", "store product_get", &call_line);
    CHECK_TEXT(answer_text(call, "parentSpanId"), span);
    cJSON_Delete(line);
    cJSON_Delete(call_line);
}

static int64_t start_of(const cJSON *span)
{
    const char *text = answer_text(span, "startTimeUnixNano");
    return text ? strtoll(text, NULL, 10) : -1;
}

static void test_order(void)
{
    cJSON *lines[3];
    ask("POST", "/orders", "00-" TRACE "02-" PARENT "-01", ORDER);
    CHECK_INT(answer.status, 201);
    const cJSON *request = await_span(TRACE "02", "POST /orders", &lines[0]);
    const cJSON *call = await_span(TRACE "02", "store order_place", &lines[1]);
    const cJSON *commit = await_span(TRACE "02", "commit", &lines[2]);
    CHECK_TEXT(answer_text(call, "parentSpanId"), answer_text(request, "spanId"));
    CHECK_TEXT(answer_text(commit, "parentSpanId"), answer_text(call, "spanId"));
    CHECK_COMPARE(start_of(request), <=, start_of(call));
    CHECK_COMPARE(start_of(call), <=, start_of(commit));
    for (int i = 0; i < 3; i++)
        cJSON_Delete(lines[i]);
}

/* Of what the caller does not sample, nothing is written; nor is it at a rate of 0. */
static void test_not_sampled(void)
{
    char trace[HEADER_SIZE], span[HEADER_SIZE], began[HEADER_SIZE];
    told(ask("GET", "/products", "00-" TRACE "03-" PARENT "-00", NULL), trace, span);
    CHECK_TEXT(trace, TRACE "03");
    told(ask("GET", "/products", NULL, NULL), began, span);
    CHECK_OTHER_TEXT(began, trace);
    cJSON *line;
    ask("GET", "/products", "00-" TRACE "04-" PARENT "-01", NULL);
    await_span(TRACE "04", "GET /products", &line);
    cJSON_Delete(line);
    char *text = read_file(file);
    CHECK_LACKS(text, trace);
    CHECK_LACKS(text, began);
    free(text);
}

static void test_malformed(void)
{
    static const struct {
        int line;
        const char *text;
    } rows[] = {{__LINE__, "x"},
                {__LINE__, "00-" TRACE "05-" PARENT},
                {__LINE__, "00-" TRACE "05-" PARENT "-01-more"},
                {__LINE__, "00-" TRACE "05-0000000000000000-01"},
                {__LINE__, "ff-" TRACE "05-" PARENT "-01"},
                {__LINE__, "00-" TRACE "05-" PARENT "-01,00-" TRACE "05-" PARENT "-01"},
                {__LINE__, "00-0AF7651916CD43DD8448EB211C803105-" PARENT "-01"}};
    char trace[HEADER_SIZE], span[HEADER_SIZE];
    ask("GET", "/products/1", NULL, NULL);
    char *plain = strdup(answer.body);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const char *id = ask("GET", "/products/1", rows[i].text, NULL);
        CHECK_INT(answer.status, 200);
        CHECK_TEXT(answer.body, plain);
        told(id, trace, span);
        CHECK_OTHER_TEXT(trace, TRACE "05");
    }
    free(plain);
}

/* What lighttpd refuses by itself, and what no route fits. */
static void test_refused(void)
{
    char trace[HEADER_SIZE], span[HEADER_SIZE];
    cJSON *line;
    told(ask("GET", "/a%2Fb", NULL, NULL), trace, span);
    CHECK_INT(answer.status, 400);
    told(ask("GET", "/nothing", "00-" TRACE "06-" PARENT "-01", NULL), trace, span);
    CHECK_INT(answer.status, 404);
    CHECK_TEXT(trace, TRACE "06");
    await_span(TRACE "06", "GET -", &line);
    cJSON_Delete(line);
}

/* With a web server that has not our module the application reads and begins traces itself. */
static void test_without_module(void)
{
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/3",
                                            "HTTP_X_REQUEST_ID=stock-1",
                                            "HTTP_TRACEPARENT=00-" TRACE "07-" PARENT "-01", NULL};
    struct fastcgi_answer got;
    cJSON *line;
    fastcgi_call(&pair, variables, NULL, &got);
    CHECK_INT(got.status, 200);
    fastcgi_free(&got);
    const cJSON *span = await_span(TRACE "07", "GET /products/{id}", &line);
    cJSON *log = await_log("postern.log", "\"request_id\":\"stock-1\"", TRACE "07");
    CHECK_TEXT(answer_text(log, "span_id"), answer_text(span, "spanId"));
    cJSON_Delete(log);
    cJSON_Delete(line);
}

static void test_hup(void)
{
    char moved[PATH_SIZE + 8];
    cJSON *line;
    snprintf(moved, sizeof moved, "%s.1", file);
    REQUIRE_INT(rename(file, moved), 0);
    kill(pair.app, SIGHUP);
    /* Until the signal has come through, spans still go to the old one. */
    for (int64_t until = load_now_ms() + SOON_MS; load_now_ms() < until && access(file, F_OK) != 0;)
        ask("GET", "/products/1", "00-" TRACE "08-" PARENT "-01", NULL);
    await_span(TRACE "08", "GET /products/{id}", &line);
    cJSON_Delete(line);
}

/* What Prometheus is told of spans with that fate, or -1. */
static long spans_told(const char *fate)
{
    char series[HEADER_SIZE];
    struct client_answer scraped;
    struct client *scraper = client_open(port);
    snprintf(series, sizeof series, "\npostern_spans_total{fate=\"%s\"} ", fate);
    const char *at =
        scraper && client_get(scraper, "/metrics", &scraped) ? strstr(scraped.body, series) : NULL;
    long count = at ? strtol(at + strlen(series), NULL, 10) : -1;
    client_close(scraper);
    return count;
}

/* While the file takes nothing, requests are served as ever; what was not written is counted. */
static void test_held_up(void)
{
    pid_t tracer;
    struct client_answer got;
    static const char *const headers[] = {"traceparent: 00-" TRACE "09-" PARENT "-01", NULL};
    static const struct client_request request = {
        .method = "GET", .path = "/products/1", .headers = headers};
    REQUIRE_INT(pair_children(&pair, "postern-tracer", &tracer, 1), 1);
    CHECK_COMPARE(spans_told("written"), >, 0);
    CHECK_INT(spans_told("dropped"), 0);
    CHECK_TRUE(process_stop(tracer));
    int served = 0;
    for (int i = 0; i < MANY && spans_told("dropped") <= 0; i += 100) {
        for (int j = 0; j < 100; j++)
            served += client_call(client, &request, &got) && got.status == 200;
        CHECK_INT(served, i + 100);
    }
    CHECK_COMPARE(spans_told("dropped"), >, 0);
    kill(tracer, SIGKILL);
    kill(tracer, SIGCONT);
    /* Its successor goes on with what waits; until then there is no room for more. */
    bool goes_on = false;
    for (int64_t until = load_now_ms() + SOON_MS; !goes_on && load_now_ms() < until;) {
        ask("GET", "/products", "00-" TRACE "0a-" PARENT "-01", NULL);
        char *text = read_file(file);
        goes_on = strstr(text, TRACE "0a") != NULL;
        free(text);
    }
    CHECK_TRUE(goes_on);
}

/* Traces that begin here, at a rate of all. */
static void test_rate(void)
{
    char trace[HEADER_SIZE], span[HEADER_SIZE];
    cJSON *line;
    REQUIRE_INT(pair_stop_app(&pair, SIGTERM), 0);
    REQUIRE_TRUE(pair_set(&pair, "POSTERN_TRACE_RATE=1000000"));
    REQUIRE_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    told(ask("GET", "/products", NULL, NULL), trace, span);
    const cJSON *request = await_span(trace, "GET /products", &line);
    CHECK_TEXT(answer_text(request, "spanId"), span);
    CHECK_NULL(answer_text(request, "parentSpanId"));
    CHECK_NULL(answer_text(request, "traceState"));
    cJSON_Delete(line);
}

/* Last: all that was sent is in both logs now, and what was sampled before is in the file. */
static void test_tells_nothing(void)
{
    static const char *const secrets[] = {"secret",      "example.com", "zulu", "xray",
                                          "/products/1", "/nothing",    "%2F",  "?"};
    static const char *const names[] = {"postern.log", "access.log"};
    cJSON *line;
    ask("GET", "/orders?reference=ref-xray", "00-" TRACE "0c-" PARENT "-01", NULL);
    CHECK_INT(answer.status, 200);
    CHECK_CONTAINS(answer.body, "secret@example.com");
    await_span(TRACE "0c", "GET /orders", &line);
    cJSON_Delete(line);
    CHECK_INT(pair_stop_web(&pair, SIGINT), 0);
    CHECK_INT(pair_stop_app(&pair, SIGTERM), 0);
    char *texts[] = {read_file(file), pair_read(&pair, names[0]), pair_read(&pair, names[1])};
    check_expected(texts[2]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CHECK_CONTAINS(texts[i], TRACE "0c");
        for (size_t j = 0; j < sizeof secrets / sizeof secrets[0]; j++)
            CHECK_LACKS(texts[i], secrets[j]);
        free(texts[i]);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"joined", test_joined},
                           {"order", test_order},
                           {"not sampled", test_not_sampled},
                           {"malformed", test_malformed},
                           {"refused", test_refused},
                           {"without module", test_without_module},
                           {"file moved, HUP", test_hup},
                           {"file held up", test_held_up},
                           {"rate", test_rate},
                           {"tells nothing", test_tells_nothing},
                           CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/traces", setup, teardown, tests);
}
