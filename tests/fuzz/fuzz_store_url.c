/* fuzz_store_url: a store's URL with a password in it, whatever its bytes, wherever people put it:
 * nothing that is told of the URL holds a part of the password. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "store/store.h"

/* A piece of the password, which stands in it again and again, between other bytes. */
#define FUZZ_PIECE "s3cr"

enum { FUZZ_PART_MAX = 400, FUZZ_URL_SIZE = 8192, FUZZ_PARTS = 3, FUZZ_TOLD_SIZE = 512 };

/* What stands round the password. Each %s is, in turn, the user, the password and the rest. */
static const char *const fuzz_forms[] = {
    "postgresql://%s:%s@%s",
    "postgres://%s:%s@%s",
    "postgresql://host%s/db?password=%s&%s",
    "postgresql://host/db%s&password=%s%s",
    "postgresql://host=%s password=%s %s",
    "host=%s password=%s %s",
    "oracle://%s:%s@%s",
    "%s:%s@%s",
    "%spassword=%s@%s",
};

enum { FUZZ_FORMS = sizeof fuzz_forms / sizeof fuzz_forms[0] };

/* The pieces, with what is neither letter nor digit among the bytes between them. */
static void fuzz_password(const char *bytes, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s", FUZZ_PIECE);
    for (; *bytes && used + sizeof FUZZ_PIECE < size; bytes++) {
        if (isalnum((unsigned char)*bytes))
            used += (size_t)snprintf(out + used, size - used, "%s", FUZZ_PIECE);
        else
            out[used++] = *bytes;
    }
    snprintf(out + used, size - used, "%s", FUZZ_PIECE);
}

/* The lines after the byte that tells the form; false if what is no password holds a piece. */
static bool fuzz_parts(const uint8_t *data, size_t size, char parts[FUZZ_PARTS][FUZZ_PART_MAX])
{
    size_t part = 0, used = 0;
    memset(parts, 0, sizeof(char[FUZZ_PARTS][FUZZ_PART_MAX]));
    for (size_t i = 0; i < size && part < FUZZ_PARTS; i++) {
        if (data[i] == '\n') {
            part++;
            used = 0;
        } else if (data[i] && used < FUZZ_PART_MAX - 1) {
            parts[part][used++] = (char)data[i];
        }
    }
    return !strstr(parts[0], FUZZ_PIECE) && !strstr(parts[2], FUZZ_PIECE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char parts[FUZZ_PARTS][FUZZ_PART_MAX], password[FUZZ_PART_MAX * sizeof FUZZ_PIECE];
    char url[FUZZ_URL_SIZE], told[FUZZ_TOLD_SIZE] = "";
    if (size == 0 || !fuzz_parts(data + 1, size - 1, parts))
        return 0;
    fuzz_password(parts[1], password, sizeof password);
    /* The user's part ends where the password begins. */
    parts[0][strcspn(parts[0], "@")] = '\0';
    snprintf(url, sizeof url, fuzz_forms[(uint8_t)(data[0] - '0') % FUZZ_FORMS], parts[0], password,
             parts[2]);
    /* What follows that scheme is a file's path, where nobody puts a password. */
    bool is_file = strncmp(url, "sqlite:", strlen("sqlite:")) == 0;
    bool taken = store_takes(url, told, sizeof told);
    FUZZ_REQUIRE(taken || told[0]);
    FUZZ_REQUIRE(is_file || !strstr(told, FUZZ_PIECE));
    store_show(url, told, sizeof told);
    FUZZ_REQUIRE(told[0]);
    FUZZ_REQUIRE(is_file || !strstr(told, FUZZ_PIECE));
    return 0;
}
