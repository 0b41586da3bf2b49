/* postern: the command line. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/streams.h"
#include "command/command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *meaning;
} commands[] = {
    {"serve", command_serve, "serve FastCGI on a unix socket ('serve --help': the settings)"},
    {"migrate", command_migrate, "create the store, or bring its schema up to this program's"},
    {"import", command_import, "import FILE: add products, or change them, from CSV or JSON"},
    {"export", command_export, "write the products as CSV to standard output"},
    {"retire", command_retire,
     "retire [--back] ID...: take products out of sale, or bring them back"},
    {"stock", command_stock,
     "stock ID +N | -N | =N: change a product's stock; --ledger: what changed it"},
    {"audit", command_audit, "check that every product's ledger accounts for its stock"},
    {"consumer", command_consumer,
     "consumer rename OLD NEW: file a consumer's orders and keys under another name"},
    {"backup", command_backup, "backup FILE: copy the store to a new file, whole and checked"},
    {"restore", command_restore, "restore FILE: put such a copy in the store's place"},
    {"healthcheck", command_healthcheck,
     "ask a running server; --ready: whether it takes requests"},
    {"status", command_status,
     "show what a running server does; --watch: again and again; --json: for a program"},
    {"version", command_version, "print the version"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int usage(FILE *out, int status)
{
    fputs("usage: postern COMMAND, or postern COMMAND --help\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].meaning);
    return status;
}

/* A command that is called wrongly says how it is called, which is its help, too. */
static int help(int (*run)(int argc, char **argv), char **argv)
{
    if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        return COMMAND_FAILED;
    int status = run(2, argv);
    return status == COMMAND_USAGE ? COMMAND_DONE : status;
}

int main(int argc, char **argv)
{
    if (!streams_open())
        return COMMAND_FAILED;
    if (argc < 2)
        return usage(stderr, COMMAND_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return usage(stdout, COMMAND_DONE);
    if (strcmp(argv[1], "--version") == 0)
        return command_version(1, argv);
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        return argc == 3 && strcmp(argv[2], "--help") == 0 ? help(commands[i].run, argv + 1)
                                                           : commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "postern: there is no command \"%s\"\n", argv[1]);
    return usage(stderr, COMMAND_USAGE);
}
