#include "config/kubernetes.h"

#include <regex.h>
#include <stddef.h>

static const char *const kubernetes_links[] = {
    "^[A-Z0-9_]+_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)=",
    "^[A-Z0-9_]+_PORT=(tcp|udp|sctp)://",
    "^[A-Z0-9_]+_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=",
};

bool kubernetes_is_link(const char *variable)
{
    bool found = false;
    for (size_t i = 0; i < sizeof kubernetes_links / sizeof kubernetes_links[0] && !found; i++) {
        regex_t link;
        if (regcomp(&link, kubernetes_links[i], REG_EXTENDED | REG_NOSUB) != 0)
            continue;
        found = regexec(&link, variable, 0, NULL, 0) == 0;
        regfree(&link);
    }
    return found;
}
