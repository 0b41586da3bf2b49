/* Lines between two threads: nothing is lost that has room, and what has none is counted. */
#include "programs/line_blocks.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "programs/dropped_note.h"
#include "suite.h"

#define NOTE "\"level\":\"warn\",\"message\":\"log lines were dropped\",\"count\":"

enum { LONG = 64 * 1024, FITTING = LINE_BLOCKS_SIZE / LONG };

static struct line_blocks blocks;
static char long_line[LONG];

static void put(const char *line)
{
    line_blocks_put(&blocks, line, strlen(line));
}

static void put_long(int count)
{
    for (int i = 0; i < count; i++)
        line_blocks_put(&blocks, long_line, LONG - 1);
}

static int setup(void)
{
    memset(long_line, 'x', sizeof long_line);
    return 0;
}

static void test_order(void)
{
    REQUIRE_TRUE(line_blocks_open(&blocks));
    CHECK_INT(line_blocks_take(&blocks)->len, 0);
    put("a");
    put("");
    struct line_block *first = line_blocks_take(&blocks);
    put("b");
    CHECK_BYTES(first->data, first->len, "a\n\n", 3);
    const struct line_block *second = line_blocks_take(&blocks);
    CHECK_BYTES(second->data, second->len, "b\n", 2);
    CHECK_INT(line_blocks_take(&blocks)->len, 0);
}

/* The number in a block's line about what was dropped; 0 if it is no such line. */
static long told(const char *line)
{
    const char *note = strstr(line, NOTE);
    return note ? strtol(note + strlen(NOTE), NULL, 10) : 0;
}

/* The writer is busy with one block, the other becomes full. */
static void test_drops(void)
{
    REQUIRE_TRUE(line_blocks_open(&blocks));
    put_long(FITTING + 3);
    put("short");
    CHECK_INT(line_blocks_count(&blocks), FITTING + 4);
    const struct line_block *full = line_blocks_take(&blocks);
    CHECK_INT(full->len, LINE_BLOCKS_SIZE);
    CHECK_INT(line_blocks_lines(full->data, full->len), FITTING);
    put("after");
    const struct line_block *next = line_blocks_take(&blocks);
    REQUIRE_COMPARE(next->len, >, 0);
    CHECK_INT(line_blocks_lines(next->data, next->len), 2);
    CHECK_INT(told(next->data), 4);
    CHECK_TRUE(strstr(next->data, "}\nafter\n"));
    CHECK_INT(line_blocks_count(&blocks), 0);
}

/* Once a line was dropped, a shorter one does not come before the line that tells of it. */
static void test_drops_in_order(void)
{
    REQUIRE_TRUE(line_blocks_open(&blocks));
    put_long(FITTING - 1);
    line_blocks_put(&blocks, long_line, LONG - 1 - DROPPED_NOTE_SIZE / 2);
    put_long(1);
    put("short");
    const struct line_block *full = line_blocks_take(&blocks);
    CHECK_INT(line_blocks_lines(full->data, full->len), FITTING);
    const struct line_block *next = line_blocks_take(&blocks);
    CHECK_INT(told(next->data), 2);
    CHECK_INT(line_blocks_lines(next->data, next->len), 1);
}

static void test_lines(void)
{
    static const struct {
        int line;
        const char *text;
        unsigned long lines;
    } rows[] = {
        {__LINE__, "", 0},     {__LINE__, "\n", 1},   {__LINE__, "a\nb\n", 2},
        {__LINE__, "\n\n", 2}, {__LINE__, "a\nb", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(line_blocks_lines(rows[i].text, strlen(rows[i].text)), rows[i].lines);
    }
}

/* How long the writer waits then. */
static int64_t wait_ms(int lines, bool retry, bool hurry, bool end)
{
    REQUIRE_TRUE(line_blocks_open(&blocks));
    put_long(lines);
    if (hurry)
        line_blocks_hurry(&blocks);
    if (end)
        line_blocks_end(&blocks);
    int64_t start_us = clock_monotonic_us();
    CHECK_INT(line_blocks_wait(&blocks, retry), !end);
    return (clock_monotonic_us() - start_us) / 1000;
}

static void test_waits(void)
{
    static const struct {
        int line;
        int lines;
        bool retry, hurry, end, waits;
    } rows[] = {
        {__LINE__, 1, false, false, false, true},
        {__LINE__, 1, false, true, false, false},
        {__LINE__, 1, false, false, true, false},
        {__LINE__, 0, false, true, false, false},
        {__LINE__, 0, false, false, true, false},
        {__LINE__, FITTING / 4 + 1, false, false, false, false},
        {__LINE__, FITTING / 4 + 1, true, false, false, true},
        {__LINE__, 0, true, false, false, true},
        {__LINE__, 0, true, true, false, false},
        {__LINE__, 0, true, false, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 0;
        bool waited = false;
        CHECK_ROW(rows[i].line);
        /* A busy machine may keep from going on who waits for nothing, but not always. */
        for (int tries = 0; tries < (rows[i].waits ? 1 : 20) && waited == (tries > 0); tries++) {
            ms = wait_ms(rows[i].lines, rows[i].retry, rows[i].hurry, rows[i].end);
            waited = ms >= LINE_BLOCKS_WAIT_MS - 1;
        }
        CHECK_INT(waited, rows[i].waits, "%d ms", (int)ms);
    }
}

/* ---- Both threads at once */

enum { COUNT = 200000 };

static void *write_all(void *context)
{
    unsigned long *lines = context;
    bool more = true;
    for (const struct line_block *block; more || line_blocks_count(&blocks) > 0;) {
        more = line_blocks_wait(&blocks, false);
        block = line_blocks_take(&blocks);
        for (size_t at = 0; at < block->len; (*lines)++) {
            char wanted[16];
            int n = snprintf(wanted, sizeof wanted, "%lu\n", *lines);
            if (block->len - at < (size_t)n || memcmp(block->data + at, wanted, (size_t)n) != 0)
                return NULL;
            at += (size_t)n;
        }
    }
    return NULL;
}

/* All of it has room in one block, however late the other thread is. */
static void test_threads(void)
{
    unsigned long lines = 0;
    pthread_t writer;
    REQUIRE_TRUE(line_blocks_open(&blocks));
    REQUIRE_INT(pthread_create(&writer, NULL, write_all, &lines), 0);
    for (int i = 0; i < COUNT; i++) {
        char line[16];
        snprintf(line, sizeof line, "%d", i);
        put(line);
    }
    line_blocks_end(&blocks);
    pthread_join(writer, NULL);
    CHECK_INT(lines, COUNT);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"lines come out as they went in", test_order},
        {"what has no room is dropped and told", test_drops},
        {"the line that tells comes first", test_drops_in_order},
        {"lines are counted", test_lines},
        {"the writer waits for a block, or less", test_waits},
        {"one thread puts, another takes", test_threads},
        CU_TEST_INFO_NULL,
    };
    return suite_run("programs/line_blocks", setup, NULL, tests);
}
