/* fuzz_inbound: a FastCGI request is read alike in whatever pieces it comes, within its bounds, and
 * its variables are texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/inbound.h"

enum { FUZZ_MAX = 64 * 1024, FUZZ_BODY_MAX = 512, FUZZ_RECORDS_MAX = 8 * FUZZ_MAX };

static void fuzz_feed(struct inbound *in, const uint8_t *data, size_t size, size_t piece)
{
    inbound_init(in, FUZZ_MAX, FUZZ_BODY_MAX);
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
    FUZZ_COMPARE(in->body.len, <=, FUZZ_BODY_MAX);
    FUZZ_COMPARE(in->reply.len, <=, INBOUND_REPLY_MAX);
}

/* Every name finds a value, and names and values are all there is. */
static void fuzz_check_variables(struct inbound *in)
{
    FUZZ_REQUIRE(inbound_split(in));
    FUZZ_COMPARE(in->variables.len, <=, INBOUND_VARIABLES_MAX);
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

/* What is handed on is one plain request, and says the same. */
static void fuzz_check_put(const struct inbound *in)
{
    struct buffer out;
    struct inbound again;
    buffer_init(&out, FUZZ_RECORDS_MAX);
    inbound_put(in, NULL, &out);
    FUZZ_REQUIRE(!out.overflown);
    inbound_init(&again, FUZZ_RECORDS_MAX, FUZZ_BODY_MAX);
    FUZZ_INT(inbound_feed(&again, out.data, out.len), INBOUND_WHOLE);
    FUZZ_INT(again.total, out.len);
    FUZZ_INT(again.id, in->id);
    FUZZ_INT(again.pairs.len, in->pairs.len);
    if (in->pairs.len)
        FUZZ_INT(memcmp(again.pairs.data, in->pairs.data, in->pairs.len), 0);
    FUZZ_INT(again.body.len, in->body.len);
    if (in->body.len)
        FUZZ_INT(memcmp(again.body.data, in->body.data, in->body.len), 0);
    inbound_free(&again);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inbound whole, pieces;
    fuzz_feed(&whole, data, size, size ? size : 1);
    for (size_t piece = 1; piece <= 9; piece += 4) {
        fuzz_feed(&pieces, data, size, piece);
        FUZZ_INT(pieces.state, whole.state);
        FUZZ_INT(pieces.pairs.len, whole.pairs.len);
        FUZZ_INT(pieces.body.len, whole.body.len);
        FUZZ_INT(pieces.keeps, whole.keeps);
        if (whole.pairs.len)
            FUZZ_INT(memcmp(pieces.pairs.data, whole.pairs.data, whole.pairs.len), 0);
        inbound_free(&pieces);
    }
    if (whole.state == INBOUND_WHOLE) {
        FUZZ_REQUIRE(whole.id != 0 && whole.named);
        fuzz_check_variables(&whole);
        fuzz_check_put(&whole);
    }
    inbound_free(&whole);
    return 0;
}
