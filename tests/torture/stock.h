/* stock: what readers may be shown of the stock of the products that they judge. Whoever changes
 * one says so before it is sent, and again once it was acknowledged through a pair. Then:
 * - a read through that pair that begins later shows the change;
 * - one through another pair does so if it begins STOCK_LATE_MS later;
 * - no read shows what was not begun before it ended.
 * Changes may be made at once by many: of a product only sums are kept, of what fell and what rose.
 * Judged are the products beyond ORDER_SHARED. */
#ifndef TESTS_TORTURE_STOCK_H
#define TESTS_TORTURE_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STOCK_LATE_MS = 500 };

/* Call it first. */
void stock_start(void);

/* A change of a judged product by so many, which must not be 0, is about to be sent. */
void stock_begin(int64_t product, int64_t change);

/* It was acknowledged, just now, through that pair. Once for each change. */
void stock_end(int64_t product, int64_t change, size_t pair);

/* What is certain of a product when a read through a pair begins. */
struct stock_look {
    size_t pair;
    int64_t at_us;
    int64_t fell, rose; /* at least, since the start */
};

void stock_look(int64_t product, size_t pair, struct stock_look *look);

/* Says what is wrong with a quantity that a read has shown which began with that look. how is what
 * it was: "a read", say. */
void stock_judge(int64_t product, const struct stock_look *look, int64_t quantity, const char *how);

/* Prints for how long reads through other pairs have shown the stock of before. */
void stock_report(void);

#endif
