#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"

enum {
    LINE_SIZE = 65536,
    PIPE_ATOMIC = 4096,
    DROPPED = 50,
    DROPPED_US = 2000000, /* not even half of what it takes if each waits */
    GAP = 1000,
    LINES = 50,
    STUCK_SECONDS = 30 /* a write that blocks ends the program */
};

static char line[LINE_SIZE];

/* Writes one log line with standard error led into a pipe, and puts what came out into line. */
static void capture(enum log_level level, const char *message, const struct log_field *fields)
{
    int ends[2], saved = dup(STDERR_FILENO);
    ssize_t n = -1;
    line[0] = '\0';
    REQUIRE_INT(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    log_write(level, message, fields);
    dup2(saved, STDERR_FILENO);
    close(saved);
    /* One read is one write, and with the write end closed it never waits. */
    n = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    line[n > 0 ? n : 0] = '\0';
}

/* What follows the time, which is checked for its form. */
static const char *tail(void)
{
    static const char form[] = "{\"time\":\"0000-00-00T00:00:00.000Z\",";
    for (size_t i = 0; form[i]; i++) {
        bool digit = line[i] >= '0' && line[i] <= '9';
        if (form[i] == '0' ? !digit : line[i] != form[i])
            return "(no time)";
    }
    return line + strlen(form);
}

static void test_line(void)
{
    capture(LOG_INFO, "request",
            LOG_FIELDS(LOG_TEXT("route", "/products/{id}"), LOG_NUMBER("status", 200),
                       LOG_NUMBER("low", INT64_MIN)));
    CHECK_TEXT(tail(), "\"level\":\"info\",\"message\":\"request\","
                       "\"route\":\"/products/{id}\",\"status\":200,"
                       "\"low\":-9223372036854775808}\n");
    capture(LOG_ERROR, "plain", NULL);
    CHECK_TEXT(tail(), "\"level\":\"error\",\"message\":\"plain\"}\n");
}

static void test_escapes(void)
{
    static const struct {
        int line;
        const char *text, *json;
    } rows[] = {
        {__LINE__, "", "\"\""},
        {__LINE__, "a\"b\\c", "\"a\\\"b\\\\c\""},
        {__LINE__, "two\nlines\r\t", "\"two\\u000alines\\u000d\\u0009\""},
        {__LINE__, "\x1b[2J\x7f", "\"\\u001b[2J\\u007f\""},
        {__LINE__, "\xc3\xa9", "\"\xc3\xa9\""},
        {__LINE__, "a\xc2\x80\xc2\x9b[2J\xc2\xa0", "\"a\\u0080\\u009b[2J\xc2\xa0\""},
        {__LINE__, "a\xff\xc3", "\"a\\ufffd\\ufffd\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char want[200];
        capture(LOG_INFO, "m", LOG_FIELDS(LOG_TEXT("f", rows[i].text)));
        snprintf(want, sizeof want, "\"level\":\"info\",\"message\":\"m\",\"f\":%s}\n",
                 rows[i].json);
        CHECK_TEXT(tail(), want);
    }
}

static void test_levels(void)
{
    for (enum log_level set = 0; set < LOG_LEVEL_MAX; set++) {
        log_set_level(set);
        for (enum log_level level = 0; level < LOG_LEVEL_MAX; level++) {
            capture(level, "m", NULL);
            CHECK_INT(line[0] != '\0', level <= set, "%d at %d", (int)level, (int)set);
        }
    }
    log_set_level(LOG_INFO);
}

static void test_level_names(void)
{
    CHECK_INT(log_level_of("error"), LOG_ERROR);
    CHECK_INT(log_level_of("warn"), LOG_WARN);
    CHECK_INT(log_level_of("info"), LOG_INFO);
    CHECK_INT(log_level_of("debug"), LOG_DEBUG);
    CHECK_INT(log_level_of("INFO"), LOG_LEVEL_MAX);
    CHECK_INT(log_level_of(""), LOG_LEVEL_MAX);
}

static void test_long_line(void)
{
    static char text[8000];
    memset(text, 'x', sizeof text - 1);
    capture(LOG_INFO, "m",
            LOG_FIELDS(LOG_NUMBER("a", 1), LOG_TEXT("long", text), LOG_NUMBER("b", 2)));
    CHECK_TEXT(tail(), "\"level\":\"info\",\"message\":\"m\",\"a\":1,\"b\":2}\n");
    /* Whatever the length, the line is whole and one write. */
    for (size_t len = 3900; len <= 4100; len++) {
        text[len] = '\0';
        capture(LOG_INFO, "m", LOG_FIELDS(LOG_TEXT("t", text)));
        size_t n = strlen(line);
        CHECK_COMPARE(n, <=, PIPE_ATOMIC, "%zu", len);
        CHECK_COMPARE(n, >, 2, "%zu", len);
        CHECK_TEXT(line + n - 2, "}\n", "%zu", len);
        CHECK_INT(n > len, strstr(line, "\"t\":") != NULL, "%zu", len);
        text[len] = 'x';
    }
}

/* Leads standard error to the descriptor, which is closed; returns what it was. */
static int lead_stderr(int to)
{
    int saved = dup(STDERR_FILENO);
    dup2(to, STDERR_FILENO);
    close(to);
    alarm(STUCK_SECONDS);
    return saved;
}

static void fill(int fd, size_t bytes)
{
    memset(line, 'x', bytes);
    CHECK_INT(write(fd, line, bytes), bytes);
}

/* Leads standard error into a pipe that is full but for a gap at the end of its last page; returns
 * the pipe's other end. */
static int fill_stderr(int *saved, size_t gap)
{
    int ends[2];
    REQUIRE_INT(pipe(ends), 0);
    int size = fcntl(ends[1], F_SETPIPE_SZ, 4 * PIPE_ATOMIC);
    REQUIRE_COMPARE(size, >, 0);
    REQUIRE_COMPARE(size, <, LINE_SIZE);
    fill(ends[1], (size_t)size - gap);
    *saved = lead_stderr(ends[1]);
    return ends[0];
}

static void restore_stderr(int saved, int reader)
{
    alarm(0);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(reader);
}

static void read_line(int reader)
{
    ssize_t n = read(reader, line, sizeof line - 1);
    line[n > 0 ? n : 0] = '\0';
}

/* As much as the pipe holds. */
static void read_all(int reader)
{
    ssize_t n;
    size_t len = 0;
    int flags = fcntl(reader, F_GETFL);
    fcntl(reader, F_SETFL, flags | O_NONBLOCK);
    while ((n = read(reader, line + len, sizeof line - 1 - len)) > 0)
        len += (size_t)n;
    fcntl(reader, F_SETFL, flags);
    line[len] = '\0';
}

/* The second of the two lines that came. */
static const char *second(void)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : "";
}

static void test_reader_pauses(void)
{
    int saved, reader = fill_stderr(&saved, 0);
    int64_t since = clock_monotonic_us();
    for (int i = 0; i < DROPPED; i++)
        log_write(LOG_INFO, "too much", NULL);
    int64_t took = clock_monotonic_us() - since;
    read_line(reader);
    log_set_level(LOG_ERROR);
    log_write(LOG_ERROR, "after", NULL);
    log_set_level(LOG_INFO);
    read_line(reader);
    restore_stderr(saved, reader);
    CHECK_COMPARE(took, <, DROPPED_US);
    const char *dropped =
        "\"level\":\"warn\",\"message\":\"log lines were dropped\",\"count\":50}\n";
    CHECK_CONTAINS(line, dropped);
    CHECK_CONTAINS(second(), "\"message\":\"after\"}\n");
}

/* What one process drops another one tells, once, though the first has died. */
static void test_dropped_together(void)
{
    struct log_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE_TRUE(shared != MAP_FAILED);
    int saved, reader = fill_stderr(&saved, 0);
    log_write(LOG_INFO, "counted before", NULL);
    log_share(shared);
    pid_t child = fork();
    if (child == 0) {
        log_write(LOG_INFO, "dropped by another", NULL);
        _exit(0);
    }
    CHECK_INT(waitpid(child, NULL, 0), child);
    CHECK_INT(atomic_load(&shared->dropped), 2);
    CHECK_INT(atomic_load(&shared->dropped_all), 1);
    read_line(reader);
    log_write(LOG_INFO, "after", NULL);
    read_line(reader);
    CHECK_CONTAINS(line, "\"count\":2}\n");
    CHECK_CONTAINS(second(), "\"after\"");
    log_write(LOG_INFO, "later", NULL);
    read_line(reader);
    CHECK_TEXT(tail(), "\"level\":\"info\",\"message\":\"later\"}\n");
    log_share(NULL);
    restore_stderr(saved, reader);
    munmap(shared, sizeof *shared);
}

/* Errors alone are kept, the newest first, from all processes, whether their lines were dropped. */
static void test_last_errors(void)
{
    struct log_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct log_error errors[LOG_ERRORS];
    static char far_too_long[LOG_ERROR_SIZE + 2], message[16];
    REQUIRE_TRUE(shared != MAP_FAILED);
    log_share(shared);
    CHECK_INT(log_last_errors(errors), 0);
    int64_t before_us = clock_now_us();
    capture(LOG_WARN, "no error", NULL);
    capture(LOG_ERROR, "first", NULL);
    pid_t child = fork();
    if (child == 0) {
        capture(LOG_ERROR, "of another", NULL);
        _exit(0);
    }
    CHECK_INT(waitpid(child, NULL, 0), child);
    REQUIRE_INT(log_last_errors(errors), 2);
    CHECK_TEXT(errors[0].message, "of another");
    CHECK_TEXT(errors[1].message, "first");
    CHECK_COMPARE(errors[1].at_us, >=, before_us);
    CHECK_COMPARE(errors[0].at_us, >=, errors[1].at_us);
    memset(far_too_long, 'a', LOG_ERROR_SIZE + 1);
    capture(LOG_ERROR, far_too_long, NULL);
    REQUIRE_INT(log_last_errors(errors), 3);
    CHECK_INT(strlen(errors[0].message), LOG_ERROR_SIZE - 1);
    for (int i = 0; i < 2 * LOG_ERRORS; i++) {
        snprintf(message, sizeof message, "e%d", i);
        capture(LOG_ERROR, message, NULL);
    }
    REQUIRE_INT(log_last_errors(errors), LOG_ERRORS);
    CHECK_TEXT(errors[0].message, "e15");
    CHECK_TEXT(errors[LOG_ERRORS - 1].message, "e8");
    CHECK_INT(atomic_load(&shared->errors), 3 + 2 * LOG_ERRORS);
    log_share(NULL);
    munmap(shared, sizeof *shared);
}

/* poll calls a pipe full whose last page has room for a line. That one is written at once, so poll
 * was not asked. Once lines are dropped no other passes by, for the first must tell of them. */
static void test_gap(void)
{
    static char text[2 * GAP];
    memset(text, 'y', sizeof text - 1);
    int saved, reader = fill_stderr(&saved, GAP);
    log_write(LOG_INFO, "fits", NULL);
    log_write(LOG_INFO, "m", LOG_FIELDS(LOG_TEXT("does not fit", text)));
    log_write(LOG_INFO, "fits too", NULL);
    read_all(reader);
    log_write(LOG_INFO, "after", NULL);
    CHECK_CONTAINS(line, "\"message\":\"fits\"}\n");
    CHECK_LACKS(line, "fits too");
    read_line(reader);
    CHECK_CONTAINS(line, "\"count\":2}\n");
    CHECK_CONTAINS(second(), "\"after\"");
    restore_stderr(saved, reader);
}

/* A short line and a long one in turns. */
static void write_lines(int to, const char *text)
{
    lead_stderr(to);
    for (int i = 0; i < LINES; i++)
        log_write(LOG_INFO, "m", LOG_FIELDS(LOG_TEXT("t", i % 2 ? text : "")));
    _exit(0);
}

/* How many lines there are, and how many are said to have been dropped. */
static int64_t count_lines(FILE *from, size_t text_len)
{
    int64_t found = 0;
    size_t least = 0;
    while (fgets(line, sizeof line, from)) {
        const char *count = strstr(line, "\"count\":");
        size_t len = strlen(line);
        least = least ? least : len;
        if (!count && len != least)
            CHECK_INT(len, least + text_len);
        found += count ? strtoll(count + strlen("\"count\":"), NULL, 10) : 1;
    }
    return found;
}

static int open_file(int *reader)
{
    char path[] = "/tmp/postern-log-XXXXXX";
    int fd = mkstemp(path);
    *reader = open(path, O_RDONLY);
    unlink(path);
    return fd;
}

static int open_named_pipe(int *reader)
{
    char path[] = "/tmp/postern-log-XXXXXX";
    if (!mkdtemp(path) || rmdir(path) || mkfifo(path, 0600))
        return -1;
    *reader = open(path, O_RDONLY | O_NONBLOCK);
    int fd = open(path, O_WRONLY);
    fcntl(*reader, F_SETFL, 0);
    unlink(path);
    return fd;
}

/* One that has so little room takes a part of the long line after the short one. */
static int open_socket(int *reader)
{
    int ends[2], few = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &few, sizeof few);
    *reader = ends[0];
    return ends[1];
}

/* Whatever standard error is, each line comes whole, or is counted. */
static void test_kinds(void)
{
    static const struct {
        int line;
        int (*open)(int *reader);
    } rows[] = {{__LINE__, open_file}, {__LINE__, open_named_pipe}, {__LINE__, open_socket}};
    static char text[3000];
    struct log_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE_TRUE(shared != MAP_FAILED);
    memset(text, 'x', sizeof text - 1);
    log_share(shared);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int reader = -1, fd = rows[i].open(&reader);
        REQUIRE_COMPARE(fd, >=, 0);
        pid_t child = fork();
        if (child == 0)
            write_lines(fd, text);
        close(fd);
        if (rows[i].open == open_file)
            CHECK_INT(waitpid(child, NULL, 0), child);
        FILE *from = fdopen(reader, "r");
        int64_t found = count_lines(from, sizeof text - 1);
        fclose(from);
        if (rows[i].open != open_file)
            CHECK_INT(waitpid(child, NULL, 0), child);
        CHECK_INT(found + atomic_exchange(&shared->dropped, 0), LINES);
    }
    log_share(NULL);
    munmap(shared, sizeof *shared);
}

static void test_errno_kept(void)
{
    int saved = dup(STDERR_FILENO);
    close(STDERR_FILENO);
    errno = ENOENT;
    log_write(LOG_ERROR, "nowhere to go", NULL);
    int after = errno;
    dup2(saved, STDERR_FILENO);
    close(saved);
    CHECK_INT(after, ENOENT);
}

/* Members that are JSON already: at any level, whole or not at all, and not waiting for a reader.
 */
static void test_members(void)
{
    char members[PIPE_ATOMIC + 1];
    int ends[2], saved;
    REQUIRE_INT(pipe(ends), 0);
    saved = lead_stderr(ends[1]);
    log_set_level(LOG_ERROR);
    CHECK_TRUE(log_write_members("metrics", "\"a\":{\"b\":[1]}"));
    log_set_level(LOG_INFO);
    read_line(ends[0]);
    CHECK_TEXT(tail(), "\"level\":\"info\",\"message\":\"metrics\",\"a\":{\"b\":[1]}}\n");
    memset(members, '1', sizeof members);
    members[sizeof members - 1] = '\0';
    CHECK_FALSE(log_write_members("metrics", members));
    restore_stderr(saved, ends[0]);
    struct log_shared shared = {.dropped = 0};
    log_share(&shared);
    int reader = fill_stderr(&saved, 0);
    CHECK_FALSE(log_write_members("metrics", "\"a\":1"));
    CHECK_INT(atomic_load(&shared.dropped_all), 0);
    restore_stderr(saved, reader);
    log_share(NULL);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a line is one JSON object", test_line},
        {"texts are escaped and always UTF-8", test_escapes},
        {"levels below the one set are silent", test_levels},
        {"levels have names", test_level_names},
        {"a long line is cut at a field", test_long_line},
        {"a reader that pauses holds nobody up", test_reader_pauses},
        {"what was dropped is told once", test_dropped_together},
        {"last errors", test_last_errors},
        {"a gap in a full pipe", test_gap},
        {"files, named pipes and sockets", test_kinds},
        {"errno is kept", test_errno_kept},
        {"members that are JSON already", test_members},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/log", NULL, NULL, tests);
}
