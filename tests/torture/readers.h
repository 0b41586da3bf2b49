/* readers: clients that read products, and the list of them, through each pair on kept connections,
 * and judge what they are shown. Whoever changes the stock of a judged product tells stock.h. */
#ifndef TESTS_TORTURE_READERS_H
#define TESTS_TORTURE_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts some for each of the pairs, whose ports are given. False if there is no memory or no
 * thread. */
bool readers_start(const int *ports, size_t pairs, uint64_t seed);

/* Waits until no read is under way and keeps them from sending another; false after timeout_ms. */
bool readers_pause(int timeout_ms);
void readers_resume(void);

/* Lets them end, and waits for that. Harmless if they did not start. */
void readers_finish(void);

/* How many reads were answered with 200 or 304, and how many connections were cut. Call them while
 * they pause or have finished. */
int64_t readers_answered(void);
int64_t readers_cut(void);

void readers_report(void);
void readers_free(void);

#endif
