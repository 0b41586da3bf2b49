/* The description is JSON, and the file that it was made of; in compact form without a byte more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "call.h"
#include "check.h"
#include "suite.h"

#define FILE_NAME "fcgi-app/openapi.json"

/* What POSTERN_ANSWER_KIB allows at least. */
enum { ANSWER_LEAST = 256 * 1024, FILE_MAX = ANSWER_LEAST };

static int setup(void)
{
    api_response_init(&response, ANSWER_LEAST);
    return 0;
}

static char *read_file(void)
{
    FILE *file = fopen(FILE_NAME, "re");
    char *text = calloc(1, FILE_MAX);
    if (file && text)
        CHECK_COMPARE(fread(text, 1, FILE_MAX - 1, file), >, 0);
    CHECK_NOT_NULL(file, "%s; run it from the top folder", FILE_NAME);
    if (file)
        fclose(file);
    return text;
}

static cJSON *get(bool pretty)
{
    CHECK_INT(
        call(&openapi_resource, API_READ, "/openapi.json", (struct api_request){.pretty = pretty}),
        API_OK);
    CHECK_INT(fake.calls, 0, "it asks no store");
    return cJSON_Parse(response.body.data);
}

static void test_is_the_file(void)
{
    char *text = read_file();
    cJSON *file = cJSON_Parse(text), *compact = get(false);
    CHECK_NOT_NULL(file);
    CHECK_TRUE(cJSON_Compare(file, compact, true));
    char *least = cJSON_PrintUnformatted(compact);
    CHECK_COMPARE(response.body.len, <=, strlen(least));
    CHECK_NULL(strchr(response.body.data, '\n'));
    cJSON *pretty = get(true);
    CHECK_TRUE(cJSON_Compare(file, pretty, true));
    CHECK_FALSE(response.body.overflown);
    CHECK_START(response.body.data, "{\n  \"openapi\": \"3.1.");
    cJSON_free(least);
    cJSON_Delete(file);
    cJSON_Delete(compact);
    cJSON_Delete(pretty);
    free(text);
}

/* A worker that waits for a request keeps its buffer. */
static void test_size(void)
{
    cJSON_Delete(get(false));
    CHECK_COMPARE(response.body.len, <=, API_BODY_KEEP);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"is the file", test_is_the_file}, {"size", test_size}, CU_TEST_INFO_NULL};
    return suite_run("unit/api/openapi", setup, call_teardown, tests);
}
