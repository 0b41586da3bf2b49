/* fuzz_consumers: what is taken from a consumers file is whole lines, in order and none twice,
 * which agree with one another. Published and read again it is the same table. A refusal names a
 * line and shows no control character. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/consumers.h"
#include "fuzz.h"

static struct consumers fuzz_table, fuzz_again;

static void fuzz_check_fault(const struct consumers_fault *fault, int lines)
{
    FUZZ_COMPARE(fault->line, >=, 1);
    FUZZ_COMPARE(fault->line, <=, lines);
    FUZZ_REQUIRE(fault->why[0]);
    FUZZ_COMPARE(strlen(fault->why), <, sizeof fault->why - 1);
    for (const char *p = fault->why; *p; p++) {
        FUZZ_COMPARE((unsigned char)*p, >=, ' ');
        FUZZ_COMPARE((unsigned char)*p, <=, '~');
    }
}

static void fuzz_check_line(const struct consumers_line *line)
{
    FUZZ_REQUIRE(endpoint_is_id(line->endpoint, strlen(line->endpoint)) ||
                 strcmp(line->endpoint, CONSUMERS_UNLISTED) == 0 ||
                 strcmp(line->endpoint, CONSUMERS_NOBODY) == 0);
    FUZZ_REQUIRE(consumers_is_name(line->name, strlen(line->name)) ||
                 strcmp(line->name, CONSUMERS_NAMELESS) == 0);
    FUZZ_INT(line->rate > 0, line->burst > 0);
    FUZZ_COMPARE(line->rate, >=, 0);
    FUZZ_COMPARE(line->rate, <=, CONSUMERS_RATE_MAX);
    FUZZ_COMPARE(line->burst, >=, 0);
    FUZZ_COMPARE(line->burst, <=, CONSUMERS_BURST_MAX);
    FUZZ_REQUIRE(consumers_find(&fuzz_table, line->endpoint) == line);
}

static void fuzz_check_table(void)
{
    for (size_t i = 0; i < fuzz_table.count; i++) {
        const struct consumers_line *line = &fuzz_table.lines[i];
        fuzz_check_line(line);
        FUZZ_REQUIRE(i == 0 || strcmp(line[-1].endpoint, line->endpoint) < 0);
        for (size_t k = 0; k < i; k++) {
            const struct consumers_line *other = &fuzz_table.lines[k];
            if (!consumers_same(line, other))
                continue;
            FUZZ_INT(line->rate, other->rate);
            FUZZ_INT(line->burst, other->burst);
            FUZZ_INT(line->denied, other->denied);
            FUZZ_REQUIRE(strcmp(other->endpoint, CONSUMERS_UNLISTED) != 0);
        }
    }
}

static void fuzz_check_published(void)
{
    struct consumers_fault fault;
    char *text = malloc(CONSUMERS_LINE_SIZE * (fuzz_table.count + 1));
    FUZZ_REQUIRE(text);
    size_t used = strlen(consumers_head());
    memcpy(text, consumers_head(), used);
    for (size_t i = 0; i < fuzz_table.count; i++)
        used += consumers_format(&fuzz_table.lines[i], text + used);
    fuzz_again.count = 0;
    FUZZ_REQUIRE(consumers_add_published(&fuzz_again, text, used, &fault));
    FUZZ_INT(fuzz_again.count, fuzz_table.count);
    for (size_t i = 0; i < fuzz_table.count; i++) {
        const struct consumers_line *a = &fuzz_table.lines[i], *b = &fuzz_again.lines[i];
        FUZZ_TEXT(b->endpoint, a->endpoint);
        FUZZ_TEXT(b->name, a->name);
        FUZZ_INT(b->rate, a->rate);
        FUZZ_INT(b->burst, a->burst);
        FUZZ_INT(b->denied, a->denied);
    }
    free(text);
}

/* A text without semicolons says the same in the setting and in the file. */
static void fuzz_check_text(const char *bytes, size_t size, bool taken)
{
    struct consumers_fault fault;
    if (memchr(bytes, '\0', size) || memchr(bytes, ';', size))
        return;
    fuzz_again.count = 0;
    FUZZ_INT(consumers_add_text(&fuzz_again, bytes, &fault), taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct consumers_fault fault;
    char *bytes = malloc(size + 1), *exact = malloc(size ? size : 1);
    int lines = 1;
    FUZZ_REQUIRE(bytes && exact);
    memcpy(bytes, data, size);
    memcpy(exact, data, size);
    bytes[size] = '\0';
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    fuzz_table.count = 0;
    /* Of exact nothing may be read behind the last byte. */
    bool taken = consumers_add_lines(&fuzz_table, exact, size, &fault);
    if (taken) {
        fuzz_check_table();
        fuzz_check_published();
    } else {
        fuzz_check_fault(&fault, lines);
    }
    fuzz_check_text(bytes, size, taken);
    free(exact);
    free(bytes);
    return 0;
}
