#include "e2e/wrong_clock.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>

bool wrong_clock_load(char setting[PAIR_SETTING_SIZE])
{
    static const char library[] = "/usr/lib/*/faketime/libfaketime.so.1";
    glob_t found;
    bool there = glob(library, 0, NULL, &found) == 0;
    if (there)
        snprintf(setting, PAIR_SETTING_SIZE, "LD_PRELOAD=%s", found.gl_pathv[0]);
    else
        fprintf(stderr, "no %s; install the package faketime\n", library);
    globfree(&found);
    return there;
}

/* Each process reads it whole, so it is put in place at one moment. */
bool wrong_clock_set(const char *file, int hours)
{
    char fresh[PATH_MAX];
    snprintf(fresh, sizeof fresh, "%s.new", file);
    FILE *out = fopen(fresh, "we");
    bool ok = out && fprintf(out, "%+dh\n", hours) > 0;
    ok = out && fclose(out) == 0 && ok;
    return ok && rename(fresh, file) == 0;
}
