/* fuzz: how a fuzz target says that an invariant is broken: where, what was wanted and what was
 * got. Then it aborts, so that the fuzzer keeps the input. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdint.h>
#include <string.h>

#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_broken(__FILE__, __LINE__, "%s", #condition);                                     \
    } while (0)

/* Whole numbers: FUZZ_INT(got, wanted), FUZZ_COMPARE(got, <=, limit). */
#define FUZZ_INT(got, wanted) FUZZ_COMPARE(got, ==, wanted)
#define FUZZ_COMPARE(got, relation, wanted)                                                        \
    do {                                                                                           \
        intmax_t fuzz_got = (got), fuzz_wanted = (wanted);                                         \
        if (!(fuzz_got relation fuzz_wanted))                                                      \
            fuzz_broken(__FILE__, __LINE__, "%s: wanted %s %jd, got %jd", #got, #relation,         \
                        fuzz_wanted, fuzz_got);                                                    \
    } while (0)

#define FUZZ_TEXT(got, wanted)                                                                     \
    do {                                                                                           \
        const char *fuzz_got = (got), *fuzz_wanted = (wanted);                                     \
        if (strcmp(fuzz_got, fuzz_wanted) != 0)                                                    \
            fuzz_broken(__FILE__, __LINE__, "%s: wanted \"%s\", got \"%s\"", #got, fuzz_wanted,    \
                        fuzz_got);                                                                 \
    } while (0)

void fuzz_broken(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
