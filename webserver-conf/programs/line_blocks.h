/* line_blocks: lines on their way from the thread that reads them to the thread that writes them.
 * One block is filled while the other is written, so that who reads never waits. Functions may be
 * called by the one or the other thread, as each says. */
#ifndef PROGRAMS_LINE_BLOCKS_H
#define PROGRAMS_LINE_BLOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    LINE_BLOCKS_SIZE = 8 * 1024 * 1024,      /* bytes in memory, for each of the two */
    LINE_BLOCKS_MANY = LINE_BLOCKS_SIZE / 4, /* so many are written at once */
    LINE_BLOCKS_WAIT_MS = 250                /* fewer wait so long for others */
};

/* Whole lines, each with its newline. */
struct line_block {
    size_t len;
    char data[LINE_BLOCKS_SIZE];
};

struct line_blocks {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ended, hurried;
    unsigned long dropped; /* lines, since a line has told */
    struct line_block *filling, *written;
    struct line_block blocks[2];
};

/* Makes them empty; false, with errno set, if the system has no lock for them. */
bool line_blocks_open(struct line_blocks *blocks);

/* Reader: adds a line, given without its newline. Drops and counts it if there is no room; the next
 * one that finds room comes after a line that says how many were dropped. */
void line_blocks_put(struct line_blocks *blocks, const char *line, size_t len);

/* Reader: says that no line comes any more, or that the writer has something to do at once. */
void line_blocks_end(struct line_blocks *blocks);
void line_blocks_hurry(struct line_blocks *blocks);

/* Writer: waits until there are lines, and then LINE_BLOCKS_WAIT_MS for others; less if they are
 * many, at the end, or if there is a hurry. With retry, nothing but the time is waited for. Returns
 * false at the end. */
bool line_blocks_wait(struct line_blocks *blocks, bool retry);

/* Writer: takes the lines that there are, which may be none. The block is the writer's until it
 * takes the next; nothing of it may be needed then. */
struct line_block *line_blocks_take(struct line_blocks *blocks);

/* Any thread: how many lines were not taken or not told of, for when they are lost. */
unsigned long line_blocks_count(struct line_blocks *blocks);

/* How many lines stand in so many bytes. */
unsigned long line_blocks_lines(const char *data, size_t len);

#endif
