/* faulty_disk: makes writes and syncs of a SQLite store fail. It stands in the place of the C
 * library's functions: linked into a test program, or as faulty_disk.so before others' libraries
 * (LD_PRELOAD). A program that was started with FAULTY_DISK=FILE obeys what stands in that file. */
#ifndef TESTS_FAULTY_DISK_H
#define TESTS_FAULTY_DISK_H

#include <stdatomic.h>
#include <stdbool.h>

/* Which files, by their names' ends; see faulty_disk_files. */
enum { FAULTY_DISK_DB = 1, FAULTY_DISK_WAL = 2, FAULTY_DISK_SHM = 4, FAULTY_DISK_ALL = 7 };

/* Which calls. */
enum { FAULTY_DISK_WRITE = 1, FAULTY_DISK_SYNC = 2, FAULTY_DISK_TRUNCATE = 4, FAULTY_DISK_ANY = 7 };

enum { FAULTY_DISK_SETTING_SIZE = 256 };

/* What is to fail. Zeroed: nothing. */
struct faulty_disk {
    atomic_uint files, calls;
    atomic_uint each;   /* one in so many of these fails; 0: none */
    atomic_int error;   /* with this errno */
    atomic_uint left;   /* so many more fail, if it is not 0 */
    atomic_uint seen;   /* how many were looked at */
    atomic_uint faults; /* how many failed */
};

/* Maps FILE, which is made if it is not there, for this program to decide what fails in others.
 * NULL on an error. Unmapped when the program ends. */
struct faulty_disk *faulty_disk_map(const char *file);

/* Has these calls on these files fail from now on: every one in so many; times is how many will, or
 * 0 for as many as there are. faulty_disk_mend ends it. */
void faulty_disk_break(struct faulty_disk *disk, unsigned files, unsigned calls, int error,
                       unsigned each, unsigned times);
void faulty_disk_mend(struct faulty_disk *disk);

/* Writes the two settings with which a program that is started obeys that file. The library is the
 * one that FAULTY_DISK_LIBRARY in the environment names, else build/release/tests/faulty_disk.so.
 */
void faulty_disk_settings(const char *file, char preload[FAULTY_DISK_SETTING_SIZE],
                          char setting[FAULTY_DISK_SETTING_SIZE]);

/* What this program itself obeys. */
struct faulty_disk *faulty_disk_own(void);

#endif
