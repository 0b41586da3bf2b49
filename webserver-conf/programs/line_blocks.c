#include "line_blocks.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "dropped_note.h"

enum { LINE_BLOCKS_NS_PER_MS = 1000000, LINE_BLOCKS_NS_PER_S = 1000000000 };

bool line_blocks_open(struct line_blocks *blocks)
{
    pthread_condattr_t clock;
    blocks->ended = blocks->hurried = false;
    blocks->dropped = 0;
    blocks->filling = &blocks->blocks[0];
    blocks->written = &blocks->blocks[1];
    blocks->filling->len = blocks->written->len = 0;
    errno = pthread_mutex_init(&blocks->lock, NULL);
    if (errno == 0)
        errno = pthread_condattr_init(&clock);
    if (errno == 0)
        errno = pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    if (errno == 0)
        errno = pthread_cond_init(&blocks->changed, &clock);
    return errno == 0;
}

static bool line_blocks_add(struct line_block *block, const char *line, size_t len)
{
    if (len >= LINE_BLOCKS_SIZE - block->len)
        return false;
    memcpy(block->data + block->len, line, len);
    block->len += len;
    block->data[block->len++] = '\n';
    return true;
}

static void line_blocks_tell_dropped(struct line_blocks *blocks)
{
    char note[DROPPED_NOTE_SIZE];
    size_t len = dropped_note_write(blocks->dropped, note);
    if (line_blocks_add(blocks->filling, note, len))
        blocks->dropped = 0;
}

void line_blocks_put(struct line_blocks *blocks, const char *line, size_t len)
{
    pthread_mutex_lock(&blocks->lock);
    size_t before = blocks->filling->len;
    if (blocks->dropped)
        line_blocks_tell_dropped(blocks);
    if (blocks->dropped || !line_blocks_add(blocks->filling, line, len))
        blocks->dropped++;
    size_t now = blocks->filling->len;
    if (before == 0 || (before < LINE_BLOCKS_MANY && now >= LINE_BLOCKS_MANY))
        pthread_cond_signal(&blocks->changed);
    pthread_mutex_unlock(&blocks->lock);
}

static void line_blocks_set(struct line_blocks *blocks, bool *what)
{
    pthread_mutex_lock(&blocks->lock);
    *what = true;
    pthread_cond_signal(&blocks->changed);
    pthread_mutex_unlock(&blocks->lock);
}

void line_blocks_end(struct line_blocks *blocks)
{
    line_blocks_set(blocks, &blocks->ended);
}

void line_blocks_hurry(struct line_blocks *blocks)
{
    line_blocks_set(blocks, &blocks->hurried);
}

bool line_blocks_wait(struct line_blocks *blocks, bool retry)
{
    struct timespec until;
    int waited = 0;
    pthread_mutex_lock(&blocks->lock);
    while (!retry && blocks->filling->len == 0 && !blocks->ended && !blocks->hurried)
        pthread_cond_wait(&blocks->changed, &blocks->lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)LINE_BLOCKS_WAIT_MS * LINE_BLOCKS_NS_PER_MS;
    until.tv_sec += until.tv_nsec / LINE_BLOCKS_NS_PER_S;
    until.tv_nsec %= LINE_BLOCKS_NS_PER_S;
    while (waited == 0 && (retry || blocks->filling->len < LINE_BLOCKS_MANY) && !blocks->ended &&
           !blocks->hurried)
        waited = pthread_cond_timedwait(&blocks->changed, &blocks->lock, &until);
    blocks->hurried = false;
    bool ended = blocks->ended;
    pthread_mutex_unlock(&blocks->lock);
    return !ended;
}

struct line_block *line_blocks_take(struct line_blocks *blocks)
{
    pthread_mutex_lock(&blocks->lock);
    struct line_block *taken = blocks->filling;
    blocks->filling = blocks->written;
    blocks->written = taken;
    blocks->filling->len = 0;
    if (blocks->dropped)
        line_blocks_tell_dropped(blocks);
    pthread_mutex_unlock(&blocks->lock);
    return taken;
}

unsigned long line_blocks_lines(const char *data, size_t len)
{
    unsigned long lines = 0;
    const char *const end = data + len;
    for (const char *at = data; at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

unsigned long line_blocks_count(struct line_blocks *blocks)
{
    pthread_mutex_lock(&blocks->lock);
    unsigned long lines =
        blocks->dropped + line_blocks_lines(blocks->filling->data, blocks->filling->len);
    pthread_mutex_unlock(&blocks->lock);
    return lines;
}
