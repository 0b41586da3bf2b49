#include "e2e/webserver.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e/client.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "port.h"

enum { WEBSERVER_READY_MS = 30000, WEBSERVER_STOP_MS = 30000, WEBSERVER_TICK_MS = 20 };

#define WEBSERVER_USER "www-data"

/* Both tell PATH_INFO, and keep what they write in the pair's folder. */
static const char webserver_nginx[] = "%suser " WEBSERVER_USER ";\n"
                                      "worker_processes 2;\n"
                                      "pid %s/nginx.pid;\n"
                                      "error_log %s/web.log warn;\n"
                                      "events { worker_connections 512; }\n"
                                      "http {\n"
                                      "    access_log off;\n"
                                      "    client_body_temp_path %s/web;\n"
                                      "    fastcgi_temp_path %s/web;\n"
                                      "    proxy_temp_path %s/web;\n"
                                      "    uwsgi_temp_path %s/web;\n"
                                      "    scgi_temp_path %s/web;\n"
                                      "    upstream postern {\n"
                                      "        server unix:%s;\n"
                                      "        %skeepalive 32;\n"
                                      "    }\n"
                                      "    server {\n"
                                      "        listen 127.0.0.1:%d backlog=512;\n"
                                      "        location / {\n"
                                      "            fastcgi_pass postern;\n"
                                      "            fastcgi_keep_conn %s;\n"
                                      "            fastcgi_param REQUEST_METHOD $request_method;\n"
                                      "            fastcgi_param PATH_INFO $document_uri;\n"
                                      "            fastcgi_param QUERY_STRING $query_string;\n"
                                      "            fastcgi_param CONTENT_TYPE $content_type;\n"
                                      "            fastcgi_param CONTENT_LENGTH $content_length;\n"
                                      "        }\n"
                                      "    }\n"
                                      "}\n";

static const char webserver_apache[] =
    "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n"
    "LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"
    "LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so\n"
    "LoadModule proxy_fcgi_module /usr/lib/apache2/modules/mod_proxy_fcgi.so\n"
    "%sUser " WEBSERVER_USER "\n"
    "%sGroup " WEBSERVER_USER "\n"
    "ServerName localhost\n"
    "Listen 127.0.0.1:%d\n"
    "PidFile %s/apache.pid\n"
    "DefaultRuntimeDir %s/web\n"
    "Mutex file:%s/web\n"
    "ErrorLog %s/web.log\n"
    "LogLevel warn\n"
    "StartServers 1\n"
    "ServerLimit 2\n"
    "ThreadsPerChild 25\n"
    "MaxRequestWorkers 50\n"
    "KeepAlive On\n"
    "MaxKeepAliveRequests 0\n"
    "<Location />\n"
    "    Require all granted\n"
    "</Location>\n"
    "ProxyFCGISetEnvIf \"true\" PATH_INFO \"%%{REQUEST_URI}\"\n"
    "ProxyPass / unix:%s|fcgi://postern/ enablereuse=%s\n";

const char *const webserver_names[WEBSERVER_KINDS] = {
    [WEBSERVER_NGINX] = "nginx",
    [WEBSERVER_APACHE] = "apache",
};

static bool webserver_is_root(void)
{
    return geteuid() == 0;
}

const char *webserver_group(void)
{
    return webserver_is_root() ? WEBSERVER_USER : "";
}

static bool webserver_configure(const struct webserver *server, bool keep)
{
    char text[8192];
    const char *dir = server->pair->dir, *on = keep ? "on" : "off";
    const char *root = webserver_is_root() ? "" : "#", *kept = keep ? "" : "#";
    int n = server->kind == WEBSERVER_NGINX
                ? snprintf(text, sizeof text, webserver_nginx, root, dir, dir, dir, dir, dir, dir,
                           dir, server->pair->socket, kept, server->port, on)
                : snprintf(text, sizeof text, webserver_apache, root, root, server->port, dir, dir,
                           dir, dir, server->pair->socket, on);
    return n > 0 && (size_t)n < sizeof text && pair_write(server->pair, "web.conf", text);
}

/* A folder that their user may write to, in one that it may pass. */
static bool webserver_make_folder(const struct webserver *server)
{
    char path[PAIR_PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/web", server->pair->dir);
    if (mkdir(path, 0700) != 0)
        return access(path, F_OK) == 0;
    return chmod(path, 0777) == 0 && chmod(server->pair->dir, 0711) == 0;
}

/* In the child. */
static void webserver_exec(const struct webserver *server, const char *conf, const char *log,
                           pid_t parent)
{
    int null = open("/dev/null", O_RDWR), err = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (null < 0 || err < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(err, 2) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(126);
    closefrom(3);
    if (server->kind == WEBSERVER_NGINX)
        execl("/usr/sbin/nginx", "nginx", "-c", conf, "-e", log, "-g", "daemon off;", NULL);
    else
        execl("/usr/sbin/apache2", "apache2", "-f", conf, "-D", "FOREGROUND", NULL);
    _exit(127);
}

static bool webserver_wait_ready(const struct webserver *server)
{
    struct client_answer answer = {.status = 0};
    struct client *client = client_open(server->port);
    int64_t until = load_now_ms() + WEBSERVER_READY_MS;
    while (client && process_runs(server->pid) && load_now_ms() < until) {
        client_get(client, "/products/1", &answer);
        if (answer.status == 200)
            break;
        load_sleep_ms(WEBSERVER_TICK_MS);
    }
    client_close(client);
    return answer.status == 200;
}

bool webserver_start(struct webserver *server, const struct pair *pair, enum webserver_kind kind,
                     bool keep)
{
    char conf[PAIR_PATH_SIZE + 32], log[PAIR_PATH_SIZE + 32];
    *server = (struct webserver){.pair = pair, .kind = kind};
    server->port_fd = port_take(&server->port);
    snprintf(conf, sizeof conf, "%s/web.conf", pair->dir);
    snprintf(log, sizeof log, "%s/web.log", pair->dir);
    if (server->port_fd < 0 || !webserver_make_folder(server) || !webserver_configure(server, keep))
        return false;
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0)
        webserver_exec(server, conf, log, parent);
    if (server->pid > 0 && webserver_wait_ready(server))
        return true;
    fprintf(stderr, "webserver: %s did not start; its log ends:\n%s\n", webserver_names[kind],
            process_log_end(pair, "web.log"));
    webserver_stop(server);
    return false;
}

int webserver_stop(struct webserver *server)
{
    int status = -1;
    if (server->pid > 0) {
        kill(server->pid, SIGTERM);
        status = process_reap(server->pid, WEBSERVER_STOP_MS);
    }
    server->pid = 0;
    if (server->port_fd >= 0)
        close(server->port_fd);
    server->port_fd = -1;
    return process_exit(status);
}
