/* importer: imports parts of the catalogue at random with the program's own command, which is
 * killed now and then, and remembers what each import was to change. */
#ifndef TESTS_TORTURE_IMPORTER_H
#define TESTS_TORTURE_IMPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e/pair.h"

/* Starts it in that pair's environment. False if there is no thread. */
bool importer_start(const struct pair *pair, uint64_t seed);

/* Lets it end what it has begun, and waits for its end. Harmless if it did not start. */
void importer_finish(void);

/* How many imports it has begun and heard of; those that follow may be in the books or not. */
size_t importer_told(void);

/* Compares the descriptions of the products, which tell the import that wrote each, with the first
 * count imports: importer_see for each product, as texts, and then importer_check. They say what is
 * wrong: an import that was made and is not there, one that was refused and is, or one that is
 * there by half. */
void importer_see(const char *product, const char *description);
void importer_check(size_t count);

/* Once it has finished: says so if no import that was to change something was made. */
void importer_end(void);

/* Prints how often it did what. */
void importer_report(void);

#endif
