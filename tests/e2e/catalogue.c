#include "e2e/catalogue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t catalogue_fits(int len, size_t size)
{
    if (len < 0 || (size_t)len >= size) {
        fprintf(stderr, "catalogue: a file does not fit into %zu bytes\n", size);
        abort();
    }
    return (size_t)len;
}

int64_t catalogue_cents(int64_t id)
{
    return id * 100 + 37;
}

size_t catalogue_line(char *out, size_t size, int64_t id, int64_t stock)
{
    int64_t cents = catalogue_cents(id);
    return catalogue_fits(snprintf(out, size,
                                   "%" PRId64 ",P%" PRId64 ",,%" PRId64 ".%02d,%" PRId64 "\n", id,
                                   id, cents / 100, (int)(cents % 100), stock),
                          size);
}

const char *catalogue_large(void)
{
    enum { PRODUCTS = 400, DESCRIPTION = 2000 };
    static char text[PRODUCTS * (DESCRIPTION + 64)], description[DESCRIPTION + 1];
    memset(description, 'x', DESCRIPTION);
    size_t n = catalogue_fits(snprintf(text, sizeof text, CATALOGUE_HEADER), sizeof text);
    for (int i = 1; i <= PRODUCTS; i++)
        n +=
            catalogue_fits(snprintf(text + n, sizeof text - n, "%d,P,%s,1.00,10\n", i, description),
                           sizeof text - n);
    return text;
}

void catalogue_write(char *out, size_t size, int64_t count, int64_t stock)
{
    size_t n = catalogue_fits(snprintf(out, size, CATALOGUE_HEADER), size);
    for (int64_t id = 1; id <= count; id++)
        n += catalogue_line(out + n, size - n, id, stock);
}
