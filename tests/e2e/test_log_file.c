/* log-file: who logs never waits for a disk, lines are whole, and each is in the files or counted.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"
#include "suite.h"

#define NOTE "\"message\":\"log lines were dropped\",\"count\":"
#define HEAD "{\"number\":\""

enum { WAIT_MS = 30000, LINES = 100000, LINE_SIZE = 80, FILES = 100, FILE_BYTES = 256 * 1024 };
enum { LONG_SIZE = 1000, LONG_LINES = 30000, PIPE_GROWN = 1024 * 1024, BLOCK_MS = 250 };

/* One that runs: where to write its lines, and to read what it says. */
struct program {
    pid_t pid;
    int in, said;
};

static char program_path[PATH_MAX], folder[] = "/tmp/postern-log.XXXXXX", path[64];

static char stuck_path[sizeof path];
static struct program stuck;
static int stuck_disk;

static int setup(void)
{
    bool made = mkdtemp(folder) && signal(SIGPIPE, SIG_IGN) != SIG_ERR;
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(stuck_path, sizeof stuck_path, "%s/stuck", folder);
    return made && pair_program("log-file", program_path) ? 0 : 1;
}

static void name_of(int number, char name[sizeof path + 16])
{
    snprintf(name, sizeof path + 16, number ? "%s.%d" : "%s", path, number);
}

static void clear(void)
{
    char name[sizeof path + 16];
    for (int number = 0; number < FILES; number++) {
        name_of(number, name);
        unlink(name);
    }
}

static int teardown(void)
{
    clear();
    return rmdir(folder);
}

/* argv without the program's name; returns when it reads. */
static struct program start(const char *const argv[3])
{
    int in[2], said[2];
    struct program program = {.pid = -1};
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0)
        abort();
    program.pid = fork();
    if (program.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(said[1], STDERR_FILENO);
        execl(program_path, program_path, argv[0], argv[0] ? argv[1] : NULL,
              argv[0] && argv[1] ? argv[2] : NULL, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(said[1]);
    program.in = in[1];
    program.said = said[0];
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(2)) {
        struct pollfd gone = {.fd = program.in, .events = POLLOUT};
        if (fcntl(program.in, F_GETPIPE_SZ) >= PIPE_GROWN || poll(&gone, 1, 0) < 0 ||
            (gone.revents & POLLERR))
            break;
    }
    return program;
}

static struct program start_here(void)
{
    clear();
    return start((const char *const[]){path, NULL, NULL});
}

/* Returns its exit status, and what it said, cut to size. */
static int end(struct program *program, char *said, size_t size)
{
    size_t len = 0;
    ssize_t n;
    if (program->in >= 0)
        close(program->in);
    int status = process_exit(process_reap(program->pid, WAIT_MS));
    while (len + 1 < size && (n = read(program->said, said + len, size - 1 - len)) > 0)
        len += (size_t)n;
    said[len] = '\0';
    close(program->said);
    return status;
}

static void line_of(char *line, int size, int number)
{
    snprintf(line, (size_t)size + 1, HEAD "%0*d\"}\n", size - (int)sizeof HEAD - 2, number);
}

/* Writes lines as a process that never waits would; false if one finds no room in time. */
static bool write_lines(int out, int size, int from, int to)
{
    char line[LONG_SIZE + 1];
    for (int i = from; i < to; i++) {
        struct pollfd ready = {.fd = out, .events = POLLOUT};
        line_of(line, size, i);
        if (poll(&ready, 1, WAIT_MS) != 1 || write(out, line, (size_t)size) != size)
            return false;
    }
    return true;
}

/* What was read: lines as line_of makes them with numbers that rise, the number that may come next,
 * how many were told to be dropped, and what is neither. */
struct seen {
    int whole, next, wrong;
    long told;
};

/* Reads a file to its end, or a pipe until the other side closes it. */
static void see(struct seen *seen, int fd, int size)
{
    char line[LONG_SIZE + 2], wanted[LONG_SIZE + 1];
    FILE *file = fdopen(fd, "r");
    REQUIRE_NOT_NULL(file);
    while (fgets(line, sizeof line, file)) {
        const char *note = strstr(line, NOTE);
        int number = (int)strtol(line + sizeof HEAD - 1, NULL, 10);
        line_of(wanted, size, number);
        bool whole = !note && number >= seen->next && strcmp(line, wanted) == 0;
        seen->whole += whole;
        seen->next = whole ? number + 1 : seen->next;
        seen->told += note ? strtol(note + strlen(NOTE), NULL, 10) : 0;
        seen->wrong += !whole && !note;
    }
    fclose(file);
}

static void see_files(struct seen *seen, int size)
{
    char name[sizeof path + 16];
    for (int number = FILES - 1; number >= 0; number--) {
        name_of(number, name);
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            see(seen, fd, size);
    }
}

/* All have room in memory, however slow the disk is. */
static void test_burst(void)
{
    struct seen seen = {.whole = 0};
    struct stat file;
    char said[256], name[sizeof path + 16];
    int files = 0;
    clear();
    struct program program = start((const char *const[]){path, "262144", "100"});
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, LINES));
    CHECK_INT(end(&program, said, sizeof said), 0);
    CHECK_TEXT(said, "");
    for (int number = 0; number < FILES; number++) {
        name_of(number, name);
        if (stat(name, &file) != 0)
            continue;
        files++;
        CHECK_COMPARE(file.st_size, <=, FILE_BYTES);
        if (number > 0)
            CHECK_COMPARE(file.st_size, >, FILE_BYTES - LINE_SIZE);
    }
    CHECK_INT(files, (LINES + FILE_BYTES / LINE_SIZE - 1) / (FILE_BYTES / LINE_SIZE));
    see_files(&seen, LINE_SIZE);
    CHECK_INT(seen.whole, LINES);
    CHECK_INT(seen.wrong, 0);
}

static void test_keeps_few(void)
{
    struct seen seen = {.whole = 0};
    char said[256], name[sizeof path + 16];
    enum { A_FILE = FILE_BYTES / LINE_SIZE, MANY = 5 * A_FILE };
    clear();
    struct program program = start((const char *const[]){path, "262144", "3"});
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, MANY));
    CHECK_INT(end(&program, said, sizeof said), 0);
    see_files(&seen, LINE_SIZE);
    CHECK_INT(seen.whole, 3 * A_FILE);
    CHECK_INT(seen.next, MANY);
    name_of(3, name);
    CHECK_INT(access(name, F_OK), -1);
}

/* A named pipe that nobody reads stands for a disk that hangs. */
static void test_slow_disk(void)
{
    struct seen seen = {.whole = 0};
    char said[256];
    clear();
    REQUIRE_INT(mkfifo(path, 0600), 0);
    int disk = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct program program = start((const char *const[]){path, NULL, NULL});
    CHECK_TRUE(write_lines(program.in, LONG_SIZE, 0, LONG_LINES));
    close(program.in);
    program.in = -1;
    fcntl(disk, F_SETFL, 0);
    see(&seen, disk, LONG_SIZE);
    CHECK_INT(end(&program, said, sizeof said), 0);
    CHECK_INT(seen.wrong, 0);
    CHECK_COMPARE(seen.told, >, 0);
    CHECK_INT(seen.whole + seen.told, LONG_LINES, "%d lines, %ld dropped", seen.whole, seen.told);
}

/* Waits for what the program says, which is the text alone. */
static bool wait_said(const struct program *program, const char *text)
{
    char said[512];
    struct pollfd ready = {.fd = program->said, .events = POLLIN};
    if (poll(&ready, 1, WAIT_MS) != 1)
        return false;
    ssize_t n = read(program->said, said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    return CHECK_TEXT(said, text);
}

/* A full disk is said once; what came meanwhile is written when there is room. */
static void test_full_disk(void)
{
    struct seen seen = {.whole = 0};
    char said[512], wanted[512];
    clear();
    REQUIRE_INT(symlink("/dev/full", path), 0);
    struct program program = start((const char *const[]){path, NULL, NULL});
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, 10));
    snprintf(wanted, sizeof wanted, "log-file: cannot write %s: No space left on device\n", path);
    CHECK_TRUE(wait_said(&program, wanted));
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 10, 20));
    load_sleep_ms(2 * BLOCK_MS); /* in which it may say it again */
    unlink(path);
    kill(program.pid, SIGHUP);
    CHECK_INT(end(&program, said, sizeof said), 0);
    snprintf(wanted, sizeof wanted, "log-file: %s is written again\n", path);
    CHECK_TEXT(said, wanted);
    see_files(&seen, LINE_SIZE);
    CHECK_INT(seen.whole, 20);
}

static void test_lost_at_the_end(void)
{
    char said[512], wanted[512];
    struct program program = start((const char *const[]){"/dev/full", NULL, NULL});
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, 10));
    CHECK_INT(end(&program, said, sizeof said), 1);
    snprintf(wanted, sizeof wanted,
             "log-file: cannot write /dev/full: No space left on device\n"
             "log-file: up to 10 lines were not written to /dev/full\n");
    CHECK_TEXT(said, wanted);
}

/* The disk hangs to the end; the process does not. It takes its time, so it starts before the other
 * tests. */
static void test_stuck_begins(void)
{
    REQUIRE_INT(mkfifo(stuck_path, 0600), 0);
    stuck_disk = open(stuck_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    stuck = start((const char *const[]){stuck_path, NULL, NULL});
    CHECK_TRUE(write_lines(stuck.in, LONG_SIZE, 0, 100));
    kill(stuck.pid, SIGTERM);
}

static void test_stuck_ends(void)
{
    char said[512], wanted[512];
    CHECK_INT(end(&stuck, said, sizeof said), 1);
    snprintf(wanted, sizeof wanted,
             "log-file: cannot write %s: Connection timed out\n"
             "log-file: up to 100 lines were not written to %s\n",
             stuck_path, stuck_path);
    CHECK_TEXT(said, wanted);
    close(stuck_disk);
    unlink(stuck_path);
}

static bool wait_lines(const char *name, int count)
{
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(5)) {
        struct stat file;
        if (stat(name, &file) == 0 && file.st_size == (off_t)count * LINE_SIZE)
            return true;
    }
    return false;
}

/* As logrotate does it: what is moved away is whole, and the rest goes to the new file. */
static void test_hup(void)
{
    struct seen seen = {.whole = 0};
    char said[256], moved[sizeof path + 16];
    struct program program = start_here();
    name_of(FILES - 1, moved);
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, 5));
    CHECK_TRUE(wait_lines(path, 5));
    REQUIRE_INT(rename(path, moved), 0);
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 5, 10));
    CHECK_TRUE(wait_lines(moved, 10));
    kill(program.pid, SIGHUP);
    CHECK_TRUE(wait_lines(path, 0));
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 10, 20));
    CHECK_INT(end(&program, said, sizeof said), 0);
    CHECK_TRUE(wait_lines(path, 10));
    see_files(&seen, LINE_SIZE);
    CHECK_INT(seen.whole, 20);
}

/* The file is full in the midst of a line, and somebody moves it away: the line is whole in the new
 * one. */
static void test_hup_in_a_line(void)
{
    char said[512], wanted[512], moved[sizeof path + 16];
    const struct rlimit room = {.rlim_cur = LINE_SIZE * 3 / 2, .rlim_max = RLIM_INFINITY};
    struct seen seen = {.next = 1};
    struct program program = start_here();
    REQUIRE_INT(prlimit(program.pid, RLIMIT_FSIZE, &room, NULL), 0);
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, 2));
    snprintf(wanted, sizeof wanted, "log-file: cannot write %s: File too large\n", path);
    CHECK_TRUE(wait_said(&program, wanted));
    name_of(1, moved);
    REQUIRE_INT(rename(path, moved), 0);
    kill(program.pid, SIGHUP);
    CHECK_INT(end(&program, said, sizeof said), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE_COMPARE(fd, >=, 0);
    see(&seen, fd, LINE_SIZE);
    CHECK_INT(seen.whole, 1);
    CHECK_INT(seen.wrong, 0);
}

/* A file that cannot be opened anew is said, and the one that is open goes on. */
static void test_hup_without_a_folder(void)
{
    char said[512], wanted[512], inner[sizeof path + 32], moved[sizeof path + 16];
    clear();
    snprintf(inner, sizeof inner, "%s/log", path);
    snprintf(moved, sizeof moved, "%s.moved", path);
    REQUIRE_INT(mkdir(path, 0700), 0);
    struct program program = start((const char *const[]){inner, NULL, NULL});
    REQUIRE_INT(rename(path, moved), 0);
    kill(program.pid, SIGHUP);
    snprintf(wanted, sizeof wanted, "log-file: cannot open %s: No such file or directory\n", inner);
    CHECK_TRUE(wait_said(&program, wanted));
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, 3));
    CHECK_INT(end(&program, said, sizeof said), 0);
    snprintf(inner, sizeof inner, "%s/log", moved);
    CHECK_TRUE(wait_lines(inner, 3));
    unlink(inner);
    rmdir(moved);
}

/* What is in the pipe at TERM is written, although whoever writes keeps it open. Ctrl-C, which a
 * terminal sends to all, ends nothing. */
static void test_term(void)
{
    enum { HELD = PIPE_GROWN / 2 / LINE_SIZE };
    struct seen seen = {.whole = 0};
    char said[256];
    struct program program = start_here();
    CHECK_TRUE(process_stop(program.pid));
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, HELD));
    CHECK_INT(write(program.in, "the end", 7), 7);
    kill(program.pid, SIGINT);
    kill(program.pid, SIGTERM);
    kill(program.pid, SIGCONT);
    int in = program.in;
    program.in = -1;
    CHECK_INT(end(&program, said, sizeof said), 0);
    close(in);
    see_files(&seen, LINE_SIZE);
    CHECK_INT(seen.whole, HELD);
    CHECK_INT(seen.wrong, 1); /* the end */
}

static long writes_of(pid_t pid)
{
    char name[64], line[64];
    long writes = -1;
    snprintf(name, sizeof name, "/proc/%d/io", (int)pid);
    FILE *file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "syscw: ", 7) == 0)
            writes = strtol(line + 7, NULL, 10);
    if (file)
        fclose(file);
    return writes;
}

/* A line is there soon, without another, and many lines make few writes. */
static void test_blocks(void)
{
    enum { COUNT = 200, PAUSE_MS = 2 };
    char said[256];
    struct program program = start_here();
    CHECK_TRUE(write_lines(program.in, LINE_SIZE, 0, 1));
    CHECK_TRUE(wait_lines(path, 1));
    long before = writes_of(program.pid);
    int64_t since = load_now_ms();
    for (int i = 0; i < COUNT; i++, load_sleep_ms(PAUSE_MS))
        CHECK_TRUE(write_lines(program.in, LINE_SIZE, 1 + i, 2 + i));
    CHECK_TRUE(wait_lines(path, COUNT + 1));
    int64_t blocks = (load_now_ms() - since) / BLOCK_MS + 2;
    CHECK_COMPARE(before, >=, 0);
    CHECK_COMPARE(writes_of(program.pid) - before, <=, blocks);
    CHECK_COMPARE(blocks, <, COUNT / 2);
    CHECK_INT(end(&program, said, sizeof said), 0);
}

static void test_refusals(void)
{
    static const char usage[] = "usage: log-file FILE [BYTES [FILES]], with at least 262144 BYTES "
                                "and from 2 to 100 FILES\n";
    static const struct {
        int line;
        const char *argv[3], *said;
    } rows[] = {
        {__LINE__, {NULL}, usage},
        {__LINE__, {"/tmp/x", "262143"}, usage},
        {__LINE__, {"/tmp/x", "1M"}, usage},
        {__LINE__, {"/tmp/x", "262144", "1"}, usage},
        {__LINE__, {"/tmp/x", "262144", "101"}, usage},
        {__LINE__, {"/tmp/x", "262144", ""}, usage},
        {__LINE__,
         {"/nowhere/log"},
         "log-file: cannot open /nowhere/log: No such file or directory\n"},
        {__LINE__, {"/tmp"}, "log-file: cannot open /tmp: Is a directory\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char said[512];
        CHECK_ROW(rows[i].line);
        struct program program = start(rows[i].argv);
        CHECK_INT(end(&program, said, sizeof said), 1);
        CHECK_TEXT(said, rows[i].said);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a disk that hangs at the end", test_stuck_begins},
        {"a burst is all there, in files of a size", test_burst},
        {"the oldest files are gone", test_keeps_few},
        {"lines are dropped and counted while the disk hangs", test_slow_disk},
        {"a full disk is said, and lines wait", test_full_disk},
        {"what is lost at the end is counted", test_lost_at_the_end},
        {"HUP opens the file anew", test_hup},
        {"HUP leaves a line whole", test_hup_in_a_line},
        {"HUP without a folder loses nothing", test_hup_without_a_folder},
        {"TERM writes what is in the pipe", test_term},
        {"lines are written in blocks", test_blocks},
        {"wrong arguments are refused", test_refusals},
        {"a disk that hangs at the end is given up", test_stuck_ends},
        CU_TEST_INFO_NULL,
    };
    return suite_run("e2e/log_file", setup, teardown, tests);
}
