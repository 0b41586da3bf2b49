/* Which blocks may be trusted to speak the PROXY protocol. */
#include "module/trusted_block.h"

#include "check.h"
#include "suite.h"

static const struct {
    int line;
    bool valid;
    const char *text;
} blocks_rows[] = {
    {__LINE__, true, "10.0.0.0/16"},
    {__LINE__, true, "10.0.0.0/8"},
    {__LINE__, true, "10.1.2.3/32"},
    {__LINE__, true, "172.16.0.0/12"},
    {__LINE__, true, "128.0.0.0/8"},
    {__LINE__, true, "127.0.0.2/32"},
    {__LINE__, true, "127.0.0.2/31"},
    {__LINE__, true, "fd00::/16"},
    {__LINE__, true, "2001:db8::1/128"},
    {__LINE__, true, "::2/128"},
    {__LINE__, false, "127.0.0.0/8"},
    {__LINE__, false, "127.0.0.1/32"},
    {__LINE__, false, "127.0.0.0/31"},
    {__LINE__, false, "127.0.0.2/30"},
    {__LINE__, false, "::1/128"},
    {__LINE__, false, "::/16"},
    {__LINE__, false, "0.0.0.0/0"},
    {__LINE__, false, "::/0"},
    {__LINE__, false, "10.0.0.0/7"},
    {__LINE__, false, "10.0.0.0/33"},
    {__LINE__, false, "10.0.0.0/128"},
    {__LINE__, false, "fd00::/15"},
    {__LINE__, false, "fd00::/129"},
    {__LINE__, false, ""},
    {__LINE__, false, "/"},
    {__LINE__, false, "/16"},
    {__LINE__, false, "all"},
    {__LINE__, false, "10.0.0.0"},
    {__LINE__, false, "10.0.0.0/"},
    {__LINE__, false, "10.0.0.0/16 "},
    {__LINE__, false, " 10.0.0.0/16"},
    {__LINE__, false, "10.0.0.0/-16"},
    {__LINE__, false, "10.0.0.0/+16"},
    {__LINE__, false, "10.0.0.0/0016"},
    {__LINE__, false, "10.0.0.0/16/16"},
    {__LINE__, false, "10.0.0.0/16,10.1.0.0/16"},
    {__LINE__, false, "10.0.0/16"},
    {__LINE__, false, "load-balancer/16"},
    {__LINE__, false, "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/16"},
};

static void test_blocks(void)
{
    for (size_t i = 0; i < sizeof blocks_rows / sizeof blocks_rows[0]; i++) {
        CHECK_ROW(blocks_rows[i].line);
        CHECK_INT(trusted_block_is_valid(blocks_rows[i].text), blocks_rows[i].valid);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"blocks", test_blocks}, CU_TEST_INFO_NULL};
    return suite_run("module/trusted_block", NULL, NULL, tests);
}
