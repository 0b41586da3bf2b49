/* Lines that come in pieces, as a pipe gives them. */
#include "programs/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

enum { SEEN_SIZE = 3 * LINE_READER_MAX };

static struct line_reader reader;
static char seen[SEEN_SIZE];
static size_t seen_len;
static int ends[2];

/* As "a|b|". */
static void take(void *context, const char *line, size_t len)
{
    char *out = context;
    REQUIRE_COMPARE(len, <, sizeof seen - seen_len);
    memcpy(out + seen_len, line, len);
    seen_len += len;
    out[seen_len++] = '|';
}

static void start(void)
{
    reader.len = seen_len = 0;
    REQUIRE_INT(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    fcntl(ends[1], F_SETPIPE_SZ, SEEN_SIZE);
}

/* Has the reader read a piece, at one go. */
static void give(const char *piece, size_t len)
{
    REQUIRE_INT(write(ends[1], piece, len), len);
    CHECK_INT(line_reader_read(&reader, ends[0], take, seen), len);
}

static void end(void)
{
    close(ends[1]);
    CHECK_INT(line_reader_read(&reader, ends[0], take, seen), 0);
    line_reader_end(&reader, take, seen);
    close(ends[0]);
}

static void test_pieces(void)
{
    static const struct {
        int line;
        const char *pieces[4], *before_end, *wanted;
    } rows[] = {
        {__LINE__, {NULL}, "", ""},
        {__LINE__, {"a\n"}, "a|", "a|"},
        {__LINE__, {"\n\n"}, "||", "||"},
        {__LINE__, {"a\nb\nc\n"}, "a|b|c|", "a|b|c|"},
        {__LINE__, {"a", "b\n", "c"}, "ab|", "ab|c|"},
        {__LINE__, {"a", "\n", "b\nc", "d\n"}, "a|b|cd|", "a|b|cd|"},
        {__LINE__, {"no end"}, "", "no end|"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start();
        for (size_t p = 0; p < 4 && rows[i].pieces[p]; p++)
            give(rows[i].pieces[p], strlen(rows[i].pieces[p]));
        CHECK_BYTES(seen, seen_len, rows[i].before_end, strlen(rows[i].before_end));
        end();
        CHECK_BYTES(seen, seen_len, rows[i].wanted, strlen(rows[i].wanted));
    }
}

static void test_any_bytes(void)
{
    static const char bytes[] = "a\0b\xff\r\n\0";
    start();
    give(bytes, sizeof bytes - 1);
    end();
    CHECK_BYTES(seen, seen_len, "a\0b\xff\r|\0|", 8);
}

/* A line that has room as a whole stays whole; a longer one goes on in a second. */
static void test_long_lines(void)
{
    static char text[LINE_READER_MAX + 2];
    static const struct {
        int line;
        size_t len, first, second; /* of the line, and of what comes out */
    } rows[] = {
        {__LINE__, LINE_READER_MAX - 1, LINE_READER_MAX - 1, 0},
        {__LINE__, LINE_READER_MAX + 1, LINE_READER_MAX, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start();
        memset(text, 'x', rows[i].len);
        text[rows[i].len] = '\n';
        REQUIRE_INT(write(ends[1], text, rows[i].len + 1), rows[i].len + 1);
        while (line_reader_read(&reader, ends[0], take, seen) > 0)
            continue;
        end();
        CHECK_INT(seen_len, rows[i].first + 1 + (rows[i].second ? rows[i].second + 1 : 0));
        CHECK_INT(seen[rows[i].first], '|');
    }
}

static void test_no_pipe(void)
{
    reader.len = seen_len = 0;
    CHECK_INT(line_reader_read(&reader, -1, take, seen), -1);
    CHECK_INT(errno, EBADF);
    line_reader_end(&reader, take, seen);
    CHECK_INT(seen_len, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"pieces become lines", test_pieces},
        {"a line may hold any byte", test_any_bytes},
        {"long lines", test_long_lines},
        {"what cannot be read", test_no_pipe},
        CU_TEST_INFO_NULL,
    };
    return suite_run("programs/line_reader", NULL, NULL, tests);
}
