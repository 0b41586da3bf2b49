/* Whoever reads postern's log pauses, so that the pipe it comes through is full: service goes on, a
 * drain ends, and the reader who comes back is told how much it missed. */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum {
    THREADS = 4,
    REQUESTS = 500, /* a thread: several times what the pipe holds */
    ANSWER_MS = 15000,
    DRAIN_MS = 15000, /* far from its deadline */
    WAIT_MS = 20000,
    OTHER_LINES = 5, /* at most, that are no request's, as of a store that is slow just now */
    LOG_SIZE = 1024 * 1024
};

/* What came out of the pipe. */
struct seen {
    /* Of the requests, absent are those that found nothing, ready those that heard of readiness. */
    int broken, requests, absent, ready, dropped;
};

static int reader = -1;
static atomic_int unanswered;

/* In a named pipe's place, for the pair writes what standard error says to that file. */
static int setup(void)
{
    static const char *const env[] = {"POSTERN_QUIET_MS=50", "POSTERN_DRAIN_SECONDS=30",
                                      "POSTERN_REQUEST_SECONDS=3", "POSTERN_STORE_TIMEOUT_MS=1400",
                                      NULL};
    char path[PAIR_PATH_SIZE + 32];
    if (fixture_start(&(struct pair_options){
            .workers = THREADS, .env = env, .catalogue = catalogue_large()}) != 0)
        return 1;
    pair_stop_app(&pair, SIGTERM);
    snprintf(path, sizeof path, "%s/postern.log", pair.dir);
    if (unlink(path) != 0 || mkfifo(path, 0600) != 0)
        return 1;
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return reader >= 0 && pair_start_app(&pair) && pair_wait_ready(&pair) &&
                   process_wait_workers(&pair, THREADS, NULL, 0, WAIT_MS)
               ? 0
               : 1;
}

static int teardown(void)
{
    fixture_end();
    return close(reader);
}

static void send_requests(void *context, size_t thread)
{
    const struct client_request request = {
        .method = "GET", .path = "/products/1", .timeout_ms = ANSWER_MS};
    struct client_answer got;
    struct client *own = client_open(pair.port);
    (void)context, (void)thread;
    for (int i = 0; i < REQUESTS; i++) {
        if (own && client_call(own, &request, &got) && got.status == 200)
            continue;
        /* The first that fails says it all, and each may take its whole time. */
        atomic_fetch_add(&unanswered, 1);
        break;
    }
    client_close(own);
}

static void see_line(struct seen *seen, const char *line)
{
    cJSON *json = cJSON_ParseWithOpts(line, NULL, true);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(json, "message"));
    const cJSON *count = cJSON_GetObjectItem(json, "count");
    if (!message)
        fprintf(stderr, "log: %s\n", line);
    seen->broken += !message;
    seen->requests += message && strcmp(message, "request") == 0;
    seen->absent += strstr(line, "\"status\":404") != NULL;
    seen->ready += strstr(line, "\"route\":\"/readyz\",\"status\":200") != NULL;
    if (message && strcmp(message, "log lines were dropped") == 0 && cJSON_IsNumber(count))
        seen->dropped += count->valueint;
    cJSON_Delete(json);
}

/* Reads what is there, which are whole lines, as each is written at once. */
static void read_log(struct seen *seen)
{
    char *text = malloc(LOG_SIZE), *rest = NULL;
    size_t len = 0;
    ssize_t n;
    while (text && len + 1 < LOG_SIZE && (n = read(reader, text + len, LOG_SIZE - 1 - len)) > 0)
        len += (size_t)n;
    if (text) {
        text[len] = '\0';
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            see_line(seen, line);
    }
    free(text);
}

/* Reads on until so many requests are accounted for, and the one that found nothing is seen: a line
 * may follow its answer late. */
static void read_all(struct seen *seen, int requests)
{
    for (int64_t until = load_now_ms() + WAIT_MS;
         (seen->requests + seen->dropped < requests || seen->absent == 0) && load_now_ms() < until;
         load_sleep_ms(10))
        read_log(seen);
}

static void fill_pipe(void)
{
    atomic_store(&unanswered, 0);
    CHECK_TRUE(load_run(THREADS, send_requests, NULL));
    CHECK_INT(unanswered, 0);
}

/* Each request's line was either written whole or counted, and when there is room again it is
 * written. */
static void test_reader_returns(void)
{
    struct seen seen = {.broken = 0};
    /* The lines of the two answers that the setup waited for may come late, too. */
    for (int64_t until = load_now_ms() + WAIT_MS;
         (!seen.ready || !seen.absent) && load_now_ms() < until; load_sleep_ms(1))
        read_log(&seen);
    CHECK_INT(seen.ready, 1);
    CHECK_INT(seen.absent, 1);
    seen = (struct seen){.broken = 0};
    fill_pipe();
    read_log(&seen);
    CHECK_COMPARE(seen.requests, >, 0);
    CHECK_COMPARE(seen.requests, <, THREADS * REQUESTS);
    client_get(client, "/nothing", &answer);
    CHECK_INT(answer.status, 404);
    read_all(&seen, THREADS * REQUESTS + 1);
    CHECK_INT(seen.broken, 0);
    CHECK_INT(seen.absent, 1);
    CHECK_COMPARE(seen.dropped, >, 0);
    CHECK_COMPARE(seen.requests + seen.dropped, >=, THREADS * REQUESTS + 1,
                  "%d requests, %d dropped", seen.requests, seen.dropped);
    CHECK_COMPARE(seen.requests + seen.dropped, <=, THREADS * REQUESTS + 1 + OTHER_LINES,
                  "%d requests, %d dropped", seen.requests, seen.dropped);
}

/* Whether one of the workers, whichever, is another now. */
static bool wait_replaced(const pid_t old[THREADS])
{
    pid_t now[THREADS];
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(10)) {
        if (pair_workers(&pair, now, THREADS) == THREADS && memcmp(old, now, sizeof now) != 0)
            return true;
    }
    return false;
}

/* The master has something to say of a stuck worker, whose answer nobody takes, and of the drain.
 */
static void test_reader_stays_away(void)
{
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products", NULL};
    struct seen seen = {.broken = 0};
    pid_t old[THREADS];
    fill_pipe();
    CHECK_INT(pair_workers(&pair, old, THREADS), THREADS);
    int fd = fastcgi_begin(&pair, variables, NULL);
    CHECK_COMPARE(fd, >=, 0);
    CHECK_TRUE(wait_replaced(old));
    close(fd);
    client_get(client, "/products/1", &answer);
    CHECK_INT(answer.status, 200);

    int64_t since = load_now_ms();
    int status = pair_stop_app(&pair, SIGTERM);
    CHECK_INT(process_exit(status), 0);
    CHECK_COMPARE(load_now_ms() - since, <, DRAIN_MS);
    read_log(&seen);
    CHECK_INT(seen.broken, 0);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"the reader returns", test_reader_returns},
                                  {"the reader stays away", test_reader_stays_away},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/log_reader", setup, teardown, tests);
}
