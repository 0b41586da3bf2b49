/* fuzz_json_line: whatever came, one JSON object comes out, on one line, in UTF-8, no longer than
 * it may be. What is UTF-8 either stays or starts with a time of ours. */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "programs/json_line.h"

#define NOW "2026-11-26T12:34:56Z"

/* The line again gives itself: it is an object of texts and numbers. */
static void fuzz_check_again(const char *line, size_t len)
{
    char *again = malloc(3 * len + JSON_LINE_ROOM);
    FUZZ_REQUIRE(again);
    FUZZ_INT(json_line_write(line, len - 1, NOW, again), len);
    FUZZ_REQUIRE(memcmp(again, line, len) == 0);
    free(again);
}

static void fuzz_check_object(const char *text)
{
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
    FUZZ_REQUIRE(cJSON_IsObject(json));
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        FUZZ_REQUIRE(cJSON_IsString(member) || cJSON_IsNumber(member));
    }
    cJSON_Delete(json);
}

/* cJSON refuses escapes of half a surrogate pair, which JSON's grammar has. */
static int fuzz_has_surrogate(const char *text)
{
    for (const char *at = text; (at = strstr(at, "\\u")); at += 2)
        if ((at[2] == 'd' || at[2] == 'D') && strchr("89abcdefABCDEF", at[3]))
            return 1;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char start[] = "{\"time\":\"";
    /* Both of exactly their sizes, so that the sanitizer sees who goes beyond. */
    char *line = malloc(size ? size : 1), *out = malloc(3 * size + JSON_LINE_ROOM);
    FUZZ_REQUIRE(line && out);
    memcpy(line, data, size);
    size_t len = json_line_write(line, size, NOW, out);
    FUZZ_COMPARE(len, >, 0);
    FUZZ_REQUIRE(out[len - 1] == '\n');
    FUZZ_REQUIRE(!memchr(out, '\n', len - 1));
    FUZZ_REQUIRE(text_is_utf8(out, len));
    if (len - 1 != size || memcmp(out, line, size) != 0)
        FUZZ_REQUIRE(!text_is_utf8(line, size) || memcmp(out, start, sizeof start - 1) == 0);
    fuzz_check_again(out, len);
    out[len - 1] = '\0';
    if (!fuzz_has_surrogate(out))
        fuzz_check_object(out);
    free(line);
    free(out);
    return 0;
}
