#include "check.h"
#include "config/kubernetes.h"
#include "suite.h"

static void test_links(void)
{
    static const struct {
        int line;
        const char *variable;
        bool link;
    } rows[] = {
        {__LINE__, "POSTERN_SERVICE_HOST=10.0.0.11", true},
        {__LINE__, "POSTERN_SERVICE_PORT=8080", true},
        {__LINE__, "POSTERN_SERVICE_PORT_HTTP_WEB=8080", true},
        {__LINE__, "POSTERN_PORT=tcp://10.0.0.11:8080", true},
        {__LINE__, "POSTERN_PORT=udp://10.0.0.11:8080", true},
        {__LINE__, "POSTERN_PORT_8080_TCP=tcp://10.0.0.11:8080", true},
        {__LINE__, "POSTERN_PORT_8080_TCP_PROTO=tcp", true},
        {__LINE__, "POSTERN_PORT_8080_TCP_PORT=8080", true},
        {__LINE__, "POSTERN_PORT_8080_SCTP_ADDR=10.0.0.11", true},
        {__LINE__, "POSTERN_WEB_SERVICE_HOST=10.0.0.11", true},
        {__LINE__, "POSTERN_WEB_PORT=tcp://10.0.0.11:8080", true},
        /* What a person may have meant as a setting. */
        {__LINE__, "POSTERN_PORT=8080", false},
        {__LINE__, "POSTERN_PORT=", false},
        {__LINE__, "POSTERN_PORT_HTTP=8080", false},
        {__LINE__, "POSTERN_HOST=tcp://10.0.0.11:8080", false},
        {__LINE__, "POSTERN_SERVICE=10.0.0.11", false},
        {__LINE__, "POSTERN_WORKER=POSTERN_SERVICE_HOST=1", false},
        {__LINE__, "POSTERN_PORT_8080_TCP_NAME=1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(kubernetes_is_link(rows[i].variable), rows[i].link);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"links of Services are told from settings", test_links},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/config/kubernetes", NULL, NULL, tests);
}
