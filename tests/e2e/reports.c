#include "e2e/reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool found;

/* As the run-time library of each sanitizer begins a report. */
static const char *find_report(const char *log)
{
    static const char *const beginnings[] = {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                             "WARNING: ThreadSanitizer", "runtime error: "};
    const char *report = NULL;
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0] && !report; i++)
        report = strstr(log, beginnings[i]);
    return report;
}

bool reports_show(const struct pair *pair)
{
    static const char *const logs[] = {"command.log", "postern.log"};
    bool any = false;
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        char *log = pair_read(pair, logs[i]);
        const char *report = log ? find_report(log) : NULL;
        if (report)
            fprintf(stderr, "a sanitizer reported in %s: %.4000s\n", logs[i], report);
        any = any || report;
        free(log);
    }
    found = found || any;
    return any;
}

bool reports_were_found(void)
{
    return found;
}
