#include "server/management.h"

#include <fastcgi.h>

#include "check.h"
#include "suite.h"

#define BYTES(bytes)    (bytes), sizeof(bytes) - 1
#define CONNS           "\16\0FCGI_MAX_CONNS"
#define REQS            "\15\0FCGI_MAX_REQS"
#define MPXS            "\17\0FCGI_MPXS_CONNS"
#define HEAD(type, len) "\1" type "\0\0\0" len "\0\0" /* of no request, without padding */

static const struct {
    int line;
    int type;
    const char *content;
    size_t len;
    const char *answer; /* NULL: refused */
    size_t answer_len;
} rows[] = {
    {__LINE__, FCGI_GET_VALUES, BYTES(""), BYTES(HEAD("\12", "\0"))},
    {__LINE__, FCGI_GET_VALUES, BYTES(MPXS), BYTES(HEAD("\12", "\22") "\17\1FCGI_MPXS_CONNS0")},
    {__LINE__, FCGI_GET_VALUES, BYTES(REQS CONNS),
     BYTES(HEAD("\12", "\45") "\15\3FCGI_MAX_REQS256\16\3FCGI_MAX_CONNS256")},
    {__LINE__, FCGI_GET_VALUES, BYTES("\16\1FCGI_MAX_CONNSx"),
     BYTES(HEAD("\12", "\23") "\16\3FCGI_MAX_CONNS256")},
    {__LINE__, FCGI_GET_VALUES, BYTES("\5\0OTHER\15\0FCGI_MAX_CONN"), BYTES(HEAD("\12", "\0"))},
    {__LINE__, FCGI_GET_VALUES, BYTES("\16"), NULL, 0},
    {__LINE__, FCGI_GET_VALUES, BYTES("\16\0FCGI_MAX_CONN"), NULL, 0},
    {__LINE__, FCGI_GET_VALUES, BYTES("\xff\xff\xff\xfe\xff\xff\xff\xfe"), NULL, 0},
    /* More than the answer has room for: libfcgi writes beyond it. */
    {__LINE__, FCGI_GET_VALUES,
     BYTES(CONNS CONNS CONNS CONNS CONNS CONNS CONNS CONNS CONNS CONNS CONNS CONNS CONNS CONNS),
     NULL, 0},
    {__LINE__, 99, BYTES("what"), BYTES(HEAD("\13", "\10") "\143\0\0\0\0\0\0\0")},
    {__LINE__, FCGI_STDIN, BYTES(""), BYTES(HEAD("\13", "\10") "\5\0\0\0\0\0\0\0")},
};

static void test_answers(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct buffer content, out;
        buffer_init(&content, MANAGEMENT_CONTENT_MAX);
        buffer_init(&out, 1024);
        REQUIRE_TRUE(buffer_append(&content, rows[i].content, rows[i].len));
        CHECK_INT(management_answer(rows[i].type, &content, &out), rows[i].answer != NULL);
        if (rows[i].answer)
            CHECK_BYTES(out.data, out.len, rows[i].answer, rows[i].answer_len);
        buffer_free(&content);
        buffer_free(&out);
    }
}

/* Whoever asks without end is refused once the answers have no more room. */
static void test_bound(void)
{
    struct buffer content, out;
    int answered = 0;
    buffer_init(&content, MANAGEMENT_CONTENT_MAX);
    buffer_init(&out, 64);
    while (answered < 100 && management_answer(99, &content, &out))
        answered++;
    CHECK_INT(answered, 4);
    buffer_free(&out);
}

int main(void)
{
    CU_TestInfo tests[] = {{"answers", test_answers}, {"bound", test_bound}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/management", NULL, NULL, tests);
}
