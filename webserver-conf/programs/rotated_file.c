#include "rotated_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROTATED_FILE_MODE = 0644, ROTATED_FILE_NAME_SIZE = ROTATED_FILE_PATH_MAX + 8 };

bool rotated_file_open(struct rotated_file *file)
{
    file->fd = open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, ROTATED_FILE_MODE);
    file->doing = "open";
    return file->fd >= 0;
}

bool rotated_file_reopen(struct rotated_file *file)
{
    int before = file->fd;
    if (!rotated_file_open(file)) {
        file->fd = before;
        return false;
    }
    close(before);
    return true;
}

/* FILE itself has the number 0. */
static void rotated_file_name(const struct rotated_file *file, int number,
                              char name[ROTATED_FILE_NAME_SIZE])
{
    snprintf(name, ROTATED_FILE_NAME_SIZE, number ? "%s.%d" : "%s", file->path, number);
}

/* Each file gets the next one's name, and the last one is gone. */
static bool rotated_file_shift(const struct rotated_file *file)
{
    char from[ROTATED_FILE_NAME_SIZE], to[ROTATED_FILE_NAME_SIZE];
    for (int number = file->count - 1; number > 0; number--) {
        rotated_file_name(file, number - 1, from);
        rotated_file_name(file, number, to);
        if (rename(from, to) != 0 && errno != ENOENT)
            return false;
    }
    return true;
}

static bool rotated_file_rotate(struct rotated_file *file)
{
    /* A try before this one may have come as far as to leave no FILE. */
    if (access(file->path, F_OK) == 0 && !rotated_file_shift(file)) {
        file->doing = "rotate";
        return false;
    }
    return rotated_file_reopen(file);
}

/* How much of the lines fits into the file, at a line's border; 0 if it is full. A line that was
 * begun is ended there. */
static size_t rotated_file_fitting(const struct rotated_file *file, const char *lines, size_t len,
                                   size_t done)
{
    struct stat now;
    const char *at = lines + done, *end;
    if (fstat(file->fd, &now) != 0 || (int64_t)(len - done) <= file->bytes - now.st_size)
        return len - done;
    if (now.st_size == 0 || rotated_file_line_start(lines, done) != done)
        end = memchr(at, '\n', len - done);
    else if (now.st_size >= file->bytes)
        return 0;
    else
        end = memrchr(at, '\n', (size_t)(file->bytes - now.st_size));
    return end ? (size_t)(end - at) + 1 : 0;
}

size_t rotated_file_write(struct rotated_file *file, const char *lines, size_t len, size_t done)
{
    while (done < len) {
        size_t part = rotated_file_fitting(file, lines, len, done);
        if (part == 0 && rotated_file_rotate(file))
            continue;
        if (part == 0)
            return done;
        ssize_t n = write(file->fd, lines + done, part);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            file->doing = "write";
            return done;
        }
    }
    return done;
}

size_t rotated_file_line_start(const char *lines, size_t done)
{
    while (done > 0 && lines[done - 1] != '\n')
        done--;
    return done;
}

void rotated_file_close(struct rotated_file *file)
{
    close(file->fd);
    file->fd = -1;
}
