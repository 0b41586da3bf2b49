#include "server/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USAGE_PATH_SIZE = 48, USAGE_TEXT_SIZE = 1024 };

#define USAGE_PSS "\nPss:"

int64_t usage_memory(pid_t pid)
{
    char path[USAGE_PATH_SIZE], text[USAGE_TEXT_SIZE];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *line = strstr(text, USAGE_PSS);
    return line ? strtoll(line + strlen(USAGE_PSS), NULL, 10) * 1024 : -1;
}

int usage_descriptors(pid_t pid)
{
    char path[USAGE_PATH_SIZE];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    if (!folder)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}
