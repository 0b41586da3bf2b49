#include "unit/server/whole_request.h"

#include <fastcgi.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "server/record.h"

void whole_request_write(struct buffer *out, const char *begin, const char *body)
{
    buffer_reset(out, WHOLE_REQUEST_MAX);
    record_put(out, FCGI_BEGIN_REQUEST, WHOLE_REQUEST_ID, begin, sizeof(FCGI_BeginRequestBody));
    record_put(out, FCGI_PARAMS, WHOLE_REQUEST_ID, "", 0);
    record_put_stream(out, FCGI_STDIN, WHOLE_REQUEST_ID, body, strlen(body));
    record_put(out, FCGI_STDIN, WHOLE_REQUEST_ID, "", 0);
}

void whole_request_give(int fd, const char *bytes, size_t len)
{
    CHECK_INT(send(fd, bytes, len, MSG_NOSIGNAL), len);
}
