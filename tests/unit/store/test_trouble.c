/* A trouble is logged once, again when its cause changes, and once when it is over. */
#include "store/trouble.h"

#include <unistd.h>

#include "check.h"
#include "suite.h"

static char line[4096];

/* Notes a result, and puts what is logged of it into line. */
static void note(struct trouble *trouble, enum store_result result, int code)
{
    int ends[2], saved = dup(STDERR_FILENO);
    REQUIRE_INT(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    trouble_note(trouble, result, code, LOG_FIELDS(LOG_TEXT("store", "s"), LOG_TEXT("call", "c")));
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t n = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    line[n > 0 ? n : 0] = '\0';
}

static void test_note(void)
{
    static const struct {
        int line;
        enum store_result result;
        int code;
        const char *level, *text; /* of the line; "": none */
    } rows[] = {
        {__LINE__, STORE_OK, 0, "", ""},
        {__LINE__, STORE_BUSY, 5, "", ""},
        {__LINE__, STORE_UNREACHABLE, 10, "\"error\"", "cannot be opened, read or written"},
        {__LINE__, STORE_UNREACHABLE, 10, "", ""},
        {__LINE__, STORE_BUSY, 5, "", ""}, /* says nothing of the trouble */
        {__LINE__, STORE_UNREACHABLE, 10, "", ""},
        {__LINE__, STORE_UNREACHABLE, 11, "\"error\"", "cannot be opened, read or written"},
        {__LINE__, STORE_UNKNOWN, 11, "\"error\"", "what became of a change"},
        {__LINE__, STORE_SHORT, 0, "\"info\"", "the store is back"},
        {__LINE__, STORE_OK, 0, "", ""},
        /* The same cause, after it was over. */
        {__LINE__, STORE_UNKNOWN, 11, "\"error\"", "what became of a change"},
        {__LINE__, STORE_UNSUITABLE, 11, "\"error\"", "not as this program needs it"},
        {__LINE__, STORE_FAULT, 11, "\"error\"", "in a way it never should"},
        {__LINE__, STORE_OK, 0, "\"info\"", "the store is back"},
        {__LINE__, STORE_NOT_FOUND, 0, "", ""},
    };
    struct trouble trouble = {STORE_OK, 0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        note(&trouble, rows[i].result, rows[i].code);
        if (!*rows[i].text)
            CHECK_TEXT(line, "");
        CHECK_CONTAINS(line, rows[i].level);
        CHECK_CONTAINS(line, rows[i].text);
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {{"note", test_note}, CU_TEST_INFO_NULL};
    return suite_run("unit/store/trouble", NULL, NULL, tests);
}
