/* suite: runs one CUnit suite and reports in the form tests/run adds up. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <CUnit/CUnit.h>
#include <stdio.h>

/* Runs the tests (ended by CU_TEST_INFO_NULL), prints each failed check (see check.h) and at the
 * end one line "NAME: N passed, N failed, 0 skipped". setup and teardown (may be NULL) run once
 * around them all; a setup that does not return 0 fails the suite. Returns main's exit status. */
int suite_run(const char *name, CU_InitializeFunc setup, CU_CleanupFunc teardown,
              CU_TestInfo *tests);

#endif
