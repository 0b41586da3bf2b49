#include "e2e/e2e_suite.h"
#include "check.h"

#include <stdlib.h>

#include "e2e/client.h"
#include "e2e/reports.h"

int e2e_suite_run(const char *name, CU_InitializeFunc setup, CU_CleanupFunc teardown,
                  CU_TestInfo *tests)
{
    check_set_witness(client_print_last);
    int status = suite_run(name, setup, teardown, tests);
    return reports_were_found() ? EXIT_FAILURE : status;
}
