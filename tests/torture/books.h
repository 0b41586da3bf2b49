/* books: what the database really holds, read beside the application in one transaction. */
#ifndef TESTS_TORTURE_BOOKS_H
#define TESTS_TORTURE_BOOKS_H

#include <stdbool.h>

/* Compares the database with what the buyers, who must pause, the clerk and the importer were
 * told: of each product its opening stock, what was adjusted, sold and cancelled make up what is
 * left; each import is there as importer.h says; each acknowledged order is there once, as
 * acknowledged, and under its key; no order is there twice, by half, or though refused. Says what
 * is wrong. settled: no order with a key may be left without an outcome. */
bool books_check(const char *url, bool settled);

#endif
