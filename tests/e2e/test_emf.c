/* The metrics that CloudWatch makes of the log are what clients counted, though whoever logs them
 * is killed meanwhile. What the lines look like is held against AWS's schema by tests/iac. */
#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum { ROUNDS = 30, KILLS = 2, SOON_MS = 15000, LOG_MAX = 4 * 1024 * 1024, PATH_SIZE = 256 };

#define ORDER "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"

static int setup(void)
{
    static const char *const env[] = {"POSTERN_EMF_NAMESPACE=test", "POSTERN_EMF_SECONDS=1",
                                      "POSTERN_LOG_LEVEL=error",    "POSTERN_QUIET_MS=10",
                                      "POSTERN_DRAIN_SECONDS=5",    NULL};
    return fixture_start(&(struct pair_options){
        .catalogue = "id,name,description,price,quantity\n1,a,b,9.99,1000000\n", .env = env});
}

static int ask(const char *method, const char *path, const char *body)
{
    char what[64], where[64];
    const char *variables[] = {what, where, "CONTENT_TYPE=application/json", NULL};
    struct fastcgi_answer got;
    snprintf(what, sizeof what, "REQUEST_METHOD=%s", method);
    snprintf(where, sizeof where, "PATH_INFO=%s", path);
    fastcgi_call(&pair, variables, body, &got);
    int status = got.status;
    fastcgi_free(&got);
    return status;
}

static const char *text_of(const cJSON *line, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(line, name));
    return text ? text : "";
}

/* How much the lines of the log come to: of a counter its sum, of a histogram its counts. label
 * "name" must have the value, where it is not NULL. */
static double told(const char *log, const char *metric, const char *label, const char *value)
{
    double sum = 0;
    for (const char *at = log; *at; at += strcspn(at, "\n"), at += *at != '\0') {
        cJSON *line = cJSON_ParseWithLength(at, strcspn(at, "\n"));
        const cJSON *found = cJSON_GetObjectItem(line, metric), *count;
        bool fits = !label || strcmp(text_of(line, label), value) == 0;
        if (fits && cJSON_IsNumber(found))
            sum += found->valuedouble;
        cJSON_ArrayForEach(count, cJSON_GetObjectItem(found, "Counts")) sum +=
            fits ? count->valuedouble : 0;
        cJSON_Delete(line);
    }
    return sum;
}

/* Kills whoever logs the metrics, and waits for the next. */
static void kill_exporter(void)
{
    pid_t before[PROCESS_WORKERS_MAX], now[PROCESS_WORKERS_MAX];
    REQUIRE_INT(pair_children(&pair, "postern-metrics", before, PROCESS_WORKERS_MAX), 1);
    kill(before[0], SIGKILL);
    for (int64_t until = load_now_ms() + SOON_MS; load_now_ms() < until; load_sleep_ms(5)) {
        size_t n = pair_children(&pair, "postern-metrics", now, PROCESS_WORKERS_MAX);
        if (n == 1 && now[0] != before[0])
            return;
    }
    CHECK_FAIL("no new exporter");
}

static void read_log(char *log)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/postern.log", pair.dir);
    FILE *file = fopen(path, "r");
    REQUIRE_NOT_NULL(file);
    log[fread(log, 1, LOG_MAX - 1, file)] = '\0';
    fclose(file);
}

static void test_counts(void)
{
    char *log = malloc(LOG_MAX);
    REQUIRE_NOT_NULL(log);
    CHECK_INT(ask("GET", "/products/9", NULL), 404);
    /* By itself, and not only when it ends. */
    CHECK_LOG(&pair, "postern.log", "\"code\":\"4xx\"", SOON_MS);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_INT(ask("GET", "/products/1", NULL), 200);
        CHECK_INT(ask("POST", "/orders", ORDER), 201);
        if (i % (ROUNDS / KILLS) == 0)
            kill_exporter();
    }
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    read_log(log);
#define REQUESTS "postern_request_duration_seconds"
    CHECK_INT((int)told(log, REQUESTS, "code", "4xx"), 1);
    CHECK_INT((int)told(log, REQUESTS, "route", "/orders"), ROUNDS);
    CHECK_INT((int)told(log, REQUESTS, "route", "/products/{id}"), ROUNDS + 1);
    CHECK_INT((int)told(log, "postern_orders_total", "outcome", "placed"), ROUNDS);
    CHECK_INT((int)told(log, "postern_problems_total", "problem", "unknown-product"), 1);
    CHECK_INT((int)told(log, "postern_process_ends_total", "cause", "killed"), KILLS);
    free(log);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"counts", test_counts}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/emf", setup, fixture_end, tests);
}
