#include "suite.h"

#include <CUnit/Basic.h>
#include <CUnit/TestRun.h>
#include <stdlib.h>

#include "check.h"

/* Checks print their own failures. These are the setups and teardowns that failed. */
static void suite_print_failures(void)
{
    for (const CU_FailureRecord *f = CU_get_failure_list(); f; f = f->pNext)
        if (f->type != CUF_AssertFailed)
            fprintf(stderr, "%s: %s\n", f->pSuite && f->pSuite->pName ? f->pSuite->pName : "suite",
                    f->strCondition ? f->strCondition : "failed");
}

int suite_run(const char *name, CU_InitializeFunc setup, CU_CleanupFunc teardown,
              CU_TestInfo *tests)
{
    if (!check_open()) {
        perror(name);
        return EXIT_FAILURE;
    }
    CU_SuiteInfo suites[] = {{name, setup, teardown, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
        fprintf(stderr, "%s: %s\n", name, CU_get_error_msg());
        return EXIT_FAILURE;
    }
    CU_basic_set_mode(CU_BRM_SILENT);
    CU_basic_run_tests();
    suite_print_failures();

    /* CU_basic_run_tests returns 0 even when assertions fail. */
    unsigned broken = CU_get_number_of_suites_failed();
    unsigned failed = CU_get_number_of_tests_failed() + broken;
    unsigned run = CU_get_number_of_tests_run();
    unsigned none = run == 0 && failed == 0;
    printf("%s: %u passed, %u failed, 0 skipped\n", name, run - CU_get_number_of_tests_failed(),
           failed + none);
    CU_cleanup_registry();
    return failed || none ? EXIT_FAILURE : EXIT_SUCCESS;
}
