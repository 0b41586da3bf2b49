/* consumers_file: the consumers of an operator's setting and file together. */
#ifndef CONFIG_CONSUMERS_FILE_H
#define CONFIG_CONSUMERS_FILE_H

#include "config/consumers.h"

enum {
    CONSUMERS_TEXT_MAX = 64 * 1024,  /* bytes of a setting's text */
    CONSUMERS_FILE_MAX = 512 * 1024, /* bytes of a file; CONSUMERS_MAX lines and comments fit */
    CONSUMERS_FILE_WAIT_US = 2000000 /* a file's mount may hang, and the master waits for it */
};

/* Makes the table anew, of the text and of the file's contents; either may be "". Anything but a
 * regular file is refused, because reading a pipe could wait without end, and so is one that is not
 * read within CONSUMERS_FILE_WAIT_US. False at the first mistake: *fault says what it is, *of_file
 * whether it is in the file, and the table is of no use.
 */
bool consumers_file_load(struct consumers *consumers, const char *text, const char *path,
                         struct consumers_fault *fault, bool *of_file);

#endif
