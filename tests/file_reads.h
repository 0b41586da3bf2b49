/* file_reads: what the mount of a regular file may do to whoever reads it. Linked into a test, it
 * takes the place of libc's read for the whole program and its children. */
#ifndef TESTS_FILE_READS_H
#define TESTS_FILE_READS_H

enum { FILE_READS_ERROR = 5 }; /* EIO */

enum file_reads {
    FILE_READS_WELL,
    FILE_READS_FAIL,  /* with FILE_READS_ERROR */
    FILE_READS_HANG,  /* until the reader is killed */
    FILE_READS_END,   /* the reader, at once */
    FILE_READS_COUNT, /* fail, with the number of descriptors that the reader has open for errno */
};

/* From now on, in this process and those that it makes. */
void file_reads_do(enum file_reads what);

/* How many descriptors this process has open. */
int file_reads_open(void);

#endif
