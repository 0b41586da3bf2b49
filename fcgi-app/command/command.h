/* command: what the program can be told to do, a file a command. */
#ifndef COMMAND_H
#define COMMAND_H

/* Each takes the arguments from its own name on and returns the process's exit status: 0 done, 1
 * failed, 2 called wrongly. Errors for a person go to standard error in plain words. */
int command_serve(int argc, char **argv);
int command_migrate(int argc, char **argv);
int command_import(int argc, char **argv);
int command_export(int argc, char **argv);
int command_stock(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_consumer(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_retire(int argc, char **argv);
int command_healthcheck(int argc, char **argv);
int command_status(int argc, char **argv);
int command_version(int argc, char **argv);

/* The program's version, and of what commit it was built. */
extern const char *const command_version_text;

enum { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

#endif
