/* What comes over the workers' socket: connections that say nothing, that are kept, or that say
 * what they should not. None of them costs others their time, and none the worker its life. */
#include <errno.h>
#include <fastcgi.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum {
    WORKERS = 2,
    IDLE = 32, /* connections that hold places, many times the workers */
    WAIT_MS = 15000,
    TURNS = 5,
    TRIES = 5
};

static const char *const get_one[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/1", NULL};
static const char *const post_order[] = {"REQUEST_METHOD=POST", "PATH_INFO=/orders",
                                         "CONTENT_TYPE=application/json", NULL};
static const char one[] = "{\"items\":[{\"product_id\":1,\"quantity\":1}]}";

static int setup(void)
{
    return fixture_start(&(struct pair_options){.workers = WORKERS}) ||
           !process_wait_workers(&pair, WORKERS, NULL, 0, WAIT_MS);
}

/* Callers are answered, whatever else is open. */
static void check_answered(void)
{
    for (int i = 0; i < 2 * WORKERS; i++) {
        client_get(client, "/products/1", &answer);
        CHECK_INT(answer.status, 200);
    }
}

/* Whether none of them was let go yet. */
static bool are_open(const int *fds)
{
    char byte;
    bool open = true;
    for (int i = 0; i < IDLE; i++)
        open = open && recv(fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
    return open;
}

static void close_all(const int *fds)
{
    for (int i = 0; i < IDLE; i++)
        close(fds[i]);
}

/* Callers are answered while the silent ones are there, not once they were let go. A busy machine
 * may take longer than they are given, but not each time. */
static void test_silent(void)
{
    bool meanwhile = false;
    for (int try = 0; try < TRIES && !meanwhile; try++) {
        int fds[IDLE];
        for (int i = 0; i < IDLE; i++) {
            fds[i] = fastcgi_connect(&pair);
            CHECK_COMPARE(fds[i], >=, 0);
            if (i % 2)
                CHECK_TRUE(
                    client_raw_send(fds[i], fastcgi_half_record, sizeof fastcgi_half_record));
        }
        check_answered();
        meanwhile = are_open(fds);
        close_all(fds);
    }
    CHECK_TRUE(meanwhile);
}

/* Whoever says nothing for five seconds is let go. */
static void test_silent_ends(void)
{
    char byte[2];
    bool closed = false;
    int fd = fastcgi_connect(&pair);
    client_raw_read(fd, byte, sizeof byte, WAIT_MS, &closed);
    CHECK_TRUE(closed);
    close(fd);
    CHECK_LOG(&pair, "postern.log", "connection closed before its request was whole", WAIT_MS);
}

static void check_get(int fd, bool keep)
{
    struct fastcgi_answer got;
    CHECK_TRUE(fastcgi_call_on(fd, get_one, NULL, keep, &got));
    CHECK_INT(got.status, 200);
    fastcgi_free(&got);
}

static bool ends(int fd)
{
    char byte[2];
    bool closed = false;
    client_raw_read(fd, byte, sizeof byte, WAIT_MS, &closed);
    return closed;
}

/* Many more connections than workers, each served as often as it asks, in turn. */
static void test_kept(void)
{
    int fds[IDLE];
    for (int i = 0; i < IDLE; i++)
        fds[i] = fastcgi_connect(&pair);
    for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < IDLE; i++)
            check_get(fds[i], true);
        check_answered();
    }
    /* The last request says that it is the last. */
    check_get(fds[0], false);
    CHECK_TRUE(ends(fds[0]));
    close_all(fds);
}

/* A request without the flag ends its connection, as ever. */
static void test_not_kept(void)
{
    int fd = fastcgi_connect(&pair);
    check_get(fd, false);
    CHECK_TRUE(ends(fd));
    close(fd);
}

/* An order, and what is refused for its length, leave a kept connection fit for more. */
static void test_kept_with_bodies(void)
{
    static char large[200 * 1024];
    struct fastcgi_answer got;
    int fd = fastcgi_connect(&pair);
    memset(large, 'x', sizeof large - 1);
    CHECK_TRUE(fastcgi_call_on(fd, post_order, one, true, &got));
    CHECK_INT(got.status, 201);
    fastcgi_free(&got);
    CHECK_TRUE(fastcgi_call_on(fd, post_order, large, true, &got));
    CHECK_INT(got.status, 413);
    fastcgi_free(&got);
    check_get(fd, true);
    close(fd);
}

/* A kept connection ends with the worker, and the drain does not wait for it. */
static void test_kept_in_a_drain(void)
{
    struct pair own;
    static const char *const env[] = {"POSTERN_QUIET_MS=50", NULL};
    REQUIRE_TRUE(pair_start(&own, &(struct pair_options){.workers = WORKERS, .env = env}));
    int fds[IDLE];
    for (int i = 0; i < IDLE; i++) {
        fds[i] = fastcgi_connect(&own);
        check_get(fds[i], true);
    }
    int64_t since = load_now_ms();
    CHECK_INT(process_exit(pair_stop_app(&own, SIGTERM)), 0);
    CHECK_COMPARE(load_now_ms() - since, <, WAIT_MS);
    for (int i = 0; i < IDLE; i++)
        CHECK_TRUE(ends(fds[i]));
    CHECK_NO_LOG(&own, "postern.log", "drain deadline passed");
    close_all(fds);
    pair_end(&own);
}

/* A record of no request, before one: FastCGI 1.0, section 4. */
static void write_record(struct buffer *out, int type, int id, const char *content, size_t len)
{
    const char header[] = {FCGI_VERSION_1,     (char)type,      0, (char)id, (char)(len >> 8),
                           (char)(len & 0xff), 0 /* padding */, 0};
    buffer_append(out, header, sizeof header);
    buffer_append(out, content, len);
}

#define NAME_14  "\16\0FCGI_MAX_CONNS"
#define NAMES_10 NAME_14 NAME_14 NAME_14 NAME_14 NAME_14 NAME_14 NAME_14 NAME_14 NAME_14 NAME_14
#define BEGIN    "\0\1\0\0\0\0\0\0"
#define BYTES(b) (b), sizeof(b) - 1

/* What must not reach libfcgi as it is. Afterwards the same workers serve. */
static void test_hostile(void)
{
    static const struct {
        int line;
        int type, id; /* of a first record */
        const char *content;
        size_t len;
        int then; /* the type of a second one, with the same content; 0: none */
    } rows[] = {
        /* More names than libfcgi has room for the answer. */
        {__LINE__, FCGI_GET_VALUES, 0, BYTES(NAMES_10), 0},
        {__LINE__, FCGI_GET_VALUES, 0, BYTES("\xff\xff\xff\xfe\xff\xff\xff\xfe"), 0},
        {__LINE__, FCGI_GET_VALUES, 0, BYTES("\x0e"), FCGI_GET_VALUES},
        {__LINE__, 99, 0, BYTES("what"), 0},
        {__LINE__, FCGI_BEGIN_REQUEST, 1, BYTES(BEGIN), FCGI_BEGIN_REQUEST},
        {__LINE__, FCGI_BEGIN_REQUEST, 1, BYTES("\0\3\0\0\0\0\0\0"), 0},
        {__LINE__, FCGI_BEGIN_REQUEST, 0, BYTES(BEGIN), 0},
        {__LINE__, FCGI_PARAMS, 1, BYTES("\1\1Ab"), 0},
        {__LINE__, FCGI_ABORT_REQUEST, 1, BYTES(""), 0},
    };
    pid_t before[WORKERS], after[WORKERS];
    CHECK_INT(pair_workers(&pair, before, WORKERS), WORKERS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct buffer bytes;
        buffer_init(&bytes, 4096);
        int fd = fastcgi_connect(&pair);
        write_record(&bytes, rows[i].type, rows[i].id, rows[i].content, rows[i].len);
        if (rows[i].then)
            write_record(&bytes, rows[i].then, rows[i].id, rows[i].content, rows[i].len);
        CHECK_TRUE(client_raw_send(fd, bytes.data, bytes.len));
        check_answered();
        close(fd);
        buffer_free(&bytes);
    }
    CHECK_INT(pair_workers(&pair, after, WORKERS), WORKERS);
    CHECK_BYTES(after, sizeof after, before, sizeof before);
    CHECK_NO_LOG(&pair, "postern.log", "worker ended");
}

/* Variables whose lengths are lies end the connection. */
static void test_lengths(void)
{
    static const char lies[] = "\xff\xff\xff\xfe\xff\xff\xff\xfe";
    struct buffer bytes;
    buffer_init(&bytes, 4096);
    write_record(&bytes, FCGI_BEGIN_REQUEST, 1, BYTES(BEGIN));
    write_record(&bytes, FCGI_PARAMS, 1, BYTES(lies));
    write_record(&bytes, FCGI_PARAMS, 1, BYTES(""));
    int fd = fastcgi_connect(&pair);
    CHECK_TRUE(client_raw_send(fd, bytes.data, bytes.len));
    CHECK_TRUE(ends(fd));
    close(fd);
    buffer_free(&bytes);
    check_answered();
    CHECK_NO_LOG(&pair, "postern.log", "worker ended");
}

int main(void)
{
    static CU_TestInfo tests[] = {{"silent", test_silent},
                                  {"silent ones end", test_silent_ends},
                                  {"kept", test_kept},
                                  {"not kept", test_not_kept},
                                  {"kept, with bodies", test_kept_with_bodies},
                                  {"kept in a drain", test_kept_in_a_drain},
                                  {"hostile records", test_hostile},
                                  {"lengths", test_lengths},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/fastcgi", setup, fixture_end, tests);
}
