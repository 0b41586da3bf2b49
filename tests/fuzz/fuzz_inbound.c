/* fuzz_inbound: a FastCGI request is read alike in whatever pieces it comes, within its bounds, and
 * its variables are texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/inbound.h"

static void fuzz_feed(struct inbound *in, const uint8_t *data, size_t size, size_t piece)
{
    inbound_init(in);
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        /* Of exactly this size, so that the sanitizer sees who reads past it. */
        char *copy = malloc(n);
        FUZZ_REQUIRE(copy);
        memcpy(copy, data + at, n);
        enum inbound_state state = inbound_feed(in, copy, n);
        FUZZ_INT(state, in->state);
        free(copy);
    }
    FUZZ_COMPARE(in->total, <=, size);
    FUZZ_COMPARE(in->pairs.len, <=, INBOUND_VARIABLES_MAX);
    FUZZ_COMPARE(in->variables.len, <=, INBOUND_VARIABLES_MAX);
}

/* Every name finds a value, and names and values are all there is. */
static void fuzz_check_variables(const struct inbound *in)
{
    const char *at = in->variables.data, *end = at ? at + in->variables.len : NULL;
    while (at < end) {
        const char *found = inbound_variable(in, at);
        FUZZ_REQUIRE(found);
        FUZZ_REQUIRE(found > in->variables.data && found < end);
        at += strlen(at) + 1;
        FUZZ_REQUIRE(at < end);
        at += strlen(at) + 1;
    }
    FUZZ_REQUIRE(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inbound whole, pieces;
    fuzz_feed(&whole, data, size, size ? size : 1);
    for (size_t piece = 1; piece <= 9; piece += 4) {
        fuzz_feed(&pieces, data, size, piece);
        FUZZ_INT(pieces.state, whole.state);
        FUZZ_INT(pieces.variables.len, whole.variables.len);
        if (whole.variables.len)
            FUZZ_INT(memcmp(pieces.variables.data, whole.variables.data, whole.variables.len), 0);
        inbound_free(&pieces);
    }
    if (whole.state == INBOUND_WHOLE) {
        FUZZ_REQUIRE(whole.id != 0 && whole.named);
        fuzz_check_variables(&whole);
    }
    inbound_free(&whole);
    return 0;
}
