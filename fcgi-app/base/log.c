#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* A longer write to a pipe may mingle with another process's line. It may also wait although poll
 * said that it would not. */
enum { LOG_LINE_MAX = PIPE_BUF, LOG_LINE_TAIL = 2 };

/* How long a line waits for a reader that pauses, unless lines are dropped already. */
enum { LOG_WAIT_MS = 100 };

/* For pwritev2: not at an offset. */
enum { LOG_AT_END = -1 };

static const char *const log_level_names[LOG_LEVEL_MAX] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

static enum log_level log_level_set = LOG_INFO;

static struct log_shared log_here;
static struct log_shared *log_shared = &log_here;

/* A line under construction; a failed append leaves len as it was. */
struct log_line {
    char data[LOG_LINE_MAX];
    size_t len;
};

static bool log_append(struct log_line *line, const char *bytes, size_t n)
{
    if (n > sizeof line->data - LOG_LINE_TAIL - line->len)
        return false;
    memcpy(line->data + line->len, bytes, n);
    line->len += n;
    return true;
}

/* Counts the bytes that are printable ASCII and need no escape. */
static size_t log_plain_run(const char *text)
{
    size_t n = 0;
    while (text[n] >= ' ' && text[n] <= '~' && text[n] != '"' && text[n] != '\\')
        n++;
    return n;
}

/* Appends one UTF-8 sequence. Nobody's control character reaches the terminal of who reads on. */
static bool log_append_char(struct log_line *line, const char *bytes, size_t len)
{
    char escaped[8] = {'\\', *bytes};
    if (*bytes == '"' || *bytes == '\\')
        return log_append(line, escaped, 2);
    if (text_is_control(bytes, len)) {
        /* U+0080 to U+009F have their own number as their second byte. */
        int n = snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)bytes[len - 1]);
        return log_append(line, escaped, (size_t)n);
    }
    return log_append(line, bytes, len);
}

static bool log_append_text(struct log_line *line, const char *text)
{
    size_t left = strlen(text);
    if (!log_append(line, "\"", 1))
        return false;
    while (left > 0) {
        size_t run = log_plain_run(text);
        size_t n = run ? run : text_utf8_length((const unsigned char *)text, left);
        bool ok = run ? log_append(line, text, run)
                  : n ? log_append_char(line, text, n)
                      : log_append(line, "\\ufffd", 6);
        if (!ok)
            return false;
        n = n ? n : 1;
        text += n;
        left -= n;
    }
    return log_append(line, "\"", 1);
}

static void log_append_field(struct log_line *line, const struct log_field *field)
{
    size_t before = line->len;
    const char *open = before > 1 ? ",\"" : "\"";
    bool ok = log_append(line, open, strlen(open)) &&
              log_append(line, field->name, strlen(field->name)) && log_append(line, "\":", 2);
    if (ok && field->text) {
        ok = log_append_text(line, field->text);
    } else if (ok) {
        char number[TEXT_DECIMAL_SIZE];
        ok = log_append(line, number, text_decimal(field->number, number));
    }
    if (!ok)
        line->len = before;
}

/* A pipe is writable while PIPE_BUF bytes fit (pipe(7)). It must stay a blocking one, because the
 * processes that share it share that, too. */
static bool log_is_writable(int wait_ms)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&out, 1, wait_ms) != 0;
}

static void log_begin(struct log_line *line, enum log_level level, const char *message)
{
    char now[CLOCK_TEXT_SIZE];

    line->data[0] = '{';
    line->len = 1;
    clock_format(clock_now_us(), now);
    log_append_field(line, &LOG_TEXT("time", now));
    log_append_field(line, &LOG_TEXT("level", log_level_names[level]));
    log_append_field(line, &LOG_TEXT("message", message));
}

static void log_end(struct log_line *line)
{
    memcpy(line->data + line->len, "}\n", LOG_LINE_TAIL);
    line->len += LOG_LINE_TAIL;
}

static void log_make(struct log_line *line, enum log_level level, const char *message,
                     const struct log_field *fields)
{
    log_begin(line, level, message);
    for (; fields && fields->name; fields++)
        log_append_field(line, fields);
    log_end(line);
}

static bool log_is_pipe(void)
{
    struct stat st;
    return fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Writes without waiting, and returns how many bytes left. A pipe takes a line whole or not at all;
 * of what takes a part, the rest might wait for ever, so it is a matter of pipes alone. Named ones
 * and older kernels refuse such a write, and are not asked again. */
static size_t log_put_now(struct log_line *line)
{
    static _Atomic bool asked, refused;
    const struct iovec part = {line->data, line->len};
    ssize_t n = -1;
    if (!atomic_exchange(&asked, true))
        atomic_store(&refused, !log_is_pipe());
    if (!atomic_load(&refused)) {
        n = pwritev2(STDERR_FILENO, &part, 1, LOG_AT_END, RWF_NOWAIT);
        if (n < 0 && errno != EAGAIN)
            atomic_store(&refused, true);
    }
    return n > 0 ? (size_t)n : 0;
}

/* There is nowhere to report that the log cannot be written. */
static void log_put(const struct log_line *line, size_t from)
{
    ssize_t written = write(STDERR_FILENO, line->data + from, line->len - from);
    (void)written;
}

static void log_tell_dropped(void)
{
    struct log_line line;
    if (atomic_load(&log_shared->dropped) == 0 || !log_is_writable(0))
        return;
    int64_t count = atomic_exchange(&log_shared->dropped, 0);
    /* 0: another process told of them first. */
    if (count == 0)
        return;
    log_make(&line, LOG_WARN, "log lines were dropped", LOG_FIELDS(LOG_NUMBER("count", count)));
    log_put(&line, 0);
}

/* False if standard error does not take the line within that time. */
static bool log_send(struct log_line *line, int wait_ms)
{
    /* While there are some to be told of, no line passes by a full pipe's last gap. */
    bool dropping = atomic_load(&log_shared->dropped) != 0;
    size_t sent = dropping ? 0 : log_put_now(line);
    if (sent == line->len)
        return true;
    /* If standard error is no pipe any more, it may have taken a part of the line. */
    if (sent == 0 && !log_is_writable(dropping ? 0 : wait_ms))
        return false;
    log_put(line, sent);
    return true;
}

static void log_keep_error(const char *message)
{
    size_t at = atomic_fetch_add(&log_shared->errors, 1) % LOG_ERRORS;
    char text[LOG_ERROR_SIZE] = "";
    snprintf(text, sizeof text, "%s", message);
    atomic_store(&log_shared->last[at].at_us, 0);
    for (size_t i = 0; i < LOG_ERROR_WORDS; i++) {
        uint64_t word;
        memcpy(&word, text + i * sizeof word, sizeof word);
        atomic_store(&log_shared->last[at].words[i], word);
    }
    atomic_store(&log_shared->last[at].at_us, clock_now_us());
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    struct log_line line;
    if (level > log_level_set)
        return;
    int saved = errno;
    log_tell_dropped();
    if (level == LOG_ERROR)
        log_keep_error(message);
    log_make(&line, level, message, fields);
    if (!log_send(&line, LOG_WAIT_MS)) {
        atomic_fetch_add(&log_shared->dropped, 1);
        atomic_fetch_add(&log_shared->dropped_all, 1);
    }
    errno = saved;
}

bool log_write_members(const char *message, const char *members)
{
    struct log_line line;
    int saved = errno;
    log_tell_dropped();
    log_begin(&line, LOG_INFO, message);
    bool ok = log_append(&line, ",", 1) && log_append(&line, members, strlen(members));
    log_end(&line);
    ok = ok && log_send(&line, 0);
    errno = saved;
    return ok;
}

void log_share(struct log_shared *shared)
{
    int64_t count = atomic_exchange(&log_shared->dropped, 0);
    log_shared = shared ? shared : &log_here;
    atomic_fetch_add(&log_shared->dropped, count);
}

static bool log_read_error(uint32_t number, struct log_error *error)
{
    size_t at = number % LOG_ERRORS;
    error->at_us = atomic_load(&log_shared->last[at].at_us);
    for (size_t i = 0; i < LOG_ERROR_WORDS; i++) {
        uint64_t word = atomic_load(&log_shared->last[at].words[i]);
        memcpy(error->message + i * sizeof word, &word, sizeof word);
    }
    error->message[LOG_ERROR_SIZE - 1] = '\0';
    /* If that has changed, another error has taken the place meanwhile. */
    return error->at_us && atomic_load(&log_shared->last[at].at_us) == error->at_us;
}

size_t log_last_errors(struct log_error out[LOG_ERRORS])
{
    uint32_t end = atomic_load(&log_shared->errors);
    size_t count = 0;
    for (uint32_t i = 1; i <= LOG_ERRORS && i <= end; i++)
        count += log_read_error(end - i, &out[count]);
    return count;
}

void log_set_level(enum log_level level)
{
    log_level_set = level;
}

enum log_level log_level_of(const char *name)
{
    enum log_level level = 0;
    while (level < LOG_LEVEL_MAX && strcmp(name, log_level_names[level]) != 0)
        level++;
    return level;
}
