/* reports: what a sanitizer found in the programs of a pair, whose logs go with their folder. */
#ifndef TESTS_E2E_REPORTS_H
#define TESTS_E2E_REPORTS_H

#include "e2e/pair.h"

/* Prints from the first report of a sanitizer on what stands in the pair's logs. Returns whether
 * there is one. Without a sanitizer there never is. */
bool reports_show(const struct pair *pair);

/* Whether reports_show has found one in this process. */
bool reports_were_found(void);

#endif
