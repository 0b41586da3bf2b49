#include "server/scoreboard.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

enum { WORKERS = 3 };

/* What a child writes, the parent reads, and the other way round. */
static void test_shared_with_children(void)
{
    struct scoreboard *board = scoreboard_open(WORKERS, WORKERS + 2);
    int left = 0;
    if (!board) {
        CHECK_FAIL("no scoreboard");
        return;
    }
    CHECK_INT(board->workers, WORKERS);
    CHECK_FALSE(atomic_load(&board->draining));
    for (int i = 0; i < WORKERS; i++)
        CHECK_INT(atomic_load(&board->slots[i].busy_since_us), 0, "worker %d", i);

    atomic_store(&board->draining, true);
    for (int i = 0; i < WORKERS; i++) {
        pid_t child = fork();
        if (child == 0) {
            atomic_store(&board->slots[i].busy_since_us, i + 1);
            _exit(atomic_load(&board->draining) ? EXIT_SUCCESS : EXIT_FAILURE);
        }
        CHECK_INT(waitpid(child, &left, 0), child);
        CHECK_INT(left, 0, "worker %d", i);
    }
    for (int i = 0; i < WORKERS; i++)
        CHECK_INT(atomic_load(&board->slots[i].busy_since_us), i + 1, "worker %d", i);
    scoreboard_close(board);
    scoreboard_close(NULL);
}

int main(void)
{
    CU_TestInfo tests[] = {{"shared with children", test_shared_with_children}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/scoreboard", NULL, NULL, tests);
}
