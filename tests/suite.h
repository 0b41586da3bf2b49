/* suite: runs one CUnit suite and reports in the form tests/run adds up. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <CUnit/CUnit.h>
#include <stdio.h>

/* Asserts for a table's row: the failure shows the row's line, which the row keeps as __LINE__, and
 * not the loop's. */
#define SUITE_ROW(row, condition)                                                                  \
    CU_assertImplementation((condition), (unsigned)(row)->line, #condition, __FILE__, "", CU_FALSE)

/* Asserts, and prints what the printf arguments say if it does not hold. */
#define SUITE_CHECK(condition, ...)                                                                \
    do {                                                                                           \
        int suite_holds = (condition) ? 1 : 0;                                                     \
        if (!suite_holds) {                                                                        \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
        }                                                                                          \
        CU_assertImplementation(suite_holds, __LINE__, #condition, __FILE__, "", CU_FALSE);        \
    } while (0)

/* Runs the tests (ended by CU_TEST_INFO_NULL), prints each failed assertion as FILE:LINE and at the
 * end one line "NAME: N passed, N failed, 0 skipped". setup and teardown (may be NULL) run once
 * around them all; a setup that does not return 0 fails the suite. Returns main's exit status. */
int suite_run(const char *name, CU_InitializeFunc setup, CU_CleanupFunc teardown,
              CU_TestInfo *tests);

#endif
