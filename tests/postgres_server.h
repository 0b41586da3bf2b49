/* postgres_server: a private PostgreSQL server from the distribution's package, for a test. It
 * listens on 127.0.0.1 alone, keeps its data in a folder of its own under /tmp, and goes away with
 * its folder when the process that started it ends, however it ends. It waits for no disk: what is
 * committed outlives the server's death, and not the machine's. */
#ifndef TESTS_POSTGRES_SERVER_H
#define TESTS_POSTGRES_SERVER_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { POSTGRES_SERVER_PATH_SIZE = 64, POSTGRES_SERVER_URL_SIZE = 128 };

struct postgres_server {
    char folder[POSTGRES_SERVER_PATH_SIZE];
    int port, port_fd; /* port_fd keeps it, also while the server does not run */
    pid_t pid;         /* 0 while it does not run */
    int lifeline; /* its end tells the janitor, which removes the folder, that the test has ended */
};

/* Makes a new server with the superuser "postgres", who needs no password, and starts it. False
 * after saying on standard error what went wrong. */
bool postgres_server_make(struct postgres_server *server);

/* The same with a standby that streams from the primary, which must run. */
bool postgres_server_follow(struct postgres_server *standby, const struct postgres_server *primary);

/* Adds lines to postgresql.conf, for the next start or reload. */
bool postgres_server_configure(const struct postgres_server *server, const char *lines);

/* Runs a program of PostgreSQL's, or any other one by its path, as the server's user and in its
 * folder, and waits for its end. The arguments end with NULL. False after showing the server's log
 * if it fails. */
bool postgres_server_run(const struct postgres_server *server, const char *program,
                         const char *const *arguments);

/* Starts such a program and returns its process, for the caller to wait for; -1 if it cannot. The
 * kernel kills it when the thread ends that started it. */
pid_t postgres_server_spawn(const struct postgres_server *server, const char *program,
                            const char *const *arguments);

/* Starts the server again, on the same port, and waits until it answers. */
bool postgres_server_start(struct postgres_server *server);

/* Stops it and waits for its end; SIGINT: cuts its clients off, SIGQUIT: like a crash. */
void postgres_server_stop(struct postgres_server *server, int signal);

/* Stops the server, if it runs, and removes its folder. Harmless if it was not made. */
void postgres_server_remove(struct postgres_server *server);

/* Writes the URL of one of its databases. */
void postgres_server_url(const struct postgres_server *server, const char *database,
                         char out[POSTGRES_SERVER_URL_SIZE]);

/* Runs SQL in a database as the superuser. The first value of the last statement, if any, is
 * written as text to out, which may be NULL. False after printing the error. */
bool postgres_server_sql(const struct postgres_server *server, const char *database,
                         const char *sql, char *out, size_t size);

#endif
