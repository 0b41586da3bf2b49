/* import_report: what an import says of single products, and at its end. */
#ifndef COMMAND_IMPORT_REPORT_H
#define COMMAND_IMPORT_REPORT_H

#include "command/import_file.h"
#include "store/store.h"

/* Says of a product why it is refused, and where the file gives it; or what would change, a field a
 * line. */
void import_report_product(const struct import_file *file, enum store_verdict verdict,
                           const struct product *was, const struct product *would_be);

/* Says how many were added, changed and left, or would be. */
void import_report_done(const struct store_imported *imported, bool dry_run);

/* Says that nothing was imported, and what to do about what was refused. */
void import_report_refused(const struct import_file *file, const struct store_imported *imported);

#endif
