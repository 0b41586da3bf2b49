#include "server/scoreboard.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"

static size_t scoreboard_size(int children)
{
    return sizeof(struct scoreboard) + (size_t)children * sizeof(struct scoreboard_slot);
}

struct scoreboard *scoreboard_open(int workers, int children)
{
    struct scoreboard *board = shared_inherit(scoreboard_size(children));
    if (!board) {
        log_write(LOG_ERROR, "cannot map the scoreboard",
                  LOG_FIELDS(LOG_TEXT("call", "mmap"), LOG_TEXT("error", strerror(errno))));
        return NULL;
    }
    board->children = children;
    board->roster =
        shared_make("postern-consumers", sizeof *board->roster, false, &board->roster_fd);
    if (!board->roster) {
        log_write(LOG_ERROR, "cannot make memory for the consumers",
                  LOG_FIELDS(LOG_TEXT("call", "memfd_create"), LOG_TEXT("error", strerror(errno))));
        scoreboard_close(board);
        return NULL;
    }
    if (getrandom(&board->succession, sizeof board->succession, 0) < 0)
        board->succession = clock_now_us();
    board->succession |= 1; /* not 0 */
    board->workers = workers;
    return board;
}

void scoreboard_close(struct scoreboard *board)
{
    if (!board)
        return;
    if (board->roster)
        close(board->roster_fd);
    shared_unmap(board->roster, sizeof *board->roster);
    shared_unmap(board, scoreboard_size(board->children));
}

enum store_result scoreboard_store(const struct scoreboard *board, const struct config *config)
{
    enum store_result result = look_result(&board->look, config);
    return result == STORE_OK ? look_result(&board->writer, config) : result;
}

/* Health checks do not count: they never end. */
bool scoreboard_is_quiet(const struct scoreboard *board, int64_t since_us, int quiet_ms)
{
    int64_t last = since_us;
    for (int i = 0; i < board->workers; i++) {
        int64_t served = atomic_load(&board->slots[i].last_us);
        if (atomic_load(&board->slots[i].busy_since_us) || atomic_load(&board->slots[i].waits))
            return false;
        if (served > last)
            last = served;
    }
    return clock_monotonic_us() - last >= (int64_t)quiet_ms * 1000;
}
