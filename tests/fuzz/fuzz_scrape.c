/* fuzz_scrape: the head of a request for the metrics is whole where its empty line is, and what is
 * answered with numbers asked for them. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/scrape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool chunked = false;
    char *bytes = malloc(size + !size); /* without a byte more, so that a sanitizer sees its end */
    FUZZ_REQUIRE(bytes);
    memcpy(bytes, data, size);
    enum scrape_answer answer = scrape_read_head(bytes, size, &chunked);
    FUZZ_INT(answer == SCRAPE_MORE, memmem(data, size, "\r\n\r\n", 4) == NULL);
    if (answer == SCRAPE_METRICS)
        FUZZ_INT(memcmp(data, "GET /metrics", 12), 0);
    if (answer == SCRAPE_ERRORS)
        FUZZ_INT(memcmp(data, "GET /errors", 11), 0);
    if (answer == SCRAPE_HEAD)
        FUZZ_INT(memcmp(data, "HEAD /", 6), 0);
    if (answer == SCRAPE_METRICS || answer == SCRAPE_HEAD)
        FUZZ_REQUIRE(memmem(data, size, chunked ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n", 11));
    free(bytes);
    return 0;
}
