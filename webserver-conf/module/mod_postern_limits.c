/* mod_postern_limits: a lighttpd module that ends the start where the machine gives fewer file
 * descriptors than server.max-fds asks for. lighttpd alone starts with what there is. It then
 * accepts callers for whom it has no descriptor left to reach the application. */
#include <config.h> /* lighttpd's, as its other headers are: see lighttpd-headers */

#include <base.h>
#include <log.h>
#include <plugin.h>
#include <stdlib.h>
#include <sys/resource.h>

__attribute__((visibility("default"))) int mod_postern_limits_plugin_init(plugin *p);

/* Root's lighttpd has raised the limit before this, and an ordinary user's its soft part. */
static handler_t limits_set_defaults(server *srv, void *p_d)
{
    struct rlimit files;
    (void)p_d;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= srv->srvconf.max_fds)
        return HANDLER_GO_ON;
    log_error(
        srv->errh, __FILE__, __LINE__,
        "server.max-fds is %d, and the limit of file descriptors (ulimit -n) %lu; raise that, "
        "or lower server.max-fds, and server.max-connections to half of it",
        (int)srv->srvconf.max_fds, (unsigned long)files.rlim_cur);
    return HANDLER_ERROR;
}

static void *limits_init(void)
{
    return calloc(1, sizeof(plugin_data_base));
}

int mod_postern_limits_plugin_init(plugin *p)
{
    p->version = LIGHTTPD_VERSION_ID;
    p->name = "postern_limits";
    p->init = limits_init;
    p->set_defaults = limits_set_defaults;
    return 0;
}
