#include "server/exchange.h"

#include <fcntl.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

/* A worker whose store could not be made has opened none. */
static void test_never_opened(void)
{
    static struct exchanges all;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    REQUIRE_INT(dup2(null, STDIN_FILENO), STDIN_FILENO);
    exchanges_close(&all);
    CHECK_COMPARE(fcntl(STDIN_FILENO, F_GETFD), >=, 0);
    close(null);
}

int main(void)
{
    CU_TestInfo tests[] = {{"never opened", test_never_opened}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/exchange", NULL, NULL, tests);
}
