#include "check.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Of a longer text a part is shown, from a little before the place where it differs. */
enum { CHECK_SHOWN_MAX = 1000, CHECK_SHOWN_BEFORE = 100 };

/* Above those that a test counts on. */
enum { CHECK_FD_MIN = 100 };

/* The innermost scope. A REQUIRE_… that fails leaves its blocks by longjmp, so that nobody leaves
 * their scopes: they count only in the test that entered them. */
static struct check_scope *check_scope_inner;
static CU_pTest check_scope_test;

static struct check_at check_failed; /* whose line was begun */
static void (*check_witness)(FILE *out);
static FILE *check_out; /* not stderr, which a test may turn elsewhere */

bool check_open(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, CHECK_FD_MIN);
    check_out = fd >= 0 ? fdopen(fd, "w") : NULL;
    return check_out && setvbuf(check_out, NULL, _IONBF, 0) == 0;
}

void check_set_witness(void (*print)(FILE *out))
{
    check_witness = print;
}

static struct check_scope *check_scope_now(void)
{
    return check_scope_test == CU_get_current_test() ? check_scope_inner : NULL;
}

void check_scope_enter(struct check_scope *scope, int row_line, const char *of, ...)
{
    va_list arguments;
    scope->row_line = row_line;
    va_start(arguments, of);
    vsnprintf(scope->of, sizeof scope->of, of, arguments);
    va_end(arguments);
    scope->outer = check_scope_now();
    check_scope_inner = scope;
    check_scope_test = CU_get_current_test();
}

void check_scope_leave(struct check_scope *scope)
{
    check_scope_inner = scope->outer;
}

static void check_print_scopes(const struct check_scope *scope)
{
    if (!scope)
        return;
    check_print_scopes(scope->outer);
    if (scope->row_line)
        fprintf(check_out, " (row at line %d)", scope->row_line);
    else
        fprintf(check_out, " (%s)", scope->of + 1);
}

/* Counts a check that holds; begins the line of one that does not. Returns holds. */
static bool check_holds(const struct check_at *at, bool holds)
{
    CU_pTest test = CU_get_current_test();
    if (holds) {
        CU_assertImplementation(CU_TRUE, (unsigned)at->line, at->what, at->file, "", CU_FALSE);
        return true;
    }
    check_failed = *at;
    fprintf(check_out, "%s:%d", at->file, at->line);
    check_print_scopes(check_scope_now());
    fprintf(check_out, ": %s: %s%s", test && test->pName ? test->pName : "suite", at->what,
            *at->what ? ": " : "");
    return false;
}

void check_lost(const char *format, ...)
{
    va_list arguments;
    if (format[1]) {
        fputs(*check_failed.what ? ":" : "", check_out);
        va_start(arguments, format);
        vfprintf(check_out, *check_failed.what ? format : format + 1, arguments);
        va_end(arguments);
    }
    fputc('\n', check_out);
    if (check_witness)
        check_witness(check_out);
    CU_assertImplementation(CU_FALSE, (unsigned)check_failed.line, check_failed.what,
                            check_failed.file, "", check_failed.fatal);
}

static void check_print_byte(unsigned char c)
{
    if (c == '"' || c == '\\')
        fprintf(check_out, "\\%c", c);
    else if (c == '\n')
        fputs("\\n", check_out);
    else if (c < ' ' || c == 0x7f)
        fprintf(check_out, "\\x%02x", c);
    else
        fputc(c, check_out);
}

/* Prints len bytes in quotes, or of many of them a part that begins near from. */
static void check_print(const char *name, const char *bytes, size_t len, size_t from)
{
    size_t start =
        len > CHECK_SHOWN_MAX && from > CHECK_SHOWN_BEFORE ? from - CHECK_SHOWN_BEFORE : 0;
    size_t end = len - start > CHECK_SHOWN_MAX ? start + CHECK_SHOWN_MAX : len;
    fputs(name, check_out);
    if (!bytes) {
        fputs("NULL", check_out);
        return;
    }
    fputs(start ? "…\"" : "\"", check_out);
    for (size_t i = start; i < end; i++)
        check_print_byte((unsigned char)bytes[i]);
    fputs(end < len ? "\"…" : "\"", check_out);
}

static void check_print_text(const char *name, const char *text)
{
    check_print(name, text, text ? strlen(text) : 0, 0);
}

bool check_int(struct check_at at, intmax_t got, intmax_t wanted)
{
    if (check_holds(&at, got == wanted))
        return true;
    fprintf(check_out, "wanted %jd, got %jd", wanted, got);
    return false;
}

static bool check_relation_holds(intmax_t got, const char *relation, intmax_t limit)
{
    switch (relation[0]) {
    case '<':
        return relation[1] ? got <= limit : got < limit;
    case '>':
        return relation[1] ? got >= limit : got > limit;
    default:
        return got != limit;
    }
}

bool check_compare(struct check_at at, intmax_t got, const char *relation, intmax_t limit)
{
    if (check_holds(&at, check_relation_holds(got, relation, limit)))
        return true;
    fprintf(check_out, "wanted %s %jd, got %jd", relation, limit, got);
    return false;
}

bool check_truth(struct check_at at, bool got, bool wanted)
{
    if (check_holds(&at, got == wanted))
        return true;
    fprintf(check_out, "wanted %s, got %s", wanted ? "true" : "false", got ? "true" : "false");
    return false;
}

/* The first place where they differ, or the shorter one's end. */
static size_t check_difference(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = 0;
    while (i < a_len && i < b_len && a[i] == b[i])
        i++;
    return i;
}

bool check_text(struct check_at at, const char *got, const char *wanted)
{
    if (got && wanted)
        return check_bytes(at, got, strlen(got), wanted, strlen(wanted));
    if (check_holds(&at, got == wanted))
        return true;
    check_print_text("wanted ", wanted);
    check_print_text(", got ", got);
    return false;
}

bool check_bytes(struct check_at at, const void *got, size_t got_len, const void *wanted,
                 size_t wanted_len)
{
    const char *g = got_len ? got : "", *w = wanted_len ? wanted : "";
    if (check_holds(&at, got_len == wanted_len && memcmp(g, w, got_len) == 0))
        return true;
    size_t from = check_difference(g, got_len, w, wanted_len);
    check_print("wanted ", w, wanted_len, from);
    check_print(", got ", g, got_len, from);
    if (got_len > CHECK_SHOWN_BEFORE)
        fprintf(check_out, ", which differ at byte %zu", from);
    return false;
}

bool check_other_text(struct check_at at, const char *got, const char *unwanted)
{
    if (check_holds(&at, got && unwanted ? strcmp(got, unwanted) != 0 : got != unwanted))
        return true;
    check_print_text("wanted another text than ", got);
    return false;
}

bool check_start(struct check_at at, const char *got, const char *start)
{
    if (check_holds(&at, got && strncmp(got, start, strlen(start)) == 0))
        return true;
    check_print_text("wanted one that starts with ", start);
    check_print_text(", got ", got);
    return false;
}

bool check_contains(struct check_at at, const char *got, const char *part, bool wanted)
{
    const char *found = got ? strstr(got, part) : NULL;
    if (check_holds(&at, !found == !wanted))
        return true;
    check_print_text(wanted ? "wanted one that contains " : "wanted one without ", part);
    check_print(", got ", got, got ? strlen(got) : 0, found ? (size_t)(found - got) : 0);
    return false;
}

bool check_null(struct check_at at, const void *got, bool is_text)
{
    if (check_holds(&at, !got))
        return true;
    if (is_text)
        check_print_text("wanted NULL, got ", got);
    else
        fprintf(check_out, "wanted NULL, got %p", got);
    return false;
}

bool check_not_null(struct check_at at, bool is_one)
{
    if (check_holds(&at, is_one))
        return true;
    fputs("wanted one, got NULL", check_out);
    return false;
}

bool check_fail(struct check_at at)
{
    return check_holds(&at, false);
}
