/* queue: how many connections wait in a listening unix socket. */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include <sys/types.h>

/* Asks the kernel (sock_diag(7)) for the socket with that inode, as fstat has it. -1 if it does not
 * tell, or there is no such unix socket. */
int queue_length(ino_t inode);

#endif
