/* A large catalogue, where the answer's bound is raised for it: whole or not at all. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"

enum {
#ifdef __SANITIZE_THREAD__
    PRODUCTS = 20000, /* so slow that the whole would outlast the client's patience */
#else
    PRODUCTS = 100000,
#endif
    TEXT_MAX = 32 * 1024 * 1024,
    REPEATS = 15,
    WORKERS = 2,
    GROWTH_MAX_KB = 2048, /* a fifth of one list */
    PAGE = 1000,
    FIRST_ID = 7, /* ids are FIRST_ID, FIRST_ID + ID_STEP and so on */
    ID_STEP = 3,
    CUTS = 12,
    CUTS_MAX = 40 /* of a busy machine, until one was in time */
};

/* A sanitizer holds freed memory back, so it is told to hold little. */
static const char *const settings[] = {"POSTERN_STORE_TIMEOUT_MS=14000",
                                       "POSTERN_ANSWER_KIB=16384", /* twice the list */
                                       "ASAN_OPTIONS=quarantine_size_mb=1", NULL};

static struct pair pair;
static struct client *client;
static struct client_answer answer;
static struct buffer expected; /* the whole list as it must be */

static void make_catalogue(struct buffer *csv)
{
    buffer_init(csv, TEXT_MAX);
    buffer_init(&expected, TEXT_MAX);
    buffer_text(csv, CATALOGUE_HEADER);
    buffer_char(&expected, '[');
    for (int i = 0; i < PRODUCTS; i++) {
        int id = FIRST_ID + i * ID_STEP, cents = i % 100, whole = i % 977;
        buffer_printf(csv, "%d,Name %d,\"Says \"\"%d\"\"\",%d.%02d,%d\n", id, i, i, whole, cents,
                      i);
        buffer_printf(&expected,
                      "%s{\"description\":\"Says \\\"%d\\\"\",\"id\":%d,\"name\":\"Name %d\","
                      "\"price\":%d.%02d,\"quantity\":%d}",
                      i ? "," : "", i, id, i, whole, cents, i);
    }
    buffer_char(&expected, ']');
}

static int setup(void)
{
    struct buffer csv;
    make_catalogue(&csv);
    bool ok = !csv.overflown && !expected.overflown &&
              pair_start(&pair, &(struct pair_options){
                                    .workers = WORKERS, .catalogue = csv.data, .env = settings});
    buffer_free(&csv);
    client = ok ? client_open(pair.port) : NULL;
    return client ? 0 : 1;
}

static int teardown(void)
{
    client_close(client);
    pair_end(&pair);
    buffer_free(&expected);
    return 0;
}

static bool is_whole(const char *body, size_t len)
{
    return len == expected.len && memcmp(body, expected.data, len) == 0;
}

static void test_whole(void)
{
    char length[32];
    CHECK_TRUE(client_get(client, "/products", &answer));
    CHECK_INT(answer.status, 200);
    CHECK_TRUE(is_whole(answer.body, answer.body_len), "%zu bytes, not %zu: %.200s",
               answer.body_len, expected.len, answer.body);
    snprintf(length, sizeof length, "%zu", expected.len);
    const char *given = client_header(&answer, "Content-Length");
    CHECK_TEXT(given, length);
    CHECK_NULL(client_header(&answer, "Link"));
    cJSON *json = answer_json(&answer), *item;
    int64_t id = FIRST_ID;
    CHECK_INT(cJSON_GetArraySize(json), PRODUCTS);
    bool in_order = true;
    cJSON_ArrayForEach(item, json)
    {
        in_order = in_order && answer_number(item, "id") == id;
        id += ID_STEP;
    }
    CHECK_TRUE(in_order);
    cJSON_Delete(json);
}

static void test_head(void)
{
    char length[32];
    CHECK_TRUE(client_call(client, &(struct client_request){.method = "HEAD", .path = "/products"},
                           &answer));
    snprintf(length, sizeof length, "%zu", expected.len);
    const char *given = client_header(&answer, "Content-Length");
    CHECK_INT(answer.status, 200);
    CHECK_INT(answer.body_len, 0);
    CHECK_TEXT(given, length);
}

static int64_t memory_after_lists(void)
{
    for (int i = 0; i < REPEATS; i++) {
        CHECK_TRUE(client_get(client, "/products", &answer));
        CHECK_INT(answer.status, 200);
        CHECK_TRUE(is_whole(answer.body, answer.body_len), "%zu bytes", answer.body_len);
    }
    int64_t kb = process_workers_memory_kb(&pair);
    CHECK_COMPARE(kb, >, 0);
    return kb;
}

/* A worker's first list takes memory, and nobody knows when it comes: so of the rounds after the
 * first as many may grow as there are workers left. */
static void test_memory(void)
{
    int64_t before = memory_after_lists(), after = before + GROWTH_MAX_KB + 1;
    for (int round = 0; round < WORKERS && after - before > GROWTH_MAX_KB; round++) {
        before = round ? after : before;
        after = memory_after_lists();
    }
    CHECK_COMPARE(after - before, <=, GROWTH_MAX_KB,
                  "memory went from %" PRId64 " to %" PRId64 " KiB", before, after);
}

/* Copies the path out of <path>; rel="next". */
static bool next_page(char *path, size_t size)
{
    const char *link = client_header(&answer, "Link");
    const char *end = link ? strstr(link, ">; rel=\"next\"") : NULL;
    if (!link)
        return false;
    CHECK_NOT_NULL(end, "Link: %s", link);
    CHECK_INT(link[0], '<', "Link: %s", link);
    if (!end)
        return false;
    snprintf(path, size, "%.*s", (int)(end - link - 1), link + 1);
    return true;
}

static void test_pages(void)
{
    char path[128];
    struct buffer all;
    int pages = 0;
    bool more = true;
    buffer_init(&all, TEXT_MAX);
    snprintf(path, sizeof path, "/products?limit=%d&after=0", PAGE);
    for (; more && pages <= PRODUCTS / PAGE; pages++) {
        CHECK_TRUE(client_get(client, path, &answer));
        CHECK_INT(answer.status, 200);
        REQUIRE_COMPARE(answer.body_len, >, 2);
        /* The brackets of the pages become the commas and brackets of the whole. */
        buffer_char(&all, pages ? ',' : '[');
        buffer_append(&all, answer.body + 1, answer.body_len - 2);
        more = next_page(path, sizeof path);
    }
    buffer_char(&all, ']');
    CHECK_INT(pages, PRODUCTS / PAGE);
    CHECK_FALSE(all.overflown, "%zu bytes, not %zu", all.len, expected.len);
    CHECK_TRUE(is_whole(all.data, all.len), "%zu bytes, not %zu", all.len, expected.len);
    buffer_free(&all);
}

static void test_etag(void)
{
    char etag[128], line[160];
    CHECK_TRUE(client_get(client, "/products", &answer));
    const char *given = client_header(&answer, "ETag");
    REQUIRE_NOT_NULL(given);
    snprintf(etag, sizeof etag, "%s", given);
    snprintf(line, sizeof line, "If-None-Match: %s", etag);
    const char *const headers[] = {line, NULL};
    const struct client_request request = {
        .method = "GET", .path = "/products", .headers = headers};
    CHECK_TRUE(client_call(client, &request, &answer));
    CHECK_INT(answer.status, 304);
    CHECK_INT(answer.body_len, 0);
    given = client_header(&answer, "ETag");
    CHECK_TEXT(given, etag);
    client_get(client, "/products?limit=1000", &answer);
    given = client_header(&answer, "ETag");
    CHECK_OTHER_TEXT(given, etag);
}

struct cut {
    bool came; /* a whole answer, as HTTP has it */
    int status;
    bool whole; /* the whole list */
};

static void fetch(void *context, size_t thread)
{
    struct cut *cut = context;
    struct client_answer got = {.status = 0};
    struct client *own = client_open(pair.port);
    (void)thread;
    cut->came = own && client_get(own, "/products", &got);
    cut->status = got.status;
    cut->whole = cut->came && is_whole(got.body, got.body_len);
    client_close(own);
}

/* The web server stands still while the worker writes to it, so the worker dies in mid-list. The
 * moment moves from round to round, to meet it also while it still reads the store. */
static void test_cut_short(void)
{
    int cut_short = 0;
    for (int i = 0; i < CUTS || (cut_short == 0 && i < CUTS_MAX); i++) {
        CHECK_OF("cut %d", i);
        static struct load load;
        pid_t workers[2];
        struct cut cut = {.came = false};
        CHECK_TRUE(process_wait_workers(&pair, 2, NULL, 0, 15000));
        CHECK_INT(pair_workers(&pair, workers, 2), 2);
        CHECK_TRUE(load_start(&load, 1, fetch, &cut));
        load_sleep_ms(5 + 15 * (i % CUTS));
        kill(pair.web, SIGSTOP);
        load_sleep_ms(300);
        kill(workers[0], SIGKILL);
        kill(workers[1], SIGKILL);
        load_sleep_ms(20);
        kill(pair.web, SIGCONT);
        load_join(&load);
        CHECK_TRUE(!cut.came || cut.whole || cut.status >= 500, "%d with a short body", cut.status);
        cut_short += !cut.whole;
        process_wait_workers(&pair, 2, workers, 2, 15000);
        /* So that the deaths are no crash loop. */
        load_sleep_ms(1000);
    }
    CHECK_COMPARE(cut_short, >, 0, "no worker died in time");
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_TRUE(client_get(client, "/products", &answer));
    CHECK_INT(answer.status, 200);
    CHECK_TRUE(is_whole(answer.body, answer.body_len));
}

int main(void)
{
    static CU_TestInfo tests[] = {{"whole", test_whole},   {"head", test_head},
                                  {"memory", test_memory}, {"pages", test_pages},
                                  {"etag", test_etag},     {"cut short", test_cut_short},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/catalogue", setup, teardown, tests);
}
