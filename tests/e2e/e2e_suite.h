/* e2e_suite: a suite whose failed checks also print the last answer. */
#ifndef TESTS_E2E_SUITE_H
#define TESTS_E2E_SUITE_H

#include "suite.h"

/* suite_run (see suite.h) for an end-to-end test. It fails, too, if a sanitizer reported in a
 * pair's logs. */
int e2e_suite_run(const char *name, CU_InitializeFunc setup, CU_CleanupFunc teardown,
                  CU_TestInfo *tests);

#endif
