#include "server/scoreboard.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

static size_t scoreboard_size(int workers)
{
    return sizeof(struct scoreboard) + (size_t)workers * sizeof(struct scoreboard_slot);
}

struct scoreboard *scoreboard_open(int workers)
{
    void *memory = mmap(NULL, scoreboard_size(workers), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        log_write(LOG_ERROR, "cannot map the scoreboard",
                  LOG_FIELDS(LOG_TEXT("call", "mmap"), LOG_TEXT("error", strerror(errno))));
        return NULL;
    }
    struct scoreboard *board = memory; /* the kernel gives it zeroed */
    board->workers = workers;
    return board;
}

void scoreboard_close(struct scoreboard *board)
{
    if (board)
        munmap(board, scoreboard_size(board->workers));
}
