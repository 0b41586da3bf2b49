/* probe: asks a running server over its own socket, as the web server would. */
#ifndef SERVER_PROBE_H
#define SERVER_PROBE_H

/* Sends GET path over a unix socket and returns the HTTP status. If no answer came within
 * timeout_ms, returns -1, and error is static text that says what failed. */
int probe_get(const char *socket_path, const char *path, int timeout_ms, const char **error);

#endif
