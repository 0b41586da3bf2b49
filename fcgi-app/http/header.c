#include "http/header.h"

#include <string.h>
#include <strings.h>

#define HEADER_JSON     "application/json"
#define HEADER_ALPHANUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
/* The characters of a token (RFC 9110, section 5.6.2), and those of base64, path and URN besides:
 * generated keys use them. */
#define HEADER_KEY_CHARS HEADER_ALPHANUM "!#$%&'*+-.^_`|~:/="

bool header_is_json(const char *content_type)
{
    size_t n = strlen(HEADER_JSON);
    if (!content_type || strncasecmp(content_type, HEADER_JSON, n) != 0)
        return false;
    content_type += n + strspn(content_type + n, " \t");
    return *content_type == '\0' || *content_type == ';';
}

static bool header_is_name(const char *name, size_t len)
{
    size_t label = 0;
    for (size_t i = 0; i < len; i++) {
        bool dot = name[i] == '.', edge = label == 0 || i + 1 == len || name[i + 1] == '.';
        if (dot ? label == 0 : !strchr(HEADER_ALPHANUM, name[i]) && (edge || name[i] != '-'))
            return false;
        label = dot ? 0 : label + 1;
    }
    return len > 0;
}

static bool header_is_address(const char *host, size_t len)
{
    return host[len] == ']' && strspn(host + 1, "0123456789abcdefABCDEF:.") == len - 1;
}

bool header_is_host(const char *host)
{
    bool bracket = *host == '[';
    size_t len = strcspn(host, bracket ? "]" : ":");
    if (bracket ? !header_is_address(host, len) : !header_is_name(host, len))
        return false;
    const char *port = host + len + bracket;
    return !*port || (*port == ':' && port[1 + strspn(port + 1, "0123456789")] == '\0');
}

static bool header_quoted_key(const char *at, char key[ORDER_KEY_MAX + 1])
{
    size_t used = 0;
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1] != '"' && at[1] != '\\')
            return false;
        at += *at == '\\';
        if (*at < 0x20 || *at > 0x7e || used == ORDER_KEY_MAX)
            return false;
        key[used++] = *at;
    }
    key[used] = '\0';
    return *at == '"' && used > 0 && at[1 + strspn(at + 1, " \t")] == '\0';
}

bool header_idempotency_key(const char *header, char key[ORDER_KEY_MAX + 1])
{
    header += strspn(header, " \t");
    if (*header == '"')
        return header_quoted_key(header, key);
    size_t n = strspn(header, HEADER_KEY_CHARS);
    if (n < 1 || n > ORDER_KEY_MAX || header[n + strspn(header + n, " \t")] != '\0')
        return false;
    memcpy(key, header, n);
    key[n] = '\0';
    return true;
}
