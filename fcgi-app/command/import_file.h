/* import_file: the file of an import, in CSV or JSON, read product by product with their places. */
#ifndef COMMAND_IMPORT_FILE_H
#define COMMAND_IMPORT_FILE_H

#include "base/buffer.h"
#include "command/import_ids.h"
#include "csv/product_csv.h"
#include "json/product_json.h"

enum { IMPORT_FILE_PLACE_SIZE = 48 };

struct import_file {
    const char *name;                 /* borrowed; "-" is standard input */
    struct buffer text;               /* the whole of it */
    struct product_json_reader *json; /* NULL: the file is CSV */
    struct product_csv csv;
    char error[PRODUCT_CSV_ERROR_SIZE];
    struct import_ids ids;
    size_t rows;   /* good ones so far */
    size_t errors; /* bad ones so far */
    bool progress; /* standard error is a terminal: rows are counted there */
};

/* Reads the file and looks at its beginning. False, and standard error says why. Whatever it
 * returns, import_file_close must follow. */
bool import_file_open(struct import_file *file, const char *name);
void import_file_close(struct import_file *file);

/* Gives the next good row, as struct store_import's next does; context is the file. A bad row is
 * told on standard error; after it, rows are only checked, so that one run tells several. */
int import_file_next(void *context, struct product *product);

/* Where the file gives a product that it gave; with quantity, where it gives that. */
void import_file_place(const struct import_file *file, int64_t id, bool quantity,
                       char out[IMPORT_FILE_PLACE_SIZE]);

/* Ends the line on which the rows were counted, if there is one. */
void import_file_end_progress(const struct import_file *file);

#endif
