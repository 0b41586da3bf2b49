#include "check.h"
#include "command/import_ids.h"
#include "suite.h"

enum { MANY = 20000 };

/* Notes the id at a line; returns the line where it is now. */
static uint32_t note(struct import_ids *ids, int64_t id, uint32_t line)
{
    struct import_place place = {line, line + 1, line + 2, line + 3};
    CHECK_TRUE(import_ids_note(ids, id, &place));
    CHECK_INT(place.at, place.line + 1);
    CHECK_INT(place.quantity_line, place.line + 2);
    CHECK_INT(place.quantity_column, place.line + 3);
    return place.line;
}

/* The first place stays, however many ids come between, and in whatever order. */
static void test_first_place_stays(void)
{
    static const int64_t steps[] = {1, 1024, -1, INT64_C(1) << 31};
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        CHECK_OF("step %lld", (long long)steps[s]);
        int64_t first = steps[s] > 0 ? 1 : MANY;
        struct import_ids ids = {.slots = NULL};
        uint32_t wrong = 0;
        for (uint32_t i = 0; i < MANY; i++)
            wrong += note(&ids, first + i * steps[s], i + 1) != i + 1;
        for (uint32_t i = 0; i < MANY; i++)
            wrong += note(&ids, first + i * steps[s], MANY) != i + 1;
        for (uint32_t i = 0; i < MANY; i++)
            wrong += import_ids_place(&ids, first + i * steps[s]).line != i + 1;
        CHECK_INT(wrong, 0);
        CHECK_INT(ids.count, MANY);
        CHECK_COMPARE(ids.size, <=, 4 * MANY);
        import_ids_free(&ids);
        CHECK_INT(ids.size, 0);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"the first place of an id stays", test_first_place_stays},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/command/import_ids", NULL, NULL, tests);
}
