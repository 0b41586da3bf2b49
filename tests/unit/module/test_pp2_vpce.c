/* The endpoint's id in a PROXY protocol v2 header, and every way to lie about it. */
#include "module/pp2_vpce.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "suite.h"

#define BYTES(text) (text), sizeof(text) - 1

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define TCP4      "\x21\x11"
#define TCP6      "\x21\x21"
#define LEN(n)    "\0" n
#define IP4       "\x0a\0\0\x05\x0a\0\0\x06\x30\x39\0\x50"
#define IP6       "0123456789abcdefghijklmnopqrstuv\x30\x39\0\x50"
#define ID        "vpce-0123456789abcdef0"
#define ID_TLV    "\xEA\0\x17\x01" ID /* 26 bytes */
#define NOOP      "\x04\0\x02\0\0"    /* 5 */
#define CRC       "\x03\0\x04\x01\x02\x03\x04"
#define WHOLE     SIGNATURE TCP4 LEN("\x26") IP4 ID_TLV

#define SIXTEEN    "0123456789abcdef"
#define LONGEST_ID "vpce-" SIXTEEN SIXTEEN SIXTEEN "0123456789a" /* 64 */

struct row {
    int line;
    enum pp2_vpce_result result;
    const char *id; /* NULL: none */
    const char *bytes;
    size_t len;
};

/* Complete headers, or what can be told from a part to be none. */
static const struct row rows[] = {
    {__LINE__, PP2_VPCE_FOUND, ID, BYTES(WHOLE)},
    {__LINE__, PP2_VPCE_FOUND, ID, BYTES(WHOLE "GET / HTTP/1.1\r\n\r\n")},
    {__LINE__, PP2_VPCE_FOUND, ID, BYTES(SIGNATURE TCP6 LEN("\x3e") IP6 ID_TLV)},
    {__LINE__, PP2_VPCE_FOUND, ID, BYTES(SIGNATURE TCP4 LEN("\x32") IP4 CRC ID_TLV NOOP)},
    {__LINE__, PP2_VPCE_FOUND, "vpce-0",
     BYTES(SIGNATURE TCP4 LEN("\x16") IP4 "\xEA\0\x07\x01vpce-0")},
    {__LINE__, PP2_VPCE_FOUND, LONGEST_ID,
     BYTES(SIGNATURE TCP4 LEN("\x50") IP4 "\xEA\0\x41\x01" LONGEST_ID)},
    /* AWS's other subtypes, and an empty one, are nobody's id. */
    {__LINE__, PP2_VPCE_FOUND, ID, BYTES(SIGNATURE TCP4 LEN("\x2c") IP4 ID_TLV "\xEA\0\x03\x02hi")},
    {__LINE__, PP2_VPCE_FOUND, ID, BYTES(SIGNATURE TCP4 LEN("\x29") IP4 "\xEA\0\0" ID_TLV)},
    /* No TLV, or not this one. */
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES(SIGNATURE TCP4 LEN("\x0c") IP4)},
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES(SIGNATURE TCP4 LEN("\x0c") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES(SIGNATURE TCP4 LEN("\x11") IP4 NOOP)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x0f") IP4 "\xEA\0\0")},
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES(SIGNATURE TCP4 LEN("\x26") IP4 "\xEB\0\x17\x01" ID)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x26") IP4 "\xEA\0\x17\x02" ID)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x25") IP4 "\xEA\0\x16" ID)},
    /* Not an id. */
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x10") IP4 "\xEA\0\x01\x01")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x15") IP4 "\xEA\0\x06\x01vpce-")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x16") IP4 "\xEA\0\x07\x01vpce-A")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x16") IP4 "\xEA\0\x07\x01vpce-g")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x16") IP4 "\xEA\0\x07\x01vpce0a")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x16") IP4 "\xEA\0\x07\x01Vpce-0")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x11") IP4 "\xEA\0\x02\x01-")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x17") IP4 "\xEA\0\x08\x01vpce-0\0")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x17") IP4 "\xEA\0\x08\x01vpce-0\n")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x17") IP4 "\xEA\0\x08\x01 vpce-0")},
    {__LINE__, PP2_VPCE_BAD, NULL,
     BYTES(SIGNATURE TCP4 LEN("\x51") IP4 "\xEA\0\x42\x01" LONGEST_ID "0")},
    /* Two. */
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x40") IP4 ID_TLV ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL,
     BYTES(SIGNATURE TCP4 LEN("\x30") IP4 ID_TLV "\xEA\0\x07\x01vpce-0")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x2a") IP4 "\xEA\0\x01\x01" ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x2a") IP4 ID_TLV "\xEA\0\x01\x01")},
    /* Inside another TLV: PP2_TYPE_SSL with the id among its own, and a NOOP. */
    {__LINE__, PP2_VPCE_NONE, NULL,
     BYTES(SIGNATURE TCP4 LEN("\x2e") IP4 "\x20\0\x1f\x01\0\0\0\0" ID_TLV)},
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES(SIGNATURE TCP4 LEN("\x29") IP4 "\x04\0\x1a" ID_TLV)},
    /* TLVs that do not fit, before and after a good one. */
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x27") IP4 ID_TLV "\x04")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x28") IP4 ID_TLV "\x04\0")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x29") IP4 ID_TLV "\x04\0\x01")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x29") IP4 ID_TLV "\x04\xff\xff")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x29") IP4 "\x04\0\x1b" ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x26") IP4 "\xEA\0\x18\x01" ID "0")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x26") IP4 "\xEA\x01\x17\x01" ID)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x25") IP4 ID_TLV)},
    /* Lengths that cannot be: less than the addresses, more than mod_extforward takes. */
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\0") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\x0b") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP6 LEN("\x23") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 LEN("\xf1") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 "\x01\x26" IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE TCP4 "\xff\xff" IP4 ID_TLV)},
    /* LOCAL, and no command; another version; no TCP. */
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES(SIGNATURE "\x20\x11" LEN("\x26") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES(SIGNATURE "\x20\0" LEN("\0"))},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE "\x22\x11" LEN("\x26") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE "\x11\x11" LEN("\x26") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE "\x31\x11" LEN("\x26") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE "\x21\0" LEN("\x26") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE "\x21\x12" LEN("\x26") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE "\x21\x22" LEN("\x3e") IP6 ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(SIGNATURE "\x21\x31" LEN("\x26") IP4 ID_TLV)},
    /* No signature: version 1, HTTP, and a byte that differs. */
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES("PROXY TCP4 10.0.0.5 10.0.0.6 12345 80\r\n")},
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES("PROXY TCP4 10.0.0.5 10.0.0.6 12345 80\r\n" ID_TLV)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES("PROXZ TCP4 10.0.0.5 10.0.0.6 12345 80\r\n")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES("GET / HTTP/1.1\r\n\r\n")},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES(" " WHOLE)},
    {__LINE__, PP2_VPCE_BAD, NULL, BYTES("\r\n\r\n\0\r\nQUIT\r" TCP4 LEN("\x26") IP4 ID_TLV)},
    {__LINE__, PP2_VPCE_NONE, NULL, BYTES("P")},
};

/* A copy of exactly that many bytes, so that a sanitizer sees who reads past them. */
static enum pp2_vpce_result read_copy(const char *bytes, size_t len, struct pp2_vpce *found)
{
    unsigned char *copy = malloc(len ? len : 1);
    memset(found, 'x', sizeof *found);
    if (!copy)
        abort();
    memcpy(copy, bytes, len);
    enum pp2_vpce_result result = pp2_vpce_read(copy, len, found);
    free(copy);
    return result;
}

static void test_whole(void)
{
    struct pp2_vpce found;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(read_copy(rows[i].bytes, rows[i].len, &found), rows[i].result);
        CHECK_TEXT(found.id, rows[i].id ? rows[i].id : "");
    }
}

/* No part of a header holds an id, whatever the whole one holds; and as long as it may still become
 * one, the bytes that are asked for are those that its length tells. */
static void test_parts(void)
{
    struct pp2_vpce found;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        size_t whole = row->len < 16 ? row->len : 16 + (size_t)(unsigned char)row->bytes[15];
        for (size_t len = 0; len < whole && len < row->len; len++) {
            CHECK_ROW(row->line);
            enum pp2_vpce_result result = read_copy(row->bytes, len, &found);
            CHECK_COMPARE(result, !=, PP2_VPCE_FOUND);
            CHECK_TEXT(found.id, "");
            if (row->result == PP2_VPCE_FOUND)
                CHECK_INT(result, PP2_VPCE_MORE);
            if (result == PP2_VPCE_MORE)
                CHECK_INT(found.wanted, len < 16 ? 16 : whole);
        }
    }
}

/* What mod_extforward takes at most is taken. */
static void test_longest(void)
{
    char bytes[PP2_VPCE_HEADER_MAX] = SIGNATURE TCP4 LEN("\xf0") IP4 ID_TLV;
    struct pp2_vpce found;
    const size_t used = sizeof SIGNATURE - 1 + 4 + sizeof IP4 - 1 + sizeof ID_TLV - 1;
    bytes[used] = '\x04';
    bytes[used + 2] = (char)(sizeof bytes - used - 3);
    CHECK_INT(read_copy(bytes, sizeof bytes, &found), PP2_VPCE_FOUND);
    CHECK_TEXT(found.id, ID);
    CHECK_INT(read_copy(bytes, sizeof bytes - 1, &found), PP2_VPCE_MORE);
    CHECK_INT(found.wanted, sizeof bytes);
}

int main(void)
{
    CU_TestInfo tests[] = {{"whole headers", test_whole},
                           {"parts of headers", test_parts},
                           {"the longest header", test_longest},
                           CU_TEST_INFO_NULL};
    return suite_run("module/pp2_vpce", NULL, NULL, tests);
}
