/* fuzz_denylist: what is taken from a file of denied endpoints is whole ids, in order and none
 * twice; written out again it is the same list; and the shared table has these and their
 * neighbours not. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/denylist.h"
#include "fuzz.h"
#include "server/denied.h"

static struct denylist fuzz_list, fuzz_again;
static struct denied fuzz_denied;

static void fuzz_check_fault(const struct denylist_fault *fault, int lines)
{
    FUZZ_COMPARE(fault->line, >=, 1);
    FUZZ_COMPARE(fault->line, <=, lines);
    FUZZ_REQUIRE(fault->why[0]);
    FUZZ_COMPARE(strlen(fault->why), <, sizeof fault->why);
    for (const char *p = fault->why; *p; p++) {
        FUZZ_COMPARE((unsigned char)*p, >=, ' ');
        FUZZ_COMPARE((unsigned char)*p, <=, '~');
    }
}

static void fuzz_check_list(void)
{
    for (size_t i = 0; i < fuzz_list.count; i++) {
        const char *id = fuzz_list.ids[i];
        FUZZ_REQUIRE(endpoint_is_id(id, strlen(id)));
        FUZZ_REQUIRE(i == 0 || strcmp(fuzz_list.ids[i - 1], id) < 0);
    }
}

static void fuzz_check_again(void)
{
    struct denylist_fault fault;
    char *text = malloc(DENYLIST_TEXT_MAX);
    size_t used = 0;
    FUZZ_REQUIRE(text);
    for (size_t i = fuzz_list.count; i > 0; i--)
        used += (size_t)snprintf(text + used, DENYLIST_TEXT_MAX - used, "%s%s", used ? "," : "",
                                 fuzz_list.ids[i - 1]);
    fuzz_again.count = 0;
    FUZZ_REQUIRE(used == 0 || denylist_add_text(&fuzz_again, text, &fault));
    FUZZ_INT(fuzz_again.count, fuzz_list.count);
    FUZZ_REQUIRE(memcmp(fuzz_again.ids, fuzz_list.ids, fuzz_list.count * sizeof fuzz_list.ids[0]) ==
                 0);
    free(text);
}

static bool fuzz_lists(const char *id)
{
    for (size_t i = 0; i < fuzz_list.count; i++) {
        if (strcmp(fuzz_list.ids[i], id) == 0)
            return true;
    }
    return false;
}

static void fuzz_check_denied(void)
{
    denied_publish(&fuzz_denied, &fuzz_list);
    for (size_t i = 0; i < fuzz_list.count; i++) {
        char near[ENDPOINT_ID_SIZE + 1];
        FUZZ_REQUIRE(denied_has(&fuzz_denied, fuzz_list.ids[i]));
        snprintf(near, sizeof near, "%s0", fuzz_list.ids[i]);
        FUZZ_INT(denied_has(&fuzz_denied, near), fuzz_lists(near));
        near[strlen(near) - 2] = '\0';
        FUZZ_INT(denied_has(&fuzz_denied, near), fuzz_lists(near));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct denylist_fault fault;
    char *bytes = malloc(size ? size : 1);
    int lines = 1;
    FUZZ_REQUIRE(bytes);
    memcpy(bytes, data, size);
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    fuzz_list.count = 0;
    if (denylist_add_lines(&fuzz_list, bytes, size, &fault)) {
        fuzz_check_list();
        fuzz_check_again();
        fuzz_check_denied();
    } else {
        fuzz_check_fault(&fault, lines);
    }
    free(bytes);
    return 0;
}
