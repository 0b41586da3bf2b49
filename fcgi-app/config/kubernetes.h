/* kubernetes: the variables that Kubernetes sets in each pod for a Service, which may look like
 * settings because the Service is called postern, or postern-web, or metrics. */
#ifndef CONFIG_KUBERNETES_H
#define CONFIG_KUBERNETES_H

#include <stdbool.h>

/* Tells whether "NAME=value" is one of them (Kubernetes, "Service", Environment variables): the
 * name ends in _SERVICE_HOST, _SERVICE_PORT or _SERVICE_PORT_NAME; or, with the value of a link,
 * as in tcp://10.0.0.11:6379, in _PORT; or in _PORT_NUMBER_PROTOCOL, and perhaps _PROTO, _PORT or
 * _ADDR behind that. */
bool kubernetes_is_link(const char *variable);

#endif
