/* check: comparisons that print what they saw. A failed one prints on standard error
 *
 *     tests/unit/x.c:41 (row at line 23): test's name: expression: wanted "…", got "…"
 *
 * and fails the running CUnit test. CHECK_… goes on then, REQUIRE_… leaves the test. After its own
 * arguments each takes a printf format and its arguments, evaluated and printed only if it fails. A
 * check is an expression: true if it holds. Only the thread that runs the tests may check. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Whole numbers, truth values among them; pointers and fractions do not compile. */
#define CHECK_INT(got, wanted, ...)   CHECK_INT_(CHECK_AT_(#got, false), got, wanted, __VA_ARGS__)
#define REQUIRE_INT(got, wanted, ...) CHECK_INT_(CHECK_AT_(#got, true), got, wanted, __VA_ARGS__)

/* CHECK_COMPARE(count, >=, 3): the relation is one of < <= > >= and !=. */
#define CHECK_COMPARE(got, relation, limit, ...)                                                   \
    CHECK_COMPARE_(CHECK_AT_(#got, false), got, relation, limit, __VA_ARGS__)
#define REQUIRE_COMPARE(got, relation, limit, ...)                                                 \
    CHECK_COMPARE_(CHECK_AT_(#got, true), got, relation, limit, __VA_ARGS__)

/* What is only true or false. */
#define CHECK_TRUE(got, ...)   CHECK_TRUTH_(CHECK_AT_(#got, false), got, true, __VA_ARGS__)
#define REQUIRE_TRUE(got, ...) CHECK_TRUTH_(CHECK_AT_(#got, true), got, true, __VA_ARGS__)
#define CHECK_FALSE(got, ...)  CHECK_TRUTH_(CHECK_AT_(#got, false), got, false, __VA_ARGS__)

/* Texts. NULL equals NULL alone; it starts with nothing, contains nothing, and so lacks everything.
 */
#define CHECK_TEXT(got, wanted, ...)                                                               \
    CHECK_(check_text(CHECK_AT_(#got, false), (got), (wanted)), __VA_ARGS__)
#define CHECK_OTHER_TEXT(got, unwanted, ...)                                                       \
    CHECK_(check_other_text(CHECK_AT_(#got, false), (got), (unwanted)), __VA_ARGS__)
#define CHECK_START(got, start, ...)                                                               \
    CHECK_(check_start(CHECK_AT_(#got, false), (got), (start)), __VA_ARGS__)
#define CHECK_CONTAINS(got, part, ...)                                                             \
    CHECK_(check_contains(CHECK_AT_(#got, false), (got), (part), true), __VA_ARGS__)
#define CHECK_LACKS(got, part, ...)                                                                \
    CHECK_(check_contains(CHECK_AT_(#got, false), (got), (part), false), __VA_ARGS__)

/* Bytes, which may hold NUL. */
#define CHECK_BYTES(got, got_len, wanted, wanted_len, ...)                                         \
    CHECK_(check_bytes(CHECK_AT_(#got, false), (got), (got_len), (wanted), (wanted_len)),          \
           __VA_ARGS__)

/* Pointers. A text that stands where none should is printed. */
#define CHECK_NULL(got, ...)                                                                       \
    CHECK_(check_null(CHECK_AT_(#got, false), (got), CHECK_IS_TEXT_(got)), __VA_ARGS__)
#define CHECK_NOT_NULL(got, ...)                                                                   \
    CHECK_(check_not_null(CHECK_AT_(#got, false), (got) != NULL), __VA_ARGS__)
#define REQUIRE_NOT_NULL(got, ...)                                                                 \
    CHECK_(check_not_null(CHECK_AT_(#got, true), (got) != NULL), __VA_ARGS__)

/* Fails always: CHECK_FAIL("no such %s", name). */
#define CHECK_FAIL(...)   CHECK_(check_fail(CHECK_AT_("", false)), __VA_ARGS__)
#define REQUIRE_FAIL(...) CHECK_(check_fail(CHECK_AT_("", true)), __VA_ARGS__)

/* To the end of the block the checks are of the table's row at that line of the same file. A row
 * keeps its line as __LINE__. */
#define CHECK_ROW(row_line) CHECK_SCOPE_(CHECK_NAME_(check_row_, __LINE__), (row_line), " ")

/* To the end of the block: what the checks are of, as printf says it, where there is no row. */
#define CHECK_OF(...) CHECK_SCOPE_(CHECK_NAME_(check_of_, __LINE__), 0, " " __VA_ARGS__)

/* Has all later failures printed on what is standard error now; suite_run calls it. False on an
 * error, which errno tells. */
bool check_open(void);

/* Names who prints below each failed check what came before it; NULL: nobody. */
void check_set_witness(void (*print)(FILE *out));

/* What the macros are made of. */

/* As a function's result a value may be left unused: of any other, clang 19 warns. */
static inline bool check_result(bool held)
{
    return held;
}

#define CHECK_(holds, ...)                                                                         \
    __extension__({                                                                                \
        bool check_held = (holds);                                                                 \
        if (!check_held)                                                                           \
            check_lost(" " __VA_ARGS__);                                                           \
        check_result(check_held);                                                                  \
    })
#define CHECK_AT_(text, fatal)         ((struct check_at){__FILE__, __LINE__, text, fatal})
#define CHECK_WHOLE_(value)            ((intmax_t)((value) | 0))
#define CHECK_IS_TEXT_(value)          _Generic((value), char * : true, const char * : true, default : false)
#define CHECK_NAME_(name, line)        CHECK_NAME_JOINED_(name, line)
#define CHECK_NAME_JOINED_(name, line) name##line
#define CHECK_SCOPE_(scope, ...)                                                                   \
    struct check_scope scope __attribute__((cleanup(check_scope_leave)));                          \
    check_scope_enter(&scope, __VA_ARGS__)
#define CHECK_INT_(at, got, wanted, ...)                                                           \
    CHECK_(check_int(at, CHECK_WHOLE_(got), CHECK_WHOLE_(wanted)), __VA_ARGS__)
#define CHECK_COMPARE_(at, got, relation, limit, ...)                                              \
    CHECK_(check_compare(at, CHECK_WHOLE_(got), #relation, CHECK_WHOLE_(limit)), __VA_ARGS__)
#define CHECK_TRUTH_(at, got, wanted, ...)                                                         \
    CHECK_(check_truth(at, (got) ? true : false, wanted), __VA_ARGS__)

/* Where a check stands. */
struct check_at {
    const char *file;
    int line;
    const char *what; /* the expression looked at */
    bool fatal;
};

/* Each returns whether the check holds. If not, it has begun the failure's line, and check_lost
 * must be called next. */
bool check_int(struct check_at at, intmax_t got, intmax_t wanted);
bool check_compare(struct check_at at, intmax_t got, const char *relation, intmax_t limit);
bool check_truth(struct check_at at, bool got, bool wanted);
bool check_text(struct check_at at, const char *got, const char *wanted);
bool check_other_text(struct check_at at, const char *got, const char *unwanted);
bool check_start(struct check_at at, const char *got, const char *start);
bool check_contains(struct check_at at, const char *got, const char *part, bool wanted);
bool check_bytes(struct check_at at, const void *got, size_t got_len, const void *wanted,
                 size_t wanted_len);
bool check_null(struct check_at at, const void *got, bool is_text);
bool check_not_null(struct check_at at, bool is_one);
bool check_fail(struct check_at at);

/* Ends the failure's line with what the format says, if it is more than a space, and fails the
 * test. Does not return if the check is fatal. */
void check_lost(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One of the blocks that a check stands in; it lives in the block. */
struct check_scope {
    int row_line; /* 0: none */
    char of[256];
    struct check_scope *outer;
};

void check_scope_enter(struct check_scope *scope, int row_line, const char *of, ...)
    __attribute__((format(printf, 3, 4)));
void check_scope_leave(struct check_scope *scope);

#endif
